public import Domain

enum SolutionSQL: String, StatementSet {
    case one = """
        SELECT solution.id, solution.partner_id, solution.system_type, solution.slug, solution.last_version,
            solution.about, solution.created_at, partner.name
        FROM solution JOIN partner ON partner.id = solution.partner_id
        WHERE solution.id = ? AND solution.partner_id = ?
        """
    case ofPartner = """
        SELECT solution.id, solution.partner_id, solution.system_type, solution.slug, solution.last_version,
            solution.about, solution.created_at, partner.name
        FROM solution JOIN partner ON partner.id = solution.partner_id
        WHERE solution.partner_id = ? AND solution.id > ? ORDER BY solution.id LIMIT ?
        """
    case named = "SELECT id FROM solution WHERE partner_id = ? AND system_type = ? AND slug = ?"
    case seen = """
        SELECT solution.id, solution.partner_id, solution.system_type, solution.slug, solution.last_version,
            solution.about, solution.created_at, partner.name
        FROM solution JOIN partner ON partner.id = solution.partner_id
        WHERE solution.partner_id IN (
            SELECT partner_id FROM client WHERE id = ?
            UNION
            SELECT partner_id FROM partner_account WHERE client_id = ? AND is_gallery_on = 1 AND partner_id IS NOT NULL
        ) AND solution.system_type IN (SELECT type FROM client_system WHERE client_id = ? AND deleted_at IS NULL)
            AND EXISTS (SELECT 1 FROM solution_version
                WHERE solution_version.solution_id = solution.id AND solution_version.withdrawn_at IS NULL)
            AND solution.id > ? ORDER BY solution.id LIMIT ?
        """
    case seenOne = """
        SELECT solution.id, solution.partner_id, solution.system_type, solution.slug, solution.last_version,
            solution.about, solution.created_at, partner.name
        FROM solution JOIN partner ON partner.id = solution.partner_id
        WHERE solution.id = ? AND solution.partner_id IN (
            SELECT partner_id FROM client WHERE id = ?
            UNION
            SELECT partner_id FROM partner_account WHERE client_id = ? AND is_gallery_on = 1 AND partner_id IS NOT NULL
        )
        """
    case versions = """
        SELECT id, number, digest, notes, made_by, created_at, withdrawn_at FROM solution_version
        WHERE solution_id = ? AND number < ? ORDER BY number DESC LIMIT ?
        """
    case version = """
        SELECT id, number, digest, notes, made_by, created_at, withdrawn_at FROM solution_version
        WHERE solution_id = ? AND number = ?
        """
    case newest = """
        SELECT id, number, digest, notes, made_by, created_at, withdrawn_at FROM solution_version
        WHERE solution_id = ? AND withdrawn_at IS NULL ORDER BY number DESC LIMIT 1
        """
    case ofVersion = """
        SELECT solution.id, solution.partner_id, solution.system_type, solution.slug, solution.last_version,
            solution.about, solution.created_at, partner.name, solution_version.number
        FROM solution_version JOIN solution ON solution.id = solution_version.solution_id
        JOIN partner ON partner.id = solution.partner_id WHERE solution_version.id = ?
        """
}

enum ReachSQL: String, StatementSet {
    case some = """
        SELECT COUNT(*) FROM (
            SELECT 1 FROM client_system WHERE partner_id = ? AND type = ? AND deleted_at IS NULL LIMIT ?
        ) reached
        """
    case hasClass = """
        SELECT 1 FROM client_system WHERE partner_id = ? AND type = ? AND cache_class = ? AND deleted_at IS NULL LIMIT 1
        """
}

/// A solution of a partner's gallery.
public struct SolutionRecord: Hashable, Sendable {
    /// The solution.
    public let id: SolutionID
    /// Whose it is.
    public let partner: PartnerID
    /// The partner's name.
    public let partnerName: String
    /// The system type that it is for.
    public let system: SystemType
    /// Its name in files and URLs; unique for the partner and the system type.
    public let slug: String
    /// `solution.json` without notes: name and summary by language.
    public let about: JSONValue
    /// The number of its newest version; 0 where there is none yet.
    public let lastVersion: Int64
    /// Since when it is there.
    public let createdAt: Timestamp?

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        partner = try row.id(1)
        system = try SystemType(try row.text(2))
        slug = try row.text(3)
        lastVersion = try row.integer(4)
        about = try row.optional(5) { try JSONValue(parsing: try row.bytes($0)) } ?? [:]
        createdAt = try row.optional(6, row.time)
        partnerName = try row.text(7)
    }
}

