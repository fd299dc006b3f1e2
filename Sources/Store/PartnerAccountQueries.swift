public import Domain

enum PartnerAccountSQL: String, StatementSet {
    case insert = """
        INSERT INTO partner_account (id, client_id, name, folded_name, partner_id, is_gallery_on, created_at)
        VALUES (?, ?, ?, ?, ?, 0, ?)
        """
    case one = """
        SELECT id, name, partner_id, is_gallery_on, created_at,
            (SELECT COUNT(*) FROM membership WHERE membership.partner_account_id = partner_account.id),
            (SELECT COUNT(*) FROM membership JOIN membership_system
                ON membership_system.client_id = membership.client_id
                AND membership_system.person_id = membership.person_id
                WHERE membership.partner_account_id = partner_account.id)
        FROM partner_account WHERE client_id = ? AND id = ?
        """
    case ofClient = """
        SELECT id, name, partner_id, is_gallery_on, created_at,
            (SELECT COUNT(*) FROM membership WHERE membership.partner_account_id = partner_account.id),
            (SELECT COUNT(*) FROM membership JOIN membership_system
                ON membership_system.client_id = membership.client_id
                AND membership_system.person_id = membership.person_id
                WHERE membership.partner_account_id = partner_account.id)
        FROM partner_account WHERE client_id = ? AND id > ? ORDER BY id LIMIT ?
        """
    case byPartner = "SELECT id FROM partner_account WHERE client_id = ? AND partner_id = ?"
    case byName = "SELECT id FROM partner_account WHERE client_id = ? AND folded_name = ?"
    case rename =
        "UPDATE partner_account SET name = ?, folded_name = ?, is_gallery_on = ? WHERE id = ? AND client_id = ?"
    case delete = "DELETE FROM partner_account WHERE id = ? AND client_id = ?"
    case moveMembers = "UPDATE membership SET partner_account_id = ? WHERE partner_account_id = ? AND client_id = ?"
    case moveJoinings = "UPDATE joining SET partner_account_id = ? WHERE partner_account_id = ? AND client_id = ?"
    case partnerNames = "SELECT id, name FROM partner WHERE closed_at IS NULL"
}

/// A partner as it appears inside one client account.
public struct PartnerAccountRecord: Hashable, Sendable {
    /// What its users add up to (rule F-063); never stored.
    public enum Status: String, Sendable {
        /// At least one user has at least one system (F-035).
        case active
        /// Otherwise (F-060, F-061).
        case noUsersOrSystems
    }

    /// Its id.
    public let id: PartnerAccountID
    /// Its name here.
    public var name: OrganisationName
    /// The partner that it is; nil for one that is only labelled so, not verified.
    public let partner: PartnerID?
    /// Whether the client admin has switched that partner's gallery on (decision D-20).
    public var isGalleryOn: Bool
    /// Since when.
    public let createdAt: Timestamp
    /// How many users it has.
    public let users: Int64
    /// See ``Status``.
    public let status: Status

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        name = try OrganisationName(try row.text(1))
        partner = try row.optional(2) { try row.id($0) }
        isGalleryOn = try row.flag(3)
        createdAt = try row.time(4)
        users = try row.integer(5)
        status = try row.integer(6) > 0 ? .active : .noUsersOrSystems
    }
}

extension Storage {
    /// The partner accounts of a client.
    public func partnerAccounts(
        of client: ClientID,
        _ page: Page<PartnerAccountID>
    ) async throws -> [PartnerAccountRecord] {
        try await engine.snapshot { connection in
            try connection.rows(PartnerAccountSQL.ofClient, .text(of: client), page.after, page.count)
                .map(PartnerAccountRecord.init)
        }
    }

    /// One partner account of a client.
    ///
    /// - Throws: `notFound`.
    public func partnerAccount(_ id: PartnerAccountID, of client: ClientID) async throws -> PartnerAccountRecord {
        try await engine.snapshot { try $0.account(id, of: client) }
    }

