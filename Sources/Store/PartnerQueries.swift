public import Domain

enum PartnerSQL: String, StatementSet {
    case insert = """
        INSERT INTO partner (id, key, name, is_default, is_suspended, cache_class, loader, created_at)
        VALUES (?, ?, ?, ?, 0, ?, ?, ?) ON CONFLICT DO NOTHING
        """
    case insertVariable = "INSERT INTO partner_variable (partner_id, name, retires_at) VALUES (?, ?, ?)"
    case deleteVariables = "DELETE FROM partner_variable WHERE partner_id = ?"
    case any = "SELECT 1 FROM partner LIMIT 1"
    case byKeyOrName = """
        SELECT id, key, name, is_default, is_suspended, cache_class, loader, link_hosts FROM partner
        WHERE (key = ? OR name = ?) AND closed_at IS NULL
        ORDER BY CASE WHEN key = ? THEN 0 ELSE 1 END LIMIT 1
        """
    case byID = """
        SELECT id, key, name, is_default, is_suspended, cache_class, loader, link_hosts FROM partner WHERE id = ?
        """
    case all = """
        SELECT id, key, name, is_default, is_suspended, cache_class, loader, link_hosts FROM partner
        WHERE closed_at IS NULL
        ORDER BY created_at, id
        """
    case variables = """
        SELECT name FROM partner_variable WHERE partner_id = ?
        ORDER BY CASE WHEN retires_at IS NULL THEN 0 ELSE 1 END, name
        """
    case setCacheClass = "UPDATE partner SET cache_class = ? WHERE id = ?"
    case setLinkHosts = "UPDATE partner SET link_hosts = ? WHERE id = ?"
    case setSuspended = "UPDATE partner SET is_suspended = ? WHERE id = ?"
    case setLoader = "UPDATE partner SET loader = ? WHERE id = ?"
    case defaultKey = "SELECT key FROM partner WHERE is_default = 1"
    case lock = "UPDATE partner SET name = name WHERE id = ? RETURNING id"
    case retiring =
        "SELECT name, retires_at FROM partner_variable WHERE partner_id = ? AND retires_at IS NOT NULL ORDER BY name"
    case byKeyOrID = "SELECT id FROM partner WHERE (key = ? OR id = ?) AND closed_at IS NULL"
    case anyClient = "SELECT 1 FROM client WHERE partner_id = ? AND removed_at IS NULL AND closed_at IS NULL LIMIT 1"
    case close = "UPDATE partner SET closed_at = ?, is_default = 0 WHERE id = ?"
    case hasAdmin = "SELECT 1 FROM staff WHERE partner_id = ? AND role = 'partnerAdmin' LIMIT 1"
}

/// A partner, as stored.
public struct PartnerRecord: Hashable, Sendable {
    /// Its id.
    public var id: PartnerID
    /// Its public key.
    public var key: PartnerKey
    /// Its name.
    public var name: OrganisationName
    /// The accepted system variables, the current one first.
    public var variables: [SystemVariable]
    /// Until when retiring variables are meant to be accepted (decision D-21); they end by hand.
    public var retiring: [SystemVariable: Timestamp]
    /// Whether paths without a partner key mean this partner.
    public var isDefault: Bool
    /// Whether all its keys answer the no-op.
    public var isSuspended: Bool
    /// The cache class of clients without an own one.
    public var cacheClass: CacheClass
    /// Its loader.
    public var loader: Digest
    /// The hosts that links in its content may lead to.
    public var linkHosts: [HostName]

    var entry: PartnerEntry {
        PartnerEntry(
            id: id,
            variables: variables,
            isDefault: isDefault,
            isSuspended: isSuspended,
            cacheClass: cacheClass,
            loader: loader
        )
    }
}

