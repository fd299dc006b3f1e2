public import Domain

enum ClientChangeSQL: String, StatementSet {
    case suspend = "UPDATE client SET suspended_at = ?, suspension_reason = ? WHERE id = ? AND suspended_at IS NULL"
    case setReason = "UPDATE client SET suspension_reason = ? WHERE id = ?"
    case resume =
        "UPDATE client SET suspended_at = NULL, suspension_reason = NULL WHERE id = ? AND suspended_at IS NOT NULL"
    case close = "UPDATE client SET closing_at = ?, closing_reason = ? WHERE id = ? AND closing_at IS NULL"
    case keepOpen = """
        UPDATE client SET closing_at = NULL, closing_reason = NULL WHERE id = ? AND closing_at IS NOT NULL
        """
    case remove = "UPDATE client SET removed_at = ? WHERE id = ?"
    case setCacheClass = "UPDATE client_system SET cache_class = ? WHERE id = ?"
    case setStandardContentOff = "UPDATE client_system SET is_standard_content_off = ? WHERE id = ?"
    case setTypeAndName = "UPDATE client_system SET type = ?, name = ? WHERE id = ?"
    case rekey = "UPDATE client_system SET system_client_id = ? WHERE id = ?"
    case deleteSystem = "UPDATE client_system SET system_client_id = ?, deleted_at = ? WHERE id = ?"
    case leaveMemberships = "DELETE FROM membership_system WHERE system_id = ?"
    case leaveJoinings = "DELETE FROM joining_system WHERE system_id = ?"
    case joiningsWithoutSystems = """
        SELECT id FROM joining WHERE client_id = ? AND kind = 'partner' AND state = 'pending'
            AND NOT EXISTS (SELECT 1 FROM joining_system WHERE joining_system.joining_id = joining.id)
        """
    case environments = """
        SELECT environment.name, environment.key, live.release_id FROM environment
        JOIN workspace ON workspace.id = environment.workspace_id
        LEFT JOIN live ON live.environment_id = environment.id WHERE workspace.system_id = ?
        """
}

/// A client, as stored.
public struct ClientRecord: Hashable, Sendable {
    /// Where it stands (`domain.md`, State machines).
    public enum State: String, Sendable {
        /// No admin has signed up yet.
        case notActivated
        /// One has.
        case activated
        /// Its keys answer the no-op.
        case suspended
        /// It will be closed.
        case closing
    }

    /// Its id.
    public let id: ClientID
    /// Its owner partner.
    public let partner: PartnerID
    /// Its name, which never changes (rule F-132).
    public let name: OrganisationName
    /// Since when it is activated, if it is.
    public let activatedAt: Timestamp?
    /// Since when it is suspended, if it is.
    public let suspendedAt: Timestamp?
    /// Why.
    public let suspensionReason: String?
    /// When it will be closed, if so.
    public let closingAt: Timestamp?
    /// Why.
    public let closingReason: String?
    /// When it was made.
    public let createdAt: Timestamp
    /// The cache class of its systems without an own one: its partner's.
    public let partnerCacheClass: CacheClass
    /// Its systems, the one that it was made with first.
    public var systems: [SystemRecord] = []

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        partner = try row.id(1)
        name = try OrganisationName(try row.text(2))
        activatedAt = try row.optional(3, row.time)
        suspendedAt = try row.optional(4, row.time)
        suspensionReason = try row.optional(5, row.text)
        closingAt = try row.optional(6, row.time)
        closingReason = try row.optional(7, row.text)
        createdAt = try row.time(8)
        guard let cacheClass = CacheClass(rawValue: try row.text(9)) else { throw row.damaged(9) }
        partnerCacheClass = cacheClass
    }

    /// How long a browser or CDN may go on showing what one of its keys answered before, at most.
    public var secondsToKill: Int64 {
        systems.map { ($0.cacheClass ?? partnerCacheClass).secondsToKill }.max() ?? 0
    }

    /// Where it stands.
    public var state: State {
        closingAt != nil ? .closing : suspendedAt != nil ? .suspended : activatedAt != nil ? .activated : .notActivated
    }
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

    /// An edit that leaves everything as it is.
    public init() {}
}

