import Domain

/// What holds of invitations whoever sends or accepts them; all under the tenant's lock.
extension Connection {
    /// Takes the lock under which a seat is given.
    func lockTenant(of seat: Seat) throws {
        switch seat {
        case .staff(let partner, _): try lockPartner(partner)
        case .regular(let client, _), .partner(let client, _, _): try lockClient(client)
        }
    }

    /// Refuses an inviter who has sent too many within an hour.
    func checkQuota(_ count: Int, by caller: Caller, at now: Timestamp) throws {
        guard let person = caller.person else { return }
        let hourAgo = SQLValue.integer(now.milliseconds - 3_600_000)
        let sent = try rows(JoiningSQL.sentLately, .text(of: person), hourAgo).first?.integer(0) ?? 0
        guard sent + Int64(count) <= Storage.invitationsPerHourMax else {
            throw Refusal(
                .tooMany,
                "One person sends at most \(Storage.invitationsPerHourMax) invitations an hour; try again later."
            )
        }
    }

    /// Refuses an invitation that makes no sense to those who see the tenant's lists; of an address that is in none of
    /// them, nothing is told (decision D-13).
    func checkInvitable(_ new: NewJoining, by caller: Caller) throws {
        if case .partner(_, _, .label(let label)) = new.seat { try checkLabel(label, for: nil) }
        if case .partner(let client, _, .existing(let id)) = new.seat { _ = try account(id, of: client) }
        guard let person = try person(new.address)?.id else { return }
        switch new.seat {
        case .staff(let partner, _):
            guard try staffRole(of: person, at: partner) != nil else { return }
            throw Refusal(.conflict, "'\(new.address)' is on this partner's staff already.", field: "email")
        case .regular(let client, _):
            // Its partner's staff do not see who belongs to a client (decision D-18), a System Manager does not see its
            // partner users (rule F-009): neither is told by a refusal.
            guard let present = try relation(of: person, to: client) else { return }
            if let asking = caller.person {
                guard let own = try relation(of: asking, to: client),
                    present.account == nil || own.role?.rights.contains(.people) == true
                else { return }
            }
            throw Refusal(.conflict, "'\(new.address)' is a user of this client already.", field: "email")
        case .partner(let client, _, _):
            guard try relation(of: person, to: client)?.account != nil else { return }
            throw Refusal(.conflict, "'\(new.address)' is a partner user of this client already.", field: "email")
        }
    }

    /// Tells a client's admins of an admin whom its partner invites (decision D-18).
    func tellOfAdmin(_ joining: JoiningRecord, by caller: Caller, at now: Timestamp, _ runtime: Runtime) throws {
        guard case .regular(let client, .admin) = joining.seat, try !isMembers(joining, client) else { return }
        let values = [
            "personAddress": joining.address.text, "partnerName": try partnerName(try self.client(client).partner),
        ]
        try tellAdmins(of: client, .adminInvited, values, at: now, runtime)
    }

    /// Whether a member of the client sent an invitation, rather than its partner.
    func isMembers(_ joining: JoiningRecord, _ client: ClientID) throws -> Bool {
        guard let inviter = joining.invitedBy else { return false }
        return try relation(of: inviter, to: client) != nil
    }

    /// One invitation of a tenant.
    func joining(_ id: JoiningID, of tenant: Tenant, at now: Timestamp) throws -> JoiningRecord {
        let record = try joining(id, at: now)
        guard record.seat.tenant == tenant else { throw Refusal(.notFound, "There is no such invitation.") }
        return record
    }

    /// The invitation behind a link that works.
    func openJoining(_ secret: SecretToken, at now: Timestamp) throws -> OpenJoining {
        guard let link = try rows(LinkSQL.joining, .bytes(secret.digest.bytes)).first else { throw Storage.linkDead }
        let joining = try joining(try link.id(0), at: now)
        guard joining.state == .pending else { throw Storage.linkDead }
        let organisation: OrganisationName
        let partner: PartnerID
        var activates = false
        switch joining.seat {
        case .staff(let id, _):
            partner = id
            organisation = try OrganisationName(try partnerName(id))
        case .regular(let id, let role):
            guard let client = try openClient(id) else { throw Storage.linkDead }
            (partner, organisation) = (client.partner, client.name)
            activates = role == .admin && client.activatedAt == nil
        case .partner(let id, _, _):
            // All systems it was for are gone: there is nothing to join.
            guard let client = try openClient(id), !joining.systems.isEmpty else { throw Storage.linkDead }
            (partner, organisation) = (client.partner, client.name)
        }
        return OpenJoining(
            joining: joining,
            hasIdentity: try person(joining.address) != nil,
            needsCode: try link.integer(1) + Storage.freshLinkAge <= now.milliseconds,
            organisation: organisation,
            partnerName: try partnerName(partner),
            activates: activates
        )
    }