extension Storage {
    /// Adds a partner; the first one becomes the default partner. Its loader's object must be stored already.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - key: Its public key.
    ///   - variable: Its system variable.
    ///   - loader: Its loader.
    ///   - admin: Whom to invite as its first admin; nil for nobody.
    /// - Returns: The partner.
    /// - Throws: `conflict` where the key or the name is taken.
    public func addPartner(
        name: OrganisationName,
        key: PartnerKey,
        variable: SystemVariable,
        loader: Digest,
        admin: EmailAddress? = nil
    ) async throws -> PartnerRecord {
        let now = runtime.now()
        let id = PartnerID(runtime)
        let runtime = runtime
        return try await writing { connection in
            let partner = PartnerRecord(
                id: id,
                key: key,
                name: name,
                variables: [variable],
                retiring: [:],
                isDefault: try connection.rows(PartnerSQL.any).isEmpty,
                isSuspended: false,
                cacheClass: .standard,
                loader: loader,
                linkHosts: []
            )
            let added = try connection.execute(
                PartnerSQL.insert,
                .text(of: id),
                .text(of: key),
                .text(of: name),
                .flag(partner.isDefault),
                .text(partner.cacheClass.rawValue),
                .bytes(loader.bytes),
                .time(now)
            )
            guard added == 1 else {
                throw Refusal(.conflict, "A partner with the key '\(key)' or the name '\(name)' exists.", field: "name")
            }
            try connection.execute(PartnerSQL.insertVariable, .text(of: id), .text(of: variable), .null)
            try connection.audit(.partner(id), "partner.added", "partner/\(id)", by: .operator, at: now)
            if let admin {
                let new = NewJoining(seat: .staff(id, .partnerAdmin), address: admin)
                let joining = try connection.putJoining(new, invitedBy: nil, at: now, runtime)
                try connection.sendJoining(joining, at: now, runtime)
            }
            try FeedWriter.write(connection, at: now) { try $0.set(.partner(key), partner.entry) }
            return partner
        }
    }

    /// The partner of that key, else of that name.
    ///
    /// - Throws: `notFound`.
    public func partner(_ keyOrName: String) async throws -> PartnerRecord {
        try await engine.snapshot { try Self.partner(keyOrName, $0) }
    }

    /// All partners, in the order they were added.
    public func partners() async throws -> [PartnerRecord] {
        try await engine.snapshot { connection in
            try connection.rows(PartnerSQL.all).map { try Self.partner($0, connection) }
        }
    }

    /// The partner of a key or an id that is not closed.
    ///
    /// - Throws: `notFound`.
    public func partnerID(_ keyOrID: String) async throws -> PartnerID {
        try await engine.snapshot { connection in
            let text = SQLValue.text(keyOrID)
            guard let row = try connection.rows(PartnerSQL.byKeyOrID, text, text).first else { throw Self.noPartner }
            return try row.id(0)
        }
    }

    /// A partner, and whether an admin of it has joined.
    ///
    /// - Throws: `notFound`.
    public func partner(_ id: PartnerID) async throws -> (partner: PartnerRecord, hasAdmin: Bool) {
        try await engine.snapshot { connection in
            (try connection.partner(id), try !connection.rows(PartnerSQL.hasAdmin, .text(of: id)).isEmpty)
        }
    }

    /// Sets a partner's system variables (rules F-101 to F-104, decision D-21), the loader that reads them, whose object
    /// must be stored already, and the cache class of clients without an own one.
    public func setSettings(
        of partner: PartnerID,
        current: SystemVariable,
        retiring: [SystemVariable: Timestamp],
        loader: Digest,
        cacheClass: CacheClass,
        linkHosts: [HostName]? = nil,
        expecting: @escaping Expectation<PartnerRecord> = { _ in },
        by caller: Caller = .operator
    ) async throws -> PartnerRecord {
        let now = runtime.now()
        return try await changePartner(partner) { connection in
            try expecting(try connection.partner(partner))
            try connection.execute(PartnerSQL.deleteVariables, .text(of: partner))
            try connection.execute(PartnerSQL.insertVariable, .text(of: partner), .text(of: current), .null)
            for (variable, end) in retiring where variable != current {
                try connection.execute(PartnerSQL.insertVariable, .text(of: partner), .text(of: variable), .time(end))
            }
            try connection.execute(PartnerSQL.setLoader, .bytes(loader.bytes), .text(of: partner))
            try connection.execute(PartnerSQL.setCacheClass, .text(cacheClass.rawValue), .text(of: partner))
            if let linkHosts {
                try connection.execute(PartnerSQL.setLinkHosts, .hosts(linkHosts), .text(of: partner))
            }
            try connection.audit(
                .partner(partner),
                "settings.changed",
                "partner/\(partner)",
                [
                    "systemVariable": .string(current.text), "cacheClass": .string(cacheClass.rawValue),
                    "retiringVariables": .array(retiring.keys.map(\.text).sorted().map(JSONValue.string)),
                ],
                by: caller,
                at: now
            )
        }
    }