extension Storage {
    /// A client of a partner.
    ///
    /// - Throws: `notFound`.
    public func client(_ id: ClientID, of partner: PartnerID? = nil) async throws -> ClientRecord {
        try await engine.snapshot { connection in
            let record = try connection.clientWithSystems(id)
            guard partner == nil || record.partner == partner else { throw Self.noClient }
            return record
        }
    }

    /// A partner's clients whose name contains some text, in the order they were made.
    public func clients(
        of partner: PartnerID,
        containing text: String,
        _ page: Page<ClientID>
    ) async throws -> [ClientRecord] {
        let wanted = text.lowercased()
        return try await engine.snapshot { connection in
            var found: [ClientRecord] = []
            var after = page.after
            // Looked through here: databases lower ASCII alone, or each in its own way.
            while found.count <= page.limit {
                let rows = try connection.rows(
                    ClientSQL.ofPartner,
                    .text(of: partner),
                    after,
                    .integer(Self.lookedThrough)
                )
                for row in rows {
                    let record = try ClientRecord(row)
                    after = .text(of: record.id)
                    guard wanted.isEmpty || record.name.text.lowercased().contains(wanted) else { continue }
                    found.append(try connection.withSystems(record))
                    if found.count > page.limit { break }
                }
                if rows.count < Self.lookedThrough { break }
            }
            return found
        }
    }

    /// How many clients are looked through at a time.
    private static let lookedThrough: Int64 = 500

