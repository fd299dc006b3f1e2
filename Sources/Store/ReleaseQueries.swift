public import Domain

enum ReleaseSQL: String, StatementSet {
    case insertWorkspace = """
        INSERT INTO workspace (id, system_id, partner_id, system_type, last_release) VALUES (?, ?, ?, ?, 0)
        ON CONFLICT DO NOTHING
        """
    case lockSystemWorkspace = """
        UPDATE workspace SET last_release = last_release + ? WHERE system_id = ? RETURNING id, last_release
        """
    case lockStandardWorkspace = """
        UPDATE workspace SET last_release = last_release + ? WHERE partner_id = ? AND system_type = ?
        RETURNING id, last_release
        """
    case insertRelease = """
        INSERT INTO release
        (id, workspace_id, environment_id, number, generation, content, snippet, bundle, player, created_at, signature,
            notes, made_by, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    case insertSolution = """
        INSERT INTO release_solution (release_id, position, solution_version_id) VALUES (?, ?, ?)
        """
    case insertItem = """
        INSERT INTO release_item (release_id, position, item_id, digest, origin_version_id, origin_item)
        VALUES (?, ?, ?, ?, ?, ?)
        """
    case decide = "UPDATE release SET state = ?, generation = ?, decided_by = ?, decided_at = ? WHERE id = ?"
    case setProposedInsteadOf = "UPDATE release SET proposed_instead_of = ? WHERE id = ?"
    case proposedInsteadOf = "SELECT proposed_instead_of FROM release WHERE id = ?"
    case versions = "SELECT solution_version_id FROM release_solution WHERE release_id = ? ORDER BY position"
    case withdrawnVersion = """
        SELECT solution_version.number, solution.slug FROM solution_version
        JOIN solution ON solution.id = solution_version.solution_id
        WHERE solution_version.id = ? AND solution_version.withdrawn_at IS NOT NULL
        """
    case live = """
        SELECT release.id, release.number, release.generation, release.snippet, release.bundle, release.player,
            release.signature
        FROM live JOIN release ON release.id = live.release_id WHERE live.environment_id = ?
        """
    case numbered = """
        SELECT id, number, generation, snippet, bundle, player, signature FROM release
        WHERE environment_id = ? AND number = ? AND state = 'published'
        """
    case before = """
        SELECT id, number, generation, snippet, bundle, player, signature FROM release
        WHERE environment_id = ? AND number < ? AND state = 'published' ORDER BY number DESC LIMIT 1
        """
    case setLive = """
        INSERT INTO live (environment_id, release_id) VALUES (?, ?)
        ON CONFLICT (environment_id) DO UPDATE SET release_id = excluded.release_id
        """
    case deleteLive = "DELETE FROM live WHERE environment_id = ?"
    case insertLiveChange = """
        INSERT INTO live_change (environment_id, generation, at, release_id, made_by, audit_tenant, audit_sequence)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    case standardSolutions = """
        SELECT solution_version.solution_id, solution_version.id, live.release_id FROM workspace
        JOIN environment ON environment.workspace_id = workspace.id
        JOIN live ON live.environment_id = environment.id
        JOIN release_solution ON release_solution.release_id = live.release_id
        JOIN solution_version ON solution_version.id = release_solution.solution_version_id
        WHERE workspace.partner_id = ? AND workspace.system_type = ? AND environment.name = ?
        ORDER BY release_solution.position
        """
    case list = """
        SELECT release.id, release.number, release.generation, release.snippet, release.bundle, release.player,
            release.signature, COALESCE(environment.former_name, environment.name), release.notes, release.made_by, release.created_at, release.state,
            release.decided_by, release.decided_at, live.release_id
        FROM release JOIN environment ON environment.id = release.environment_id
        LEFT JOIN live ON live.environment_id = environment.id AND live.release_id = release.id
        WHERE release.workspace_id = ? AND release.number < ? ORDER BY release.number DESC LIMIT ?
        """
    case one = """
        SELECT release.id, release.number, release.generation, release.snippet, release.bundle, release.player,
            release.signature, COALESCE(environment.former_name, environment.name), release.notes, release.made_by, release.created_at, release.state,
            release.decided_by, release.decided_at, live.release_id
        FROM release JOIN environment ON environment.id = release.environment_id
        LEFT JOIN live ON live.environment_id = environment.id AND live.release_id = release.id
        WHERE release.workspace_id = ? AND release.number = ?
        """
    case content = "SELECT content FROM release WHERE id = ?"
    case items = """
        SELECT item_id, digest, origin_version_id, origin_item FROM release_item WHERE release_id = ? ORDER BY position
        """
    case solutions = """
        SELECT solution.id, solution.slug, solution_version.number, solution_version.withdrawn_at FROM release_solution
        JOIN solution_version ON solution_version.id = release_solution.solution_version_id
        JOIN solution ON solution.id = solution_version.solution_id
        WHERE release_solution.release_id = ? ORDER BY release_solution.position
        """
}

