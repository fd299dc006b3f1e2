public import Domain

enum ClientSQL: String, StatementSet {
    case insert = "INSERT INTO client (id, partner_id, name, created_at) VALUES (?, ?, ?, ?)"
    case insertAdmin = "INSERT INTO client_admin (client_id, address) VALUES (?, ?)"
    case insertSystem = """
        INSERT INTO client_system
        (id, client_id, partner_id, type, system_client_id, is_standard_content_off, created_at)
        VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT (partner_id, system_client_id) DO NOTHING
        """
    case holder = """
        SELECT client.id, client.name, client_system.type FROM client_system
        JOIN client ON client.id = client_system.client_id
        WHERE client_system.partner_id = ? AND client_system.system_client_id = ?
        """
    case admins = "SELECT address FROM client_admin WHERE client_id = ? ORDER BY address"
    case byNameOrID = """
        SELECT client_system.id, client.id, client.name, client_system.type, client_system.system_client_id,
            client.activated_at, client.suspended_at, client_system.cache_class,
            client_system.is_standard_content_off
        FROM client JOIN client_system ON client_system.client_id = client.id
        WHERE client_system.id IN (
            SELECT client_system.id FROM client JOIN client_system ON client_system.client_id = client.id
            WHERE client.partner_id = ? AND client.name = ?
            UNION
            SELECT client_system.id FROM client JOIN client_system ON client_system.client_id = client.id
            WHERE client.partner_id = ? AND client.id = ?
            UNION
            SELECT id FROM client_system WHERE partner_id = ? AND system_client_id = ?
        )
        ORDER BY client.created_at, client.id LIMIT 10
        """
    case systems = """
        SELECT client_system.id, client.id, client.name, client_system.type, client_system.system_client_id,
            client.activated_at, client.suspended_at, client_system.cache_class,
            client_system.is_standard_content_off
        FROM client JOIN client_system ON client_system.client_id = client.id
        WHERE client.id = ? ORDER BY client_system.created_at, client_system.id
        """
    case bySystem = """
        SELECT client_system.id, client.id, client.name, client_system.type, client_system.system_client_id,
            client.activated_at, client.suspended_at, client_system.cache_class,
            client_system.is_standard_content_off
        FROM client JOIN client_system ON client_system.client_id = client.id
        WHERE client_system.id = ? AND client_system.partner_id = ?
        """
    case suspend = "UPDATE client SET suspended_at = ?, suspension_reason = ? WHERE id = ? AND suspended_at IS NULL"
    case resume =
        "UPDATE client SET suspended_at = NULL, suspension_reason = NULL WHERE id = ? AND suspended_at IS NOT NULL"
    case activate = "UPDATE client SET activated_at = ? WHERE id = ? AND activated_at IS NULL"
    case setCacheClass = "UPDATE client_system SET cache_class = ? WHERE id = ?"
    case setStandardContentOff = "UPDATE client_system SET is_standard_content_off = ? WHERE id = ?"
    case rekey = "UPDATE client_system SET system_client_id = ? WHERE id = ?"
    case reserve = """
        INSERT INTO reserved_system_client_id (partner_id, system_client_id, until) VALUES (?, ?, ?)
        ON CONFLICT (partner_id, system_client_id) DO UPDATE SET until = excluded.until
        """
    case reservation = """
        SELECT until FROM reserved_system_client_id WHERE partner_id = ? AND system_client_id = ? AND until > ?
        """
    case endReservation = "DELETE FROM reserved_system_client_id WHERE partner_id = ? AND system_client_id = ?"
    case partnerOf =
        "SELECT partner.key, partner.id FROM client JOIN partner ON partner.id = client.partner_id WHERE client.id = ?"
}

/// A client to be made with its first system (rules F-110 to F-119).
public struct NewClient: Hashable, Sendable {
    /// Its name.
    public var name: OrganisationName
    /// The type of its first system.
    public var system: SystemType
    /// What names it in the partner app.
    public var systemClientID: SystemClientID
    /// Its admins, at least one.
    public let admins: [EmailAddress]