/// A version of a solution, without its content.
public struct VersionRecord: Hashable, Sendable {
    /// The version.
    public let id: SolutionVersionID
    /// Its number, from 1.
    public let number: Int64
    /// SHA-256 of its canonical content.
    public let digest: Digest
    /// What changed in it.
    public let notes: String?
    /// Who made it, as the audit names people.
    public let madeBy: String?
    /// When.
    public let createdAt: Timestamp
    /// Since when it is withdrawn, if it is.
    public let withdrawnAt: Timestamp?

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        number = try row.integer(1)
        digest = try row.digest(2)
        notes = try row.optional(3, row.text)
        madeBy = try row.optional(4, row.text)
        createdAt = try row.time(5)
        withdrawnAt = try row.optional(6, row.time)
    }
}

extension Storage {
    /// A partner's solutions, in the order they were made.
    public func solutions(of partner: PartnerID, _ page: Page<SolutionID>) async throws -> [SolutionRecord] {
        try await engine.snapshot { connection in
            try connection.rows(SolutionSQL.ofPartner, .text(of: partner), page.after, page.count)
                .map(SolutionRecord.init)
        }
    }

    /// A partner's solution.
    public func solution(_ id: SolutionID, of partner: PartnerID) async throws -> SolutionRecord {
        try await engine.snapshot { try $0.solution(id, of: partner) }
    }

    /// The solution of a name; nil where there is none.
    public func solution(named slug: Slug, of partner: PartnerID, _ type: SystemType) async throws -> SolutionRecord? {
        try await engine.snapshot { connection in
            let row = try connection.rows(SolutionSQL.named, .text(of: partner), .text(of: type), .text(of: slug)).first
            return try row.map { try connection.solution(try $0.id(0), of: partner) }
        }
    }

    /// A solution's versions, the newest first.
    public func versions(
        of solution: SolutionID,
        _ partner: PartnerID,
        before number: Int64? = nil,
        limit: Int
    ) async throws -> [VersionRecord] {
        try await engine.snapshot { connection in
            _ = try connection.solution(solution, of: partner)
            return try connection.versions(of: solution, before: number, limit: limit + 1)
        }
    }

    /// One of a solution's versions.
    public func version(
        _ number: Int64,
        of solution: SolutionID,
        _ partner: PartnerID
    ) async throws -> (version: VersionRecord, content: [UInt8]) {
        try await engine.snapshot { connection in
            _ = try connection.solution(solution, of: partner)
            let version = try connection.version(number, of: solution)
            return (version, try connection.content(of: version.id))
        }
    }

    /// What a client sees of galleries (decision D-20): its owner partner's, and those of invited partners that it has
    /// switched on, for the types of its systems; each with its newest version that is not withdrawn.
    public func gallery(
        of client: ClientID,
        _ page: Page<SolutionID>
    ) async throws -> [(solution: SolutionRecord, newest: VersionRecord)] {
        try await engine.snapshot { connection in
            let id = SQLValue.text(of: client)
            return try connection.rows(SolutionSQL.seen, id, id, id, page.after, page.count).compactMap { row in
                let solution = try SolutionRecord(row)
                return try connection.newestVersion(of: solution.id).map { (solution, $0) }
            }
        }
    }

    /// One solution that a client sees, its versions, the newest first, and the content of its newest one that is not
    /// withdrawn.
    public func gallery(
        of client: ClientID,
        _ solution: SolutionID
    ) async throws -> (solution: SolutionRecord, versions: [VersionRecord], content: [UInt8]) {
        try await engine.snapshot { connection in
            let record = try connection.solution(solution, seenBy: client)
            guard let newest = try connection.newestVersion(of: solution) else { throw Self.noSolution }
            let versions = try connection.versions(of: solution, before: nil, limit: Self.versionsShown)
            return (record, versions, try connection.content(of: newest.id))
        }
    }

    /// The most versions that are listed beside a solution.
    private static let versionsShown = 200

