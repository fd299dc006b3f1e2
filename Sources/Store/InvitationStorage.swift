public import Domain

/// How somebody accepts an invitation.
public enum Acceptance: Sendable {
    /// A new person, who gives a name and a password; `codeProved` says that the mailbox was shown to be theirs.
    case signUp(SignUp, codeProved: Bool)
    /// A person who has signed in.
    case signIn(PersonID)
}

/// What came of accepting.
public enum Accepted: Hashable, Sendable {
    /// The person belongs now.
    case joined(PersonID, Seat)
    /// The person is a regular user of that client, and cannot be its partner user too (decision D-13).
    case regularAlready
}

/// What the holder of a link sees.
public struct OpenJoining: Hashable, Sendable {
    /// The invitation.
    public let joining: JoiningRecord
    /// Whether its address has an identity, which has to sign in.
    public let hasIdentity: Bool
    /// Whether a new person must prove the mailbox: the link is older than a day (decision D-19).
    public let needsCode: Bool
    /// The name of the client or the partner to be joined.
    public let organisation: OrganisationName
    /// The client's owner partner.
    public let partnerName: String
    /// Whether accepting activates the client (rule F-124).
    public let activates: Bool
}

extension Storage {
    /// How long a link works for a new person without a code: a day, in milliseconds (decision D-19).
    static let freshLinkAge: Int64 = 86_400_000
    /// How many invitations one person sends in an hour at most (`trust.md`, Links in mail).
    static let invitationsPerHourMax: Int64 = 500
    /// How many mails one invitation sends in a day at most.
    static let mailsPerInvitationMax: Int64 = 10

    /// Invites people: writes the invitations and queues their mails, in one transaction. An address that is invited
    /// already gets the newest role and systems (decision D-8).
    ///
    /// - Parameters:
    ///   - new: Whom, all of one client or of one partner.
    ///   - list: What the form calls the list they stand in, if they do, for refusals.
    ///   - caller: Who invites.
    /// - Returns: The invitations, in order.
    /// - Throws: `conflict` where one is a member already (decision D-13), or a label passes for a verified partner's.
    public func invite(_ new: [NewJoining], in list: String? = nil, by caller: Caller) async throws -> [JoiningRecord] {
        let now = runtime.now()
        let runtime = runtime
        return try await changing(by: caller) { connection in
            guard let first = new.first else { return [] }
            try connection.lockTenant(of: first.seat)
            try connection.checkQuota(new.count, by: caller, at: now)
            return try new.enumerated().map { number, one in
                do {
                    try connection.checkInvitable(one, by: caller)
                } catch let refusal as Refusal where refusal.field == "email" {
                    throw list.map { refusal.within("\($0)/\(number)") } ?? refusal
                }
                let id = try connection.putJoining(one, invitedBy: caller.person, at: now, runtime)
                try connection.sendJoining(id, at: now, runtime)
                let record = try connection.joining(id, at: now)
                try connection.audit(record.seat.tenant, "invitation.sent", record, by: caller, at: now)
                try connection.tellOfAdmin(record, by: caller, at: now, runtime)
                return record
            }
        }
    }

    /// The invitations of a kind that a client's admins see: open, expired and declined ones; those that share a system
    /// with `sharing`, where that is given.
    public func invitations(
        of client: ClientID,
        partner: Bool,
        sharing person: PersonID? = nil,
        _ page: Page<JoiningID>
    ) async throws -> [JoiningRecord] {
        let now = runtime.now()
        return try await engine.snapshot { connection in
            let at = SQLValue.text(of: client)
            let kind = SQLValue.text(partner ? "partner" : "regular")
            let rows =
                try person.map {
                    let of = SQLValue.text(of: $0)
                    return try connection.rows(JoiningSQL.ofClientOfSystems, at, kind, of, page.after, page.count)
                } ?? connection.rows(JoiningSQL.ofClient, at, kind, page.after, page.count)
            return try rows.map { try connection.withSystems(JoiningRecord($0, at: now)) }
        }
    }

    /// One invitation.
    ///
    /// - Throws: `notFound`, also where it is not of that tenant.
    public func invitation(_ id: JoiningID, of tenant: Tenant) async throws -> JoiningRecord {
        let now = runtime.now()
        return try await engine.snapshot { try $0.joining(id, of: tenant, at: now) }
    }

