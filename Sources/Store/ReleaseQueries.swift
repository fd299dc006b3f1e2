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
    case insertEnvironment = """
        INSERT INTO environment (id, workspace_id, name, key, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (workspace_id, name) DO NOTHING
        """
    case environment = "SELECT id, key FROM environment WHERE workspace_id = ? AND name = ?"
    case insertRelease = """
        INSERT INTO release
        (id, workspace_id, environment_id, number, generation, content, snippet, bundle, player, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    case insertSolution = """
        INSERT INTO release_solution (release_id, position, solution_version_id) VALUES (?, ?, ?)
        """
    case live = """
        SELECT release.id, release.number, release.generation, release.snippet, release.bundle, release.player
        FROM live JOIN release ON release.id = live.release_id WHERE live.environment_id = ?
        """
    case numbered = """
        SELECT id, number, generation, snippet, bundle, player FROM release WHERE environment_id = ? AND number = ?
        """
    case before = """
        SELECT id, number, generation, snippet, bundle, player FROM release WHERE environment_id = ? AND number < ?
        ORDER BY number DESC LIMIT 1
        """
    case setLive = """
        INSERT INTO live (environment_id, release_id) VALUES (?, ?)
        ON CONFLICT (environment_id) DO UPDATE SET release_id = excluded.release_id
        """
    case deleteLive = "DELETE FROM live WHERE environment_id = ?"
    case environmentKeys = """
        SELECT environment.name, environment.key FROM environment
        JOIN workspace ON workspace.id = environment.workspace_id
        WHERE workspace.system_id = ? OR (workspace.partner_id = ? AND workspace.system_type = ?)
        ORDER BY environment.name
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
}

/// A release to be published, its objects stored already.
public struct NewRelease: Sendable {
    /// Whose content it is.
    public var owner: ContentOwner
    /// Where it is to be live.
    public var environment: EnvironmentName
    /// The canonical content.
    public var content: [UInt8]
    /// The snippet's object.
    public var snippet: Digest
    /// The bundle's object, where the content is too large for the snippet.
    public var bundle: Digest?
    /// The player's object.
    public var player: Digest
    /// For standard content: the solution versions it was made from, in order.
    public var solutions: [SolutionVersionID]
    /// For standard content: what its list was made from, which must still be so when it goes live.
    public var basis: StandardBasis?

    /// Makes a request for a release.
    public init(
        owner: ContentOwner,
        environment: EnvironmentName,
        content: [UInt8],
        snippet: Digest,
        bundle: Digest?,
        player: Digest,
        solutions: [SolutionVersionID] = [],
        basis: StandardBasis? = nil
    ) {
        self.owner = owner
        self.environment = environment
        self.content = content
        self.snippet = snippet
        self.bundle = bundle
        self.player = player
        self.solutions = solutions
        self.basis = basis
    }
}

/// The standard content that was live when the next one's list was made.
public struct StandardBasis: Hashable, Sendable {
    /// The release; nil where nothing was live.
    public var release: ReleaseID?
    /// Its solution versions, in order.
    public var solutions: [Choice]

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

/// Another release went live, or another version was made, while this one was put together; do that anew.
public struct StaleBasis: Error, Sendable {}

/// Where a live pointer went.
public struct LiveRelease: Hashable, Sendable {
    /// The release.
    public var id: ReleaseID
    /// Its number within its workspace, from 1.
    public var number: Int64
    /// Its snippet.
    public var snippet: Digest
    /// Its bundle, where it has one.
    public var bundle: Digest?
    /// Its player.
    public var player: Digest
    /// The generation of the feed in which the pointer moved.
    public var generation: Int64
    /// The environment's key.
    public var environmentKey: EnvironmentKey
}

extension Storage {
    /// Makes a release and moves the live pointer to it.
    public func publish(_ new: NewRelease) async throws -> LiveRelease {
        let now = runtime.now()
        let runtime = runtime
        return try await writing { connection in
            var workspace = try Workspace.lock(new.owner, next: 1, connection)
            if workspace == nil {
                try Workspace.insert(new.owner, connection, runtime)
                workspace = try Workspace.lock(new.owner, next: 1, connection)
            }
            guard let workspace else { throw Refusal(.notFound, "There is no such system.") }
            let fresh = EnvironmentKey(runtime)
            let isNewEnvironment = try connection.execute(
                ReleaseSQL.insertEnvironment,
                .text(of: EnvironmentID(runtime)),
                .text(of: workspace.id),
                .text(of: new.environment),
                .text(of: fresh),
                .time(now)
            )
            let environment = try workspace.environment(new.environment, connection)
            let previous = try connection.rows(ReleaseSQL.live, .text(of: environment.id)).first.map(StoredRelease.init)
            if let basis = new.basis, basis.release != previous?.id { throw StaleBasis() }
            return try FeedWriter.write(connection, at: now) { feed in
                if isNewEnvironment == 1 {
                    let entry = EnvironmentEntry(owner: new.owner, name: new.environment)
                    try feed.set(.environment(environment.key), entry)
                }
                let release = StoredRelease(
                    id: ReleaseID(runtime),
                    number: workspace.lastRelease,
                    generation: feed.generation,
                    snippet: new.snippet,
                    bundle: new.bundle,
                    player: new.player
                )
                try connection.execute(
                    ReleaseSQL.insertRelease,
                    .text(of: release.id),
                    .text(of: workspace.id),
                    .text(of: environment.id),
                    .integer(release.number),
                    .integer(release.generation),
                    .bytes(new.content),
                    .bytes(release.snippet.bytes),
                    release.bundle.map { .bytes($0.bytes) } ?? .null,
                    .bytes(release.player.bytes),
                    .time(now)
                )
                for (position, version) in new.solutions.enumerated() {
                    try connection.execute(
                        ReleaseSQL.insertSolution,
                        .text(of: release.id),
                        .integer(Int64(position)),
                        .text(of: version)
                    )
                }
                try environment.point(at: release, insteadOf: previous, connection, &feed)
                return environment.live(release, feed.generation)
            }
        }
    }