    /// How many systems of a type a partner's clients have, so far as one wants to know.
    public func reach(of partner: PartnerID, _ type: SystemType, atMost most: Int) async throws -> Int {
        try await engine.snapshot { connection in
            let most = SQLValue.integer(Int64(most))
            let row = try connection.rows(ReachSQL.some, .text(of: partner), .text(of: type), most).first
            return Int(clamping: try row?.integer(0) ?? 0)
        }
    }

    /// For how long, in seconds, pages may go on showing a partner's earlier standard content: that of the slowest cache
    /// class among its clients.
    public func secondsToKill(of partner: PartnerID, _ type: SystemType) async throws -> Int64 {
        try await engine.snapshot { connection in
            var classes = [try connection.partner(partner).cacheClass]
            for one in CacheClass.allCases {
                let name = SQLValue.text(one.rawValue)
                if try !connection.rows(ReachSQL.hasClass, .text(of: partner), .text(of: type), name).isEmpty {
                    classes.append(one)
                }
            }
            return classes.map(\.secondsToKill).max() ?? 0
        }
    }

    /// The versions that some numbers name, for standard content.
    ///
    /// - Throws: `invalid` for a solution that is named twice, `notFound` for one that is not the partner's, `conflict` for
    ///   one of another type, or withdrawn.
    public func choose(
        _ choices: [(solution: SolutionID, version: Int64)],
        of partner: PartnerID,
        _ type: SystemType
    ) async throws -> [SolutionVersionID] {
        guard Set(choices.map(\.solution)).count == choices.count else {
            throw Refusal(.invalid, "A solution stands there twice.", field: "solutions")
        }
        return try await engine.snapshot { connection in
            try choices.map { choice in
                guard try connection.solution(choice.solution, of: partner).system == type else {
                    throw Refusal(.conflict, "One of the solutions is for another system type.", field: "solutions")
                }
                let version = try connection.version(choice.version, of: choice.solution)
                guard version.withdrawnAt == nil else {
                    throw Refusal(
                        .conflict,
                        "Version \(version.number) of one of the solutions was withdrawn.",
                        field: "solutions"
                    )
                }
                return version.id
            }
        }
    }

    static let noSolution = Refusal(.notFound, "There is no such solution.", field: "solution")
}

extension Connection {
    func solution(_ id: SolutionID, of partner: PartnerID) throws -> SolutionRecord {
        guard let row = try rows(SolutionSQL.one, .text(of: id), .text(of: partner)).first else {
            throw Storage.noSolution
        }
        return try SolutionRecord(row)
    }

    /// A solution that a client sees, even where all its versions are withdrawn.
    func solution(_ id: SolutionID, seenBy client: ClientID) throws -> SolutionRecord {
        let owner = SQLValue.text(of: client)
        guard let row = try rows(SolutionSQL.seenOne, .text(of: id), owner, owner).first else {
            throw Storage.noSolution
        }
        return try SolutionRecord(row)
    }

    func versions(of solution: SolutionID, before number: Int64?, limit: Int) throws -> [VersionRecord] {
        try rows(
            SolutionSQL.versions,
            .text(of: solution),
            .integer(number ?? .max),
            .integer(Int64(limit))
        ).map(VersionRecord.init)
    }

    func version(_ number: Int64, of solution: SolutionID) throws -> VersionRecord {
        guard let row = try rows(SolutionSQL.version, .text(of: solution), .integer(number)).first else {
            throw Refusal(.notFound, "The solution has no version \(number).", field: "version")
        }
        return try VersionRecord(row)
    }

    func newestVersion(of solution: SolutionID) throws -> VersionRecord? {
        try rows(SolutionSQL.newest, .text(of: solution)).first.map(VersionRecord.init)
    }

    func content(of version: SolutionVersionID) throws -> [UInt8] {
        guard let row = try rows(GallerySQL.contents, .text(of: version)).first else { throw Storage.noSolution }
        return try row.bytes(1)
    }

    /// The solution that a version is of, and the version's number.
    func solution(ofVersion version: SolutionVersionID) throws -> (solution: SolutionRecord, number: Int64) {
        guard let row = try rows(SolutionSQL.ofVersion, .text(of: version)).first else { throw Storage.noSolution }
        return (try SolutionRecord(row), try row.integer(8))
    }
}
