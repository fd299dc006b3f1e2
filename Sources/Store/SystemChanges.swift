public import Domain

enum SystemSQL: String, StatementSet {
    case setCacheClass = "UPDATE client_system SET cache_class = ? WHERE id = ?"
    case client = "SELECT client_id FROM client_system WHERE id = ? AND deleted_at IS NULL"
    case setLinkHosts = "UPDATE client_system SET link_hosts = ? WHERE id = ?"
    case setTypeAndName = "UPDATE client_system SET type = ?, name = ? WHERE id = ?"
    case rekey = "UPDATE client_system SET system_client_id = ? WHERE id = ?"
    case deleteSystem = "UPDATE client_system SET system_client_id = ?, deleted_at = ? WHERE id = ?"
    case leaveMemberships = "DELETE FROM membership_system WHERE system_id = ?"
    case leaveJoinings = "DELETE FROM joining_system WHERE system_id = ?"
    case joiningsWithoutSystems = """
        SELECT id FROM joining WHERE client_id = ? AND kind = 'partner' AND state = 'pending'
            AND NOT EXISTS (SELECT 1 FROM joining_system WHERE joining_system.joining_id = joining.id)
        """
    case keepFormerKey = """
        INSERT INTO former_key (system_id, system_client_id) VALUES (?, ?) ON CONFLICT DO NOTHING
        """
    case formerKeys = "SELECT system_client_id FROM former_key WHERE system_id = ? ORDER BY system_client_id"
    case environments = """
        SELECT environment.name, environment.key, live.release_id, environment.id FROM environment
        JOIN workspace ON workspace.id = environment.workspace_id
        LEFT JOIN live ON live.environment_id = environment.id
        WHERE workspace.system_id = ? AND environment.deleted_at IS NULL
        """
}

/// What is to become of a system; nil leaves a thing as it is.
public struct SystemEdit: Hashable, Sendable {
    /// Another System Client ID (rule F-137).
    public var systemClientID: SystemClientID?
    /// Take it back although it was given up within 30 days (decision D-4).
    public var reusesKey = false
    /// Another type.
    public var type: SystemType?
    /// Another name.
    public var name: OrganisationName?
    /// Another cache class of its own, or none.
    public var cacheClass: CacheClass??
    /// The hosts that links in its content may lead to.
    public var linkHosts: [HostName]?

    /// An edit that leaves everything as it is.
    public init() {}
}

extension Storage {
    /// Adds a system to a client.
    ///
    /// - Throws: `conflict` where another system of the partner has the id (F-119), or it is reserved.
    public func addSystem(_ new: NewSystem, reusesKey: Bool, to client: ClientID, by caller: Caller) async throws
        -> SystemRecord
    {
        let now = runtime.now()
        let runtime = runtime
        return try await writing { connection in
            let partner = try connection.client(client).partner
            try connection.lockPartner(partner)
            try connection.takeKey(new.systemClientID, of: partner, reuse: reusesKey, at: now)
            let mapping = try Self.addSystem(new, of: client, partner, connection, runtime, now)
            let record = try connection.system(mapping.system, of: client)
            try connection.audit(
                .client(client),
                "system.added",
                "system/\(record.id)",
                ["systemClientId": .string("\(new.systemClientID)")],
                by: caller,
                at: now
            )
            let key = try connection.partnerKey(partner)
            try FeedWriter.write(connection, at: now) { feed in
                try feed.set(.mapping(key, record.systemClientID), record.entry)
            }
            try connection.keepAnswer(to: caller, record, at: now)
            return record
        }
    }

    /// Whether a system is a client's, and not deleted.
    public func hasSystem(_ system: SystemID, _ client: ClientID) async throws -> Bool {
        try await engine.snapshot { connection in
            try connection.rows(SystemSQL.client, .text(of: system)).first?.id(0) == client
        }
    }

