public import Domain

enum GallerySQL: String, StatementSet {
    case insertSolution = """
        INSERT INTO solution (id, partner_id, system_type, slug, last_version) VALUES (?, ?, ?, ?, 0)
        ON CONFLICT (partner_id, system_type, slug) DO NOTHING
        """
    case lockSolution = """
        UPDATE solution SET last_version = last_version WHERE partner_id = ? AND system_type = ? AND slug = ?
        RETURNING id, last_version
        """
    case countVersion = "UPDATE solution SET last_version = ? WHERE id = ?"
    case version = "SELECT id, digest FROM solution_version WHERE solution_id = ? AND number = ?"
    case insertVersion = """
        INSERT INTO solution_version (id, solution_id, number, name, digest, content, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    case contents = """
        SELECT solution.slug, solution_version.content FROM solution_version
        JOIN solution ON solution.id = solution_version.solution_id WHERE solution_version.id = ?
        """
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

extension Storage {
    /// Makes the next version of each solution, or finds that the newest one has the same content. All or none.
    public func publishVersions(
        _ versions: [(solution: Solution, content: [UInt8], digest: Digest)],
        of partner: PartnerID
    ) async throws -> [PublishedVersion] {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            try versions.map { solution, content, digest in
                let system = SQLValue.text(of: solution.system)
                let slug = SQLValue.text(solution.id)
                let new = SolutionID(runtime)
                try connection.execute(GallerySQL.insertSolution, .text(of: new), .text(of: partner), system, slug)
                guard let row = try connection.rows(GallerySQL.lockSolution, .text(of: partner), system, slug).first
                else { throw Refusal(.notFound, "There is no such partner.", field: "partner") }
                var version = PublishedVersion(
                    id: SolutionVersionID(runtime),
                    solution: try row.id(0),
                    slug: solution.id,
                    number: try row.integer(1),
                    digest: digest,
                    isUnchanged: false
                )
                let owner = SQLValue.text(of: version.solution)
                let newest = try connection.rows(GallerySQL.version, owner, .integer(version.number)).first
                if let newest, try newest.digest(1) == digest {
                    version.id = try newest.id(0)
                    version.isUnchanged = true
                    return version
                }
                version.number += 1
                try connection.execute(GallerySQL.countVersion, .integer(version.number), owner)
                try connection.execute(
                    GallerySQL.insertVersion,
                    .text(of: version.id),
                    owner,
                    .integer(version.number),
                    .text(solution.name),
                    .bytes(digest.bytes),
                    .bytes(content),
                    .time(now)
                )
                return version
            }
        }
    }

    /// The canonical contents of solution versions, with their solutions' names, in the order given.
    ///
    /// - Throws: `notFound` where one does not exist.
    public func contents(of versions: [SolutionVersionID]) async throws -> [(slug: String, content: [UInt8])] {
        try await engine.snapshot { connection in
            try versions.map { version in
                guard let row = try connection.rows(GallerySQL.contents, .text(of: version)).first else {
                    throw Refusal(.notFound, "There is no such solution version.", field: "solutions")
                }
                return (try row.text(0), try row.bytes(1))
            }
        }
    }
}