    /// Makes a request for a client.
    ///
    /// - Throws: `invalid` without an admin (rule F-117).
    public init(
        name: OrganisationName,
        system: SystemType,
        systemClientID: SystemClientID,
        admins: [EmailAddress]
    ) throws(Refusal) {
        guard !admins.isEmpty else {
            throw Refusal(.invalid, "At least one admin must be assigned.", field: "admins")
        }
        self.name = name
        self.system = system
        self.systemClientID = systemClientID
        self.admins = Array(Set(admins)).sorted()
    }
}

/// What became of a client to be added.
public enum AddedClient: Hashable, Sendable {
    /// It was added.
    case added(ClientID)
    /// Its System Client ID was given up, and stays reserved until then (decision D-4); nothing was changed.
    case reserved(until: Timestamp)
    /// It was there already, in every field the same.
    case unchanged(ClientID)
    /// Its System Client ID is another client's, or the same client's with other fields; nothing was changed.
    case conflict(ClientID, holder: OrganisationName)
}

/// A client's system, as stored.
public struct SystemRecord: Hashable, Sendable {
    /// The system.
    public var id: SystemID
    /// Its client.
    public var client: ClientID
    /// The client's name.
    public var clientName: OrganisationName
    /// Its type.
    public var type: SystemType
    /// What names it in the partner app.
    public var systemClientID: SystemClientID
    /// Since when the client is activated, if it is.
    public var activatedAt: Timestamp?
    /// Since when the client is suspended, if it is.
    public var suspendedAt: Timestamp?
    /// Its own cache class, if it has one.
    public var cacheClass: CacheClass?
    /// Whether the client wants no standard content.
    public var standardContentOff: Bool

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        client = try row.id(1)
        clientName = try OrganisationName(try row.text(2))
        type = try SystemType(try row.text(3))
        systemClientID = try SystemClientID(try row.text(4))
        activatedAt = try row.optional(5) { Timestamp(milliseconds: try row.integer($0)) }
        suspendedAt = try row.optional(6) { Timestamp(milliseconds: try row.integer($0)) }
        cacheClass = try row.optional(7) { CacheClass(rawValue: try row.text($0)) } ?? nil
        standardContentOff = try row.flag(8)
    }

    var entry: MappingEntry {
        MappingEntry(
            system: id,
            client: client,
            type: type,
            isSuspended: suspendedAt != nil,
            cacheClass: cacheClass,
            standardContentOff: standardContentOff
        )
    }
}

extension Storage {
    /// How many clients one call adds at most: one transaction, one generation.
    public static let clientsMax = 5000

    /// Adds clients of a partner, each or none of its rows; the others are not held up by one that conflicts.
    ///
    /// - Parameters:
    ///   - clients: At most ``clientsMax``.
    ///   - partner: Whose clients they are to be.
    ///   - dryRun: Tell what would become of them, and change nothing.
    /// - Returns: What became of each, in order.
    /// - Throws: Failures of the database alone; a conflict is a result.
    public func addClients(
        _ clients: [NewClient],
        of partner: PartnerRecord,
        dryRun: Bool = false
    ) async throws -> [AddedClient] {
        precondition(clients.count <= Self.clientsMax, "addClients takes at most clientsMax clients")
        let now = runtime.now()
        let runtime = runtime
        let work: @Sendable (any Connection) throws -> [AddedClient] = { connection in
            try Self.lock(partner.id, connection)
            return try FeedWriter.write(connection, at: now) { feed in
                try clients.map { client in
                    try Self.add(client, of: partner, connection, &feed, runtime, now)
                }
            }
        }
        guard dryRun else { return try await writing(work) }
        do {
            return try await engine.transaction { throw Undone(result: try work($0)) }
        } catch let undone as Undone {
            return undone.result
        }
    }

    /// Ends a transaction that was only a rehearsal.
    private struct Undone: Error {
        let result: [AddedClient]
    }