/// A release of a workspace.
public struct ReleaseRecord: Hashable, Sendable {
    /// Where it stands.
    public enum State: String, Sendable, CaseIterable {
        /// It waits for a second person's approval.
        case proposed
        /// It went live once; whether it is now, see ``ReleaseRecord/isLive``.
        case published
        /// The second person refused it.
        case rejected
    }

    /// The release.
    public let id: ReleaseID
    /// Its number within its workspace, from 1.
    public let number: Int64
    /// The environment that it is for.
    public let environment: EnvironmentName
    /// Where it stands.
    public let state: State
    /// Whether its environment points at it.
    public let isLive: Bool
    /// The generation in which it went live first; nil where it never did.
    public let generation: Int64?
    /// Its snippet.
    public let snippet: Digest
    /// Its bundle, where its content is too large for the snippet.
    public let bundle: Digest?
    /// Its player.
    public let player: Digest
    /// Its signature (``SignedStatement``).
    public let signature: [UInt8]
    /// What its publisher said of it.
    public let notes: String?
    /// Who made it, as the audit names people.
    public let madeBy: String?
    /// When.
    public let madeAt: Timestamp
    /// Who approved or rejected it.
    public let decidedBy: String?
    /// When.
    public let decidedAt: Timestamp?

    init(_ row: SQLRow) throws {
        let stored = try StoredRelease(row)
        id = stored.id
        number = stored.number
        generation = stored.generation > 0 ? stored.generation : nil
        snippet = stored.snippet
        bundle = stored.bundle
        player = stored.player
        signature = stored.signature
        environment = try EnvironmentName(try row.text(7))
        notes = try row.optional(8, row.text)
        madeBy = try row.optional(9, row.text)
        madeAt = try row.time(10)
        guard let state = State(rawValue: try row.text(11)) else { throw row.damaged(11) }
        self.state = state
        decidedBy = try row.optional(12, row.text)
        decidedAt = try row.optional(13, row.time)
        isLive = row[14] != .null
    }
}

/// An item as a release holds it.
public struct ReleasedItem: Hashable, Sendable {
    /// Its id within the release.
    public var id: String
    /// SHA-256 of its canonical content in the Editor.
    public var digest: Digest
    /// Where it was copied from.
    public var origin: ItemOrigin?

    /// Describes an item.
    public init(_ item: ContentItem, origin: ItemOrigin?) {
        id = item.id
        digest = Digest(of: item.content.canonical)
        self.origin = origin
    }

    init(_ row: SQLRow) throws {
        id = try row.text(0)
        digest = try row.digest(1)
        origin = try row.optional(2) { ItemOrigin(version: try row.id($0), item: try row.text($0 + 1)) }
    }
}

/// What was live when the next release was put together from it.
public struct PublicationBasis: Hashable, Sendable {
    /// The release; nil where nothing was live.
    public var release: ReleaseID?
    /// Its solution versions, in order, where it is standard content.
    public var solutions: [Choice]

    /// Puts it together.
    public init(release: ReleaseID?, solutions: [Choice] = []) {
        self.release = release
        self.solutions = solutions
    }

    /// A version that was chosen of a solution.
    public struct Choice: Hashable, Sendable {
        /// The solution.
        public var solution: SolutionID
        /// The version.
        public var version: SolutionVersionID

