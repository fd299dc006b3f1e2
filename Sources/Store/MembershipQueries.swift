public import Domain

enum MembershipSQL: String, StatementSet {
    case insert = """
        INSERT INTO membership (client_id, person_id, role, partner_account_id, created_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """
    case one = """
        SELECT membership.person_id, person.address, person.first_name, person.last_name, person.language,
            person.disabled_at, person.erased_at, membership.role, membership.partner_account_id, membership.created_at
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.client_id = ? AND membership.person_id = ?
        """
    case regular = """
        SELECT membership.person_id, person.address, person.first_name, person.last_name, person.language,
            person.disabled_at, person.erased_at, membership.role, membership.partner_account_id, membership.created_at
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.client_id = ? AND membership.partner_account_id IS NULL AND membership.person_id > ?
        ORDER BY membership.person_id LIMIT ?
        """
    case regularOfSystems = """
        SELECT membership.person_id, person.address, person.first_name, person.last_name, person.language,
            person.disabled_at, person.erased_at, membership.role, membership.partner_account_id, membership.created_at
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.client_id = ? AND membership.partner_account_id IS NULL AND EXISTS (
            SELECT 1 FROM membership_system JOIN membership_system mine
                ON mine.system_id = membership_system.system_id AND mine.client_id = membership_system.client_id
            WHERE membership_system.client_id = membership.client_id
                AND membership_system.person_id = membership.person_id AND mine.person_id = ?
        ) AND membership.person_id > ? ORDER BY membership.person_id LIMIT ?
        """
    case ofAccount = """
        SELECT membership.person_id, person.address, person.first_name, person.last_name, person.language,
            person.disabled_at, person.erased_at, membership.role, membership.partner_account_id, membership.created_at
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.client_id = ? AND membership.partner_account_id = ? AND membership.person_id > ?
        ORDER BY membership.person_id LIMIT ?
        """
    case admins = """
        SELECT membership.person_id, person.address, person.first_name, person.last_name, person.language,
            person.disabled_at, person.erased_at, membership.role, membership.partner_account_id, membership.created_at
        FROM membership JOIN person ON person.id = membership.person_id
        WHERE membership.client_id = ? AND membership.partner_account_id IS NULL AND membership.role = 'admin'
            AND person.disabled_at IS NULL ORDER BY person.address
        """
    case systems = """
        SELECT system_id FROM membership_system WHERE client_id = ? AND person_id = ? ORDER BY system_id
        """
    case insertSystem = """
        INSERT INTO membership_system (client_id, person_id, system_id)
        SELECT client_id, ?, id FROM client_system WHERE id = ? AND client_id = ? AND deleted_at IS NULL
        ON CONFLICT DO NOTHING
        """
    case deleteSystems = "DELETE FROM membership_system WHERE client_id = ? AND person_id = ?"
    case setRole = "UPDATE membership SET role = ? WHERE client_id = ? AND person_id = ?"
    case delete = "DELETE FROM membership WHERE client_id = ? AND person_id = ?"
    case throughPartner = """
        SELECT membership.client_id FROM membership
        JOIN partner_account ON partner_account.id = membership.partner_account_id
        WHERE membership.person_id = ? AND partner_account.partner_id = ? ORDER BY membership.client_id
        """
    case ofPerson = """
        SELECT membership.client_id FROM membership JOIN client ON client.id = membership.client_id
        WHERE membership.person_id = ? AND client.removed_at IS NULL AND client.closed_at IS NULL
        ORDER BY membership.client_id
        """
    case relation = """
        SELECT membership.role, membership.partner_account_id, client.partner_id FROM membership
        JOIN client ON client.id = membership.client_id
        WHERE membership.client_id = ? AND membership.person_id = ? AND client.removed_at IS NULL
            AND client.closed_at IS NULL
        """
    case lockClient =
        "UPDATE client SET name = name WHERE id = ? AND removed_at IS NULL AND closed_at IS NULL RETURNING id"
    case clientPartner = "SELECT partner_id FROM client WHERE id = ? AND removed_at IS NULL AND closed_at IS NULL"
}

/// A person within a client account.
public struct MemberRecord: Hashable, Sendable {
    /// Who.
    public let person: PersonRecord
    /// The role.
    public var role: ClientRole
    /// The partner account by which a partner user belongs here; nil for regular users.
    public let account: PartnerAccountID?
    /// Since when.
    public let createdAt: Timestamp
    /// The systems that the member reaches; a regular admin reaches all, whatever stands here.
    public var systems: [SystemID] = []

    init(_ row: SQLRow) throws {
        person = try PersonRecord(row)
        guard let role = ClientRole(rawValue: try row.text(7)) else { throw row.damaged(7) }
        self.role = role
        account = try row.optional(8) { try row.id($0) }
        createdAt = try row.time(9)
    }
}