    /// Moves the live pointer back: to release `number`, else to the one before the live one, of that environment.
    ///
    /// - Throws: `notFound` where there is no such release, `conflict` where it is live already.
    public func rollBack(
        _ owner: ContentOwner,
        _ environment: EnvironmentName,
        to number: Int64?
    ) async throws -> LiveRelease {
        let now = runtime.now()
        return try await writing { connection in
            let place = try Self.environment(owner, environment, connection)
            let present = try connection.rows(ReleaseSQL.live, .text(of: place.id)).first.map(StoredRelease.init)
            let row: SQLRow?
            if let number {
                row = try connection.rows(ReleaseSQL.numbered, .text(of: place.id), .integer(number)).first
            } else {
                guard let present else {
                    throw Refusal(.conflict, "Nothing is live in '\(environment)'; name the release to go back to.")
                }
                row = try connection.rows(ReleaseSQL.before, .text(of: place.id), .integer(present.number)).first
            }
            guard let row else {
                let which = number.map { "no release \($0)" } ?? "no release before the live one"
                throw Refusal(.notFound, "There is \(which) in '\(environment)'.", field: "to")
            }
            let release = try StoredRelease(row)
            guard release.id != present?.id else {
                throw Refusal(.conflict, "Release \(release.number) is live in '\(environment)' already.", field: "to")
            }
            return try FeedWriter.write(connection, at: now) { feed in
                try place.point(at: release, insteadOf: present, connection, &feed)
                return place.live(release, feed.generation)
            }
        }
    }

    /// Takes the live pointer away: standard content again for a client, nothing for standard content itself.
    ///
    /// - Returns: The generation in which it went.
    /// - Throws: `conflict` where nothing is live.
    public func unpublish(_ owner: ContentOwner, _ environment: EnvironmentName) async throws -> Int64 {
        let now = runtime.now()
        return try await writing { connection in
            let place = try Self.environment(owner, environment, connection)
            guard let row = try connection.rows(ReleaseSQL.live, .text(of: place.id)).first else {
                throw Refusal(.conflict, "Nothing is live in '\(environment)'.", field: "environment")
            }
            let present = try StoredRelease(row)
            return try FeedWriter.write(connection, at: now) { feed in
                try place.point(at: nil, insteadOf: present, connection, &feed)
                return feed.generation
            }
        }
    }

    /// A partner's live standard content, and the solution versions it was made from.
    public func standardBasis(
        of partner: PartnerID,
        _ type: SystemType,
        _ environment: EnvironmentName
    ) async throws -> StandardBasis {
        try await engine.snapshot { connection in
            let rows = try connection.rows(
                ReleaseSQL.standardSolutions,
                .text(of: partner),
                .text(of: type),
                .text(of: environment)
            )
            return StandardBasis(
                release: try rows.first?.id(2),
                solutions: try rows.map { .init(solution: try $0.id(0), version: try $0.id(1)) }
            )
        }
    }

    private static func environment(
        _ owner: ContentOwner,
        _ name: EnvironmentName,
        _ connection: any Connection
    ) throws -> EnvironmentRecord {
        guard let workspace = try Workspace.lock(owner, next: 0, connection) else {
            throw Refusal(.conflict, "Nothing was ever published there.", field: "environment")
        }
        return try workspace.environment(name, connection)
    }
}
