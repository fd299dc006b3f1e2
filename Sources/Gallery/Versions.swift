import Authorization
public import Domain
public import Store

/// The Solutions Gallery of a partner: solutions, and their versions, which never change (rules F-076 to F-079).
public struct Versions: Sendable {
    private let storage: Storage
    private let access: Access
    private let format: ContentFormat

    /// Makes the operations over a store.
    public init(storage: Storage, format: ContentFormat) {
        self.storage = storage
        self.format = format
        access = Access(storage: storage)
    }

    // MARK: Solutions

    /// A partner's solutions, in the order they were made.
    public func solutions(
        _ caller: Caller,
        of partner: PartnerID,
        _ page: Page<SolutionID>
    ) async throws -> [SolutionRecord] {
        try await access.partner(caller, partner, .readSolutions)
        return try await storage.solutions(of: partner, page)
    }

    /// One of a partner's solutions.
    public func solution(_ caller: Caller, _ id: SolutionID, of partner: PartnerID) async throws -> SolutionRecord {
        try await access.partner(caller, partner, .readSolutions)
        return try await storage.solution(id, of: partner)
    }

    /// Makes a solution; the gallery shows it from its first version on.
    ///
    /// - Parameters:
    ///   - caller: Who.
    ///   - slug: Its name in files and URLs; the folder of that name is what its versions are made of.
    ///   - system: The system type that it is for.
    ///   - about: `name` and `summary` by language, valid by the schema of solutions.
    ///   - partner: Whose.
    /// - Returns: The solution.
    /// - Throws: `conflict` where the partner has one of that name for that system type.
    public func addSolution(
        _ caller: Caller,
        _ slug: Slug,
        for system: SystemType,
        about: JSONValue,
        of partner: PartnerID
    ) async throws -> SolutionRecord {
        try await access.partner(caller, partner, .editSolutions)
        let about = about.setting("/system", to: .string(system.text))
        try format.check(about: about)
        let solution = Solution(id: slug.text, system: system, about: about, items: [])
        return try await storage.addSolution(solution, of: partner, by: caller)
    }

    /// Changes what the gallery says of a solution; its versions say what they said.
    public func changeSolution(
        _ caller: Caller,
        _ id: SolutionID,
        of partner: PartnerID,
        about patch: JSONValue,
        expecting: @escaping Expectation<SolutionRecord>
    ) async throws -> SolutionRecord {
        try await access.partner(caller, partner, .editSolutions)
        let present = try await storage.solution(id, of: partner)
        let about = present.about.merging(patch)
        try format.check(about: about)
        return try await storage.changeSolution(
            id,
            of: partner,
            about: about,
            expecting: { record in
                try expecting(record)
                guard record == present else { throw Refusal(.stale, "The solution has just been changed.") }
            },
            by: caller
        )
    }

    // MARK: Versions

    /// A solution's versions, the newest first.
    public func list(
        _ caller: Caller,
        of solution: SolutionID,
        _ partner: PartnerID,
        before number: Int64?,
        limit: Int
    ) async throws -> [VersionRecord] {
        try await access.partner(caller, partner, .readSolutions)
        return try await storage.versions(of: solution, partner, before: number, limit: limit)
    }

    /// One of a solution's versions, with its items.
    public func get(
        _ caller: Caller,
        _ number: Int64,
        of solution: SolutionID,
        _ partner: PartnerID
    ) async throws -> (version: VersionRecord, items: [ContentItem]) {
        try await access.partner(caller, partner, .readSolutions)
        let (version, content) = try await storage.version(number, of: solution, partner)
        return (version, try Solution.items(ofVersion: content))
    }

    /// Withdraws a version: no new downloads, no new standard content from it; what was made of it stays.
    public func withdraw(
        _ caller: Caller,
        _ number: Int64,
        of solution: SolutionID,
        _ partner: PartnerID
    ) async throws -> VersionRecord {
        try await access.partner(caller, partner, .editSolutions)
        return try await storage.withdrawVersion(number, of: solution, partner, by: caller)
    }

    /// Makes the next version of each solution for a partner, all or none. A solution whose newest version has the very
    /// same content keeps it.
    public func publish(
        _ caller: Caller,
        _ solutions: [Solution],
        of partner: PartnerRecord
    ) async throws -> [PublishedVersion] {
        try caller.requireOperator()
        let faults = solutions.flatMap { solution in
            ContentRules.faults(in: solution.items, linkHosts: Set(partner.linkHosts)).map {
                Refusal.Fault(place: "\(solution.id)/\($0.place)", reason: $0.reason)
            }
        }
        guard faults.isEmpty else { throw Refusal.content(faults) }
        return try await storage.publishVersions(try solutions.map { try Self.version($0) }, of: partner.id, by: caller)
    }