/// What a person is to a client or a partner at this moment: what their rights follow from.
public struct Relation: Hashable, Sendable {
    /// The client's owner partner, or the partner itself.
    public let partner: PartnerID
    /// The role at the client, if the person is a member.
    public let role: ClientRole?
    /// The partner account, for a partner user.
    public let account: PartnerAccountID?
    /// The role at the partner, if the person is staff there.
    public let staffRole: StaffRole?
    /// The systems that the member was given.
    public let systems: Set<SystemID>

    /// Whether all systems of the client are reached.
    public var reachesAllSystems: Bool { role == .admin && account == nil }

    /// Whether a system is among them.
    public func reaches(_ system: SystemID) -> Bool { reachesAllSystems || systems.contains(system) }
}

extension Storage {
    /// What a person is to a client; nil where they have nothing to do with it, or it does not exist.
    public func relation(of person: PersonID, to client: ClientID) async throws -> Relation? {
        try await engine.snapshot { try $0.relation(of: person, to: client) }
    }

    /// What a person is to a partner; nil where they are not of its staff.
    public func relation(of person: PersonID, to partner: PartnerID) async throws -> Relation? {
        try await engine.snapshot { connection in
            guard let role = try connection.staffRole(of: person, at: partner) else { return nil }
            return Relation(partner: partner, role: nil, account: nil, staffRole: role, systems: [])
        }
    }

    /// The partner that owns a client which is neither removed nor closed; nil where there is none.
    public func owner(of client: ClientID) async throws -> PartnerID? {
        try await engine.snapshot { connection in
            try connection.rows(MembershipSQL.clientPartner, .text(of: client)).first?.id(0)
        }
    }

    /// The regular users of a client; those who share a system with `sharing`, where that is given.
    public func regularUsers(
        of client: ClientID,
        sharing person: PersonID? = nil,
        _ page: Page<PersonID>
    ) async throws -> [MemberRecord] {
        try await engine.snapshot { connection in
            let at = SQLValue.text(of: client)
            let rows =
                try person.map {
                    try connection.rows(MembershipSQL.regularOfSystems, at, .text(of: $0), page.after, page.count)
                } ?? connection.rows(MembershipSQL.regular, at, page.after, page.count)
            return try rows.map { try connection.withSystems(MemberRecord($0), client) }
        }
    }

    /// The users of a partner account of a client (rule F-041).
    public func partnerUsers(
        of account: PartnerAccountID,
        _ client: ClientID,
        _ page: Page<PersonID>
    ) async throws -> [MemberRecord] {
        try await engine.snapshot { connection in
            _ = try connection.account(account, of: client)
            return try connection.rows(
                MembershipSQL.ofAccount,
                .text(of: client),
                .text(of: account),
                page.after,
                page.count
            ).map { try connection.withSystems(MemberRecord($0), client) }
        }
    }

    /// One regular user of a client.
    ///
    /// - Throws: `notFound`.
    public func regularUser(_ person: PersonID, of client: ClientID) async throws -> MemberRecord {
        try await member(person, of: client, nil)
    }

    /// One user of a partner account of a client.
    ///
    /// - Throws: `notFound`.
    public func partnerUser(
        _ person: PersonID,
        of account: PartnerAccountID,
        _ client: ClientID
    ) async throws -> MemberRecord {
        try await member(person, of: client, account)
    }

    private func member(
        _ person: PersonID,
        of client: ClientID,
        _ account: PartnerAccountID?
    ) async throws -> MemberRecord {
        try await engine.snapshot { connection in
            let member = try connection.member(person, of: client)
            guard member.account == account else { throw MemberRecord.missing }
            return member
        }
    }

    /// Changes a member's role or systems (rules F-055 to F-057).
    ///
    /// - Parameters:
    ///   - person: Whom.
    ///   - client: Where.
    ///   - account: The partner account that the member must belong to; nil for a regular user.
    ///   - role: The new role; nil to leave it.
    ///   - systems: All systems from now on; nil to leave them.
    ///   - expecting: Throws where the present state is not the one that the caller saw, or not the caller's to change.
    ///   - caller: Who does it.
    /// - Returns: The new state.
    /// - Throws: `conflict` where the last admin would be lost.
    public func changeMember(
        _ person: PersonID,
        of client: ClientID,
        account: PartnerAccountID?,
        role: ClientRole?,
        systems: [SystemID]?,
        expecting: @escaping Expectation<MemberRecord>,
        by caller: Caller
    ) async throws -> MemberRecord {
        let now = runtime.now()
        return try await engine.transaction { connection in
            try connection.lockClient(client)
            let present = try connection.member(person, of: client)
            guard present.account == account else { throw MemberRecord.missing }
            try expecting(present)
            if let role, role != present.role {
                if present.role == .admin && present.account == nil { try connection.keepAnAdmin(client, but: person) }
                try connection.execute(
                    MembershipSQL.setRole,
                    .text(role.rawValue),
                    .text(of: client),
                    .text(of: person)
                )
            }
            if let systems { try connection.setSystems(systems, of: person, client) }
            try connection.withdrawBeyondRights(of: person, at: now)
            let new = try connection.member(person, of: client)
            if new != present {
                try connection.audit(
                    .client(client),
                    "member.changed",
                    "person/\(person)",
                    [
                        "role": .string(new.role.rawValue),
                        "systems": .array(new.systems.map { .string($0.description) }),
                    ],
                    by: caller,
                    at: now
                )
            }
            return new
        }
    }