        /// Makes a choice.
        public init(solution: SolutionID, version: SolutionVersionID) {
            self.solution = solution
            self.version = version
        }
    }
}

/// A solution version that a release of standard content was made from.
public struct ReleasedSolution: Hashable, Sendable {
    /// The solution.
    public let solution: SolutionID
    /// Its name in files and URLs.
    public let slug: String
    /// The version's number.
    public let version: Int64
    /// Since when it is withdrawn, if it is: what is live of it stays.
    public let withdrawnAt: Timestamp?
}

extension Storage {
    /// The releases of a workspace, the newest first.
    public func releases(
        of scope: EditorScope,
        before number: Int64?,
        limit: Int
    ) async throws -> [ReleaseRecord] {
        try await engine.snapshot { connection in
            guard let workspace = try connection.workspace(of: scope) else { return [] }
            return try connection.rows(
                ReleaseSQL.list,
                .text(of: workspace),
                .integer(number ?? .max),
                .integer(Int64(limit) + 1)
            ).map(ReleaseRecord.init)
        }
    }

    /// The environment that a release is for.
    public func environment(ofRelease number: Int64, of scope: EditorScope) async throws -> EnvironmentName {
        try await engine.snapshot { try $0.release(number, of: scope).environment }
    }

    /// One release, what it holds, and what it was made from.
    public func release(
        _ number: Int64,
        of scope: EditorScope
    ) async throws -> (release: ReleaseRecord, items: [ReleasedItem], solutions: [ReleasedSolution], content: [UInt8]) {
        try await engine.snapshot { connection in
            let release = try connection.release(number, of: scope)
            let id = SQLValue.text(of: release.id)
            let solutions = try connection.solutions(of: release.id)
            let items = try connection.rows(ReleaseSQL.items, id).map(ReleasedItem.init)
            return (release, items, solutions, try connection.content(of: release.id))
        }
    }

    /// What pages of a system get in an environment now: the release's content, and whose it is; nil for nothing.
    public func served(
        _ client: ClientID,
        _ system: SystemID,
        in environment: EnvironmentName
    ) async throws -> (owner: ContentOwner, content: [UInt8])? {
        try await engine.snapshot { connection in
            let record = try connection.system(system, of: client)
            let partner = try connection.partner(try connection.client(client).partner)
            let resolution = try Resolution(
                of: system,
                terms: record.entry.terms,
                partner: partner.entry,
                wanted: EnvironmentEntry(owner: .system(system), name: environment),
                live: StoreLookup(connection: connection).liveRelease
            )
            guard let release = resolution.release, let served = resolution.served else { return nil }
            return (served.owner, try connection.content(of: release))
        }
    }

    /// What is live for an owner in an environment; nil for nothing.
    public func liveContent(of owner: ContentOwner, in environment: EnvironmentName) async throws -> [UInt8]? {
        try await engine.snapshot { connection in
            try StoreLookup(connection: connection).liveRelease(owner, environment).map(connection.content)
        }
    }

    /// A partner's live standard content, and the solution versions it was made from.
    public func standardBasis(
        of partner: PartnerID,
        _ type: SystemType,
        _ environment: EnvironmentName
    ) async throws -> PublicationBasis {
        try await engine.snapshot { connection in
            let rows = try connection.rows(
                ReleaseSQL.standardSolutions,
                .text(of: partner),
                .text(of: type),
                .text(of: environment)
            )
            return PublicationBasis(
                release: try rows.first?.id(2),
                solutions: try rows.map { .init(solution: try $0.id(0), version: try $0.id(1)) }
            )
        }
    }
}

extension Connection {
    func release(_ number: Int64, of scope: EditorScope) throws -> ReleaseRecord {
        guard let workspace = try workspace(of: scope),
            let row = try rows(ReleaseSQL.one, .text(of: workspace), .integer(number)).first
        else { throw Refusal(.notFound, "There is no release \(number).", field: "release") }
        return try ReleaseRecord(row)
    }

    func content(of release: ReleaseID) throws -> [UInt8] {
        guard let row = try rows(ReleaseSQL.content, .text(of: release)).first else { throw MissingHead() }
        return try row.bytes(0)
    }
}