    /// Sends a pending, expired or declined invitation again: another link, another seven days, the old links dead.
    ///
    /// - Throws: `notFound`; `conflict` where it is accepted or withdrawn.
    public func resendInvitation(_ id: JoiningID, of tenant: Tenant, by caller: Caller) async throws -> JoiningRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await changing(by: caller) { connection in
            let record = try connection.joining(id, of: tenant, at: now)
            try connection.lockTenant(of: record.seat)
            guard record.state != .accepted, record.state != .withdrawn else {
                throw Refusal(.conflict, "The invitation is \(record.state.rawValue); invite the person anew.")
            }
            try connection.checkQuota(1, by: caller, at: now)
            // Whoever sends it again stands for it: the first inviter may be gone by now.
            try connection.execute(
                JoiningSQL.setInviter,
                caller.person.map(SQLValue.text(of:)) ?? .null,
                .text(of: id)
            )
            try connection.sendJoining(id, at: now, runtime)
            let sent = try connection.joining(id, at: now)
            try connection.audit(tenant, "invitation.sentAgain", sent, by: caller, at: now)
            return sent
        }
    }

    /// Takes an invitation back; its links stop at once (rules F-027, F-028).
    ///
    /// - Throws: `notFound`; `conflict` where it has ended.
    public func withdrawInvitation(_ id: JoiningID, of tenant: Tenant, by caller: Caller) async throws {
        let now = runtime.now()
        try await engine.transaction { connection in
            let record = try connection.joining(id, of: tenant, at: now)
            try connection.lockTenant(of: record.seat)
            switch record.state {
            case .withdrawn: return
            case .accepted: throw Refusal(.conflict, "The invitation has been accepted; remove the person instead.")
            case .pending, .expired, .declined: break
            }
            try connection.execute(JoiningSQL.withdraw, .text(of: id))
            try connection.closeLinks(of: id, "withdrawn", at: now)
            try connection.audit(tenant, "invitation.withdrawn", record, by: caller, at: now)
        }
    }

    /// The admins who were named for a client and have not joined; of an activated client only those whom the partner
    /// named (decision D-18).
    public func namedAdmins(of client: ClientID) async throws -> [JoiningRecord] {
        let now = runtime.now()
        return try await engine.snapshot { connection in
            let isActivated = try connection.client(client).activatedAt != nil
            return try connection.rows(JoiningSQL.admins, .text(of: client)).map { try JoiningRecord($0, at: now) }
                .filter { try !isActivated || !connection.isMembers($0, client) }
        }
    }

    /// Takes a named admin of a client back.
    ///
    /// - Throws: `notFound`; `conflict` for the last one of a client that nobody has joined (rule F-133).
    public func removeNamedAdmin(_ id: JoiningID, of client: ClientID, by caller: Caller) async throws {
        let now = runtime.now()
        try await engine.transaction { connection in
            try connection.lockClient(client)
            let record = try connection.joining(id, of: .client(client), at: now)
            let isActivated = try connection.client(client).activatedAt != nil
            guard case .regular(_, .admin) = record.seat, record.state != .accepted, record.state != .withdrawn,
                try !isActivated || !connection.isMembers(record, client)
            else {
                throw Refusal(.notFound, "There is no such admin.")
            }
            guard try connection.adminAddresses(of: client).count > 1 else {
                throw Refusal(.conflict, "At least one admin must be assigned: name another one first.")
            }
            try connection.execute(JoiningSQL.withdraw, .text(of: id))
            try connection.closeLinks(of: id, "withdrawn", at: now)
            try connection.audit(.client(client), "invitation.withdrawn", record, by: caller, at: now)
        }
    }

    /// The invitation behind a link.
    ///
    /// - Throws: `linkDead`.
    public func openJoining(_ secret: SecretToken) async throws -> OpenJoining {
        let now = runtime.now()
        return try await engine.snapshot { try $0.openJoining(secret, at: now) }
    }

    /// Mails a code to the address of an invitation, for a new person whose link is old.
    ///
    /// - Throws: `linkDead`; `tooMany`.
    public func sendCode(_ secret: SecretToken) async throws {
        let now = runtime.now()
        let runtime = runtime
        try await engine.transaction { connection in
            let open = try connection.openJoining(secret, at: now)
            let id = open.joining.id
            let hourAgo = SQLValue.integer(now.milliseconds - 3_600_000)
            let recent = try connection.rows(LinkSQL.countCodes, .text(of: id), hourAgo).first?.integer(0) ?? 0
            guard recent < Self.mailsPerHourMax else {
                throw Refusal(.tooMany, "No more codes are sent for this link now; try again in an hour.")
            }
            let values = ["minutes": "\(Self.codeAge / 60_000)"]
            try connection.queueMail(
                .mailboxCode,
                to: open.joining.address,
                .english,
                values,
                joining: id,
                at: now,
                runtime
            )
        }
    }

    /// Whether a code is the one that was mailed last; counts as one of five tries.
    ///
    /// - Throws: `linkDead`.
    public func proveCode(_ code: String, _ secret: SecretToken) async throws -> Bool {
        let now = runtime.now()
        return try await engine.transaction { connection in
            try connection.tryCode(code, try connection.openJoining(secret, at: now).joining.id, at: now)
        }
    }

    /// Says no to an invitation.
    ///
    /// - Throws: `linkDead`.
    public func declineInvitation(_ secret: SecretToken) async throws {
        let now = runtime.now()
        try await engine.transaction { connection in
            let open = try connection.openJoining(secret, at: now)
            guard try connection.endJoining(open.joining.id, .declined, at: now) else { throw Self.linkDead }
            let record = open.joining
            try connection.audit(
                record.seat.tenant,
                "invitation.declined",
                record,
                by: Caller(.anonymous),
                at: now
            )
        }
    }

    /// Accepts an invitation: one transaction marks it used, makes the person where they are new, and the membership,
    /// its audit row and the notices to admins. A hundred at once make one membership.
    ///
    /// - Throws: `linkDead`; `forbidden` where somebody else is signed in; `conflict` where the address has an identity,
    ///   which must sign in; `invalid` where a code is needed.
    public func accept(
        _ secret: SecretToken,
        _ how: Acceptance,
        origin: Origin,
        idempotency: IdempotentRequest? = nil
    ) async throws -> Accepted {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            let open = try connection.openJoining(secret, at: now)
            try connection.lockTenant(of: open.joining.seat)
            // Read again: what was found before the lock may have ended meanwhile.
            let joining = try connection.openJoining(secret, at: now).joining
            try connection.checkInviter(joining, at: now)
            let person = try connection.accepting(open, how, at: now, runtime)
            let caller = Caller(
                .person(SignedIn(person: person.id, credential: .session(SessionID(bits: 0)))),
                from: origin,
                idempotency: idempotency
            )
            let accepted = try connection.seat(person, joining, by: caller, at: now, runtime)
            try connection.keepAnswer(to: caller, accepted, at: now)
            return accepted
        }
    }
}

extension Seat {
    /// In whose chain its audit events stand.
    var tenant: Tenant {
        switch self {
        case .staff(let partner, _): .partner(partner)
        case .regular(let client, _), .partner(let client, _, _): .client(client)
        }
    }
}