    /// Renames a partner account, or switches its partner's gallery on or off.
    ///
    /// - Throws: `conflict` where the name is another account's, or passes for a verified partner's (decision D-6).
    public func changePartnerAccount(
        _ id: PartnerAccountID,
        of client: ClientID,
        expecting: @escaping Expectation<PartnerAccountRecord>,
        by caller: Caller,
        _ change: @escaping @Sendable (inout PartnerAccountRecord) throws -> Void
    ) async throws -> PartnerAccountRecord {
        let now = runtime.now()
        return try await engine.transaction { connection in
            try connection.lockClient(client)
            let present = try connection.account(id, of: client)
            try expecting(present)
            var new = present
            try change(&new)
            guard new != present else { return present }
            if new.name != present.name {
                try connection.checkLabel(new.name, for: present.partner)
                let holder = try connection.rows(
                    PartnerAccountSQL.byName,
                    .text(of: client),
                    .text(new.name.folded)
                ).first
                if let holder, try holder.id(0) != id {
                    throw Refusal(.conflict, "Another partner account of this client has that name.", field: "name")
                }
            }
            try connection.attachLabels(present.name.folded, to: id, of: client)
            try connection.execute(
                PartnerAccountSQL.rename,
                .text(of: new.name),
                .text(new.name.folded),
                .flag(new.isGalleryOn),
                .text(of: id),
                .text(of: client)
            )
            try connection.audit(
                .client(client),
                "partnerAccount.changed",
                "partnerAccount/\(id)",
                ["name": .string(new.name.text), "galleryOn": .bool(new.isGalleryOn)],
                by: caller,
                at: now
            )
            return new
        }
    }

    /// Deletes a partner account with all its memberships and pending invitations; there is no way back (F-051, F-053).
    ///
    /// - Parameters:
    ///   - id: Which.
    ///   - client: Whose.
    ///   - confirmedName: The account's name as the caller typed it (decision D-17).
    ///   - caller: Who does it.
    /// - Throws: `notFound`; `invalid` where the name is another.
    public func deletePartnerAccount(
        _ id: PartnerAccountID,
        of client: ClientID,
        confirmedName: String,
        by caller: Caller
    ) async throws {
        let now = runtime.now()
        let runtime = runtime
        try await changing(by: caller) { connection in
            try connection.lockClient(client)
            let account = try connection.account(id, of: client)
            guard Array(account.name.text.utf8) == Array(confirmedName.utf8) else {
                throw Refusal(
                    .invalid,
                    "Deleting cannot be undone. Repeat the partner account's name, '\(account.name)', to confirm.",
                    field: "confirmName"
                )
            }
            try connection.attachLabels(account.name.folded, to: id, of: client)
            for row in try connection.rows(JoiningSQL.openOfAccount, .text(of: id)) {
                _ = try connection.endJoining(try row.id(0), .withdrawn, at: now)
            }
            try connection.endMembers(of: id, client, by: caller, at: now, runtime)
            try connection.execute(PartnerAccountSQL.delete, .text(of: id), .text(of: client))
            try connection.audit(
                .client(client),
                "partnerAccount.deleted",
                "partnerAccount/\(id)",
                ["name": .string(account.name.text)],
                by: caller,
                at: now
            )
        }
    }

    /// Moves everybody of one partner account of a client to another, and deletes the first.
    ///
    /// - Throws: `notFound`; `conflict` where both are verified as different partners.
    public func mergePartnerAccounts(
        _ id: PartnerAccountID,
        into target: PartnerAccountID,
        of client: ClientID,
        by caller: Caller
    ) async throws -> PartnerAccountRecord {
        let now = runtime.now()
        return try await changing(by: caller) { connection in
            try connection.lockClient(client)
            let source = try connection.account(id, of: client)
            let into = try connection.account(target, of: client)
            guard source.id != into.id else {
                throw Refusal(.invalid, "A partner account cannot be merged into itself.", field: "into")
            }
            guard source.partner == nil else {
                throw Refusal(
                    .conflict,
                    "'\(source.name)' is a verified partner; merge the other one into it.",
                    field: "into"
                )
            }
            let (from, to) = (SQLValue.text(of: id), SQLValue.text(of: target))
            try connection.execute(PartnerAccountSQL.moveMembers, to, from, .text(of: client))
            try connection.execute(PartnerAccountSQL.moveJoinings, to, from, .text(of: client))
            try connection.attachLabels(source.name.folded, to: target, of: client)
            try connection.execute(PartnerAccountSQL.delete, from, .text(of: client))
            try connection.audit(
                .client(client),
                "partnerAccount.merged",
                "partnerAccount/\(id)",
                ["into": .string(target.description)],
                by: caller,
                at: now
            )
            return try connection.account(target, of: client)
        }
    }
}

