package import Domain

/// What an edge answers from: decoded entries by their keys, and the releases that are live. A value: each event loop
/// holds its own reference to one state, and changes it as a whole.
///
/// Snippets are found through ``SnippetTable``; the rest, asked for less often, is in plain dictionaries.
package struct EdgeIndex: Sendable {
    /// Whose content in which environment.
    struct Place: Hashable, Sendable {
        var owner: ContentOwner
        var environment: EnvironmentName
    }

    /// The state of the log that this index shows.
    private(set) var head: FeedHead
    private(set) var live = SpreadTable<Place, LiveContent>()
    private(set) var snippets = SnippetTable()
    private(set) var objects = SpreadTable<Digest, PreparedObject>()
    /// Entries that this version does not understand.
    private(set) var setAside: Set<EntryKey> = []
    /// How many entries of each kind there are, understood or not.
    private(set) var counts: [UInt8: Int] = [:]

    // nil stands for an entry that cannot be understood.
    private var environments = SpreadTable<EnvironmentKey, EnvironmentEntry?>()

    /// Where the feed points, and what it says of the releases pointed at; `live` follows once the objects are there.
    private var pointers = SpreadTable<Place, ReleaseID>()
    private var places = SpreadTable<ReleaseID, Place>()
    private var releases = SpreadTable<ReleaseID, ReleaseEntry>()
    private var unsettled: Set<Place> = []
    private var unreadablePointers: Set<Place> = []
    private var uses = SpreadTable<Digest, Int>()
    /// Objects that nothing may need any more.
    private var idle: Set<Digest> = []

    /// The key that releases must be signed with.
    private let trust: VerifyingKey

    package init(head: FeedHead, trust: VerifyingKey) {
        self.head = head
        self.trust = trust
    }

    /// Takes one change in. Objects that it needs are named by ``lackingObjects`` afterwards.
    ///
    /// - Parameters:
    ///   - change: The entry's new value, or its end.
    ///   - isNew: Whether there was no such entry before.
    package mutating func apply(_ change: FeedChange, isNew: Bool) {
        let key = change.key
        switch (change.value == nil, isNew) {
        case (true, false): counts[key.kind, default: 0] -= 1
        case (false, true): counts[key.kind, default: 0] += 1
        default: break
        }
        setAside.remove(key)
        guard let kind = EntryKind(rawValue: key.kind) else {
            if change.value != nil { setAside.insert(key) }
            return
        }
        let text = String(decoding: key.key, as: UTF8.self)
        switch kind {
        case .partner: applyPartner(key, text, change.value)
        case .mapping: applyMapping(key, change.value)
        case .environment:
            guard let name = try? EnvironmentKey(text) else { return setAside(key, change.value) }
            environments[name] = decode(key, change.value)
        case .live, .standard: applyPointer(key, text, change.value)
        case .release:
            guard let id = ReleaseID(text) else { return setAside(key, change.value) }
            let decoded: ReleaseEntry?? = decode(key, change.value)
            switch decoded {
            case .some(.some(let entry)):
                // One that nobody here signed is like one that cannot be understood: what was live before stays.
                guard trust.vouches(for: entry, id) else { return setAside(key, change.value) }
                releases[id] = entry
                if let place = places[id] { unsettled.insert(place) }
            case .some(.none): break
            case .none: releases[id] = nil
            }
        case .object: break
        }
    }

    private mutating func applyPartner(_ key: EntryKey, _ text: String, _ value: [UInt8]?) {
        guard let name = try? PartnerKey(text) else { return setAside(key, value) }
        if case .value(let old) = partner(name) { drop(old.entry.loader) }
        let decoded: PartnerEntry?? = decode(key, value)
        let live = live
        snippets.setPartner(name, decoded) { live[Place(owner: $0, environment: $1)] }
        if case .some(.some(let entry)) = decoded { use(entry.loader) }
    }

    private mutating func applyMapping(_ key: EntryKey, _ value: [UInt8]?) {
        // A partner key holds no '/', so the first one ends it.
        guard let slash = key.key.firstIndex(of: UInt8(ascii: "/")),
            let partner = try? PartnerKey(String(decoding: key.key[..<slash], as: UTF8.self)),
            key.key.count - slash - 1 <= SystemClientID.bytesMax
        else { return setAside(key, value) }
        let decoded: MappingEntry?? = decode(key, value)
        let live = live
        snippets.setMapping(snippets.number(partner), Array(key.key[(slash + 1)...]), decoded) {
            live[Place(owner: $0, environment: $1)]
        }
    }

    private mutating func applyPointer(_ key: EntryKey, _ text: String, _ value: [UInt8]?) {
        guard let place = Self.place(text) else { return setAside(key, value) }
        let decoded: ReleasePointer?? = decode(key, value)
        unreadablePointers.remove(place)
        switch decoded {
        // One that cannot be understood leaves what was live before.
        case .some(.none):
            unreadablePointers.insert(place)
            return
        case .some(.some(let pointer)):
            if let old = pointers[place] { places[old] = nil }
            pointers[place] = pointer.release
            places[pointer.release] = place
        case .none:
            if let old = pointers.removeValue(forKey: place) { places[old] = nil }
        }
        unsettled.insert(place)
    }

    /// The objects that live releases and loaders need and the index does not hold yet.
    var lackingObjects: [Digest] {
        var lacking: Set<Digest> = []
        for place in unsettled {
            guard let id = pointers[place], let entry = releases[id] else { continue }
            lacking.formUnion(Self.objects(of: entry))
        }
        for partner in snippets.partners {
            if case .some(.some(let entry)) = partner.entry { lacking.insert(entry.loader) }
        }
        return lacking.filter { objects[$0] == nil }
    }

    /// Takes fetched objects, and makes live what the feed points at where all its objects are there. The rest keeps
    /// its last good release, and is tried again with the next call.
    package mutating func settle(with fetched: [PreparedObject], at head: FeedHead) {
        self.head = head
        for object in fetched {
            objects[object.digest] = object
            idle.insert(object.digest)
        }
        var left: [Digest] = []
        var partners: Set<PartnerID> = []
        for place in unsettled {
            var next: LiveContent?
            if let id = pointers[place] {
                // A release says whose it is: a pointer that leads to another's is a fault of upstream, and no reason to
                // show one client's content to another.
                guard let entry = releases[id], entry.owner == place.owner, entry.environment == place.environment,
                    Self.objects(of: entry).allSatisfy({ objects[$0] != nil }), let snippet = objects[entry.snippet]
                else { continue }
                next = LiveContent(id: id, entry: entry, snippet: snippet)
            }
            if let next { Self.objects(of: next.entry).forEach { use($0) } }
            if let old = live[place] { left += Self.objects(of: old.entry) }
            live[place] = next
            unsettled.remove(place)
            show(next, at: place)
            if case .standard(let partner, _) = place.owner { partners.insert(partner) }
        }
        refresh(partners)
        // Only now: what one place leaves may be what another takes.
        for digest in left { drop(digest) }
        for digest in idle where uses[digest] == nil { objects[digest] = nil }
        idle = []
    }

    /// Takes over from the state before a resync: objects that need not be fetched again, and the last good release of
    /// places whose new one cannot be served yet. To be called before ``settle(with:at:)``.
    mutating func inherit(from old: EdgeIndex) {
        objects = old.objects
        idle.formUnion(objects.keys)
        for (place, content) in old.live.entries where pointers[place] != nil || unreadablePointers.contains(place) {
            live[place] = content
            show(content, at: place)
            Self.objects(of: content.entry).forEach { use($0) }
        }
        refresh(nil)
    }

    /// Lets the snippets of a system follow its live release.
    private mutating func show(_ content: LiveContent?, at place: Place) {
        guard case .system(let system) = place.owner, place.environment == .production else { return }
        snippets.setOwn(system, content?.snippet)
    }

    /// Lets the snippets of partners, or of all for nil, follow their standard content.
    private mutating func refresh(_ partners: Set<PartnerID>?) {
        let live = live
        for (number, partner) in snippets.partners.enumerated() {
            guard let id = (partner.entry ?? nil)?.id, partners?.contains(id) ?? true else { continue }
            snippets.refresh(UInt32(number)) { live[Place(owner: $0, environment: $1)] }
        }
    }

    /// How many live pointers wait for their release's objects.
    var unsettledCount: Int { unsettled.count }

    private mutating func use(_ digest: Digest) {
        uses[digest, default: 0] += 1
    }

    private mutating func drop(_ digest: Digest) {
        let left = (uses[digest] ?? 1) - 1
        uses[digest] = left > 0 ? left : nil
        if left <= 0 { idle.insert(digest) }
    }

    private mutating func setAside(_ key: EntryKey, _ value: [UInt8]?) {
        if value != nil { setAside.insert(key) }
    }

    /// nil for a deletion, `.some(nil)` for a value that cannot be understood.
    private mutating func decode<Value: EntryValue>(_ key: EntryKey, _ value: [UInt8]?) -> Value?? {
        guard let value else { return nil }
        guard let decoded = try? Value(encoded: value) else {
            setAside.insert(key)
            return .some(nil)
        }
        return decoded
    }

    private static func objects(of release: ReleaseEntry) -> [Digest] {
        [release.snippet, release.player] + (release.bundle.map { [$0] } ?? [])
    }

    /// `system/environment`, or `partner/type/environment`.
    private static func place(_ key: String) -> Place? {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let last = parts.last, let name = try? EnvironmentName(last) else { return nil }
        switch parts.count {
        case 2: return SystemID(parts[0]).map { Place(owner: .system($0), environment: name) }
        case 3:
            guard let partner = PartnerID(parts[0]), let type = try? SystemType(parts[1]) else { return nil }
            return Place(owner: .standard(partner, type), environment: name)
        default: return nil
        }
    }
}