    /// Makes the next version of a solution from drafts in the partner's Editor (decision D-9).
    ///
    /// - Parameters:
    ///   - caller: Who.
    ///   - solution: The solution.
    ///   - partner: Whose.
    ///   - items: What the version is to hold; nil for all of the folder that has the solution's name.
    ///   - notes: What changed.
    /// - Returns: The version, or the newest one where it has the very same content.
    /// - Throws: `invalid` with a fault for each place at fault.
    public func publish(
        _ caller: Caller,
        _ solution: SolutionID,
        of partner: PartnerID,
        items: [ItemID]?,
        notes: String?
    ) async throws -> PublishedVersion {
        try await access.partner(caller, partner, .editSolutions)
        let record = try await storage.solution(solution, of: partner)
        let choice = try items.map(ItemChoice.ids) ?? .folder(Slug(record.slug, field: "slug"))
        let chosen = try await drafts(choice, of: .partner(partner, record.system))
        guard !chosen.isEmpty else {
            throw Refusal(.invalid, "There is no item: name some, or put some in the folder '\(record.slug)'.")
        }
        let made = try await version(
            record.slug,
            record.system,
            about: record.about,
            notes: notes,
            items: try Self.named(chosen),
            of: partner
        )
        guard let published = try await storage.publishVersions([made], of: partner, by: caller).first else {
            throw Refusal(.notFound, "There is no such solution.")
        }
        return published
    }

    /// Puts drafts of the partner's Editor into the solutions of their folders' names, else into `other`, and makes the
    /// next version of each that is touched; what else their newest versions hold stays in them (rule F-077, decision D-9).
    ///
    /// - Throws: `invalid` with a fault for each place at fault; nothing is made then.
    public func publish(
        _ caller: Caller,
        items: [ItemID],
        notes: String?,
        of partner: PartnerID,
        _ type: SystemType
    ) async throws -> [PublishedVersion] {
        try await access.partner(caller, partner, .editSolutions)
        for _ in 1..<Self.triesMax {
            do {
                return try await publishOnce(caller, items, notes, of: partner, type)
            } catch is StaleBasis {
                // Somebody else made a version meanwhile: what it holds must not be lost.
            }
        }
        return try await publishOnce(caller, items, notes, of: partner, type)
    }

    /// How often versions are put together before a publisher who always comes second is told.
    private static let triesMax = 10

    private func publishOnce(
        _ caller: Caller,
        _ items: [ItemID],
        _ notes: String?,
        of partner: PartnerID,
        _ type: SystemType
    ) async throws -> [PublishedVersion] {
        let chosen = try await drafts(.ids(items), of: .partner(partner, type))
        var versions: [NewVersion] = []
        let folders = Dictionary(grouping: chosen) { $0.folder ?? Slug(from: "", else: "other") }
        for (folder, drafts) in folders.sorted(by: { $0.key < $1.key }) {
            let present = try await storage.solution(named: folder, of: partner, type)
            var held: [String: ContentItem] = [:]
            if let present, present.lastVersion > 0 {
                let newest = try await storage.version(present.lastVersion, of: present.id, partner)
                for item in try Solution.items(ofVersion: newest.content) { held[item.id] = item }
            }
            for item in try Self.named(drafts) { held[item.id] = item }
            let title = folder.text.prefix(1).uppercased() + folder.text.dropFirst().replacing("-", with: " ")
            var made = try await version(
                folder.text,
                type,
                about: present?.about ?? ["name": ["en": .string(title)], "summary": ["en": .string(title)]],
                notes: notes,
                items: held.values.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) },
                of: partner
            )
            made.basis = present?.lastVersion ?? 0
            versions.append(made)
        }
        return try await storage.publishVersions(versions, of: partner, by: caller)
    }

    /// Drafts to make versions of. Stored they are hardly larger than within a version: what is far too large is not read.
    private func drafts(_ choice: ItemChoice, of scope: EditorScope) async throws -> [ItemRecord] {
        try await storage.items(of: scope, choice, bytesMax: 2 * ContentFormat.contentBytesMax)
    }

    /// Drafts as a version names them: by their files' names.
    private static func named(_ drafts: [ItemRecord]) throws(Refusal) -> [ContentItem] {
        var names: [String: String] = [:]
        for draft in drafts {
            guard names.updateValue(draft.slug.text, forKey: draft.item.id) == nil,
                names.values.count(where: { $0 == draft.slug.text }) == 1
            else {
                throw Refusal(
                    .conflict,
                    "Two of the items are named '\(draft.slug)'; give one another name.",
                    field: "items"
                )
            }
        }
        return drafts.map { draft in draft.item.copied(as: draft.slug.text) { names[$0] } }
    }

    private func version(
        _ slug: String,
        _ type: SystemType,
        about: JSONValue,
        notes: String?,
        items: [ContentItem],
        of partner: PartnerID
    ) async throws -> NewVersion {
        let hosts = Set(try await storage.partner(partner).partner.linkHosts)
        let faults = ContentRules.faults(in: items, linkHosts: hosts)
        guard faults.isEmpty else { throw Refusal.content(faults) }
        let about = about.setting("/system", to: .string(type.text)).setting("/notes", to: notes.map(JSONValue.string))
        return try Self.version(Solution(id: slug, system: type, about: about, items: items))
    }

    private static func version(_ solution: Solution) throws(Refusal) -> NewVersion {
        guard solution.items.count <= ContentFormat.itemsMax else {
            throw Refusal(.tooLong, "A solution has at most \(ContentFormat.itemsMax) items.", field: "items")
        }
        let version = NewVersion(solution)
        guard version.content.count <= ContentFormat.contentBytesMax else {
            throw Refusal(
                .tooLong,
                "A version has at most \(ContentFormat.contentBytesMax) bytes, this one \(version.content.count).",
                field: "items"
            )
        }
        return version
    }
}
