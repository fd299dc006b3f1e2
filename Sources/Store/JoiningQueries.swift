public import Domain

enum JoiningSQL: String, StatementSet {
    case insert = """
        INSERT INTO joining
        (id, kind, state, address, role, client_id, partner_id, partner_account_id, label, invited_by, created_at)
        VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """
    case openAtClient = """
        SELECT id FROM joining WHERE client_id = ? AND kind = ? AND address = ? AND state = 'pending'
        """
    case openAtPartner = "SELECT id FROM joining WHERE partner_id = ? AND address = ? AND state = 'pending'"
    case replace = """
        UPDATE joining SET role = ?, partner_account_id = ?, label = ?, invited_by = ?, created_at = ? WHERE id = ?
        """
    case setSent = "UPDATE joining SET state = 'pending', sent_at = ? WHERE id = ?"
    case end = "UPDATE joining SET state = ? WHERE id = ? AND state = 'pending'"
    case byID = """
        SELECT id, kind, state, address, role, client_id, partner_id, partner_account_id, label, invited_by,
            created_at, sent_at
        FROM joining WHERE id = ?
        """
    case ofClient = """
        SELECT id, kind, state, address, role, client_id, partner_id, partner_account_id, label, invited_by,
            created_at, sent_at
        FROM joining WHERE client_id = ? AND kind = ? AND state IN ('pending', 'declined') AND id > ?
        ORDER BY id LIMIT ?
        """
    case ofClientOfSystems = """
        SELECT id, kind, state, address, role, client_id, partner_id, partner_account_id, label, invited_by,
            created_at, sent_at
        FROM joining WHERE client_id = ? AND kind = ? AND state IN ('pending', 'declined') AND EXISTS (
            SELECT 1 FROM joining_system JOIN membership_system ON membership_system.system_id = joining_system.system_id
            WHERE joining_system.joining_id = joining.id AND membership_system.client_id = joining.client_id
                AND membership_system.person_id = ?
        ) AND id > ? ORDER BY id LIMIT ?
        """
    case ofPartner = """
        SELECT id, kind, state, address, role, client_id, partner_id, partner_account_id, label, invited_by,
            created_at, sent_at
        FROM joining WHERE partner_id = ? AND state IN ('pending', 'declined') AND id > ? ORDER BY id LIMIT ?
        """
    case admins = """
        SELECT id, kind, state, address, role, client_id, partner_id, partner_account_id, label, invited_by,
            created_at, sent_at
        FROM joining WHERE client_id = ? AND kind = 'regular' AND role = 'admin' AND state IN ('pending', 'declined')
        ORDER BY address
        """
    case openOfAccount = "SELECT id FROM joining WHERE partner_account_id = ? AND state = 'pending'"
    case openOfClient = "SELECT id FROM joining WHERE client_id = ? AND state = 'pending'"
    case openByInviter = "SELECT id FROM joining WHERE invited_by = ? AND state = 'pending'"
    case setInviter = "UPDATE joining SET invited_by = ? WHERE id = ?"
    case withdraw = "UPDATE joining SET state = 'withdrawn' WHERE id = ? AND state IN ('pending', 'declined')"
    case labels = "SELECT id, label FROM joining WHERE client_id = ? AND state = 'pending' AND label IS NOT NULL"
    case setAccount = "UPDATE joining SET partner_account_id = ?, label = NULL WHERE id = ?"
    case insertSystem = """
        INSERT INTO joining_system (joining_id, system_id)
        SELECT ?, id FROM client_system WHERE id = ? AND client_id = ? AND deleted_at IS NULL ON CONFLICT DO NOTHING
        """
    case deleteSystems = "DELETE FROM joining_system WHERE joining_id = ?"
    case systems = "SELECT system_id FROM joining_system WHERE joining_id = ? ORDER BY system_id"
    case sentLately = "SELECT COUNT(*) FROM joining WHERE invited_by = ? AND sent_at > ?"
    case mailedLately = "SELECT COUNT(*) FROM mail WHERE joining_id = ? AND created_at > ?"
}

/// What somebody is to become by joining.
public enum Seat: Hashable, Sendable {
    /// Staff of a partner.
    case staff(PartnerID, StaffRole)
    /// A regular user, or an admin, of a client.
    case regular(ClientID, ClientRole)
    /// A partner user of a client (rule F-036).
    case partner(ClientID, ClientRole, PartnerAccountChoice)

    var kind: String {
        switch self {
        case .staff: "staff"
        case .regular: "regular"
        case .partner: "partner"
        }
    }

    /// The role's name.
    public var role: String {
        switch self {
        case .staff(_, let role): role.rawValue
        case .regular(_, let role), .partner(_, let role, _): role.rawValue
        }
    }

    /// The client; nil for staff.
    public var client: ClientID? {
        switch self {
        case .staff: nil
        case .regular(let client, _), .partner(let client, _, _): client
        }
    }
}