    private static func add(
        _ new: NewClient,
        of partner: PartnerRecord,
        _ connection: any Connection,
        _ feed: inout FeedWriter,
        _ runtime: Runtime,
        _ now: Timestamp
    ) throws -> AddedClient {
        let row = try connection.rows(ClientSQL.holder, .text(of: partner.id), .text(of: new.systemClientID)).first
        if let row {
            let holder: ClientID = try row.id(0)
            let name = try row.text(1)
            let admins = try connection.rows(ClientSQL.admins, .text(of: holder)).map { try $0.text(0) }
            let type = try row.text(2)
            let same =
                Array(name.utf8) == Array(new.name.text.utf8) && type == new.system.text
                && admins == new.admins.map(\.text)
            return same ? .unchanged(holder) : .conflict(holder, holder: try OrganisationName(name))
        }
        if let until = try reservation(of: new.systemClientID, partner.id, now, connection) {
            return .reserved(until: until)
        }
        let client = ClientID(runtime)
        let system = SystemID(runtime)
        try connection.execute(
            ClientSQL.insert,
            .text(of: client),
            .text(of: partner.id),
            .text(of: new.name),
            .time(now)
        )
        for admin in new.admins { try connection.execute(ClientSQL.insertAdmin, .text(of: client), .text(of: admin)) }
        let inserted = try connection.execute(
            ClientSQL.insertSystem,
            .text(of: system),
            .text(of: client),
            .text(of: partner.id),
            .text(of: new.system),
            .text(of: new.systemClientID),
            .time(now)
        )
        // Under the partner's lock nobody else can have taken the id since it was looked for.
        guard inserted == 1 else { throw DamagedRow(column: 0, row: SQLRow([.text(of: new.systemClientID)])) }
        let mapping = MappingEntry(
            system: system,
            client: client,
            type: new.system,
            isSuspended: false,
            cacheClass: nil,
            standardContentOff: false
        )
        try feed.set(.mapping(partner.key, new.systemClientID), mapping)
        return .added(client)
    }

    /// The systems of a partner's clients that `text` names: a client's name, its id, or a System Client ID.
    /// At most 10.
    public func systems(named text: String, of partner: PartnerID) async throws -> [SystemRecord] {
        try await engine.snapshot { connection in
            let text = SQLValue.text(text)
            let partner = SQLValue.text(of: partner)
            // Three look-ups by index: one condition with OR would read every client of the partner.
            return try connection.rows(ClientSQL.byNameOrID, partner, text, partner, text, partner, text)
                .map(SystemRecord.init)
        }
    }

    /// Suspends a client that is not, with a reason for its admins.
    ///
    /// - Throws: `conflict` where it is suspended.
    public func suspend(_ client: ClientID, reason: String) async throws {
        let now = runtime.now()
        try await changeClient(client) { connection in
            let changed = try connection.execute(ClientSQL.suspend, .time(now), .text(reason), .text(of: client))
            guard changed == 1 else { throw Refusal(.conflict, "The client is suspended already.") }
        }
    }

    /// Resumes a suspended client to where it was.
    ///
    /// - Throws: `conflict` where it is not suspended.
    public func resume(_ client: ClientID) async throws {
        try await changeClient(client) { connection in
            let changed = try connection.execute(ClientSQL.resume, .text(of: client))
            guard changed == 1 else { throw Refusal(.conflict, "The client is not suspended.") }
        }
    }

    /// Marks a client as activated; it stays so. Edges take no notice (decision D-4).
    public func activate(_ client: ClientID) async throws {
        let now = runtime.now()
        _ = try await engine.transaction { connection in
            try connection.execute(ClientSQL.activate, .time(now), .text(of: client))
        }
    }

    /// Sets a system's own cache class, or takes it away.
    public func setCacheClass(of system: SystemRecord, _ cacheClass: CacheClass?) async throws {
        try await changeClient(system.client) { connection in
            let value = cacheClass.map { SQLValue.text($0.rawValue) } ?? .null
            try connection.execute(ClientSQL.setCacheClass, value, .text(of: system.id))
        }
    }

