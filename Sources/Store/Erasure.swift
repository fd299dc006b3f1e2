public import Domain

enum ErasureSQL: String, StatementSet {
    case dueClients = """
        SELECT id FROM client WHERE closing_at <= ? AND closed_at IS NULL AND removed_at IS NULL ORDER BY id LIMIT 10
        """
    case close = "UPDATE client SET closed_at = ?, name = ?, suspension_reason = NULL, suspended_at = NULL WHERE id = ?"
    case deleteLinks = "DELETE FROM link WHERE joining_id IN (SELECT id FROM joining WHERE client_id = ?)"
    case deleteCodes = "DELETE FROM mailbox_code WHERE joining_id IN (SELECT id FROM joining WHERE client_id = ?)"
    case deleteMails = "DELETE FROM mail WHERE joining_id IN (SELECT id FROM joining WHERE client_id = ?)"
    case deleteJoiningSystems =
        "DELETE FROM joining_system WHERE joining_id IN (SELECT id FROM joining WHERE client_id = ?)"
    case deleteJoinings = "DELETE FROM joining WHERE client_id = ?"
    case members = "SELECT person_id FROM membership WHERE client_id = ? ORDER BY person_id"
    case deleteMemberships = "DELETE FROM membership WHERE client_id = ?"
    case deleteAccounts = "DELETE FROM partner_account WHERE client_id = ?"
    case deleteLive = """
        DELETE FROM live WHERE environment_id IN (
            SELECT environment.id FROM environment JOIN workspace ON workspace.id = environment.workspace_id
            JOIN client_system ON client_system.id = workspace.system_id WHERE client_system.client_id = ?
        )
        """
    case deleteRevisions = """
        DELETE FROM item_revision WHERE item_id IN (
            SELECT item.id FROM item JOIN workspace ON workspace.id = item.workspace_id
            JOIN client_system ON client_system.id = workspace.system_id WHERE client_system.client_id = ?
        )
        """
    case deleteItems = """
        DELETE FROM item WHERE workspace_id IN (
            SELECT workspace.id FROM workspace JOIN client_system ON client_system.id = workspace.system_id
            WHERE client_system.client_id = ?
        )
        """
    case eraseReleases = """
        UPDATE release SET content = ?, notes = NULL WHERE workspace_id IN (
            SELECT workspace.id FROM workspace JOIN client_system ON client_system.id = workspace.system_id
            WHERE client_system.client_id = ?
        )
        """
    case deleteReleaseItems = """
        DELETE FROM release_item WHERE release_id IN (
            SELECT release.id FROM release JOIN workspace ON workspace.id = release.workspace_id
            JOIN client_system ON client_system.id = workspace.system_id WHERE client_system.client_id = ?
        )
        """
    case deleteDownloads = """
        DELETE FROM download WHERE workspace_id IN (
            SELECT workspace.id FROM workspace JOIN client_system ON client_system.id = workspace.system_id
            WHERE client_system.client_id = ?
        )
        """
    case scripts = """
        SELECT DISTINCT release.snippet, release.bundle FROM release JOIN workspace ON workspace.id = release.workspace_id
        JOIN client_system ON client_system.id = workspace.system_id WHERE client_system.client_id = ?
        """
    case isNeeded = """
        SELECT 1 FROM release WHERE snippet = ? AND length(content) > 0
        UNION ALL SELECT 1 FROM release WHERE bundle = ? AND length(content) > 0 LIMIT 1
        """
    case eraseObject = "UPDATE object SET body = ?, gzip = NULL, brotli = NULL, signature = NULL WHERE digest = ?"
    case belongings = """
        SELECT (SELECT COUNT(*) FROM membership WHERE person_id = ?) + (SELECT COUNT(*) FROM staff WHERE person_id = ?)
        """
    case memberships = "SELECT client_id FROM membership WHERE person_id = ? ORDER BY client_id"
    case home = "SELECT partner_id FROM staff WHERE person_id = ?"
    case erase = """
        UPDATE person SET address = NULL, first_name = NULL, last_name = NULL, password = NULL, erased_at = ?,
            disabled_at = ? WHERE id = ?
        """
    case deleteSessions = "DELETE FROM session WHERE person_id = ?"
    case deleteTokens = "DELETE FROM api_token WHERE person_id = ?"
    case deleteAnswers = "DELETE FROM idempotent_answer WHERE caller = ?"
    case deleteMailsTo = "DELETE FROM mail WHERE recipient = ?"
    case deleteAllSessions = "DELETE FROM session"
}

extension Storage {
    /// Closes the clients whose time has come: their keys stop, content and people are erased, the audit stays.
    ///
    /// - Returns: The clients that were closed; more may wait where it is not empty.
    public func closeDueClients() async throws -> [ClientID] {
        let now = runtime.now()
        let runtime = runtime
        let due: [ClientID] = try await engine.snapshot { connection in
            try connection.rows(ErasureSQL.dueClients, .time(now)).map { try $0.id(0) }
        }
        for client in due {
            try await writing { connection in
                let partner = try connection.client(client).partner
                try connection.lockPartner(partner)
                try connection.lockClient(client)
                let record = try connection.clientWithSystems(client)
                guard let end = record.closingAt, end <= now else { return }
                try connection.close(record, at: now, runtime)
            }
        }
        return due
    }

    /// Finds a person by address.
    ///
    /// - Throws: `notFound`.
    public func person(_ address: EmailAddress) async throws -> PersonRecord {
        try await engine.snapshot { connection in
            guard let person = try connection.person(address) else {
                throw Refusal(.notFound, "Nobody has the address '\(address)'.", field: "person")
            }
            return person
        }
    }

