public import Domain

enum EnvironmentSQL: String, StatementSet {
    case insert = """
        INSERT INTO environment (id, workspace_id, name, key, created_at, needs_approval) VALUES (?, ?, ?, ?, ?, 0)
        ON CONFLICT (workspace_id, name) DO NOTHING
        """
    case one = """
        SELECT id, name, key, needs_approval, archived_at, created_at FROM environment
        WHERE workspace_id = ? AND name = ? AND deleted_at IS NULL
        """
    case list = """
        SELECT environment.id, environment.name, environment.key, environment.needs_approval, environment.archived_at,
            environment.created_at, release.number
        FROM environment LEFT JOIN live ON live.environment_id = environment.id
        LEFT JOIN release ON release.id = live.release_id
        WHERE environment.workspace_id = ? AND environment.deleted_at IS NULL ORDER BY environment.name
        """
    case keys = """
        SELECT environment.name, environment.key FROM environment
        JOIN workspace ON workspace.id = environment.workspace_id
        WHERE (workspace.system_id = ? OR (workspace.partner_id = ? AND workspace.system_type = ?))
            AND environment.deleted_at IS NULL AND environment.archived_at IS NULL ORDER BY environment.name
        """
    case change = "UPDATE environment SET needs_approval = ?, archived_at = ? WHERE id = ?"
    case setKey = "UPDATE environment SET key = ? WHERE id = ?"
    case delete = "UPDATE environment SET former_name = name, name = id, deleted_at = ? WHERE id = ?"
    case rejectProposed = """
        UPDATE release SET state = 'rejected', decided_by = ?, decided_at = ?
        WHERE environment_id = ? AND state = 'proposed'
        """
}

/// An environment of a workspace.
public struct EnvironmentRecord: Hashable, Sendable {
    let id: EnvironmentID
    let owner: ContentOwner
    /// Its name within the workspace.
    public let name: EnvironmentName
    /// The key by which pages ask for it.
    public let key: EnvironmentKey
    /// Whether a second person approves each release.
    public let needsApproval: Bool
    /// Since when it is archived: its key is unknown, and nothing can be published into it.
    public let archivedAt: Timestamp?
    /// Since when it is there.
    public let createdAt: Timestamp
    /// The number of the live release; nil for none.
    public var live: Int64?

    init(_ row: SQLRow, of owner: ContentOwner) throws {
        id = try row.id(0)
        self.owner = owner
        name = try EnvironmentName(try row.text(1))
        key = try EnvironmentKey(try row.text(2))
        needsApproval = try row.flag(3)
        archivedAt = try row.optional(4, row.time)
        createdAt = try row.time(5)
    }

    /// Whether it is there whatever anybody does.
    public var isFixed: Bool { name.isFixed }

    fileprivate var entry: EnvironmentEntry? {
        archivedAt == nil ? EnvironmentEntry(owner: owner, name: name) : nil
    }
}

extension Storage {
    /// The most environments of a workspace.
    public static let environmentsMax = 20

    /// The environments of a workspace that were made, by name.
    public func environments(of scope: EditorScope) async throws -> [EnvironmentRecord] {
        try await engine.snapshot { connection in
            guard let workspace = try connection.workspace(of: scope) else { return [] }
            return try connection.environments(of: workspace, scope.owner)
        }
    }

    /// Makes an environment.
    ///
    /// - Throws: `conflict` where there is one of that name, or where there are too many.
    public func addEnvironment(
        _ name: EnvironmentName,
        to scope: EditorScope,
        by caller: Caller
    ) async throws -> EnvironmentRecord {
        let runtime = runtime
        return try await editEnvironments(of: scope, "environment.added", by: caller) { connection, workspace, now in
            guard try workspace.addEnvironment(name, connection, at: now, runtime) else {
                throw Refusal(.conflict, "There is an environment of that name.", field: "name")
            }
            return (nil, try workspace.environment(name, connection))
        }
    }

    /// Changes an environment; nil leaves a thing as it is.
    public func changeEnvironment(
        _ name: EnvironmentName,
        of scope: EditorScope,
        needsApproval: Bool?,
        isArchived: Bool?,
        expecting: @escaping Expectation<EnvironmentRecord>,
        by caller: Caller
    ) async throws -> EnvironmentRecord {
        try await editEnvironments(of: scope, "environment.changed", by: caller) { connection, workspace, now in
            let present = try connection.environment(name, of: workspace)
            try expecting(present)
            guard !present.isFixed || isArchived != true else {
                throw Refusal(.conflict, "The environment '\(name)' cannot be archived.", field: "archived")
            }
            let archivedAt = isArchived.map { $0 ? present.archivedAt ?? now : nil } ?? present.archivedAt
            try connection.execute(
                EnvironmentSQL.change,
                .flag(needsApproval ?? present.needsApproval),
                archivedAt.map(SQLValue.time) ?? .null,
                .text(of: present.id)
            )
            return (present, try connection.environment(name, of: workspace))
        }
    }