    /// A role granted is never above what the inviter could grant now, and an inviter who is gone grants nothing
    /// (decision D-15).
    func checkInviter(_ joining: JoiningRecord, at now: Timestamp) throws {
        guard let inviter = joining.invitedBy else { return }
        var may: Bool
        switch joining.seat {
        case .staff(let partner, _):
            may = try staffRole(of: inviter, at: partner)?.rights.contains(.staff) ?? false
        case .regular(let client, .admin) where try openClient(client)?.activatedAt == nil:
            // The admins of a client that nobody has joined are named by its partner, whoever did it there (F-133).
            return
        case .regular(let client, let role):
            let member = try relation(of: inviter, to: client)?.role?.grants.contains(role) ?? false
            let owner = try openClient(client)?.partner
            let staff = try owner.flatMap { try staffRole(of: inviter, at: $0) }?.rights.contains(.clients) ?? false
            may = member || (staff && role == .admin)
        case .partner(let client, let role, _):
            let relation = try relation(of: inviter, to: client)?.role
            may = relation?.rights.contains(.people) == true && relation?.grants.contains(role) == true
        }
        if try person(inviter).disabledAt != nil { may = false }
        guard may else { throw Storage.linkDead }
    }

    /// The person who accepts: the one who has signed in, or a new one.
    func accepting(
        _ open: OpenJoining,
        _ how: Acceptance,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> PersonRecord {
        let address = open.joining.address
        switch how {
        case .signIn(let id):
            let person = try person(id)
            guard person.address == address else {
                throw Refusal(.forbidden, "This invitation is for another address; sign in with that one.")
            }
            return person
        case .signUp(let new, let codeProved):
            let taken = Refusal(.conflict, "This address has a Waymark identity already: sign in to accept.")
            guard try person(address) == nil else { throw taken }
            guard codeProved || !open.needsCode else {
                throw Refusal(
                    .invalid,
                    "This link is older than a day: ask for a code by mail, and give it here.",
                    field: "code"
                )
            }
            let id = PersonID(runtime)
            let added = try execute(
                PersonSQL.insert,
                .text(of: id),
                .text(of: address),
                .text(of: new.firstName),
                .text(of: new.lastName),
                .text(new.language.rawValue),
                .text(new.passwordHash),
                .time(now)
            )
            guard added == 1 else { throw taken }
            return try person(id)
        }
    }

    /// Gives the person what the invitation offers, and ends it.
    func seat(
        _ person: PersonRecord,
        _ joining: JoiningRecord,
        by caller: Caller,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> Accepted {
        if case .partner(let client, _, _) = joining.seat, let present = try relation(of: person.id, to: client),
            present.account == nil
        {
            _ = try endJoining(joining.id, .withdrawn, at: now)
            try tellAdmins(of: client, .joiningRefused, about: person, at: now, runtime)
            return .regularAlready
        }
        // The conditional update decides which of many that come at once joins.
        guard try endJoining(joining.id, .accepted, at: now) else { throw Storage.linkDead }
        switch joining.seat {
        case .staff(let partner, let role):
            let added = try execute(
                StaffSQL.insert,
                .text(of: person.id),
                .text(of: partner),
                .text(role.rawValue),
                .time(now)
            )
            guard added == 1 else {
                throw Refusal(.conflict, "One person belongs to the staff of one partner only; leave the other first.")
            }
            try tellPartnerAdmins(of: partner, .personJoined, about: person, role: role.rawValue, at: now, runtime)
        case .regular(let client, let role):
            try addMember(person, client, role, nil, joining.systems, at: now)
            if role == .admin, try execute(ClientSQL.activate, .time(now), .text(of: client)) == 1 {
                try audit(.client(client), "client.activated", "client/\(client)", by: caller, at: now)
            }
            try tellAdmins(of: client, .personJoined, about: person, role: role.rawValue, at: now, runtime)
        case .partner(let client, let role, let choice):
            let account = try accountJoined(by: person.id, client, choice, at: now, runtime)
            try addMember(person, client, role, account, joining.systems, at: now)
            try tellAdmins(of: client, .personJoined, about: person, role: role.rawValue, at: now, runtime)
        }
        try audit(joining.seat.tenant, "invitation.accepted", joining, by: caller, at: now)
        return .joined(person.id, joining.seat)
    }

    private func addMember(
        _ person: PersonRecord,
        _ client: ClientID,
        _ role: ClientRole,
        _ account: PartnerAccountID?,
        _ systems: [SystemID],
        at now: Timestamp
    ) throws {
        let added = try execute(
            MembershipSQL.insert,
            .text(of: client),
            .text(of: person.id),
            .text(role.rawValue),
            account.map(SQLValue.text(of:)) ?? .null,
            .time(now)
        )
        guard added == 1 else { throw Refusal(.conflict, "You are a user of this client already.") }
        try setSystems(systems, of: person.id, client)
    }

    /// Appends what became of an invitation. The invited address stays out of the chain, which is never erased.
    func audit(
        _ tenant: Tenant,
        _ action: String,
        _ joining: JoiningRecord,
        by caller: Caller,
        at now: Timestamp
    ) throws {
        try audit(
            tenant,
            action,
            "invitation/\(joining.id)",
            ["kind": .string(joining.seat.kind), "role": .string(joining.seat.role)],
            by: caller,
            at: now
        )
    }
}