extension EdgeIndex: EntryLookup {
    package func partner(_ key: PartnerKey?) -> Found<(key: PartnerKey, entry: PartnerEntry)> {
        guard let number = key.map(number) ?? snippets.defaultPartner else { return .missing }
        let partner = snippets.partners[Int(number)]
        return switch partner.entry {
        case .none: .missing
        case .some(.none): .unreadable
        case .some(.some(let entry)): .value((partner.key, entry))
        }
    }

    package func mapping(
        _ partner: PartnerKey,
        _ client: SystemClientID
    ) -> Found<(system: SystemID, terms: MappingTerms)> {
        guard let number = number(partner) else { return .missing }
        return snippets.mapping(number, client)
    }

    private func number(_ partner: PartnerKey) -> UInt32? {
        var text = partner.text
        return text.withUTF8 { snippets.partner(UnsafeRawBufferPointer($0)) }
    }

    package func environment(_ key: EnvironmentKey) -> Found<EnvironmentEntry> {
        Self.found(environments[key])
    }

    package func liveRelease(_ owner: ContentOwner, _ environment: EnvironmentName) -> ReleaseID? {
        live[Place(owner: owner, environment: environment)]?.id
    }

    private static func found<Value>(_ entry: Value??) -> Found<Value> {
        switch entry {
        case .none: .missing
        case .some(.none): .unreadable
        case .some(.some(let value)): .value(value)
        }
    }
}