    /// Suspends a client, with a reason for its admins; suspending again changes the reason.
    public func suspend(_ client: ClientID, reason: String, by caller: Caller) async throws -> ClientRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await changeClient(client) { connection in
            let present = try connection.client(client)
            guard present.suspensionReason != reason else { return }
            if try connection.execute(ClientChangeSQL.suspend, .time(now), .text(reason), .text(of: client)) == 0 {
                try connection.execute(ClientChangeSQL.setReason, .text(reason), .text(of: client))
            }
            try connection.audit(
                present.partner,
                client,
                "client.suspended",
                ["reason": .string(reason)],
                by: caller,
                at: now
            )
            try connection.tellAdmins(of: client, .clientSuspended, ["reason": reason], at: now, runtime)
        }
    }

    /// Resumes a suspended client to where it was; one that is not suspended stays as it is.
    public func resume(_ client: ClientID, by caller: Caller) async throws -> ClientRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await changeClient(client) { connection in
            guard try connection.execute(ClientChangeSQL.resume, .text(of: client)) == 1 else { return }
            let partner = try connection.client(client).partner
            try connection.audit(partner, client, "client.resumed", [:], by: caller, at: now)
            try connection.tellAdmins(of: client, .clientResumed, at: now, runtime)
        }
    }

    /// Has a client closed at a time; until then it answers the no-op, and closing can be cancelled.
    ///
    /// - Throws: `conflict` for a client that was never activated: it can be removed.
    public func close(_ client: ClientID, at end: Timestamp, reason: String, by caller: Caller) async throws
        -> ClientRecord
    {
        let now = runtime.now()
        let runtime = runtime
        return try await changeClient(client) { connection in
            let present = try connection.client(client)
            guard present.activatedAt != nil else {
                throw Refusal(.conflict, "A client that was never activated is removed, not closed.")
            }
            let changed = try connection.execute(ClientChangeSQL.close, .time(end), .text(reason), .text(of: client))
            guard changed == 1 else { return }
            try connection.audit(
                present.partner,
                client,
                "client.closing",
                ["reason": .string(reason), "at": .string(end.description)],
                by: caller,
                at: now
            )
            let values = ["reason": reason, "closesAt": end.description]
            try connection.tellAdmins(of: client, .clientClosing, values, at: now, runtime)
        }
    }

    /// Cancels a client's closing; one that is not closing stays as it is.
    public func cancelClosing(_ client: ClientID, by caller: Caller) async throws -> ClientRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await changeClient(client) { connection in
            guard try connection.execute(ClientChangeSQL.keepOpen, .text(of: client)) == 1 else { return }
            let partner = try connection.client(client).partner
            try connection.audit(partner, client, "client.closingCancelled", [:], by: caller, at: now)
            try connection.tellAdmins(of: client, .closingCancelled, at: now, runtime)
        }
    }

    /// Removes a client that is not activated (rules F-134, F-135): its keys stop in one generation and stay reserved.
    ///
    /// - Throws: `conflict` where it is activated.
    public func removeClient(
        _ client: ClientID,
        of partner: PartnerID,
        expecting: @escaping Expectation<ClientRecord>,
        by caller: Caller
    ) async throws {
        let now = runtime.now()
        try await writing { connection in
            try connection.lockPartner(partner)
            let record = try connection.clientWithSystems(client)
            guard record.partner == partner else { throw Self.noClient }
            try expecting(record)
            guard record.activatedAt == nil else {
                throw Refusal(
                    .conflict,
                    "An activated client cannot be removed. It can be suspended, or closed with 30 days' notice."
                )
            }
            for row in try connection.rows(JoiningSQL.openOfClient, .text(of: client)) {
                _ = try connection.endJoining(try row.id(0), .withdrawn, at: now)
            }
            try connection.audit(partner, client, "client.removed", [:], by: caller, at: now)
            let key = try connection.partnerKey(partner)
            try FeedWriter.write(connection, at: now) { feed in
                for system in record.systems {
                    try connection.deleteSystem(system, of: partner, key, &feed, at: now)
                }
            }
            try connection.execute(ClientChangeSQL.remove, .time(now), .text(of: client))
        }
    }

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
                try connection.giveUpKey(present.systemClientID, of: partner, at: now)
                try connection.execute(ClientChangeSQL.rekey, .text(of: id), .text(of: system))
            }
            if edit.type != nil || edit.name != nil {
                try connection.execute(
                    ClientChangeSQL.setTypeAndName,
                    .text(of: edit.type ?? present.type),
                    .text(of: edit.name ?? present.name),
                    .text(of: system)
                )
            }
            if let cacheClass = edit.cacheClass {
                let value = cacheClass.map { SQLValue.text($0.rawValue) } ?? .null
                try connection.execute(ClientChangeSQL.setCacheClass, value, .text(of: system))
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
            let record = try connection.system(system, of: client)
            try expecting(record)
            guard try connection.clientWithSystems(client).systems.count > 1 else {
                throw Refusal(.conflict, "A client keeps at least one system.")
            }
            let live = try connection.rows(ClientChangeSQL.environments, .text(of: system)).contains { $0[2] != .null }
            guard !live || confirmed else {
                throw Refusal(.conflict, "The system has live content; repeat with ?confirm=true to take it away.")
            }
            try connection.audit(.client(client), "system.deleted", "system/\(system)", by: caller, at: now)
            let key = try connection.partnerKey(partner)
            try FeedWriter.write(connection, at: now) { feed in
                try connection.deleteSystem(record, of: partner, key, &feed, at: now)
            }
        }
    }

    /// Switches standard content off for a system, or on again (decision D-18).
    public func setStandardContentOff(of system: SystemRecord, _ isOff: Bool) async throws {
        _ = try await changeClient(system.client) { connection in
            try connection.execute(ClientChangeSQL.setStandardContentOff, .flag(isOff), .text(of: system.id))
        }
    }

    static let noClient = Refusal(.notFound, "There is no such client.", field: "client")

    /// Changes a client's rows under its partner's lock, then the mappings of all its systems.
    private func changeClient(
        _ client: ClientID,
        _ change: @escaping @Sendable (any Connection) throws -> Void
    ) async throws -> ClientRecord {
        let now = runtime.now()
        return try await writing { connection in
            let partner = try connection.client(client).partner
            try connection.lockPartner(partner)
            try change(connection)
            let record = try connection.clientWithSystems(client)
            let key = try connection.partnerKey(partner)
            try FeedWriter.write(connection, at: now) { feed in
                for system in record.systems { try feed.set(.mapping(key, system.systemClientID), system.entry) }
            }
            return record
        }
    }
}