    /// Lets a person sign in no more, or again; takes effect on the next request.
    ///
    /// - Throws: `conflict` where a client or a partner would be left without an active admin.
    public func setDisabled(_ person: PersonID, _ isDisabled: Bool, by caller: Caller) async throws {
        let now = runtime.now()
        try await engine.transaction { connection in
            _ = try connection.person(person)
            if isDisabled { try connection.keepAdminsWithout(person) }
            try connection.execute(
                PersonSQL.setDisabled,
                isDisabled ? .time(now) : .null,
                .text(of: person)
            )
            if isDisabled {
                try connection.execute(ErasureSQL.deleteSessions, .text(of: person))
                try connection.withdrawBeyondRights(of: person, at: now)
            }
            try connection.auditBelongings(of: person, isDisabled ? "person.disabled" : "person.enabled", caller, now)
        }
    }

    /// Erases a person: names, address and password go, memberships end, the audit keeps the id.
    ///
    /// - Throws: `conflict` where a client or a partner would be left without an active admin.
    public func erase(_ person: PersonID, by caller: Caller) async throws {
        let now = runtime.now()
        let runtime = runtime
        try await engine.transaction { connection in
            let record = try connection.person(person)
            try connection.keepAdminsWithout(person)
            try connection.auditBelongings(of: person, "person.erased", caller, now)
            for row in try connection.rows(ErasureSQL.memberships, .text(of: person)) {
                let client: ClientID = try row.id(0)
                let member = try connection.member(person, of: client)
                try connection.endMembership(member, client, why: "erased", by: caller, at: now, runtime)
            }
            for row in try connection.rows(ErasureSQL.home, .text(of: person)) {
                try connection.execute(StaffSQL.delete, .text(of: person), row[0])
            }
            try connection.erase(record, at: now)
            try connection.withdrawBeyondRights(of: person, at: now)
        }
    }

    /// Ends every session; what a restored database should not bring back.
    public func endAllSessions() async throws {
        try await engine.transaction { try $0.execute(ErasureSQL.deleteAllSessions) }
    }
}

extension Connection {
    fileprivate func close(_ record: ClientRecord, at now: Timestamp, _ runtime: Runtime) throws {
        let client = SQLValue.text(of: record.id)
        let people: [PersonID] = try rows(ErasureSQL.members, client).map { try $0.id(0) }
        let caller = Caller(.operator)
        for tenant in [Tenant.partner(record.partner), .client(record.id)] {
            try audit(tenant, "client.closed", "client/\(record.id)", by: caller, at: now)
        }
        try execute(ErasureSQL.eraseReleases, .bytes([]), client)
        let key = try partnerKey(record.partner)
        try FeedWriter.write(self, at: now) { feed in
            for system in record.systems {
                try deleteSystem(system, of: record.partner, key, &feed, by: caller, at: now)
            }
            try eraseScripts(of: client, &feed)
        }
        for statement in [
            ErasureSQL.deleteLinks, .deleteCodes, .deleteMails, .deleteJoiningSystems, .deleteJoinings,
            .deleteMemberships, .deleteAccounts, .deleteLive, .deleteRevisions, .deleteItems, .deleteReleaseItems,
            .deleteDownloads,
        ] {
            try execute(statement, client)
        }
        try execute(ErasureSQL.close, .time(now), .text("closed \(record.id)"), client)
        for person in people {
            let count = try rows(ErasureSQL.belongings, .text(of: person), .text(of: person)).first?.integer(0)
            if count == 0 { try erase(try self.person(person), at: now) }
        }
    }

    /// Erases the objects that only erased releases name. Another client's release may have the very same bytes.
    private func eraseScripts(of client: SQLValue, _ feed: inout FeedWriter) throws {
        for digest in Set(try rows(ErasureSQL.scripts, client).flatMap { [$0[0], $0[1]] }) where digest != .null {
            guard try rows(ErasureSQL.isNeeded, digest, digest).isEmpty, case .bytes(let bytes) = digest,
                let name = Digest(bytes: bytes)
            else { continue }
            try execute(ErasureSQL.eraseObject, .bytes([]), digest)
            try feed.set(.object(name), nil)
        }
    }

    fileprivate func erase(_ record: PersonRecord, at now: Timestamp) throws {
        let id = SQLValue.text(of: record.id)
        try execute(LinkSQL.deleteOfPerson, id)
        for statement in [ErasureSQL.deleteSessions, .deleteTokens, .deleteAnswers] { try execute(statement, id) }
        if let address = record.address { try execute(ErasureSQL.deleteMailsTo, .text(of: address)) }
        try execute(ErasureSQL.erase, .time(now), .time(now), id)
    }

    /// Refuses to lose the last active admin of any client or partner.
    fileprivate func keepAdminsWithout(_ person: PersonID) throws {
        for row in try rows(ErasureSQL.memberships, .text(of: person)) {
            let client: ClientID = try row.id(0)
            let member = try member(person, of: client)
            if member.role == .admin && member.account == nil { try keepAnAdmin(client, but: person) }
        }
        for row in try rows(ErasureSQL.home, .text(of: person)) {
            let partner: PartnerID = try row.id(0)
            if try staff(person, of: partner).role == .partnerAdmin { try keepAPartnerAdmin(partner, but: person) }
        }
    }

    /// Writes an event about a person to the chain of each tenant that the person belongs to.
    fileprivate func auditBelongings(of person: PersonID, _ action: String, _ caller: Caller, _ now: Timestamp) throws {
        var tenants: [Tenant] = try rows(ErasureSQL.memberships, .text(of: person)).map { .client(try $0.id(0)) }
        tenants += try rows(ErasureSQL.home, .text(of: person)).map { .partner(try $0.id(0)) }
        for tenant in tenants { try audit(tenant, action, "person/\(person)", by: caller, at: now) }
    }
}