/// Which partner account of a client an invitation is meant for (decision D-6).
public enum PartnerAccountChoice: Hashable, Sendable {
    /// One that is there.
    case existing(PartnerAccountID)
    /// One of this name, made when the first of its users joins.
    case label(OrganisationName)
}

/// Somebody to be invited.
public struct NewJoining: Hashable, Sendable {
    /// What they are to become.
    public var seat: Seat
    /// Where their mailbox is.
    public var address: EmailAddress
    /// The systems they are to reach.
    public var systems: [SystemID]

    /// Puts it together.
    public init(seat: Seat, address: EmailAddress, systems: [SystemID] = []) {
        self.seat = seat
        self.address = address
        self.systems = systems
    }
}

/// An invitation or activation, as stored.
public struct JoiningRecord: Hashable, Sendable {
    /// Where it stands (`domain.md`, State machines).
    public enum State: String, Sendable {
        /// Not answered; for partner users "Pending approval" (rule F-022).
        case pending
        /// Seven days have passed (F-025).
        case expired
        /// Done.
        case accepted
        /// The invited person said no.
        case declined
        /// Taken back.
        case withdrawn
    }

    /// Its id.
    public let id: JoiningID
    /// What the invited person is to become.
    public let seat: Seat
    /// Where the person's mailbox is.
    public let address: EmailAddress
    /// Where it stands.
    public let state: State
    /// Who invited; nil for the operator.
    public let invitedBy: PersonID?
    /// When it was made.
    public let createdAt: Timestamp
    /// When its seven days began; nil where no mail was asked for yet.
    public let sentAt: Timestamp?
    /// The systems the person is to reach.
    public var systems: [SystemID] = []

    /// How long an invitation can be accepted: 7 days, in milliseconds (rules F-024, F-025).
    public static let age: Int64 = 7 * 86_400_000

    /// When it can no longer be accepted.
    public var expiresAt: Timestamp? { sentAt.map { Timestamp(milliseconds: $0.milliseconds + Self.age) } }

    init(_ row: SQLRow, at now: Timestamp) throws {
        id = try row.id(0)
        guard let stored = State(rawValue: try row.text(2)) else { throw row.damaged(2) }
        address = try EmailAddress(try row.text(3))
        let role = try row.text(4)
        switch (try row.text(1), StaffRole(rawValue: role), ClientRole(rawValue: role)) {
        case ("staff", let role?, _): seat = .staff(try row.id(6), role)
        case ("regular", _, let role?): seat = .regular(try row.id(5), role)
        case ("partner", _, let role?):
            let label = try row.optional(8) { try OrganisationName(try row.text($0)) }
            seat = .partner(try row.id(5), role, try label.map { .label($0) } ?? .existing(try row.id(7)))
        default: throw row.damaged(4)
        }
        invitedBy = try row.optional(9) { try row.id($0) }
        createdAt = try row.time(10)
        sentAt = try row.optional(11, row.time)
        let isOver = sentAt.map { $0.milliseconds + Self.age <= now.milliseconds } ?? false
        state = stored == .pending && isOver ? .expired : stored
    }
}

extension Connection {
    func joining(_ id: JoiningID, at now: Timestamp) throws -> JoiningRecord {
        guard let row = try rows(JoiningSQL.byID, .text(of: id)).first else {
            throw Refusal(.notFound, "There is no such invitation.")
        }
        return try withSystems(JoiningRecord(row, at: now))
    }

    func withSystems(_ record: JoiningRecord) throws -> JoiningRecord {
        var record = record
        record.systems = try rows(JoiningSQL.systems, .text(of: record.id)).map { try $0.id(0) }
        return record
    }

