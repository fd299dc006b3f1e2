public import Domain

enum GallerySQL: String, StatementSet {
    case insertSolution = """
        INSERT INTO solution (id, partner_id, system_type, slug, last_version, about, created_at)
        VALUES (?, ?, ?, ?, 0, ?, ?) ON CONFLICT (partner_id, system_type, slug) DO NOTHING
        """
    case lockSolution = """
        UPDATE solution SET last_version = last_version WHERE partner_id = ? AND system_type = ? AND slug = ?
        RETURNING id, last_version
        """
    case setAbout = "UPDATE solution SET about = ? WHERE id = ?"
    case countVersion = "UPDATE solution SET last_version = ?, about = ? WHERE id = ?"
    case version = "SELECT id, digest FROM solution_version WHERE solution_id = ? AND number = ?"
    case insertVersion = """
        INSERT INTO solution_version (id, solution_id, number, name, digest, content, notes, made_by, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    case size = "SELECT length(content) FROM solution_version WHERE id = ?"
    case contents = """
        SELECT solution.slug, solution_version.content FROM solution_version
        JOIN solution ON solution.id = solution_version.solution_id WHERE solution_version.id = ?
        """
    case withdraw = "UPDATE solution_version SET withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL"
}

/// A version of a solution, as it was published or found.
public struct PublishedVersion: Hashable, Sendable {
    /// The version.
    public var id: SolutionVersionID
    /// The solution it is of.
    public var solution: SolutionID
    /// The solution's name in files and URLs.
    public var slug: String
    /// Its number, from 1.
    public var number: Int64
    /// SHA-256 of its canonical content.
    public var digest: Digest
    /// Whether it was there already, with the very same content.
    public var isUnchanged: Bool
}

/// A version to be made, its content encoded already.
public struct NewVersion: Sendable {
    /// The solution as it is to be.
    public let solution: Solution
    /// Its canonical content.
    public let content: [UInt8]
    /// The content's digest.
    public let digest: Digest
    /// The number of the newest version that it was made from, which must still be the newest; nil where it holds nothing
    /// of one.
    public var basis: Int64?

    /// Encodes a solution.
    public init(_ solution: Solution) {
        self.solution = solution
        content = solution.canonical
        digest = Digest(of: content)
    }
}

extension Storage {
    /// Makes the next version of each solution, or finds that the newest one has the same content. All or none.
    ///
    /// - Throws: ``StaleBasis`` where another version came meanwhile.
    public func publishVersions(
        _ versions: [NewVersion],
        of partner: PartnerID,
        by caller: Caller
    ) async throws -> [PublishedVersion] {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            try connection.lockPartner(partner)
            let published = try versions.map {
                try connection.publishVersion($0, of: partner, by: caller, at: now, runtime)
            }
            for version in published where !version.isUnchanged {
                try connection.audit(
                    .partner(partner),
                    "version.published",
                    "solution/\(version.solution)",
                    ["number": .integer(version.number), "digest": .string("\(version.digest)")],
                    by: caller,
                    at: now
                )
            }
            try connection.keepAnswer(to: caller, published, at: now)
            return published
        }
    }

    /// Makes a solution without a version: nobody sees it in the gallery yet.
    ///
    /// - Throws: `conflict` where the partner has one of that name for that system type.
    public func addSolution(
        _ solution: Solution,
        of partner: PartnerID,
        by caller: Caller
    ) async throws -> SolutionRecord {
        let now = runtime.now()
        let id = SolutionID(runtime)
        return try await engine.transaction { connection in
            try connection.lockPartner(partner)
            guard try connection.insert(solution, id, of: partner, at: now) else {
                throw Refusal(.conflict, "There is a solution of that name.", field: "slug")
            }
            try connection.audit(.partner(partner), "solution.added", "solution/\(id)", by: caller, at: now)
            let record = try connection.solution(id, of: partner)
            try connection.keepAnswer(to: caller, record, at: now)
            return record
        }
    }

    /// Changes what the gallery says of a solution; its versions stay as they are.
    public func changeSolution(
        _ id: SolutionID,
        of partner: PartnerID,
        about: JSONValue,
        expecting: @escaping Expectation<SolutionRecord>,
        by caller: Caller
    ) async throws -> SolutionRecord {
        let now = runtime.now()
        return try await engine.transaction { connection in
            try connection.lockPartner(partner)
            try expecting(try connection.solution(id, of: partner))
            try connection.execute(GallerySQL.setAbout, .bytes(about.canonical), .text(of: id))
            try connection.audit(.partner(partner), "solution.changed", "solution/\(id)", by: caller, at: now)
            return try connection.solution(id, of: partner)
        }
    }

    /// Withdraws a version: no new downloads, no new standard content from it; what was made of it stays. Again changes
    /// nothing.
    public func withdrawVersion(
        _ number: Int64,
        of solution: SolutionID,
        _ partner: PartnerID,
        by caller: Caller
    ) async throws -> VersionRecord {
        let now = runtime.now()
        return try await engine.transaction { connection in
            try connection.lockPartner(partner)
            _ = try connection.solution(solution, of: partner)
            let version = try connection.version(number, of: solution)
            if try connection.execute(GallerySQL.withdraw, .time(now), .text(of: version.id)) == 1 {
                try connection.audit(
                    .partner(partner),
                    "version.withdrawn",
                    "solution/\(solution)",
                    ["number": .integer(number)],
                    by: caller,
                    at: now
                )
            }
            return try connection.version(number, of: solution)
        }
    }

    /// The canonical contents of solution versions, with their solutions' names, in the order given.
    ///
    /// - Throws: `notFound` where one does not exist.
    public func contents(of versions: [SolutionVersionID]) async throws -> [(slug: String, content: [UInt8])] {
        try await engine.snapshot { connection in
            let bytes = try versions.reduce(0) { sum, version in
                sum + (try connection.rows(GallerySQL.size, .text(of: version)).first?.integer(0) ?? 0)
            }
            guard bytes <= 2 * Int64(ContentFormat.contentBytesMax) else {
                throw Refusal(
                    .tooLong,
                    "A release has at most \(ContentFormat.contentBytesMax) bytes; these versions have \(bytes).",
                    field: "solutions"
                )
            }
            return try versions.map { version in
                guard let row = try connection.rows(GallerySQL.contents, .text(of: version)).first else {
                    throw Refusal(.notFound, "There is no such solution version.", field: "solutions")
                }
                return (try row.text(0), try row.bytes(1))
            }
        }
    }
}

extension Connection {
    fileprivate func insert(_ solution: Solution, _ id: SolutionID, of partner: PartnerID, at now: Timestamp) throws
        -> Bool
    {
        try execute(
            GallerySQL.insertSolution,
            .text(of: id),
            .text(of: partner),
            .text(of: solution.system),
            .text(solution.id),
            .bytes(solution.about.canonical),
            .time(now)
        ) == 1
    }

    fileprivate func publishVersion(
        _ new: NewVersion,
        of partner: PartnerID,
        by caller: Caller,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> PublishedVersion {
        let solution = new.solution
        _ = try insert(solution, SolutionID(runtime), of: partner, at: now)
        guard
            let row = try rows(
                GallerySQL.lockSolution,
                .text(of: partner),
                .text(of: solution.system),
                .text(solution.id)
            ).first
        else { throw Refusal(.notFound, "There is no such partner.", field: "partner") }
        var version = PublishedVersion(
            id: SolutionVersionID(runtime),
            solution: try row.id(0),
            slug: solution.id,
            number: try row.integer(1),
            digest: new.digest,
            isUnchanged: false
        )
        if let basis = new.basis, basis != version.number { throw StaleBasis() }
        let owner = SQLValue.text(of: version.solution)
        let newest = try rows(GallerySQL.version, owner, .integer(version.number)).first
        if let newest, try newest.digest(1) == new.digest {
            version.id = try newest.id(0)
            version.isUnchanged = true
            return version
        }
        version.number += 1
        try execute(
            GallerySQL.countVersion,
            .integer(version.number),
            .bytes(solution.about.setting("/notes", to: nil).canonical),
            owner
        )
        try execute(
            GallerySQL.insertVersion,
            .text(of: version.id),
            owner,
            .integer(version.number),
            .text(solution.name),
            .bytes(new.digest.bytes),
            .bytes(new.content),
            solution.notes.map(SQLValue.text) ?? .null,
            .text(caller.auditName),
            .time(now)
        )
        return version
    }
}