    /// A client's system.
    ///
    /// - Throws: `notFound` for another client's, and for a deleted one.
    public func system(_ system: SystemID, of client: ClientID) async throws -> SystemRecord {
        try await engine.snapshot { try $0.system(system, of: client) }
    }

    /// Changes a system: in one generation an old key stops and the new one works (rules F-131, F-137). The old one stays
    /// reserved for 30 days.
    ///
    /// - Throws: `conflict` where another system of the partner has the id (F-119), or it is reserved.
    public func changeSystem(
        _ system: SystemID,
        of client: ClientID,
        _ edit: SystemEdit,
        namingHolder: Bool = false,
        expecting: @escaping Expectation<ClientRecord> = { _ in },
        by caller: Caller
    ) async throws -> SystemRecord {
        let now = runtime.now()
        return try await writing { connection in
            let partner = try connection.client(client).partner
            try connection.lockPartner(partner)
            try expecting(try connection.clientWithSystems(client))
            let present = try connection.system(system, of: client)
            if let id = edit.systemClientID, id != present.systemClientID {
                try connection.takeKey(id, of: partner, reuse: edit.reusesKey, naming: namingHolder, at: now)
                try connection.giveUpKey(of: present, partner, at: now)
                try connection.execute(SystemSQL.rekey, .text(of: id), .text(of: system))
            }
            if edit.type != nil || edit.name != nil {
                try connection.execute(
                    SystemSQL.setTypeAndName,
                    .text(of: edit.type ?? present.type),
                    .text(of: edit.name ?? present.name),
                    .text(of: system)
                )
            }
            if let cacheClass = edit.cacheClass {
                let value = cacheClass.map { SQLValue.text($0.rawValue) } ?? .null
                try connection.execute(SystemSQL.setCacheClass, value, .text(of: system))
            }
            if let hosts = edit.linkHosts {
                try connection.execute(SystemSQL.setLinkHosts, .hosts(hosts), .text(of: system))
            }
            let new = try connection.system(system, of: client)
            guard new != present else { return present }
            try connection.audit(
                partner,
                client,
                "system.changed",
                [
                    "system": .string("system/\(system)"), "systemClientId": .string("\(new.systemClientID)"),
                    "was": .string("\(present.systemClientID)"), "reuseKey": .bool(edit.reusesKey),
                    "linkHosts": .array(new.linkHosts.map { .string($0.text) }),
                ],
                by: caller,
                at: now
            )
            let key = try connection.partnerKey(partner)
            try FeedWriter.write(connection, at: now) { feed in
                if new.systemClientID != present.systemClientID {
                    try feed.set(.mapping(key, present.systemClientID), nil)
                }
                try feed.set(.mapping(key, new.systemClientID), new.entry)
            }
            return new
        }
    }

    /// Deletes a system of a client; memberships and pending invitations lose it (decision D-11).
    ///
    /// - Throws: `conflict` for the last system, or for one with live content where `confirmed` is false.
    public func deleteSystem(
        _ system: SystemID,
        of client: ClientID,
        confirmed: Bool,
        expecting: @escaping Expectation<SystemRecord>,
        by caller: Caller
    ) async throws {
        let now = runtime.now()
        try await writing { connection in
            let partner = try connection.client(client).partner
            try connection.lockPartner(partner)
            try connection.lockClient(client)
            let record = try connection.system(system, of: client)
            try expecting(record)
            guard try connection.clientWithSystems(client).systems.count > 1 else {
                throw Refusal(.conflict, "A client keeps at least one system.")
            }
            let live = try connection.rows(SystemSQL.environments, .text(of: system)).contains { $0[2] != .null }
            guard !live || confirmed else {
                throw Refusal(.conflict, "The system has live content; repeat with ?confirm=true to take it away.")
            }
            try connection.audit(.client(client), "system.deleted", "system/\(system)", by: caller, at: now)
            let key = try connection.partnerKey(partner)
            try FeedWriter.write(connection, at: now) { feed in
                try connection.deleteSystem(record, of: partner, key, &feed, by: caller, at: now)
            }
        }
    }
}

