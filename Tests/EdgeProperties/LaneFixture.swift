import Domain
import Edge
import TestSupport

extension LaneProperty {
    /// A small deployment: the default partner `tessera` with clients of every kind, and `lumen` with one.
    ///
    /// - Returns: What to check with, and the entity tags that it answers with.
    package static func fixture() throws -> (property: LaneProperty, tags: [String]) {
        let runtime = Runtime.test()
        var changes: [FeedChange] = []
        func add(_ key: EntryKey, _ value: any EntryValue) {
            changes.append(FeedChange(key: key, value: value.encoded))
        }
        func object(_ text: String) -> StoredObject {
            let body = Array(("/* \(text) */" + String(repeating: " // filling", count: 30)).utf8)
            return StoredObject(
                digest: Digest(of: body),
                mediaType: "text/javascript; charset=utf-8",
                body: body,
                gzip: Array("gzip of \(text)".utf8),
                brotli: Array("br \(text)".utf8)
            )
        }
        let (loader, player, noOp) = (object("loader"), object("player"), object("nothing"))
        let snippets = [object("own"), object("standard")]
        let partners = try ["tessera", "lumen"].map { (PartnerID(runtime), try PartnerKey($0)) }
        for (number, (id, key)) in partners.enumerated() {
            let entry = PartnerEntry(
                id: id,
                variables: [try SystemVariable(number == 0 ? "sapUserId" : "id"), try SystemVariable("a.b")],
                isDefault: number == 0,
                isSuspended: false,
                cacheClass: number == 0 ? .standard : .relaxed,
                loader: loader.digest
            )
            add(.partner(key), entry)
        }
        let own = SystemID(runtime)
        func map(_ partner: Int, _ client: String, _ system: SystemID, off: Bool = false, suspended: Bool = false)
            throws
        {
            let entry = MappingEntry(
                system: system,
                client: ClientID(runtime),
                type: .sapConcur,
                isSuspended: suspended,
                cacheClass: client == "CRITICAL" ? .critical : nil,
                standardContentOff: off
            )
            add(.mapping(partners[partner].1, try SystemClientID(client)), entry)
        }
        try map(0, "OWN", own)
        try map(0, "CRITICAL", own)
        try map(0, "OFF", SystemID(runtime), suspended: true)
        try map(0, "BARE", SystemID(runtime), off: true)
        try map(0, "caf\u{E9} 1", SystemID(runtime))
        try map(0, "F3A1C0DE-51B7-4C1E-9A53-0D8A6B7E2F10", SystemID(runtime))
        try map(0, "a@b.example", SystemID(runtime))
        try map(1, "OWN", SystemID(runtime))
        for (owner, snippet) in zip([ContentOwner.system(own), .standard(partners[0].0, .sapConcur)], snippets) {
            let id = ReleaseID(runtime)
            let release = ReleaseEntry(
                owner: owner,
                environment: .production,
                number: 7,
                generation: 1,
                snippet: snippet.digest,
                bundle: nil,
                player: player.digest,
                signature: []
            )
            add(.release(id), TestKey.signed(release, id))
            add(.pointer(owner, .production), ReleasePointer(release: id))
        }
        let head = FeedHead(epoch: "fixture", generation: 1, stateHash: .empty)
        var index = EdgeIndex(head: head, trust: TestKey.trust)
        for change in changes { index.apply(change, isNew: true) }
        let prepared = ([loader, player] + snippets).map(PreparedObject.init)
        index.settle(with: prepared, at: head)
        let tags = (snippets + [noOp]).flatMap { PreparedObject($0).tags }
        return (LaneProperty(index: index, noOp: noOp), tags)
    }
}