extension Connection {
    func account(_ id: PartnerAccountID, of client: ClientID) throws -> PartnerAccountRecord {
        guard let row = try rows(PartnerAccountSQL.one, .text(of: client), .text(of: id)).first else {
            throw Refusal(.notFound, "There is no such partner account.", field: "partnerAccount")
        }
        return try PartnerAccountRecord(row)
    }

    /// Refuses a label that passes for the name of a partner which it is not (decision D-6).
    func checkLabel(_ label: OrganisationName, for partner: PartnerID?) throws {
        let folded = label.folded
        for row in try rows(PartnerAccountSQL.partnerNames) where try OrganisationName(try row.text(1)).folded == folded
        {
            guard try row.id(0) == partner else {
                throw Refusal(
                    .conflict,
                    """
                    '\(label)' is the name of a verified partner. Its users are attached to it by themselves; take another \
                    name for this partner account.
                    """,
                    field: "label"
                )
            }
        }
    }

    /// The partner account that a joining person belongs to: their verified home's, else the one they were invited to
    /// (rule F-040, decision D-6); made where it is not there yet.
    func accountJoined(
        by person: PersonID,
        _ client: ClientID,
        _ choice: PartnerAccountChoice,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> PartnerAccountID {
        if let home = try rows(StaffSQL.home, .text(of: person)).first {
            let partner: PartnerID = try home.id(0)
            if let row = try rows(PartnerAccountSQL.byPartner, .text(of: client), .text(of: partner)).first {
                return try row.id(0)
            }
            return try addAccount(try OrganisationName(try home.text(2)), partner, client, at: now, runtime)
        }
        switch choice {
        case .existing(let id): return try account(id, of: client).id
        case .label(let name):
            // It may have become a verified partner's name since the invitation.
            try checkLabel(name, for: nil)
            if let row = try rows(PartnerAccountSQL.byName, .text(of: client), .text(name.folded)).first {
                return try row.id(0)
            }
            return try addAccount(name, nil, client, at: now, runtime)
        }
    }

    private func addAccount(
        _ name: OrganisationName,
        _ partner: PartnerID?,
        _ client: ClientID,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> PartnerAccountID {
        // Those in an account that was only labelled so are not the verified partner's: it says so from now on.
        if partner != nil, let row = try rows(PartnerAccountSQL.byName, .text(of: client), .text(name.folded)).first {
            let labelled = try account(try row.id(0), of: client)
            let other = try OrganisationName("\(labelled.name.text.prefix(170)) (not verified)")
            try execute(
                PartnerAccountSQL.rename,
                .text(of: other),
                .text(other.folded + "/\(labelled.id)"),
                .flag(labelled.isGalleryOn),
                .text(of: labelled.id),
                .text(of: client)
            )
        }
        let id = PartnerAccountID(runtime)
        try execute(
            PartnerAccountSQL.insert,
            .text(of: id),
            .text(of: client),
            .text(of: name),
            .text(name.folded),
            partner.map(SQLValue.text(of:)) ?? .null,
            .time(now)
        )
        if partner == nil { try attachLabels(name.folded, to: id, of: client) }
        return id
    }

    fileprivate func endMembers(
        of account: PartnerAccountID,
        _ client: ClientID,
        by caller: Caller,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws {
        let every = SQLValue.integer(.max)
        for row in try rows(MembershipSQL.ofAccount, .text(of: client), .text(of: account), .text(""), every) {
            let member = try MemberRecord(row)
            try endMembership(member, client, why: "partner account deleted", by: caller, at: now, runtime)
        }
    }
}
