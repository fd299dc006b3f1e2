public import Domain

enum ClientSQL: String, StatementSet {
    case insert = "INSERT INTO client (id, partner_id, name, created_at) VALUES (?, ?, ?, ?)"
    case insertSystem = """
        INSERT INTO client_system
        (id, client_id, partner_id, type, name, system_client_id, is_standard_content_off, created_at)
        VALUES (?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (partner_id, system_client_id) DO NOTHING
        """
    case holder = """
        SELECT client.id, client.name, client_system.type FROM client_system
        JOIN client ON client.id = client_system.client_id
        WHERE client_system.partner_id = ? AND client_system.system_client_id = ?
        """
    case byNameOrID = """
        SELECT client_system.id, client.id, client.name, client_system.type, client_system.system_client_id,
            client.activated_at, client.suspended_at, client_system.cache_class,
            client_system.is_standard_content_off, client.closing_at, client_system.name, client_system.created_at,
            client_system.link_hosts
        FROM client JOIN client_system ON client_system.client_id = client.id
        WHERE client_system.id IN (
            SELECT client_system.id FROM client JOIN client_system ON client_system.client_id = client.id
            WHERE client.partner_id = ? AND client.name = ?
            UNION
            SELECT client_system.id FROM client JOIN client_system ON client_system.client_id = client.id
            WHERE client.partner_id = ? AND client.id = ?
            UNION
            SELECT id FROM client_system WHERE partner_id = ? AND system_client_id = ?
        ) AND client_system.deleted_at IS NULL AND client.removed_at IS NULL AND client.closed_at IS NULL
        ORDER BY client.created_at, client.id LIMIT 10
        """
    case systems = """
        SELECT client_system.id, client.id, client.name, client_system.type, client_system.system_client_id,
            client.activated_at, client.suspended_at, client_system.cache_class,
            client_system.is_standard_content_off, client.closing_at, client_system.name, client_system.created_at,
            client_system.link_hosts
        FROM client JOIN client_system ON client_system.client_id = client.id
        WHERE client.id = ? AND client_system.deleted_at IS NULL ORDER BY client_system.created_at, client_system.id
        """
    case bySystem = """
        SELECT client_system.id, client.id, client.name, client_system.type, client_system.system_client_id,
            client.activated_at, client.suspended_at, client_system.cache_class,
            client_system.is_standard_content_off, client.closing_at, client_system.name, client_system.created_at,
            client_system.link_hosts
        FROM client JOIN client_system ON client_system.client_id = client.id
        WHERE client_system.id = ? AND ? IN (client_system.client_id, client_system.partner_id)
            AND client_system.deleted_at IS NULL
        """
    case activate = "UPDATE client SET activated_at = ? WHERE id = ? AND activated_at IS NULL"
    case reserve = """
        INSERT INTO reserved_system_client_id (partner_id, system_client_id, until) VALUES (?, ?, ?)
        ON CONFLICT (partner_id, system_client_id) DO UPDATE SET until = excluded.until
        """
    case reservation = """
        SELECT until FROM reserved_system_client_id WHERE partner_id = ? AND system_client_id = ? AND until > ?
        """
    case endReservation = "DELETE FROM reserved_system_client_id WHERE partner_id = ? AND system_client_id = ?"
    case one = """
        SELECT client.id, client.partner_id, client.name, client.activated_at, client.suspended_at,
            client.suspension_reason, client.closing_at, client.closing_reason, client.created_at, partner.cache_class
        FROM client JOIN partner ON partner.id = client.partner_id
        WHERE client.id = ? AND client.removed_at IS NULL AND client.closed_at IS NULL
        """
    case ofPartner = """
        SELECT client.id, client.partner_id, client.name, client.activated_at, client.suspended_at,
            client.suspension_reason, client.closing_at, client.closing_reason, client.created_at, partner.cache_class
        FROM client JOIN partner ON partner.id = client.partner_id
        WHERE client.partner_id = ? AND client.removed_at IS NULL AND client.closed_at IS NULL AND client.id > ?
        ORDER BY client.id LIMIT ?
        """
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
    /// Whether an id that was given up may be taken back before its reservation ends (decision D-4).
    public var reusesKey: Bool

    /// Makes a request for a client.
    ///
    /// - Throws: `invalid` without an admin (rule F-117).
    public init(
        name: OrganisationName,
        system: SystemType,
        systemClientID: SystemClientID,
        admins: [EmailAddress],
        reusesKey: Bool = false
    ) throws(Refusal) {
        guard !admins.isEmpty else {
            throw Refusal(.invalid, "At least one admin must be assigned.", field: "admins")
        }
        self.name = name
        self.system = system
        self.systemClientID = systemClientID
        self.admins = Array(Set(admins)).sorted()
        self.reusesKey = reusesKey
    }
}