extension Connection {
    func system(_ id: SystemID, of client: ClientID) throws -> SystemRecord {
        guard let row = try rows(ClientSQL.bySystem, .text(of: id), .text(of: client)).first else {
            throw Refusal(.notFound, "There is no such system.")
        }
        return try SystemRecord(row)
    }

    /// Takes a System Client ID for a system, under the partner's lock.
    ///
    /// - Parameters:
    ///   - id: The id.
    ///   - partner: Whose.
    ///   - reuse: Take it although it is reserved.
    ///   - naming: Tell who has it: a partner's staff may know, another client may not.
    ///   - now: The present time.
    /// - Throws: `conflict` where another system has it, or it is reserved.
    func takeKey(
        _ id: SystemClientID,
        of partner: PartnerID,
        reuse: Bool,
        naming: Bool = false,
        at now: Timestamp
    ) throws {
        if let holder = try rows(ClientSQL.holder, .text(of: partner), .text(of: id)).first {
            throw Refusal(
                .conflict,
                naming
                    ? "The System Client ID '\(id)' belongs to '\(try holder.text(1))' within this partner."
                    : "The System Client ID '\(id)' is taken within this partner.",
                field: "systemClientId"
            )
        }
        if !reuse, let until = try Storage.reservation(of: id, partner, now, self) {
            throw Refusal(
                .conflict,
                "The System Client ID '\(id)' was given up, and stays reserved until \(until); reuseKey takes it back.",
                field: "systemClientId"
            )
        }
        try execute(ClientSQL.endReservation, .text(of: partner), .text(of: id))
    }

    /// Gives a system's id up: it stays reserved for a while, and the past knows it.
    fileprivate func giveUpKey(of system: SystemRecord, _ partner: PartnerID, at now: Timestamp) throws {
        let id = SQLValue.text(of: system.systemClientID)
        let until = SQLValue.integer(now.milliseconds + Storage.reservationMilliseconds)
        try execute(ClientSQL.reserve, .text(of: partner), id, until)
        try execute(SystemSQL.keepFormerKey, .text(of: system.id), id)
    }

    /// Takes a system out of the world: its row stays for what was, under an id that no page can ask for.
    func deleteSystem(
        _ system: SystemRecord,
        of partner: PartnerID,
        _ key: PartnerKey,
        _ feed: inout FeedWriter,
        by caller: Caller,
        at now: Timestamp
    ) throws {
        try giveUpKey(of: system, partner, at: now)
        let grave = SQLValue.text("deleted/\(system.id)")
        try execute(SystemSQL.deleteSystem, grave, .time(now), .text(of: system.id))
        try execute(SystemSQL.leaveMemberships, .text(of: system.id))
        try execute(SystemSQL.leaveJoinings, .text(of: system.id))
        // A partner invitation that has no system left leads nowhere.
        for row in try rows(SystemSQL.joiningsWithoutSystems, .text(of: system.client)) {
            _ = try endJoining(try row.id(0), .withdrawn, at: now)
        }
        try feed.set(.mapping(key, system.systemClientID), nil)
        for row in try rows(SystemSQL.environments, .text(of: system.id)) {
            try feed.set(.environment(try EnvironmentKey(try row.text(1))), nil)
            try feed.set(.pointer(.system(system.id), try EnvironmentName(try row.text(0))), nil)
            if let release: ReleaseID = try row.optional(2, { try row.id($0) }) {
                try feed.set(.release(release), nil)
                try execute(ReleaseSQL.deleteLive, row[3])
                try execute(
                    ReleaseSQL.insertLiveChange,
                    row[3],
                    .integer(feed.generation),
                    .time(now),
                    .null,
                    .text(caller.auditName),
                    .null,
                    .null
                )
            }
        }
    }
}
