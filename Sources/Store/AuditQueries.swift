public import Domain

enum AuditSQL: String, StatementSet {
    case begin = "INSERT INTO audit_tail (tenant, sequence, hash) VALUES (?, 0, ?) ON CONFLICT (tenant) DO NOTHING"
    case lockTail = "UPDATE audit_tail SET sequence = sequence + 1 WHERE tenant = ? RETURNING sequence, hash"
    case moveTail = "UPDATE audit_tail SET hash = ? WHERE tenant = ?"
    case insert = """
        INSERT INTO audit_event (tenant, sequence, at, actor, action, subject, details, origin, request_id, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    case before = """
        SELECT sequence, at, actor, action, subject, details, origin, request_id, hash FROM audit_event
        WHERE tenant = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?
        """
    case after = """
        SELECT sequence, at, actor, action, subject, details, origin, request_id, hash FROM audit_event
        WHERE tenant = ? AND sequence > ? ORDER BY sequence LIMIT ?
        """
    case export = """
        SELECT sequence, at, actor, action, subject, details, origin, request_id, hash, tenant FROM audit_event
        WHERE tenant >= ? AND tenant <= ? AND (tenant > ? OR sequence > ?) ORDER BY tenant, sequence LIMIT 1000
        """
    case tails = "SELECT tenant, sequence, hash FROM audit_tail WHERE tenant > ? ORDER BY tenant LIMIT ?"
}

/// Whose chain of audit events it is.
public enum Tenant: Hashable, Sendable, CustomStringConvertible {
    /// A partner's own affairs, and what it does to its clients.
    case partner(PartnerID)
    /// A client's own affairs.
    case client(ClientID)

    /// `partner/ID` or `client/ID`.
    public var description: String {
        switch self {
        case .partner(let id): "partner/\(id)"
        case .client(let id): "client/\(id)"
        }
    }
}

/// Who did what to what, when, from where. Persons stand in it by id; their names live where they can be erased.
public struct AuditEvent: Hashable, Sendable {
    /// Its place in the tenant's chain, from 1, without gaps.
    public let sequence: Int64
    /// When.
    public let at: Timestamp
    /// `operator`, `person/ID`, `token/ID` or `anonymous`.
    public let actor: String
    /// What was done, such as `client.created`.
    public let action: String
    /// To what, such as `client/ID`.
    public let subject: String
    /// More, as canonical JSON of an object.
    public let details: String
    /// From what network address.
    public let origin: String?
    /// By what request.
    public let requestID: String?

    /// The hash of this event and all before it, given the hash before.
    ///
    /// SHA-256 over the previous hash and the canonical JSON (RFC 8785) of the event.
    func hash(after previous: [UInt8], in tenant: String) -> [UInt8] {
        let value = JSONValue.object([
            "tenant": .string(tenant), "sequence": .integer(sequence), "at": .integer(at.milliseconds),
            "actor": .string(actor), "action": .string(action), "subject": .string(subject),
            "details": .string(details), "origin": origin.map(JSONValue.string) ?? .null,
            "requestId": requestID.map(JSONValue.string) ?? .null,
        ])
        return Digest(of: previous + value.canonical).bytes
    }

    fileprivate init(_ row: SQLRow) throws {
        self.init(
            sequence: try row.integer(0),
            at: try row.time(1),
            actor: try row.text(2),
            action: try row.text(3),
            subject: try row.text(4),
            details: try row.text(5),
            origin: try row.optional(6, row.text),
            requestID: try row.optional(7, row.text)
        )
    }

    init(
        sequence: Int64,
        at: Timestamp,
        actor: String,
        action: String,
        subject: String,
        details: String,
        origin: String?,
        requestID: String?
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.details = details
        self.origin = origin
        self.requestID = requestID
    }
}

/// Where an event stands.
struct AuditPlace: Hashable, Sendable {
    let tenant: Tenant
    let sequence: Int64
}

/// What a check of all audit chains came to.
public struct AuditCheck: Hashable, Sendable {
    /// How many chains there are.
    public var chains = 0
    /// How many events were checked.
    public var events: Int64 = 0
    /// The first event of each chain that does not follow from those before it, as `TENANT #SEQUENCE`.
    public var faults: [String] = []
}

extension Connection {
    /// Appends an event to a tenant's chain; under the tenant's lock, and before the feed's head is taken.
    ///
    /// - Returns: The event's place in the chain.
    @discardableResult
    func audit(
        _ tenant: Tenant,
        _ action: String,
        _ subject: String,
        _ details: [String: JSONValue] = [:],
        by caller: Caller,
        at now: Timestamp
    ) throws -> AuditPlace {
        let name = SQLValue.text(of: tenant)
        try execute(AuditSQL.begin, name, .bytes(Storage.emptyChain))
        guard let tail = try rows(AuditSQL.lockTail, name).first else { throw MissingHead() }
        let event = AuditEvent(
            sequence: try tail.integer(0),
            at: now,
            actor: caller.auditName,
            action: action,
            subject: subject,
            details: String(decoding: JSONValue.object(details).canonical, as: UTF8.self),
            origin: caller.origin.address,
            requestID: caller.origin.requestID
        )
        let hash = event.hash(after: try tail.bytes(1), in: tenant.description)
        try execute(
            AuditSQL.insert,
            name,
            .integer(event.sequence),
            .time(now),
            .text(event.actor),
            .text(event.action),
            .text(event.subject),
            .text(event.details),
            event.origin.map(SQLValue.text) ?? .null,
            event.requestID.map(SQLValue.text) ?? .null,
            .bytes(hash)
        )
        try execute(AuditSQL.moveTail, .bytes(hash), name)
        return AuditPlace(tenant: tenant, sequence: event.sequence)
    }
}

extension Caller {
    var auditName: String {
        switch identity {
        case .anonymous: "anonymous"
        case .operator: "operator"
        case .person(let signedIn):
            switch signedIn.credential {
            case .session: "person/\(signedIn.person)"
            case .token(let token, _): "person/\(signedIn.person) by token/\(token)"
            }
        }
    }
}

extension Storage {
    /// What a chain begins with.
    static let emptyChain = [UInt8](repeating: 0, count: 32)

    /// A tenant's events before a place in its chain, newest first; one more than `limit`, if there are.
    public func auditEvents(of tenant: Tenant, before sequence: Int64?, limit: Int) async throws -> [AuditEvent] {
        try await engine.snapshot { connection in
            try connection.rows(
                AuditSQL.before,
                .text(of: tenant),
                .integer(sequence ?? .max),
                .integer(Int64(limit) + 1)
            ).map(AuditEvent.init)
        }
    }

    /// Audit events in the order of tenants and their chains, at most a thousand.
    ///
    /// - Parameters:
    ///   - tenant: `partner/ID` or `client/ID`; nil for all.
    ///   - place: After which event to go on.
    /// - Returns: The events with their tenants; empty at the end.
    /// - Throws: Failures of the database.
    public func exportAudit(
        tenant: String?,
        after place: (tenant: String, sequence: Int64)?
    ) async throws -> [(tenant: String, event: AuditEvent)] {
        try await engine.snapshot { connection in
            try connection.rows(
                AuditSQL.export,
                .text(place?.tenant ?? tenant ?? ""),
                .text(tenant ?? "~"),
                .text(place?.tenant ?? ""),
                .integer(place?.sequence ?? 0)
            ).map { (try $0.text(9), try AuditEvent($0)) }
        }
    }

    /// Follows every chain from its first event to its tail.
    ///
    /// - Parameter event: Called with each event in turn.
    /// - Returns: What was found.
    /// - Throws: Failures of the database, and what `event` throws.
    public func checkAudit(
        _ event: @escaping @Sendable (_ tenant: String, AuditEvent) throws -> Void = { _, _ in }
    ) async throws -> AuditCheck {
        try await engine.snapshot { connection in
            var check = AuditCheck()
            var last = ""
            while true {
                let tails = try connection.rows(AuditSQL.tails, .text(last), .integer(100))
                for row in tails {
                    let tenant = try row.text(0)
                    try Self.check(tenant, end: (try row.integer(1), try row.bytes(2)), connection, &check, event)
                    last = tenant
                    check.chains += 1
                }
                if tails.isEmpty { return check }
            }
        }
    }

    private static func check(
        _ tenant: String,
        end: (sequence: Int64, hash: [UInt8]),
        _ connection: any Connection,
        _ check: inout AuditCheck,
        _ visit: (String, AuditEvent) throws -> Void
    ) throws {
        var sequence: Int64 = 0
        var hash = emptyChain
        while true {
            let rows = try connection.rows(AuditSQL.after, .text(tenant), .integer(sequence), .integer(1000))
            for row in rows {
                let event = try AuditEvent(row)
                let next = event.hash(after: hash, in: tenant)
                guard event.sequence == sequence + 1, next == (try row.bytes(8)) else {
                    check.faults.append("\(tenant) #\(event.sequence)")
                    return
                }
                try visit(tenant, event)
                (sequence, hash) = (event.sequence, next)
                check.events += 1
            }
            guard !rows.isEmpty else { break }
        }
        if sequence != end.sequence || hash != end.hash { check.faults.append("\(tenant) #\(sequence + 1)") }
    }
}