    /// Writes an invitation, or replaces role and systems of the one that the address has there already (decision D-8).
    /// No mail goes out yet. `isNew` says that the tenant is so new that there can be none.
    @discardableResult
    func putJoining(
        _ new: NewJoining,
        invitedBy inviter: PersonID?,
        isNew: Bool = false,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> JoiningID {
        var id = JoiningID(runtime)
        var (partner, client, account, label) = (SQLValue.null, SQLValue.null, SQLValue.null, SQLValue.null)
        let open: [SQLRow]
        switch new.seat {
        case .staff(let at, _):
            partner = .text(of: at)
            open = try rows(JoiningSQL.openAtPartner, partner, .text(of: new.address))
        case .regular(let at, _), .partner(let at, _, _):
            client = .text(of: at)
            open =
                isNew
                ? [] : try rows(JoiningSQL.openAtClient, client, .text(new.seat.kind), .text(of: new.address))
        }
        switch new.seat {
        case .partner(_, _, .existing(let id)): account = .text(of: id)
        case .partner(let at, _, .label(let name)):
            // A label that is an account's name already means that account.
            let named = try rows(PartnerAccountSQL.byName, .text(of: at), .text(name.folded)).first
            if let named { account = named[0] } else { label = .text(of: name) }
        default: break
        }
        let by = inviter.map(SQLValue.text(of:)) ?? .null
        if let row = open.first {
            id = try row.id(0)
            let role = SQLValue.text(new.seat.role)
            try execute(JoiningSQL.replace, role, account, label, by, .time(now), .text(of: id))
            try execute(JoiningSQL.deleteSystems, .text(of: id))
        } else {
            try execute(
                JoiningSQL.insert,
                .text(of: id),
                .text(new.seat.kind),
                .text(of: new.address),
                .text(new.seat.role),
                client,
                partner,
                account,
                label,
                by,
                .time(now)
            )
        }
        for system in Set(new.systems) {
            guard try execute(JoiningSQL.insertSystem, .text(of: id), .text(of: system), client) == 1 else {
                throw Refusal(.invalid, "The client has no system '\(system)'.", field: "systems")
            }
        }
        return id
    }

    /// Begins an invitation's seven days and puts its mail into the outbox; earlier links die (rule F-026).
    ///
    /// - Throws: `tooMany` where it was sent too often within a day.
    func sendJoining(_ id: JoiningID, at now: Timestamp, delay: Int64 = 0, _ runtime: Runtime) throws {
        let dayAgo = SQLValue.integer(now.milliseconds - 86_400_000)
        let sent = try rows(JoiningSQL.mailedLately, .text(of: id), dayAgo).first?.integer(0) ?? 0
        guard sent < Storage.mailsPerInvitationMax else {
            throw Refusal(.tooMany, "This invitation was sent often enough today; try again tomorrow.")
        }
        try closeLinks(of: id, "sent again", at: now)
        try execute(JoiningSQL.setSent, .time(now), .text(of: id))
        let record = try joining(id, at: now)
        let mail = try invitationMail(record, at: now)
        let language = try person(record.address)?.language ?? inviterLanguage(record)
        try queueMail(
            mail.template,
            to: record.address,
            language,
            mail.values,
            joining: id,
            at: now,
            delay: delay,
            runtime
        )
    }

    private func inviterLanguage(_ record: JoiningRecord) throws -> Language {
        try record.invitedBy.map { try person($0).language } ?? .english
    }

    private func invitationMail(
        _ record: JoiningRecord,
        at now: Timestamp
    ) throws -> (template: MailTemplate, values: [String: String]) {
        var values = ["role": record.seat.role, "expiresAt": (record.expiresAt ?? now).description]
        if let inviter = record.invitedBy { values["personName"] = try person(inviter).displayName }
        switch record.seat {
        case .staff(let partner, _):
            values["partnerName"] = try partnerName(partner)
            return (.staffInvitation, values)
        case .regular(let client, let role):
            let about = try self.client(client)
            values["clientName"] = about.name.text
            values["partnerName"] = try partnerName(about.partner)
            return (role == .admin && about.activatedAt == nil ? .activation : .userInvitation, values)
        case .partner(let client, _, _):
            values["clientName"] = try self.client(client).name.text
            return (.partnerInvitation, values)
        }
    }

    /// Ends a pending invitation; its links die and its mail, where it has not gone out, stays.
    func endJoining(_ id: JoiningID, _ state: JoiningRecord.State, at now: Timestamp) throws -> Bool {
        guard try execute(JoiningSQL.end, .text(state.rawValue), .text(of: id)) == 1 else { return false }
        try closeLinks(of: id, state.rawValue, at: now)
        return true
    }

    /// Ends what an invitation has sent: its links and its code, and mails that wait.
    func closeLinks(of id: JoiningID, _ why: String, at now: Timestamp) throws {
        try execute(LinkSQL.deleteOfJoining, .text(of: id))
        try execute(LinkSQL.deleteCode, .text(of: id))
        try execute(MailSQL.withdraw, .time(now), .text(why), .text(of: id))
    }

    /// Withdraws the pending invitations that a person could not make any more (decision D-15).
    func withdrawBeyondRights(of person: PersonID, at now: Timestamp) throws {
        for row in try rows(JoiningSQL.openByInviter, .text(of: person)) {
            let joining = try joining(try row.id(0), at: now)
            do {
                try checkInviter(joining, at: now)
            } catch is Refusal {
                _ = try endJoining(joining.id, .withdrawn, at: now)
            }
        }
    }

    /// Has pending invitations by a label mean the account that the label has become (rule F-040).
    func attachLabels(_ folded: String, to account: PartnerAccountID, of client: ClientID) throws {
        for row in try rows(JoiningSQL.labels, .text(of: client)) {
            guard try OrganisationName(try row.text(1)).folded == folded else { continue }
            try execute(JoiningSQL.setAccount, .text(of: account), row[0])
        }
    }
}
