public import Domain

enum ClientChangeSQL: String, StatementSet {
    case suspend = "UPDATE client SET suspended_at = ?, suspension_reason = ? WHERE id = ? AND suspended_at IS NULL"
    case setReason = "UPDATE client SET suspension_reason = ? WHERE id = ?"
    case resume =
        "UPDATE client SET suspended_at = NULL, suspension_reason = NULL WHERE id = ? AND suspended_at IS NOT NULL"
    case close = """
        UPDATE client SET closing_at = ?, closing_reason = ?, is_closed_by_partner = ?
        WHERE id = ? AND closing_at IS NULL
        """
    case keepOpen = """
        UPDATE client SET closing_at = NULL, closing_reason = NULL
        WHERE id = ? AND closing_at IS NOT NULL AND COALESCE(is_closed_by_partner, 0) <= ?
        """
    case remove = "UPDATE client SET removed_at = ? WHERE id = ?"
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

    /// Has a client closed at a time, by its partner or by itself; until then it answers the no-op, and closing can be
    /// cancelled.
    ///
    /// - Throws: `conflict` for a client that was never activated: it can be removed.
    public func close(
        _ client: ClientID,
        at end: Timestamp,
        reason: String,
        asPartner: Bool,
        by caller: Caller
    ) async throws -> ClientRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await changeClient(client) { connection in
            let present = try connection.client(client)
            guard present.activatedAt != nil else {
                throw Refusal(.conflict, "A client that was never activated is removed, not closed.")
            }
            let changed = try connection.execute(
                ClientChangeSQL.close,
                .time(end),
                .text(reason),
                .flag(asPartner),
                .text(of: client)
            )
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
    ///
    /// - Throws: `conflict` where it is the partner that ends it, and not the partner that cancels.
    public func cancelClosing(_ client: ClientID, asPartner: Bool, by caller: Caller) async throws -> ClientRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await changeClient(client) { connection in
            let record = try connection.client(client)
            guard try connection.execute(ClientChangeSQL.keepOpen, .text(of: client), .flag(asPartner)) == 1 else {
                guard record.closingAt == nil else {
                    throw Refusal(.conflict, "The partner closes this client, and only the partner can cancel that.")
                }
                return
            }
            try connection.audit(record.partner, client, "client.closingCancelled", [:], by: caller, at: now)
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
            try connection.lockClient(client)
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
                    try connection.deleteSystem(system, of: partner, key, &feed, by: caller, at: now)
                }
            }
            try connection.execute(ClientChangeSQL.remove, .time(now), .text(of: client))
        }
    }

    static let noClient = Refusal(.notFound, "There is no such client.", field: "client")

    /// Changes a client's rows under its partner's lock, then the mappings of all its systems.
    func changeClient(
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
    func audit(
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
}