    /// Ends a membership (rules F-058, F-059).
    ///
    /// - Throws: `conflict` where the last admin would go.
    public func removeMember(
        _ person: PersonID,
        of client: ClientID,
        account: PartnerAccountID?,
        expecting: @escaping Expectation<MemberRecord>,
        by caller: Caller
    ) async throws {
        let now = runtime.now()
        let runtime = runtime
        try await engine.transaction { connection in
            try connection.lockClient(client)
            let present = try connection.member(person, of: client)
            guard present.account == account else { throw MemberRecord.missing }
            try expecting(present)
            if present.role == .admin && present.account == nil { try connection.keepAnAdmin(client, but: person) }
            try connection.endMembership(present, client, why: "removed", by: caller, at: now, runtime)
        }
    }
}

extension MemberRecord {
    static let missing = Refusal(.notFound, "There is no such user.")
}

extension Connection {
    func relation(of person: PersonID, to client: ClientID) throws -> Relation? {
        guard let row = try rows(MembershipSQL.relation, .text(of: client), .text(of: person)).first else {
            return nil
        }
        guard let role = ClientRole(rawValue: try row.text(0)) else { throw row.damaged(0) }
        return Relation(
            partner: try row.id(2),
            role: role,
            account: try row.optional(1) { try row.id($0) },
            staffRole: nil,
            systems: Set(try systems(of: person, client))
        )
    }

    func member(_ person: PersonID, of client: ClientID) throws -> MemberRecord {
        guard let row = try rows(MembershipSQL.one, .text(of: client), .text(of: person)).first else {
            throw MemberRecord.missing
        }
        return try withSystems(MemberRecord(row), client)
    }

    func withSystems(_ record: MemberRecord, _ client: ClientID) throws -> MemberRecord {
        var record = record
        record.systems = try systems(of: record.person.id, client)
        return record
    }

    private func systems(of person: PersonID, _ client: ClientID) throws -> [SystemID] {
        try rows(MembershipSQL.systems, .text(of: client), .text(of: person)).map { try $0.id(0) }
    }

    func setSystems(_ systems: [SystemID], of person: PersonID, _ client: ClientID) throws {
        try execute(MembershipSQL.deleteSystems, .text(of: client), .text(of: person))
        for system in Set(systems) {
            let added = try execute(
                MembershipSQL.insertSystem,
                .text(of: person),
                .text(of: system),
                .text(of: client)
            )
            guard added == 1 else {
                throw Refusal(.invalid, "The client has no system '\(system)'.", field: "systems")
            }
        }
    }

    /// The active regular admins of a client.
    func admins(of client: ClientID) throws -> [MemberRecord] {
        try rows(MembershipSQL.admins, .text(of: client)).map(MemberRecord.init)
    }

    /// Refuses what would leave an activated client without an admin.
    func keepAnAdmin(_ client: ClientID, but person: PersonID) throws {
        guard try admins(of: client).contains(where: { $0.person.id != person }) else {
            throw Refusal(
                .conflict,
                "The last admin of a client stays: make somebody else an admin first.",
                field: "role"
            )
        }
    }

    /// Takes a client's lock, under which its people and systems change.
    func lockClient(_ client: ClientID) throws {
        guard try rows(MembershipSQL.lockClient, .text(of: client)).count == 1 else {
            throw Refusal(.notFound, "There is no such client.")
        }
    }

    /// Ends a membership, the invitations that its holder made as one who may, and tells the admins.
    func endMembership(
        _ member: MemberRecord,
        _ client: ClientID,
        why: String,
        by caller: Caller,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws {
        let person = member.person.id
        try execute(MembershipSQL.delete, .text(of: client), .text(of: person))
        try withdrawBeyondRights(of: person, at: now)
        try audit(
            .client(client),
            "member.removed",
            "person/\(person)",
            ["why": .string(why), "role": .string(member.role.rawValue)],
            by: caller,
            at: now
        )
        try tellAdmins(of: client, .personRemoved, about: member.person, role: member.role.rawValue, at: now, runtime)
    }

    /// Queues a notice to every admin of a client but the person it is about.
    func tellAdmins(
        of client: ClientID,
        _ template: MailTemplate,
        about person: PersonRecord? = nil,
        role: String = "",
        _ more: [String: String] = [:],
        at now: Timestamp,
        _ runtime: Runtime
    ) throws {
        let name = try self.client(client).name.text
        var values = more.merging(["clientName": name, "role": role]) { first, _ in first }
        if let person {
            values["personName"] = person.displayName
            values["personAddress"] = person.address?.text ?? ""
        }
        for admin in try admins(of: client) where admin.person.id != person?.id {
            try queueMail(template, to: admin.person, values, at: now, runtime)
        }
    }
}