/// When the admins of new clients get their activation mails.
public enum ActivationMails: String, Sendable, CaseIterable {
    /// At once.
    case now
    /// One after another, ``paceMilliseconds`` apart, so that a mail server takes many.
    case paced
    /// Not before somebody sends them.
    case no

    static let paceMilliseconds: Int64 = 2000
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
    /// When the client will be closed, if it is closing.
    public var closingAt: Timestamp?
    /// What its people call it.
    public var name: OrganisationName
    /// Since when it is there.
    public let createdAt: Timestamp
    /// The hosts that links in its content may lead to.
    public var linkHosts: [HostName]

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        client = try row.id(1)
        clientName = try OrganisationName(try row.text(2))
        type = try SystemType(try row.text(3))
        systemClientID = try SystemClientID(try row.text(4))
        activatedAt = try row.optional(5, row.time)
        suspendedAt = try row.optional(6, row.time)
        cacheClass = try row.optional(7) { CacheClass(rawValue: try row.text($0)) } ?? nil
        standardContentOff = try row.flag(8)
        closingAt = try row.optional(9, row.time)
        name = try row.optional(10) { try OrganisationName(try row.text($0)) } ?? OrganisationName(type.text)
        createdAt = try row.time(11)
        linkHosts = try row.hosts(12)
    }

    var entry: MappingEntry {
        MappingEntry(
            system: id,
            client: client,
            type: type,
            isSuspended: suspendedAt != nil || closingAt != nil,
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
    ///   - mails: When their admins are mailed.
    ///   - caller: Who does it.
    /// - Returns: What became of each, in order.
    /// - Throws: Failures of the database alone; a conflict is a result.
    public func addClients(
        _ clients: [NewClient],
        of partner: PartnerRecord,
        dryRun: Bool = false,
        mails: ActivationMails = .no,
        by caller: Caller = .operator
    ) async throws -> [AddedClient] {
        precondition(clients.count <= Self.clientsMax, "addClients takes at most clientsMax clients")
        let now = runtime.now()
        let runtime = runtime
        let work: @Sendable (any Connection) throws -> [AddedClient] = { connection in
            try connection.lockPartner(partner.id)
            var entries: [(EntryKey, MappingEntry)] = []
            var delay: Int64 = 0
            let results = try clients.map { client in
                try Self.add(client, of: partner, connection, &entries, mails, &delay, by: caller, runtime, now)
            }
            try Self.audit(results, of: partner.id, connection, by: caller, at: now)
            try FeedWriter.write(connection, at: now) { feed in
                for (key, mapping) in entries { try feed.set(key, mapping) }
            }
            return results
        }
        guard dryRun else { return try await writing(work) }
        do {
            return try await engine.transaction { throw Undone(result: try work($0)) }
        } catch let undone as Undone {
            return undone.result
        }
    }

    /// Adds one client of a partner (rules F-110 to F-120).
    ///
    /// - Throws: `conflict` where its System Client ID is another client's of this partner (F-119), or reserved.
    public func createClient(
        _ new: NewClient,
        of partner: PartnerRecord,
        mails: ActivationMails,
        by caller: Caller
    ) async throws -> ClientRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await writing { connection in
            try connection.lockPartner(partner.id)
            try connection.takeKey(
                new.systemClientID,
                of: partner.id,
                reuse: new.reusesKey,
                naming: true,
                at: now
            )
            var entries: [(EntryKey, MappingEntry)] = []
            var delay: Int64 = 0
            let added = try Self.add(new, of: partner, connection, &entries, mails, &delay, by: caller, runtime, now)
            guard case .added(let id) = added else { throw MissingHead() }
            try connection.audit(
                .partner(partner.id),
                "client.created",
                "client/\(id)",
                ["systemClientId": .string("\(new.systemClientID)"), "reuseKey": .bool(new.reusesKey)],
                by: caller,
                at: now
            )
            try FeedWriter.write(connection, at: now) { feed in
                for (key, mapping) in entries { try feed.set(key, mapping) }
            }
            let record = try connection.clientWithSystems(id)
            try connection.keepAnswer(to: caller, record, at: now)
            return record
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
        _ entries: inout [(EntryKey, MappingEntry)],
        _ mails: ActivationMails,
        _ delay: inout Int64,
        by caller: Caller,
        _ runtime: Runtime,
        _ now: Timestamp
    ) throws -> AddedClient {
        let row = try connection.rows(ClientSQL.holder, .text(of: partner.id), .text(of: new.systemClientID)).first
        if let row {
            let holder: ClientID = try row.id(0)
            let name = try row.text(1)
            let type = try row.text(2)
            let admins = try connection.adminAddresses(of: holder)
            let same =
                Array(name.utf8) == Array(new.name.text.utf8) && type == new.system.text && admins == new.admins
            return same ? .unchanged(holder) : .conflict(holder, holder: try OrganisationName(name))
        }
        if let until = try reservation(of: new.systemClientID, partner.id, now, connection) {
            guard new.reusesKey else { return .reserved(until: until) }
            try connection.execute(ClientSQL.endReservation, .text(of: partner.id), .text(of: new.systemClientID))
        }
        let client = ClientID(runtime)
        try connection.execute(
            ClientSQL.insert,
            .text(of: client),
            .text(of: partner.id),
            .text(of: new.name),
            .time(now)
        )
        let seat = Seat.regular(client, .admin)
        for address in new.admins {
            let admin = NewJoining(seat: seat, address: address)
            let joining = try connection.putJoining(admin, invitedBy: caller.person, isNew: true, at: now, runtime)
            if mails != .no { try connection.sendJoining(joining, at: now, delay: delay, runtime) }
            if mails == .paced { delay += ActivationMails.paceMilliseconds }
        }
        let mapping = try addSystem(
            NewSystem(type: new.system, name: nil, systemClientID: new.systemClientID),
            of: client,
            partner.id,
            connection,
            runtime,
            now
        )
        entries.append((.mapping(partner.key, new.systemClientID), mapping))
        return .added(client)
    }

    /// Writes a system's row, its id being free under the partner's lock.
    static func addSystem(
        _ new: NewSystem,
        of client: ClientID,
        _ partner: PartnerID,
        _ connection: any Connection,
        _ runtime: Runtime,
        _ now: Timestamp
    ) throws -> MappingEntry {
        let system = SystemID(runtime)
        let inserted = try connection.execute(
            ClientSQL.insertSystem,
            .text(of: system),
            .text(of: client),
            .text(of: partner),
            .text(of: new.type),
            new.name.map(SQLValue.text(of:)) ?? .null,
            .text(of: new.systemClientID),
            .time(now)
        )
        // Under the partner's lock nobody else can have taken the id since it was looked for.
        guard inserted == 1 else { throw DamagedRow(column: 0, row: SQLRow([.text(of: new.systemClientID)])) }
        return MappingEntry(
            system: system,
            client: client,
            type: new.type,
            isSuspended: false,
            cacheClass: nil,
            standardContentOff: false
        )
    }

    /// One event for all clients of a call: a bulk import does not write a hundred thousand.
    private static func audit(
        _ results: [AddedClient],
        of partner: PartnerID,
        _ connection: any Connection,
        by caller: Caller,
        at now: Timestamp
    ) throws {
        let added = results.compactMap { result -> JSONValue? in
            guard case .added(let client) = result else { return nil }
            return .string("client/\(client)")
        }
        guard let first = added.first?.text else { return }
        let isOne = added.count == 1
        try connection.audit(
            .partner(partner),
            isOne ? "client.created" : "clients.created",
            isOne ? first : "partner/\(partner)",
            isOne
                ? [:] : ["count": .integer(Int64(added.count)), "clients": .array(Array(added.prefix(auditListMax)))],
            by: caller,
            at: now
        )
    }

    /// How many clients one audit event names at most; it counts them all.
    private static let auditListMax = 100

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

    /// Marks a client as activated; it stays so. Edges take no notice (decision D-4).
    public func activate(_ client: ClientID) async throws {
        let now = runtime.now()
        _ = try await engine.transaction { connection in
            try connection.execute(ClientSQL.activate, .time(now), .text(of: client))
        }
    }

    /// How long an id that was given up stays reserved (decision D-4).
    static let reservationMilliseconds: Int64 = 30 * 86_400_000

    /// Until when an id is reserved, if it is.
    static func reservation(
        of id: SystemClientID,
        _ partner: PartnerID,
        _ now: Timestamp,
        _ connection: any Connection
    ) throws -> Timestamp? {
        try connection.rows(ClientSQL.reservation, .text(of: partner), .text(of: id), .time(now)).first
            .map { Timestamp(milliseconds: try $0.integer(0)) }
    }
}

/// A system to be added to a client.
public struct NewSystem: Hashable, Sendable {
    /// Its type.
    public var type: SystemType
    /// What its people call it; nil to call it like its type.
    public var name: OrganisationName?
    /// What names it in the partner app.
    public var systemClientID: SystemClientID

    /// Makes a request for a system.
    public init(type: SystemType, name: OrganisationName?, systemClientID: SystemClientID) {
        self.type = type
        self.name = name
        self.systemClientID = systemClientID
    }
}