    /// Switches standard content off for a system, or on again (decision D-18).
    public func setStandardContentOff(of system: SystemRecord, _ isOff: Bool) async throws {
        try await changeClient(system.client) { connection in
            try connection.execute(ClientSQL.setStandardContentOff, .flag(isOff), .text(of: system.id))
        }
    }

    /// How long an id that was given up stays reserved (decision D-4).
    static let reservationMilliseconds: Int64 = 30 * 86_400_000

    /// Gives a system another System Client ID: in one generation the old key stops and the new one works (F-137). The
    /// old one stays reserved for 30 days.
    ///
    /// - Parameters:
    ///   - system: The system.
    ///   - partner: Its client's partner.
    ///   - new: The id it is to have.
    ///   - reuse: Take the id even though it is reserved.
    /// - Throws: `conflict` where another system of the partner has it (F-119), or it is reserved.
    public func rekey(
        _ system: SystemRecord,
        of partner: PartnerRecord,
        to new: SystemClientID,
        reuse: Bool = false
    ) async throws {
        let now = runtime.now()
        try await writing { connection in
            try Self.lock(partner.id, connection)
            let row = try connection.rows(ClientSQL.bySystem, .text(of: system.id), .text(of: partner.id)).first
            guard let row else { throw Refusal(.notFound, "There is no such system.") }
            let present = try SystemRecord(row)
            guard present.systemClientID != new else { return }
            if let holder = try connection.rows(ClientSQL.holder, .text(of: partner.id), .text(of: new)).first {
                throw Refusal(
                    .conflict,
                    "The System Client ID '\(new)' belongs to '\(try holder.text(1))' within this partner.",
                    field: "systemClientId"
                )
            }
            if !reuse, let until = try Self.reservation(of: new, partner.id, now, connection) {
                throw Refusal(
                    .conflict,
                    "The System Client ID '\(new)' was given up, and stays reserved until \(until).",
                    field: "systemClientId"
                )
            }
            try connection.execute(ClientSQL.endReservation, .text(of: partner.id), .text(of: new))
            try connection.execute(
                ClientSQL.reserve,
                .text(of: partner.id),
                .text(of: present.systemClientID),
                .integer(now.milliseconds + Self.reservationMilliseconds)
            )
            try connection.execute(ClientSQL.rekey, .text(of: new), .text(of: system.id))
            try FeedWriter.write(connection, at: now) { feed in
                try feed.set(.mapping(partner.key, present.systemClientID), nil)
                try feed.set(.mapping(partner.key, new), present.entry)
            }
        }
    }

    /// Takes a partner's lock, under which its clients and their ids change; before head's, always.
    private static func lock(_ partner: PartnerID, _ connection: any Connection) throws {
        guard try connection.rows(PartnerSQL.lock, .text(of: partner)).count == 1 else {
            throw Refusal(.notFound, "There is no such partner.", field: "partner")
        }
    }

    /// Until when an id is reserved, if it is.
    private static func reservation(
        of id: SystemClientID,
        _ partner: PartnerID,
        _ now: Timestamp,
        _ connection: any Connection
    ) throws -> Timestamp? {
        try connection.rows(ClientSQL.reservation, .text(of: partner), .text(of: id), .time(now)).first
            .map { Timestamp(milliseconds: try $0.integer(0)) }
    }

    /// Changes a client's rows, then the mappings of all its systems.
    private func changeClient(
        _ client: ClientID,
        _ change: @escaping @Sendable (any Connection) throws -> Void
    ) async throws {
        let now = runtime.now()
        try await writing { connection in
            guard let row = try connection.rows(ClientSQL.partnerOf, .text(of: client)).first else {
                throw Refusal(.notFound, "There is no such client.", field: "client")
            }
            let partner = try PartnerKey(try row.text(0))
            try Self.lock(try row.id(1), connection)
            try change(connection)
            try FeedWriter.write(connection, at: now) { feed in
                let systems = try connection.rows(ClientSQL.systems, .text(of: client)).map(SystemRecord.init)
                for system in systems { try feed.set(.mapping(partner, system.systemClientID), system.entry) }
            }
        }
    }
}