extension Connection {
    func client(_ id: ClientID) throws -> ClientRecord {
        guard let row = try rows(ClientSQL.one, .text(of: id)).first else { throw Storage.noClient }
        return try ClientRecord(row)
    }

    /// The client, where it can still be joined.
    func openClient(_ id: ClientID) throws -> ClientRecord? {
        try rows(ClientSQL.one, .text(of: id)).first.map(ClientRecord.init)
    }

    func withSystems(_ record: ClientRecord) throws -> ClientRecord {
        var record = record
        record.systems = try rows(ClientSQL.systems, .text(of: record.id)).map(SystemRecord.init)
        return record
    }

    func clientWithSystems(_ id: ClientID) throws -> ClientRecord {
        try withSystems(client(id))
    }

    func system(_ id: SystemID, of client: ClientID) throws -> SystemRecord {
        guard let row = try rows(ClientSQL.bySystem, .text(of: id), .text(of: client)).first else {
            throw Refusal(.notFound, "There is no such system.")
        }
        return try SystemRecord(row)
    }

    func partnerKey(_ partner: PartnerID) throws -> PartnerKey {
        guard let row = try rows(PartnerSQL.byID, .text(of: partner)).first else { throw MissingHead() }
        return try PartnerKey(try row.text(1))
    }

    /// The addresses of a client's admins, named or joined.
    func adminAddresses(of client: ClientID) throws -> [EmailAddress] {
        let named = try rows(JoiningSQL.admins, .text(of: client)).map { try EmailAddress(try $0.text(3)) }
        let joined = try admins(of: client).compactMap(\.person.address)
        return (named + joined).sorted()
    }

    /// Appends an event about a client to its own chain and to its partner's.
    fileprivate func audit(
        _ partner: PartnerID,
        _ client: ClientID,
        _ action: String,
        _ details: [String: JSONValue],
        by caller: Caller,
        at now: Timestamp
    ) throws {
        for tenant in [Tenant.partner(partner), .client(client)] {
            try audit(tenant, action, "client/\(client)", details, by: caller, at: now)
        }
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

    fileprivate func giveUpKey(_ id: SystemClientID, of partner: PartnerID, at now: Timestamp) throws {
        let until = SQLValue.integer(now.milliseconds + Storage.reservationMilliseconds)
        try execute(ClientSQL.reserve, .text(of: partner), .text(of: id), until)
    }

    /// Takes a system out of the world: its row stays for what was, under an id that no page can ask for.
    func deleteSystem(
        _ system: SystemRecord,
        of partner: PartnerID,
        _ key: PartnerKey,
        _ feed: inout FeedWriter,
        at now: Timestamp
    ) throws {
        try giveUpKey(system.systemClientID, of: partner, at: now)
        let grave = SQLValue.text("deleted/\(system.id)")
        try execute(ClientChangeSQL.deleteSystem, grave, .time(now), .text(of: system.id))
        try execute(ClientChangeSQL.leaveMemberships, .text(of: system.id))
        try execute(ClientChangeSQL.leaveJoinings, .text(of: system.id))
        // A partner invitation that has no system left leads nowhere.
        for row in try rows(ClientChangeSQL.joiningsWithoutSystems, .text(of: system.client)) {
            _ = try endJoining(try row.id(0), .withdrawn, at: now)
        }
        try feed.set(.mapping(key, system.systemClientID), nil)
        for row in try rows(ClientChangeSQL.environments, .text(of: system.id)) {
            try feed.set(.environment(try EnvironmentKey(try row.text(1))), nil)
            try feed.set(.pointer(.system(system.id), try EnvironmentName(try row.text(0))), nil)
            if let release: ReleaseID = try row.optional(2, { try row.id($0) }) {
                try feed.set(.release(release), nil)
            }
        }
    }
}
