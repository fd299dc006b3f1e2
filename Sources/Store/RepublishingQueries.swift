public import Domain

enum RepublishingSQL: String, StatementSet {
    case count = """
        SELECT COUNT(*) FROM live JOIN release ON release.id = live.release_id
        JOIN environment ON environment.id = live.environment_id
        WHERE release.player <> ? AND environment.archived_at IS NULL
        """
    case next = """
        SELECT live.environment_id, environment.name, release.id, release.number, release.content, workspace.system_id,
            workspace.partner_id, workspace.system_type
        FROM live JOIN release ON release.id = live.release_id
        JOIN environment ON environment.id = live.environment_id
        JOIN workspace ON workspace.id = environment.workspace_id
        WHERE live.environment_id > ? AND release.player <> ? AND environment.archived_at IS NULL
        ORDER BY live.environment_id LIMIT ?
        """
}

/// A live release, as what the next one is made from.
public struct LiveContent: Sendable {
    /// Its environment.
    public let environmentID: EnvironmentID
    /// The environment's name.
    public let environment: EnvironmentName
    /// Whose it is.
    public let owner: ContentOwner
    /// The release.
    public let release: ReleaseID
    /// Its number within its workspace.
    public let number: Int64
    /// Its canonical content.
    public let content: [UInt8]
    /// What it holds.
    public let items: [ReleasedItem]
    /// For standard content: the solution versions that it was made from, in order.
    public let solutions: [SolutionVersionID]

    init(_ row: SQLRow, _ connection: any Connection) throws {
        environmentID = try row.id(0)
        environment = try EnvironmentName(try row.text(1))
        release = try row.id(2)
        number = try row.integer(3)
        content = try row.bytes(4)
        owner = try ContentOwner(row, at: 5)
        items = try connection.rows(ReleaseSQL.items, row[2]).map(ReleasedItem.init)
        solutions = try connection.versions(of: release)
    }
}

extension Storage {
    /// How many live releases ask for another player than this.
    public func countLive(withoutPlayer player: Digest) async throws -> Int64 {
        try await engine.snapshot { connection in
            try connection.rows(RepublishingSQL.count, .bytes(player.bytes)).first?.integer(0) ?? 0
        }
    }

    /// Live releases that ask for another player than this, in the order of their environments.
    public func live(
        withoutPlayer player: Digest,
        after last: EnvironmentID?,
        limit: Int
    ) async throws -> [LiveContent] {
        try await engine.snapshot { connection in
            let after = last.map { SQLValue.text(of: $0) } ?? .text("")
            return try connection.rows(RepublishingSQL.next, after, .bytes(player.bytes), .integer(Int64(limit)))
                .map { try LiveContent($0, connection) }
        }
    }
}

extension ContentOwner {
    /// The owner of a workspace whose `system_id`, `partner_id` and `system_type` stand there.
    init(_ row: SQLRow, at column: Int) throws {
        self =
            try row.optional(column) { .system(try row.id($0)) }
            ?? .standard(try row.id(column + 1), try SystemType(try row.text(column + 2)))
    }
}