    /// Gives an environment another key; the old one is unknown at once.
    public func rotateKey(
        of name: EnvironmentName,
        _ scope: EditorScope,
        by caller: Caller
    ) async throws -> EnvironmentRecord {
        let runtime = runtime
        return try await editEnvironments(of: scope, "environment.keyRotated", by: caller) { connection, workspace, _ in
            let present = try connection.environment(name, of: workspace)
            try connection.execute(EnvironmentSQL.setKey, .text(of: EnvironmentKey(runtime)), .text(of: present.id))
            return (present, try connection.environment(name, of: workspace))
        }
    }

    /// Deletes an environment of one's own making, and rejects what waits for approval there.
    ///
    /// - Throws: `conflict` for production and test, and for one with a live release.
    public func deleteEnvironment(
        _ name: EnvironmentName,
        of scope: EditorScope,
        expecting: @escaping Expectation<EnvironmentRecord>,
        by caller: Caller
    ) async throws {
        _ = try await editEnvironments(of: scope, "environment.deleted", by: caller) { connection, workspace, now in
            let present = try connection.environment(name, of: workspace)
            try expecting(present)
            guard !present.isFixed else {
                throw Refusal(.conflict, "The environment '\(name)' cannot be deleted.")
            }
            guard present.live == nil else {
                throw Refusal(.conflict, "A release is live in '\(name)'; unpublish it first.")
            }
            try connection.execute(
                EnvironmentSQL.rejectProposed,
                .text(caller.auditName),
                .time(now),
                .text(of: present.id)
            )
            try connection.execute(EnvironmentSQL.delete, .time(now), .text(of: present.id))
            return (present, nil)
        }
    }

    /// Changes one environment under its tenant's and its workspace's lock, with its audit event and its entries.
    ///
    /// - Parameters:
    ///   - scope: Whose.
    ///   - action: The audit's name for it.
    ///   - caller: Who.
    ///   - change: Changes the rows; gives the environment before and after, nil where there is none.
    /// - Returns: The environment, as it is now, or as it was when it went.
    /// - Throws: What `change` throws; failures of the database.
    private func editEnvironments(
        of scope: EditorScope,
        _ action: String,
        by caller: Caller,
        _ change:
            @escaping @Sendable (any Connection, Workspace, Timestamp) throws -> (
                before: EnvironmentRecord?, after: EnvironmentRecord?
            )
    ) async throws -> EnvironmentRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await writing { connection in
            let (tenant, workspace, fixed) = try connection.lockEditor(scope, at: now, runtime)
            let (before, after) = try change(connection, workspace, now)
            guard let environment = after ?? before else { throw MissingHead() }
            try connection.auditEnvironment(tenant, action, environment, by: caller, at: now)
            try FeedWriter.write(connection, at: now) { feed in
                for made in fixed { try feed.set(.environment(made.key), made.entry) }
                if let before, before.key != after?.key { try feed.set(.environment(before.key), nil) }
                if let after { try feed.set(.environment(after.key), after.entry) }
            }
            try connection.keepAnswer(to: caller, environment, at: now)
            return environment
        }
    }
}

extension Connection {
    func environments(of workspace: WorkspaceID, _ owner: ContentOwner) throws -> [EnvironmentRecord] {
        try rows(EnvironmentSQL.list, .text(of: workspace)).map { row in
            var record = try EnvironmentRecord(row, of: owner)
            record.live = try row.optional(6, row.integer)
            return record
        }
    }

    fileprivate func environment(_ name: EnvironmentName, of workspace: Workspace) throws -> EnvironmentRecord {
        guard let record = try environments(of: workspace.id, workspace.owner).first(where: { $0.name == name }) else {
            throw Refusal(.notFound, "There is no environment '\(name)'.", field: "environment")
        }
        return record
    }

    /// Locks a workspace for a change of its environments; production and test are there from then on.
    ///
    /// - Returns: Whose it is, the workspace, and the environments that were made, whose entries are still to be written.
    fileprivate func lockEditor(
        _ scope: EditorScope,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> (Tenant, Workspace, [EnvironmentRecord]) {
        let tenant: Tenant
        switch scope {
        case .client(let client, _):
            try lockClient(client)
            tenant = .client(client)
        case .partner(let partner, _):
            try lockPartner(partner)
            tenant = .partner(partner)
        }
        let workspace = try lockWorkspace(scope, runtime)
        let made = try [EnvironmentName.production, .test].filter {
            try workspace.addEnvironment($0, self, at: now, runtime)
        }
        return (tenant, workspace, try made.map { try workspace.environment($0, self) })
    }

    fileprivate func auditEnvironment(
        _ tenant: Tenant,
        _ action: String,
        _ environment: EnvironmentRecord,
        by caller: Caller,
        at now: Timestamp
    ) throws {
        try audit(
            tenant,
            action,
            "environment/\(environment.id)",
            [
                "owner": .string("\(environment.owner)"), "name": .string(environment.name.text),
                "needsApproval": .bool(environment.needsApproval), "archived": .bool(environment.archivedAt != nil),
            ],
            by: caller,
            at: now
        )
    }
}
