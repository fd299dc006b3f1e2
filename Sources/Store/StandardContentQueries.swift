public import Domain

enum StandardContentSQL: String, StatementSet {
    case live = """
        SELECT environment.name, release.number, release.generation, release.created_at, release.notes, release.id
        FROM workspace JOIN environment ON environment.workspace_id = workspace.id
        JOIN live ON live.environment_id = environment.id JOIN release ON release.id = live.release_id
        WHERE workspace.partner_id = ? AND workspace.system_type = ? AND environment.deleted_at IS NULL
        ORDER BY environment.name
        """
    case set = "UPDATE client_system SET is_standard_content_off = ? WHERE id = ?"
}

/// A partner's standard content that is live in an environment.
public struct StandardRelease: Hashable, Sendable {
    /// The environment.
    public let environment: EnvironmentName
    /// The release's number.
    public let number: Int64
    /// The generation in which it went live first.
    public let generation: Int64
    /// When it was made.
    public let madeAt: Timestamp
    /// What its publisher said of it.
    public let notes: String?
    /// What it was made from, in order.
    public let solutions: [ReleasedSolution]
}

extension Storage {
    /// A client's systems, and the standard content of its owner partner that is live for each.
    public func standardContent(
        of client: ClientID
    ) async throws -> [(system: SystemRecord, live: [StandardRelease])] {
        try await engine.snapshot { connection in
            let record = try connection.clientWithSystems(client)
            return try record.systems.map { system in
                let rows = try connection.rows(
                    StandardContentSQL.live,
                    .text(of: record.partner),
                    .text(of: system.type)
                )
                let live = try rows.map { row in
                    StandardRelease(
                        environment: try EnvironmentName(try row.text(0)),
                        number: try row.integer(1),
                        generation: try row.integer(2),
                        madeAt: try row.time(3),
                        notes: try row.optional(4, row.text),
                        solutions: try connection.solutions(of: try row.id(5))
                    )
                }
                return (system, live)
            }
        }
    }

    /// Switches standard content off for one of a client's systems, or for all; or on again.
    public func setStandardContentOff(
        of client: ClientID,
        _ system: SystemID?,
        _ isOff: Bool,
        by caller: Caller
    ) async throws {
        let now = runtime.now()
        try await writing { connection in
            let partner = try connection.client(client).partner
            try connection.lockPartner(partner)
            if let system { _ = try connection.system(system, of: client) }
            let changed = try connection.clientWithSystems(client).systems.filter {
                (system == nil || $0.id == system) && $0.standardContentOff != isOff
            }
            guard !changed.isEmpty else { return }
            for one in changed {
                try connection.execute(StandardContentSQL.set, .flag(isOff), .text(of: one.id))
                try connection.audit(
                    .client(client),
                    isOff ? "standardContent.switchedOff" : "standardContent.switchedOn",
                    "system/\(one.id)",
                    by: caller,
                    at: now
                )
            }
            let key = try connection.partnerKey(partner)
            try FeedWriter.write(connection, at: now) { feed in
                for one in changed {
                    let record = try connection.system(one.id, of: client)
                    try feed.set(.mapping(key, record.systemClientID), record.entry)
                }
            }
        }
    }
}

extension Connection {
    /// What a release of standard content was made from, in order.
    func solutions(of release: ReleaseID) throws -> [ReleasedSolution] {
        try rows(ReleaseSQL.solutions, .text(of: release)).map { row in
            ReleasedSolution(
                solution: try row.id(0),
                slug: try row.text(1),
                version: try row.integer(2),
                withdrawnAt: try row.optional(3, row.time)
            )
        }
    }
}