    /// Suspends a partner, or resumes it: all its keys answer the no-op meanwhile.
    public func setSuspended(_ partner: PartnerID, _ isSuspended: Bool) async throws {
        let now = runtime.now()
        _ = try await changePartner(partner) { connection in
            guard try connection.partner(partner).isSuspended != isSuspended else { return }
            try connection.execute(PartnerSQL.setSuspended, .flag(isSuspended), .text(of: partner))
            let action = isSuspended ? "partner.suspended" : "partner.resumed"
            try connection.audit(.partner(partner), action, "partner/\(partner)", by: .operator, at: now)
        }
    }

    /// Closes a partner that has no client left; its key is never given again.
    ///
    /// - Throws: `conflict` where it has clients.
    public func closePartner(_ partner: PartnerID) async throws {
        let now = runtime.now()
        try await writing { connection in
            try connection.lockPartner(partner)
            let record = try connection.partner(partner)
            guard try connection.rows(PartnerSQL.anyClient, .text(of: partner)).isEmpty else {
                throw Refusal(.conflict, "The partner has clients; each is removed or closed first.")
            }
            try connection.execute(PartnerSQL.close, .time(now), .text(of: partner))
            try connection.audit(.partner(partner), "partner.closed", "partner/\(partner)", by: .operator, at: now)
            try FeedWriter.write(connection, at: now) { try $0.set(.partner(record.key), nil) }
        }
    }

    /// Changes a partner's rows under its lock, then its entry.
    private func changePartner(
        _ partner: PartnerID,
        _ change: @escaping @Sendable (any Connection) throws -> Void
    ) async throws -> PartnerRecord {
        let now = runtime.now()
        return try await writing { connection in
            try connection.lockPartner(partner)
            try change(connection)
            let record = try connection.partner(partner)
            try FeedWriter.write(connection, at: now) { try $0.set(.partner(record.key), record.entry) }
            return record
        }
    }

    static func partner(_ keyOrName: String, _ connection: any Connection) throws -> PartnerRecord {
        let text = SQLValue.text(keyOrName)
        guard let row = try connection.rows(PartnerSQL.byKeyOrName, text, text, text).first else {
            throw Refusal(
                .notFound,
                "There is no partner of the key or name '\(keyOrName.prefix(80))'.",
                field: "partner"
            )
        }
        return try partner(row, connection)
    }

    static func partner(_ row: SQLRow, _ connection: any Connection) throws -> PartnerRecord {
        let id: PartnerID = try row.id(0)
        guard let cacheClass = CacheClass(rawValue: try row.text(5)) else { throw row.damaged(5) }
        return PartnerRecord(
            id: id,
            key: try PartnerKey(try row.text(1)),
            name: try OrganisationName(try row.text(2)),
            variables: try connection.rows(PartnerSQL.variables, .text(of: id)).map {
                try SystemVariable(try $0.text(0))
            },
            retiring: try retiring(of: id, connection),
            isDefault: try row.flag(3),
            isSuspended: try row.flag(4),
            cacheClass: cacheClass,
            loader: try row.digest(6),
            linkHosts: try row.hosts(7)
        )
    }

    private static func retiring(
        of partner: PartnerID,
        _ connection: any Connection
    ) throws -> [SystemVariable: Timestamp] {
        var retiring: [SystemVariable: Timestamp] = [:]
        for row in try connection.rows(PartnerSQL.retiring, .text(of: partner)) {
            retiring[try SystemVariable(try row.text(0))] = try row.time(1)
        }
        return retiring
    }

    static let noPartner = Refusal(.notFound, "There is no such partner.", field: "partner")
}

extension Connection {
    func partner(_ id: PartnerID) throws -> PartnerRecord {
        guard let row = try rows(PartnerSQL.byID, .text(of: id)).first else { throw Storage.noPartner }
        return try Storage.partner(row, self)
    }
}
