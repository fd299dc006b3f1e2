public import Domain

enum StaffSQL: String, StatementSet {
    case insert = """
        INSERT INTO staff (person_id, partner_id, role, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
        """
    case role = "SELECT role FROM staff WHERE person_id = ? AND partner_id = ?"
    case home = """
        SELECT staff.partner_id, staff.role, partner.name, partner.key, partner.is_suspended FROM staff
        JOIN partner ON partner.id = staff.partner_id WHERE staff.person_id = ?
        """
    case of = """
        SELECT staff.person_id, person.address, person.first_name, person.last_name, person.language,
            person.disabled_at, person.erased_at, staff.role, staff.created_at
        FROM staff JOIN person ON person.id = staff.person_id
        WHERE staff.partner_id = ? AND staff.person_id > ? ORDER BY staff.person_id LIMIT ?
        """
    case one = """
        SELECT staff.person_id, person.address, person.first_name, person.last_name, person.language,
            person.disabled_at, person.erased_at, staff.role, staff.created_at
        FROM staff JOIN person ON person.id = staff.person_id WHERE staff.partner_id = ? AND staff.person_id = ?
        """
    case admins = """
        SELECT staff.person_id, person.address, person.first_name, person.last_name, person.language,
            person.disabled_at, person.erased_at, staff.role, staff.created_at
        FROM staff JOIN person ON person.id = staff.person_id
        WHERE staff.partner_id = ? AND staff.role = 'partnerAdmin' AND person.disabled_at IS NULL ORDER BY person.address
        """
    case setRole = "UPDATE staff SET role = ? WHERE person_id = ? AND partner_id = ?"
    case delete = "DELETE FROM staff WHERE person_id = ? AND partner_id = ?"
    case partnerName = "SELECT name FROM partner WHERE id = ?"
}

/// A person of a partner's staff.
public struct StaffRecord: Hashable, Sendable {
    /// Who.
    public let person: PersonRecord
    /// The role.
    public let role: StaffRole
    /// Since when.
    public let createdAt: Timestamp

    init(_ row: SQLRow) throws {
        person = try PersonRecord(row)
        guard let role = StaffRole(rawValue: try row.text(7)) else { throw row.damaged(7) }
        self.role = role
        createdAt = try row.time(8)
    }
}

extension Storage {
    /// The staff of a partner.
    public func staff(of partner: PartnerID, _ page: Page<PersonID>) async throws -> [StaffRecord] {
        try await engine.snapshot { connection in
            try connection.rows(StaffSQL.of, .text(of: partner), page.after, page.count).map(StaffRecord.init)
        }
    }

    /// The open invitations to a partner's staff.
    public func staffInvitations(to partner: PartnerID, _ page: Page<JoiningID>) async throws -> [JoiningRecord] {
        let now = runtime.now()
        return try await engine.snapshot { connection in
            try connection.rows(JoiningSQL.ofPartner, .text(of: partner), page.after, page.count)
                .map { try JoiningRecord($0, at: now) }
        }
    }

    /// One person of a partner's staff.
    ///
    /// - Throws: `notFound`.
    public func staff(_ person: PersonID, of partner: PartnerID) async throws -> StaffRecord {
        try await engine.snapshot { try $0.staff(person, of: partner) }
    }

    /// Changes the role of one of a partner's staff.
    ///
    /// - Throws: `conflict` where no partner admin would stay.
    public func setStaffRole(
        _ person: PersonID,
        of partner: PartnerID,
        _ role: StaffRole,
        expecting: @escaping Expectation<StaffRecord>,
        by caller: Caller
    ) async throws -> StaffRecord {
        let now = runtime.now()
        return try await engine.transaction { connection in
            try connection.lockPartner(partner)
            let present = try connection.staff(person, of: partner)
            try expecting(present)
            guard role != present.role else { return present }
            if present.role == .partnerAdmin { try connection.keepAPartnerAdmin(partner, but: person) }
            try connection.execute(StaffSQL.setRole, .text(role.rawValue), .text(of: person), .text(of: partner))
            try connection.withdrawBeyondRights(of: person, at: now)
            try connection.audit(
                .partner(partner),
                "staff.changed",
                "person/\(person)",
                ["role": .string(role.rawValue)],
                by: caller,
                at: now
            )
            return try connection.staff(person, of: partner)
        }
    }

    /// Ends a home tie: the person leaves the partner's staff, and every membership held through this partner ends with
    /// it; the clients' admins are told.
    ///
    /// - Throws: `conflict` where no partner admin would stay.
    public func removeStaff(
        _ person: PersonID,
        of partner: PartnerID,
        expecting: @escaping Expectation<StaffRecord>,
        by caller: Caller
    ) async throws {
        let now = runtime.now()
        let runtime = runtime
        try await engine.transaction { connection in
            try connection.lockPartner(partner)
            let present = try connection.staff(person, of: partner)
            try expecting(present)
            if present.role == .partnerAdmin { try connection.keepAPartnerAdmin(partner, but: person) }
            try connection.execute(StaffSQL.delete, .text(of: person), .text(of: partner))
            try connection.withdrawBeyondRights(of: person, at: now)
            try connection.audit(.partner(partner), "staff.removed", "person/\(person)", by: caller, at: now)
            for row in try connection.rows(MembershipSQL.throughPartner, .text(of: person), .text(of: partner)) {
                let client: ClientID = try row.id(0)
                let member = try connection.member(person, of: client)
                try connection.endMembership(member, client, why: "left the partner", by: caller, at: now, runtime)
            }
        }
    }
}

extension Connection {
    func staffRole(of person: PersonID, at partner: PartnerID) throws -> StaffRole? {
        guard let row = try rows(StaffSQL.role, .text(of: person), .text(of: partner)).first else { return nil }
        guard let role = StaffRole(rawValue: try row.text(0)) else { throw row.damaged(0) }
        return role
    }

    func staff(_ person: PersonID, of partner: PartnerID) throws -> StaffRecord {
        guard let row = try rows(StaffSQL.one, .text(of: partner), .text(of: person)).first else {
            throw Refusal(.notFound, "There is no such person on the partner's staff.")
        }
        return try StaffRecord(row)
    }

    func partnerName(_ partner: PartnerID) throws -> String {
        try rows(StaffSQL.partnerName, .text(of: partner)).first?.text(0) ?? ""
    }

    /// Takes a partner's lock, under which its staff, its clients and their ids change; before head's, always.
    func lockPartner(_ partner: PartnerID) throws {
        guard try rows(PartnerSQL.lock, .text(of: partner)).count == 1 else {
            throw Refusal(.notFound, "There is no such partner.", field: "partner")
        }
    }

    func keepAPartnerAdmin(_ partner: PartnerID, but person: PersonID) throws {
        let admins = try rows(StaffSQL.admins, .text(of: partner)).map(StaffRecord.init)
        guard admins.contains(where: { $0.person.id != person }) else {
            throw Refusal(
                .conflict,
                "The last admin of a partner stays: make somebody else an admin first.",
                field: "role"
            )
        }
    }

    /// Queues a notice to every admin of a partner but the person it is about.
    func tellPartnerAdmins(
        of partner: PartnerID,
        _ template: MailTemplate,
        about person: PersonRecord,
        role: String,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws {
        let values = [
            "partnerName": try partnerName(partner), "personName": person.displayName,
            "personAddress": person.address?.text ?? "", "role": role,
        ]
        for row in try rows(StaffSQL.admins, .text(of: partner)) {
            let admin = try StaffRecord(row)
            if admin.person.id != person.id { try queueMail(template, to: admin.person, values, at: now, runtime) }
        }
    }
}
