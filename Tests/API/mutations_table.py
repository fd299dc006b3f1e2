"""The mutation table of accounts: for each rule that `flows.py` checks, breaks of the code which must be noticed.

What a row is: `mutations_edit.py`. The rules of content: `mutations_content.py`.
"""

from mutations_edit import also, omit, swap

# Files that many breaks are in.
ACCESS = "Authorization/Access.swift"
POLICY = "Authorization/Policy.swift"
ACCOUNTS = "Store/PartnerAccountQueries.swift"
CHANGES = "Store/ClientChanges.swift"
CLIENTS = "Store/ClientQueries.swift"
INVITATIONS = "Store/InvitationStorage.swift"
JOININGS = "Store/JoiningQueries.swift"
LINKS = "Store/LinkQueries.swift"
MEMBERS = "Store/MembershipQueries.swift"
PEOPLE = "Store/PersonQueries.swift"
ROLES = "Domain/People/Roles.swift"
ROUTER = "Web/API/APIRouter.swift"
RULES = "Store/InvitationRules.swift"
SESSIONS = "Accounts/Sessions.swift"
SHOWN = "Web/API/Representation.swift"
STAFF = "Store/StaffQueries.swift"
STORED_SESSIONS = "Store/SessionQueries.swift"
SYSTEMS = "Store/SystemChanges.swift"
TAB = "Accounts/PartnerInvitations.swift"
USERS = "Accounts/Users.swift"

# Where several breaks are.
LET_IN = "let id = try connection.putJoining(one, invitedBy: caller.person, at: now, runtime)"
SEATED = """
if case .partner(let client, let role, _) = one.seat, let person = try connection.person(one.address) {
    try connection.execute(
        MembershipSQL.insert, .text(of: client), .text(of: person.id), .text(role.rawValue), .null, .time(now))
}
"""
OLD_LINKS = 'try closeLinks(of: id, "sent again", at: now)'
ENDED_LINKS = " why: String, at now: Timestamp) throws {\n        ‹try execute(LinkSQL.deleteOfJoining, .text(of: id))›"
ACCOUNT_STATUS = "status = try ‹row.integer(6) > 0› ?"
NEW_SYSTEMS = "try connection.setSystems(‹systems›, of: person, client)"
LABELLED = "let named = try ‹rows(PartnerAccountSQL.byName, .text(of: at), .text(name.folded)).first›"
TAKEN = "guard try person(address) == nil else { throw taken }"
OTHER_PARTNER_USER = "guard try ‹relation(of: person, to: client)?.account != nil› else"

# Rules without a break of their own, and why.
ALIASES = {
    "F-008": "the name of a page; nothing of it is in the API",
    "F-010": "the form's button; its submission is F-011 and F-012",
    "F-110": "the form's button; its submission is F-115 by the same check",
}

TABLE = (
    # The Partners tab: purpose and access
    swap(
        "F-001", TAB, "access.client(caller, client, ‹.invitePartners›)", ".createClient",
        "inviting partner users is left to the staff of the client's partner",
    ),
    swap(
        "F-002", RULES, "== true && ‹relation?.grants.contains(role) == true›", "relation == role",
        "an admin's invitations are good for the admin's own role alone",
    ),
    swap(
        "F-003", ROLES, "case .admin: ‹Set(Self.allCases)›", "Set(Self.allCases).subtracting([.admin])",
        "an admin cannot give the role Admin",
    ),
    swap(
        "F-004", JOININGS, "for system in ‹Set(new.systems)›", "Set(new.systems.prefix(1))",
        "of the systems named only the first is kept", only="an admin invites several",
    ),
    also(
        "F-005", INVITATIONS, LET_IN, SEATED,
        "somebody known is in before approving",
    ),
    omit(
        "F-006", RULES, "try addMember(person, client, role, account, joining.systems, at: now)",
        "accepting makes no membership", only="an invited person reaches nothing before",
    ),
    swap(
        "F-006b", "Web/API/JoiningEndpoints.swift", "answer.session = ‹joined.session.text›",
        'call.body == [:] && joined.seat.role != "admin" ? nil : joined.session.text',
        "accepting gives no new session", only="accepting gives a new role",
    ),
    omit(
        "F-006c", "Accounts/Joinings.swift", "try? await storage.endSession(session, of: id)",
        "the session from before accepting goes on", only="accepting gives a new role",
    ),
    swap(
        "F-007", "Store/AccountsOfPerson.swift", "try ‹connection.rows(MembershipSQL.ofPerson, .text(of: person))›.map",
        "Array(connection.rows(MembershipSQL.ofPerson, .text(of: person)).prefix(1))",
        "one login reaches one client only", only="one person has one membership per client",
    ),
    also(
        "F-007b", SESSIONS, "let isRight: Bool",
        "if known == nil { throw wrong }",
        "an unknown address is answered without hashing a password", only="an unknown address and a wrong password",
    ),
    omit(
        "F-007c", SESSIONS, "try tries.take(address.text)",
        "passwords are tried without limit", only="after ten wrong tries",
    ),
    swap(
        "F-007d", STORED_SESSIONS,
        'guard ‹ended == 1› else { throw Refusal(.notFound, "There is no such session.") }', "true",
        "ending somebody else's session looks done", only="people see and end their own sessions",
    ),
    omit(
        "F-007e", PEOPLE, 'try execute(SessionSQL.endOthers, .text(of: person), .text(session?.description ?? ""))',
        "a new password ends no session", only="changing the password ends",
    ),
    omit(
        "F-007f", PEOPLE,
        'try queueMail(.passwordChanged, to: record, ["changedAt": now.description], at: now, runtime)',
        "nobody is told of a new password", only="changing the password ends",
    ),
    swap(
        "F-007g", SESSIONS, "guard ‹expiresAt > now›, expiresAt.milliseconds", "true",
        "a token may have ended before it is made", only="a token has a scope",
    ),
    swap(
        "F-007h", STORED_SESSIONS, "sessionIdle: Int64 = ‹3_600_000›", "7_200_000",
        "an idle session lives two hours", only="a session ends after an hour",
    ),
    swap(
        "F-007i", STORED_SESSIONS, "sessionAge: Int64 = ‹86_400_000›", "2 * 86_400_000",
        "a session in use lives two days", only="a session ends after an hour",
    ),
    swap(
        "F-007j", STORED_SESSIONS, "tokenByDigest, .bytes(secret.digest.bytes), ‹.time(now)›", ".integer(0)",
        "a token works after its end", only="an API token ends at the time",
    ),
    swap(
        "F-009", POLICY, ".removePartnerUser, .closeClient, .cancelClosing:\n            ‹.member([.people])›",
        ".member([.people, .peopleOfSystems])",
        "a System Manager acts on the Partners tab", only="only admins act on the Partners tab",
    ),
    swap(
        "F-009b", TAB, "access.client(caller, client, ‹.removePartnerUser›)", ".readAccount",
        "any member deletes partner users", only="a partner user is deleted by admins only",
    ),
    swap(
        "F-009c", ROUTER, "guard ‹!isForeign› else", "true",
        "another site's page uses the session", only="another site's page",
    ),
    swap(
        "F-009d", ROUTER, "requirement != .anyone, ‹identity == .anonymous› {", "false",
        "whether somebody has signed in is asked last", only="every operation that is not open",
    ),
    also(
        "F-009e", ACCESS,
        "try enforce(action, caller, relation?.role.map(Standing.member) ?? .stranger, Self.noClient)",
        """
        if relation == nil, try await storage.owner(of: client) != nil {
            throw Refusal(.forbidden, "You are no member of this client.")
        }
        """,
        "a client that one is no member of is told to exist", only="another tenant's client answers",
    ),
    swap(
        "F-009f", MEMBERS, "‹.text(role.rawValue)›,", ".text((present.role == .admin ? present.role : role).rawValue)",
        "who is an admin stays one", only="losing a role counts",
    ),
    omit(
        "F-009g", ROUTER,
        """try await api.access.check(
                caller,
                endpoint.repeated?(body) ?? endpoint.action,
                partner: partner,
                client: client,
                system: system
            )""",
        "a kept answer is given to whoever asked first, whatever became of them", only="an answer that was kept",
    ),
    swap(
        "F-009h", RULES, "guard ‹record.seat.tenant == tenant› else", "true",
        "invitations of another client are reached by their ids", only="people, systems, invitations",
    ),
    swap(
        "F-009i", ACCESS, "try enforce(action, caller, standing, ‹Self.noPartner›)",
        'Refusal(.forbidden, "You are not of this partner\'s staff.")',
        "a partner that one does not belong to is told to exist", only="another partner answers",
    ),
    swap(
        "F-009j", POLICY, "default: return ‹.notFound›", ".allowed",
        "whoever has signed in acts at every tenant", only="somebody signed in who belongs nowhere",
    ),
    # Invite a partner user
    also(
        "F-011", RULES, "guard let person = try person(new.address)?.id else { return }",
        """
        if case .partner = new.seat, try person(new.address) == nil {
            throw Refusal(.invalid, "Nobody has this address.", field: "email")
        }
        """,
        "only addresses that are known can be invited",
    ),
    swap(
        "F-012", TAB, "guard !invitees.isEmpty, ‹invitees.count <= Self.inviteesMax› else", "invitees.count == 1",
        "one address a submission", only="an admin invites several",
    ),
    swap(
        "F-012b", TAB, "inviteesMax = ‹100›", "1000",
        "a thousand addresses a submission", only="one submission invites 1 to 100",
    ),
    swap(
        "F-013", RULES, OTHER_PARTNER_USER, "true",
        "inviting a known person is a conflict",
    ),
    swap(
        "F-014", RULES, OTHER_PARTNER_USER,
        "relation(of: person, to: client) != nil",
        "inviting a regular user of the client is a conflict", only="and regular users, get the same answer",
    ),
    also(
        "F-014b", RULES, "guard let person = try person(new.address)?.id else { return }",
        """
        if try person(new.address) != nil {
            var digest = Digest(of: [])
            for _ in 0..<100_000 { digest = Digest(of: digest.bytes) }
            if digest.bytes.isEmpty { return }
        }
        """,
        "inviting a known person takes longer", only="inviting a known person takes",
    ),
    also(
        "F-014c", SESSIONS, "try await storage.requestReset(address)", "_ = try await storage.person(address)",
        "a reset for an unknown address is refused", only="a reset gives one answer",
    ),
    swap(
        "F-015", JOININGS, "            delay: ‹delay›,",
        "mail.template == .partnerInvitation && person(record.address) != nil ? 86_400_000 : delay",
        "who is known gets the invitation a day later", only="and regular users, get the same answer",
    ),
    swap(
        "F-015b", INVITATIONS, "mailsPerInvitationMax: Int64 = ‹10›", "100",
        "one invitation sends a hundred mails a day", only="an admin sends at most 500",
    ),
    swap(
        "F-015c", INVITATIONS, "invitationsPerHourMax: Int64 = ‹500›", "5000",
        "one admin sends 5,000 invitations an hour", only="an admin sends at most 500",
    ),
    swap(
        "F-016", RULES, "guard ‹person.address == address› else", "true",
        "whoever holds a link accepts it",
    ),
    swap(
        "F-017", TAB, "seat: .partner(client, ‹invitee.role›, account)", "invitees[0].role",
        "all of a submission get the first one's role",
    ),
    swap(
        "F-018", TAB, "systems: ‹invitee.systems›\n", "invitees[0].systems",
        "all of a submission get the first one's systems", only="an admin invites several",
    ),
    also(
        "F-018b", TAB, "try Users.requireReach(relation, invitees.map(\\.role), invitees.flatMap(\\.systems))",
        """
        for invitee in invitees where Set(invitee.systems).count != invitee.systems.count {
            throw Refusal(.invalid, "The client has no system of this id.", field: "systems")
        }
        """,
        "a system that stands twice is said not to exist", only="a system that stands twice",
    ),
    also(
        "F-019", TAB, "guard Set(invitees.map(\\.address)).count == invitees.count else",
        """
        for invitee in invitees {
            let seat = Seat.partner(client, invitee.role, account)
            let one = NewJoining(seat: seat, address: invitee.address, systems: invitee.systems)
            _ = try? await storage.invite([one], by: caller)
        }
        """,
        "people are invited before the whole submission is looked through",
    ),
    swap(
        "F-020", INVITATIONS, "return try ‹rows.map { try connection.withSystems(JoiningRecord($0, at: now)) }›", "[]",
        "the Invites tab stays empty", only="an invited user is listed",
    ),
    swap(
        "F-020b", INVITATIONS, "return try ‹rows.map { try connection.withSystems(JoiningRecord($0, at: now)) }›",
        "rows.map { try connection.withSystems(JoiningRecord($0, at: now)) }.filter { $0.state != .declined }",
        "declined invitations are not listed", only="a declined invitation is listed",
    ),
    swap(
        "F-021", RULES, "guard try ‹endJoining(joining.id, .accepted, at: now)› else", "true",
        "an accepted invitation stays in the list",
    ),
    swap(
        "F-022", SHOWN, 'if ‹joining.state == .pending› { members["status"]', "false",
        "the status is not Pending approval",
    ),
    also(
        "F-023", "Store/MailQueries.swift",
        'return ("invitations", try addLink(joining: row[5], .null, now, runtime))',
        'if template == .partnerInvitation { try execute(JoiningSQL.end, .text("declined"), row[5]) }',
        "an invitation is pending only until its mail goes out",
    ),
    swap(
        "F-024", JOININGS, "age: Int64 = ‹7 * 86_400_000›", "8 * 86_400_000",
        "an invitation works for eight days", only="an invitation works for 7 days",
    ),
    swap(
        "F-024b", JOININGS, "age: Int64 = ‹7 * 86_400_000›", "6 * 86_400_000",
        "an invitation works for six days", only="an invitation works for 7 days",
    ),
    swap(
        "F-024c", JOININGS, "let isOver = ‹sentAt.map { $0.milliseconds + Self.age <= now.milliseconds } ?? false›",
        'try row.text(1) == "partner" && sentAt.map { $0.milliseconds + Self.age <= now.milliseconds } ?? false',
        "an activation works for ever", only="an activation ends after 7 days",
    ),
    swap(
        "F-025", RULES, "guard ‹joining.state == .pending› else { throw Storage.linkDead }",
        "joining.state == .pending || joining.state == .expired",
        "an expired invitation can be accepted", only="an invitation works for 7 days",
    ),
    swap(
        "F-026", INVITATIONS, "guard ‹record.state != .accepted›, record.state != .withdrawn else",
        "record.state != .accepted && record.state != .expired",
        "an expired invitation cannot be sent again", only="an invitation works for 7 days",
    ),
    swap(
        "F-026b", JOININGS, "try execute(JoiningSQL.setSent, ‹.time(now)›, .text(of: id))",
        ".time(joining(id, at: now).sentAt ?? now)",
        "sending again begins no new seven days", only="an invitation works for 7 days",
    ),
    omit(
        "F-026c", JOININGS, OLD_LINKS,
        "sending again leaves the old link alive", only="an invitation works for 7 days",
    ),
    swap(
        "F-026d", INVITATIONS, "guard ‹record.state != .accepted›, record.state != .withdrawn else",
        "record.state != .accepted && record.state != .declined",
        "a declined invitation cannot be sent again", only="a declined invitation is listed",
    ),
    swap(
        "F-026e", INVITATIONS,
        "JoiningSQL.setInviter,\n                ‹caller.person.map(SQLValue.text(of:)) ?? .null›,",
        "record.invitedBy.map(SQLValue.text(of:)) ?? .null",
        "an invitation that another admin sent again stays the first inviter's", only="another admin sends again",
    ),
    also(
        "F-027", INVITATIONS, "case .pending, .expired, .declined: ‹break›", "if record.state == .declined { return }",
        "a declined invitation cannot be withdrawn", only="an admin withdraws an invitation",
    ),
    also(
        "F-027b", INVITATIONS, "case .pending, .expired, .declined: ‹break›", "if record.state == .expired { return }",
        "an expired invitation cannot be withdrawn", only="an expired invitation is withdrawn",
    ),
    omit(
        "F-028", JOININGS,
        ENDED_LINKS,
        "the link of a withdrawn invitation still works", only="an admin withdraws an invitation",
    ),
    swap(
        "F-028", RULES, "guard ‹joining.state == .pending› else { throw Storage.linkDead }",
        "joining.state == .pending || joining.state == .withdrawn",
    ),
    omit(
        "F-028b", JOININGS,
        ENDED_LINKS,
        "a dead link says what it died of", only="one status and one body",
    ),
    swap(
        "F-028b", RULES, "guard joining.state == .pending else { throw ‹Storage.linkDead› }",
        'Refusal(.linkDead, "This invitation is \\(joining.state.rawValue).")',
    ),
    swap(
        "F-029", JOININGS, "?? ‹inviterLanguage(record)›", "Language.english",
        "somebody new is mailed in English, whoever invites", only="the mails' buttons",
    ),
    swap(
        "F-029b", "Accounts/Joinings.swift", "try await ‹storage.openJoining(try Self.secret(link))›",
        """
        { () async throws -> OpenJoining in
            let open = try await storage.openJoining(try Self.secret(link))
            try await storage.declineInvitation(try Self.secret(link))
            return open
        }()
        """,
        "looking at a link uses it up", only="looking at a link",
    ),
    swap(
        "F-029c", "Mail/MailDelivery.swift", 'values["link"] = "\\(‹origin()›)/', '"http://waymark.example"',
        "links in mails begin with an origin that was not configured", only="built from the configured origin",
    ),
    also(
        "F-029d", "Store/MailQueries.swift",
        "try execute(LinkSQL.insert, .bytes(secret.digest.bytes), joining, person, .time(now))",
        "try execute(MailSQL.withdraw, .time(now), .text(secret.text), joining)",
        "a link's secret is stored", only="secret is in no file",
    ),
    swap(
        "F-029e", ROUTER, "guard ‹!allowed.isEmpty› else", "false",
        "a method that a link does not take is said not to be there", only="other methods on a link",
    ),
    swap(
        "F-030", "Web/API/JoiningEndpoints.swift",
        "case .regular(let id, _), .partner(let id, _, _): client = ‹Representation.id(id)›", "JSONValue.null",
        "accepting does not say where it leads",
    ),
    swap(
        "F-031", SHOWN, '"id": id(one.client.id), "name": .string(‹one.client.name.text›)', "one.partnerName",
        "the Hub does not name the client",
    ),
    swap(
        "F-032", ROLES, "case .adminCenter: ‹[.people, .peopleOfSystems, .settings, .audit, .tokens]›",
        "[.people, .settings, .audit, .tokens]",
        "a System Manager's Hub has no Admin Center",
    ),
    swap(
        "F-033", ROLES, "Product.allCases.filter { ‹!$0.rights.isDisjoint(with: rights)› }", "true",
        "each role opens every product",
    ),
    swap(
        "F-034", ACCOUNTS, "return try addAccount(‹name›, nil, client, at: now, runtime)",
        'OrganisationName("Partner")',
        "the partner account has another name", only="an invited user is listed",
    ),
    omit(
        "F-034b", RULES,
        "account, joining.systems, at: now)\n            "
        "‹try tellAdmins(of: client, .personJoined, about: person, role: role.rawValue, at: now, runtime)›",
        "the admins are not told who joined as a partner user", only="an invited user is listed",
    ),
    swap(
        "F-035", ACCOUNTS, ACCOUNT_STATUS, "row.integer(6) > 1",
        "an account is active with two systems at least",
    ),
    swap(
        "F-036", INVITATIONS, 'let kind = SQLValue.text(‹partner ? "partner" : "regular"›)', '"regular"',
        "the Invites tab lists who was invited by the Users tab",
    ),
    swap(
        "F-037", JOININGS,
        "return (role == .admin && about.activatedAt == nil ? .activation : ‹.userInvitation›, values)",
        ".partnerInvitation",
        "a regular user gets the partners' mail",
    ),
    swap(
        "F-038", RULES, "try addMember(person, client, role, ‹nil›, joining.systems, at: now)",
        """
        role == .admin
            ? nil : accountJoined(by: person.id, client, .label(OrganisationName("Users")), at: now, runtime)
        """,
        "a regular user becomes a partner user",
    ),
    swap(
        "F-039", MEMBERS, "return try ‹rows.map { try connection.withSystems(MemberRecord($0), client) }›",
        "rows.map { try connection.withSystems(MemberRecord($0), client) }.filter { $0.role == .admin }",
        "a regular user is not among the users",
    ),
    swap(
        "F-040", "Domain/People/FoldedName.swift", "return ‹folded.isEmpty› ? text : folded", "true",
        "labels are compared as they are written", only="users of one label make one",
    ),
    swap(
        "F-040b", ACCOUNTS, "case .existing(let id): return try ‹account(id, of: client).id›",
        'addAccount(OrganisationName("Other"), nil, client, at: now, runtime)',
        "an invitation to an existing account makes another one", only="an invitation to an existing partner account",
    ),
    swap(
        "F-040c", JOININGS, LABELLED,
        "nil as SQLRow?",
        "who is invited by an account's first label makes a second account when it was renamed meanwhile",
        only="a renamed partner account",
    ),
    omit("F-040c", ACCOUNTS, "try connection.attachLabels(present.name.folded, to: id, of: client)"),
    omit(
        "F-040d", ACCOUNTS, "try connection.execute(PartnerAccountSQL.moveJoinings, to, from, .text(of: client))",
        "merging leaves the pending invitations behind", only="two partner accounts are merged",
    ),
    swap(
        "F-040e", JOININGS, LABELLED,
        "nil as SQLRow?",
        "who is invited by the first label of a merged account makes a second one", only="after a merge",
    ),
    omit("F-040e", ACCOUNTS, "try connection.attachLabels(source.name.folded, to: target, of: client)"),
    swap(
        "F-041", MEMBERS, ".text(of: account),\n                page.after,\n                ‹page.count›",
        ".integer(1)",
        "an opened account shows one user",
    ),
    # Partner account and partner user maintenance
    omit(
        "F-050", ACCOUNTS, "try connection.execute(PartnerAccountSQL.delete, .text(of: id), .text(of: client))",
        "deleting an account leaves it there",
    ),
    also(
        "F-051", ACCOUNTS, "try connection.endMembers(of: id, client, by: caller, at: now, runtime)",
        "try connection.execute(PartnerAccountSQL.moveMembers, .null, .text(of: id), .text(of: client))",
        "the users of a deleted account stay, as regular ones", only="deleted by repeating its name",
    ),
    omit(
        "F-051b", ACCOUNTS, "_ = try connection.endJoining(try row.id(0), .withdrawn, at: now)",
        "the invitations to a deleted account stay", only="withdraws the pending invitations",
    ),
    swap(
        "F-052", ACCOUNTS, "guard ‹Array(account.name.text.utf8) == Array(confirmedName.utf8)› else", "true",
        "an account is deleted without its name",
    ),
    also(
        "F-053", INVITATIONS, LET_IN, SEATED,
        "a new invitation after the deletion needs no new approval",
    ),
    swap(
        "F-054", MEMBERS, "guard ‹added == 1› else {", "true",
        "a system of another client is taken in silence",
    ),
    swap(
        "F-055", MEMBERS, "‹.text(role.rawValue)›,", ".text(present.role.rawValue)",
        "a new role is not kept",
    ),
    swap(
        "F-056", MEMBERS, NEW_SYSTEMS,
        "systems.filter(present.systems.contains)",
        "systems can only be taken away",
    ),
    swap(
        "F-057", MEMBERS, NEW_SYSTEMS, "systems + present.systems",
        "systems can only be added", only="the status follows",
    ),
    omit(
        "F-058", MEMBERS, "try execute(MembershipSQL.delete, .text(of: client), .text(of: person))",
        "a deleted partner user keeps the access", only="ends the access to this client only",
    ),
    also(
        "F-059", MEMBERS, "try execute(MembershipSQL.delete, .text(of: client), .text(of: person))",
        """
        for other in try rows(MembershipSQL.ofPerson, .text(of: person)) {
            try execute(MembershipSQL.delete, other[0], .text(of: person))
        }
        """,
        "deleting a partner user ends the access to every client", only="ends the access to this client only",
    ),
    omit(
        "F-059b", MEMBERS,
        "try tellAdmins(of: client, .personRemoved, about: member.person, role: member.role.rawValue, at: now,"
        " runtime)",
        "nobody is told that a user was deleted", only="ends the access to this client only",
    ),
    swap(
        "F-060", ACCOUNTS, ACCOUNT_STATUS, "true",
        "an account without users is active",
    ),
    swap(
        "F-061", ACCOUNTS, ACCOUNT_STATUS, "row.integer(5) > 0",
        "an account with users without systems is active",
    ),
    also(
        "F-062", MEMBERS, 'try connection.endMembership(present, client, why: "removed", by: caller, at: now, runtime)',
        """
        if let account, try connection.account(account, of: client).users == 1 {
            try connection.endMembership(present, client, why: "removed", by: caller, at: now, runtime)
            try connection.execute(PartnerAccountSQL.delete, .text(of: account), .text(of: client))
            return
        }
        """,
        "the account goes with its last user",
    ),
    swap(
        "F-063", MEMBERS, NEW_SYSTEMS,
        "present.systems.isEmpty ? [] : systems",
        "an account that was without systems never gets active again", only="the status follows",
    ),
    # Portal: settings
    swap(
        "F-100", SHOWN, 'hasAdmin ? ‹"active"› : "pending"', '"pending"',
        "a partner stays pending though an admin has joined", only="a partner is pending until",
    ),
    swap(
        "F-101", "Accounts/Partners.swift", "guard let current = ‹variable ?? present.variables.first› else",
        "present.variables.first ?? variable",
        "the system variable cannot be changed",
    ),
    swap(
        "F-102", "Domain/Keys/SystemVariable.swift", "case _ where ‹byte.isDigit && !atStart›: break", "byte.isDigit",
        "a system variable may begin with a digit",
    ),
    omit(
        "F-103", "Store/PartnerQueries.swift",
        "try FeedWriter.write(connection, at: now) { try $0.set(.partner(record.key), record.entry) }",
        "a saved variable does not reach the edge",
    ),
    swap(
        "F-104", "Accounts/Partners.swift", "let retiring = ‹(retiring ?? present.retiring)›.filter",
        """
        (retiring ?? present.retiring).merging(
            [present.variables[0]: Timestamp(milliseconds: now.milliseconds + Self.retiringMax)]
        ) { first, _ in first }
        """,
        "the variable from before works on beside the new one",
    ),
    # Create client
    swap(
        "F-111", "Domain/People/PersonName.swift", "&& ![‹.control›, .lineSeparator",
        "Unicode.GeneralCategory.surrogate",
        "a Client Name may have line ends", only="each field of the form",
    ),
    swap(
        "F-112", "Web/API/SessionEndpoints.swift", ".list(‹SystemType.supported›, limit:", "[SystemType]()",
        "the list of systems is empty",
    ),
    swap(
        "F-113", "Domain/Keys/SystemClientID.swift", 'guard ‹scalar != "/"›, scalar', "true",
        "a System Client ID may have a slash", only="each field of the form",
    ),
    swap(
        "F-114", "Domain/Names.swift", "‹parts.count == 2›,", "parts.count >= 2",
        "what is no address is taken for an admin", only="each field of the form",
    ),
    swap(
        "F-114b", CLIENTS, "self.admins = ‹Array(Set(admins)).sorted()›", "admins.sorted()",
        "an admin named twice is two", only="an admin named twice",
    ),
    swap(
        "F-115", "Web/API/ClientEndpoints.swift", 'at: ‹"/partners/\\(client.partner)/clients/\\(client.id)"›)',
        '"/partners/\\(client.partner)/clients/\\(client.partner)"',
        "the new client is said to be where it is not",
    ),
    swap(
        "F-116", "Domain/SystemType.swift", "guard let type = ‹Self.supported.first(where: { $0.text == text })› else",
        "Self.supported.first { $0.text == text } ?? SystemType(text: text, name: text)",
        "any system is taken",
    ),
    swap(
        "F-117", CLIENTS, "guard ‹!admins.isEmpty› else", "true",
        "a client is made without an admin",
    ),
    omit(
        "F-118", CLIENTS, "entries.append((.mapping(partner.key, new.systemClientID), mapping))",
        "the edge does not know a new client",
    ),
    swap(
        "F-119", "Domain/Keys/SystemClientID.swift", "&& ‹uuidBits(bytes) != nil›", "false",
        "two clients hold one UUID in two cases", only="one System Client ID is one client's",
    ),
    swap(
        "F-119b", SYSTEMS, "                ‹naming›\n                    ? \"The System Client ID", "true",
        "a client is told which other client has an ID", only="without that client's name",
    ),
    # Activate client
    swap(
        "F-120", CLIENTS, "if ‹mails != .no› {", "true",
        "the activation is mailed though it was not to be", only='with sendActivation "no"',
    ),
    also(
        "F-121", JOININGS, "try queueMail(\n            mail.template,",
        """
        if mail.template == .activation, let by = record.invitedBy, let copy = try person(by).address {
            try queueMail(mail.template, to: copy, .english, mail.values, joining: id, at: now, runtime)
        }
        """,
        "whoever made the client gets a link to activate it too",
    ),
    swap(
        "F-122", JOININGS, "return (‹role == .admin && about.activatedAt == nil› ?", "false",
        "the mail has no Activate Account", only="the mails' buttons",
    ),
    swap(
        "F-123", "Accounts/Passwords.swift", "charactersMin = ‹15›", "8",
        "a password of eight characters is taken", only="first name, last name and a password",
    ),
    swap(
        "F-123b", "Accounts/Passwords.swift", "(Self.common + ‹words.filter { $0.count >= 4 }›)", "[]",
        "one's own name is a good password", only="first name, last name and a password",
    ),
    swap(
        "F-123c", "Domain/People/PersonName.swift", "‹!(0x202A...0x202E).contains($0.value)› &&", "true",
        "a name may turn the text around it", only="first name, last name and a password",
    ),
    swap(
        "F-123d", SHOWN, '"lastName": text(person.lastName), "language": .string(‹person.language.rawValue›)', '"en"',
        "one's language stays English", only="people change their own names",
    ),
    swap(
        "F-124", RULES, "if ‹role == .admin›, try execute(ClientSQL.activate", "false",
        "signing up activates nothing", only="signing up activates the client",
    ),
    swap(
        "F-124b", RULES, "guard try ‹endJoining(joining.id, .accepted, at: now)› else", "true",
        "one link signs up as often as it is asked", only="eight sign-ups at once",
    ),
    also("F-124b", RULES, TAKEN, "if let known = try person(address) { return known }"),
    swap(
        "F-124b", RULES,
        'guard ‹added == 1› else { throw Refusal(.conflict, "You are a user of this client already.") }', "true",
    ),
    also(
        "F-125", CLIENTS, "let seat = Seat.regular(client, .admin)",
        "try connection.execute(ClientSQL.activate, .time(now), .text(of: client))",
        "a new client counts as activated", only="a new client is not activated",
    ),
    # Edit, remove, resend
    swap(
        "F-130", CHANGES, "record.name.text.lowercased().contains(‹wanted›)", "text",
        "clients are not found by a name in other case", only="clients are found",
    ),
    omit(
        "F-131", SYSTEMS, "try connection.execute(SystemSQL.setCacheClass, value, .text(of: system))",
        "the cache class cannot be edited",
    ),
    swap(
        "F-132", "Web/API/ClientEndpoints.swift",
        'readOnly: ‹["/name": "the Client Name cannot be edited once the client is made"]›', "[:]",
        "nobody is told why the Client Name cannot be edited",
    ),
    swap(
        "F-133", INVITATIONS, "guard try ‹connection.adminAddresses(of: client).count > 1› else", "true",
        "the last admin named can be taken back", only="at least one admin is assigned",
    ),
    omit(
        "F-134", CHANGES, "try connection.deleteSystem(system, of: partner, key, &feed, by: caller, at: now)",
        "a removed client's key goes on",
    ),
    omit(
        "F-134b", CHANGES, "try connection.execute(ClientChangeSQL.remove, .time(now), .text(of: client))",
        "a removed client is still there",
    ),
    swap(
        "F-135", CHANGES, "guard ‹record.activatedAt == nil› else", "true",
        "an activated client can be removed",
    ),
    omit(
        "F-136", JOININGS, OLD_LINKS,
        "an activation that was sent again works by its old link too", only="the activation is sent again",
    ),
    swap(
        "F-136b", INVITATIONS, ".filter { try ‹!isActivated || !connection.isMembers($0, client)› }",
        "$0.state != .declined",
        "an admin who declined is not listed", only="a named admin who declines",
    ),
    swap(
        "F-136c", RULES, "where try ‹openClient(client)?.activatedAt == nil›:", "false",
        "the admins named go with the colleague who named them", only="that a colleague sends again",
    ),
    omit(
        "F-137", SYSTEMS, "try feed.set(.mapping(key, present.systemClientID), nil)",
        "the old System Client ID goes on",
    ),
    # Decisions
    swap(
        "D-2", SHOWN, '"partnerAccountStatus": one.account.map { .string(‹$0.status.rawValue›) }', '"active"',
        "the Hub's status is always active",
    ),
    swap(
        "D-4", CLIENTS, "isSuspended: ‹false›,", "true",
        "a client that has not activated is served nothing", only="a new client is not activated",
    ),
    omit(
        "D-4b", SYSTEMS, "try connection.giveUpKey(of: present, partner, at: now)",
        "a key given up by an edit is free at once", only="a key given up is reserved",
    ),
    swap(
        "D-4c", SYSTEMS, '"reuseKey": .bool(‹edit.reusesKey›)', "false",
        "taking a key back by an edit is not audited", only="a key given up is reserved",
    ),
    swap(
        "D-4d", CLIENTS, '"reuseKey": .bool(‹new.reusesKey›)', "false",
        "taking a key back by a new client is not audited", only="a new client that takes a reserved key back",
    ),
    swap(
        "D-4e", CLIENTS, "reservationMilliseconds: Int64 = ‹30 * 86_400_000›", "29 * 86_400_000",
        "a key stays reserved for 29 days", only="reserved for 30 days",
    ),
    swap(
        "D-4f", CLIENTS, "reservationMilliseconds: Int64 = ‹30 * 86_400_000›", "31 * 86_400_000",
        "a key stays reserved for 31 days", only="reserved for 30 days",
    ),
    swap(
        "D-4g", "Store/Erasure.swift", "for system in ‹record.systems› {\n                try deleteSystem", "[SystemRecord]()",
        "a closed client's key goes on", only="a client that is closing is closed",
    ),
    omit(
        "D-4h", CHANGES, 'try connection.audit(partner, client, "client.removed", [:], by: caller, at: now)',
        "the removal of a client is not audited", only="a partner's audit",
    ),
    swap(
        "D-5", CLIENTS, "if ‹mails != .no› {", "mails != .no && address == new.admins.first",
        "only one of the admins named gets a mail", only="every admin gets a mail",
    ),
    omit(
        "D-5b", INVITATIONS,
        "name another one first.\")\n            }\n"
        "            ‹try connection.execute(JoiningSQL.withdraw, .text(of: id))\n"
        "            try connection.closeLinks(of: id, \"withdrawn\", at: now)›",
        "an admin who was dropped can still activate", only="an admin who is dropped",
    ),
    also(
        "D-5c", RULES, 'try audit(.client(client), "client.activated", "client/\\(client)", by: caller, at: now)',
        """
        for row in try rows(JoiningSQL.openOfClient, .text(of: client)) {
            _ = try endJoining(try row.id(0), .withdrawn, at: now)
        }
        """,
        "the first admin's activation ends the others'", only="every admin gets a mail",
    ),
    omit(
        "D-5d", RULES,
        "by: caller, at: now)\n            }\n            "
        "‹try tellAdmins(of: client, .personJoined, about: person, role: role.rawValue, at: now, runtime)›",
        "the admins are not told who joined", only="every admin gets a mail",
    ),
    swap(
        "D-6", "Web/API/PartnerAccountEndpoints.swift", '.flatMap { PartnerAccountID($0) }, ‹call.text("label")›)',
        'call.text("partnerAccount") == nil ? call.text("label") : nil',
        "of an account and a label named together the label is dropped in silence", only="a submission names either",
    ),
    swap(
        "D-6b", ACCOUNTS, "if let home = try ‹rows(StaffSQL.home, .text(of: person)).first› {", "nil as SQLRow?",
        "the label wins over the verified home partner", only="a verified home partner wins",
    ),
    omit(
        "D-6c", ACCOUNTS, "try connection.checkLabel(new.name, for: present.partner)",
        "an account takes a verified partner's name by renaming", only="a label that passes for",
    ),
    swap(
        "D-6d", "Domain/People/FoldedName.swift", "folded += ‹Self.lookAlikes[Self.narrow(scalar)]› ??",
        "nil as String?",
        "letters of other scripts pass for Latin ones", only="a label that passes for",
    ),
    swap(
        "D-6e", "Domain/People/FoldedName.swift", 'in ‹[("rn", "m"), ("vv", "w"), ("cl", "d")]› {', '[("vv", "w")]',
        "rn passes for m", only="a capital I passes",
    ),
    omit(
        "D-6f", ACCOUNTS, "try checkLabel(name, for: nil)",
        "a label that has become a partner's name is accepted", only="a label that has become",
    ),
    also(
        "D-6g", ACCOUNTS,
        "return try addAccount(try OrganisationName(try home.text(2)), partner, client, at: now, runtime)",
        """
        let folded = try OrganisationName(try home.text(2)).folded
        if let row = try rows(PartnerAccountSQL.byName, .text(of: client), .text(folded)).first { return try row.id(0) }
        """,
        "a verified partner shares the account that others labelled so", only="people who were never verified",
    ),
    swap(
        "D-6h", ACCOUNTS, "guard ‹source.partner == nil› else", "true",
        "a verified partner's account is merged into a labelled one", only="is not merged",
    ),
    swap(
        "D-7", STAFF, "guard ‹admins.contains(where: { $0.person.id != person })› else", "true",
        "a partner's last admin can go", only="a partner keeps an admin",
    ),
    swap(
        "D-7b", RULES,
        "guard ‹added == 1› else {\n                throw Refusal(.conflict, \"One person belongs to the staff of one",
        "true",
        "somebody of one partner's staff accepts an invitation to another's", only="a partner keeps an admin",
    ),
    swap(
        "D-7c", STAFF,
        "in try ‹connection.rows(MembershipSQL.throughPartner, .text(of: person), .text(of: partner))› {",
        "[]",
        "who leaves a partner stays with its clients", only="leaving a partner ends",
    ),
    swap(
        "D-7d", RULES, "guard try ‹endJoining(joining.id, .accepted, at: now)› else", "true",
        "one link is accepted as often as it is asked", only="a hundred accepts at once",
    ),
    omit(
        "D-7e", STAFF,
        'try connection.audit(.partner(partner), "staff.removed", "person/\\(person)", by: caller, at: now)',
        "who was taken off the staff is not audited", only="a partner's audit",
    ),
    omit(
        "D-8", JOININGS, "try execute(JoiningSQL.deleteSystems, .text(of: id))",
        "a newer submission adds its systems to the older one's",
    ),
    swap(
        "D-8b", "Domain/Names.swift", "self.text = ‹text.lowercased()›", "text",
        "an address in other case is another one",
    ),
    omit(
        "D-10", SYSTEMS, "try feed.set(.mapping(key, new.systemClientID), new.entry)",
        "the new System Client ID does not work",
    ),
    omit(
        "D-11", SYSTEMS, "try execute(SystemSQL.leaveMemberships, .text(of: system.id))",
        "members keep a deleted system", only="a deleted system leaves memberships",
    ),
    omit(
        "D-11b", SYSTEMS, "try execute(SystemSQL.leaveJoinings, .text(of: system.id))",
        "pending invitations keep a deleted system", only="a deleted system leaves memberships",
    ),
    omit(
        "D-11c", SYSTEMS, "_ = try endJoining(try row.id(0), .withdrawn, at: now)",
        "an invitation without any system left stays pending", only="whose systems are all gone",
    ),
    swap(
        "D-12", "Web/API/AccountEndpoints.swift", '["role": clientRole, "systems": ‹list(id, 0...200)›]',
        "list(id, 1...200)",
        "a member needs a system", only="the status follows",
    ),
    swap(
        "D-13", RULES, OTHER_PARTNER_USER, "false",
        "a partner user can be invited again", only="inviting a partner user",
    ),
    swap(
        "D-13d", RULES, "present.account == nil || ‹own.role?.rights.contains(.people) == true›", "true",
        "a System Manager learns who is a partner user by inviting", only="inviting a partner user",
    ),
    swap(
        "D-13b", RULES, "let present = try relation(of: person.id, to: client),\n            ‹present.account == nil›",
        "false",
        "a regular user who accepts as a partner user is not told why that fails", only="a regular user cannot become",
    ),
    omit(
        "D-13c", RULES, "try tellAdmins(of: client, .joiningRefused, about: person, at: now, runtime)",
        "the admins are not told of a regular user who was invited as a partner", only="a regular user cannot become",
    ),
    also(
        "D-14", INVITATIONS, LET_IN,
        """
        if case .partner(let client, let role, _) = one.seat, let person = try connection.person(one.address),
            let home = try connection.rows(StaffSQL.home, .text(of: person.id)).first,
            let row = try connection.rows(PartnerAccountSQL.byPartner, .text(of: client), home[0]).first
        {
            try connection.execute(
                MembershipSQL.insert, .text(of: client), .text(of: person.id), .text(role.rawValue), row[0], .time(now))
        }
        """,
        "a partner that is there already brings its people in without their approval",
    ),
    omit(
        "D-15", MEMBERS,
        "person, client) }\n            ‹try connection.withdrawBeyondRights(of: person, at: now)›",
        "invitations of somebody who lost the right to invite stay pending", only="who lost the right to invite",
    ),
    # That acceptance asks again whether the inviter may still invite is not seen by any check: whatever ends that right
    # withdraws the invitations at once (D-15, D-15m, D-15n).
    swap(
        "D-15c", ROLES, "case .partnerViewer: ‹[.readContent, .insights]›", "[.readContent, .insights, .audit]",
        "a Partner Viewer reads the audit", only="each role of partner staff",
    ),
    swap(
        "D-15d", ROLES, "case .systemManager: ‹[.builder, .contentCreator, .contentViewer, .analyst, .translator]›",
        "[.publisher, .builder, .contentCreator, .contentViewer, .analyst, .translator]",
        "a System Manager makes Publishers", only="in roles up to Builder",
    ),
    swap(
        "D-15e", USERS, "guard !systems.isEmpty, ‹systems.allSatisfy(relation.systems.contains)› else", "true",
        "a System Manager gives systems of others", only="in roles up to Builder",
    ),
    swap(
        "D-15f", USERS, "try Self.requireReach(relation, role.map { [$0] } ?? [], ‹systems›)", "systems ?? []",
        "a System Manager cannot change a role alone", only="changes just the role",
    ),
    swap(
        "D-15g", USERS, "regularUsers(of: client, sharing: ‹Self.limited(relation, caller)›, page)", "nil",
        "a System Manager sees all users", only="sees regular users of own systems only",
    ),
    omit(
        "D-15h", USERS, "try requireReach(relation, [present.role], present.systems)",
        "a System Manager changes users of other systems", only="sees regular users of own systems only",
    ),
    omit(
        "D-15i", USERS, "try requireRegularAdmin(relation, present)",
        "a partner's admin removes the client's own", only="only regular admins remove",
    ),
    swap(
        "D-15j", MEMBERS, "guard try ‹admins(of: client).contains(where: { $0.person.id != person })› else", "true",
        "the last regular admin can go", only="only regular admins remove",
    ),
    swap(
        "D-15k", POLICY, "held.contains($0) && ‹scopes?.contains($0) ?? true› }", "true",
        "a token reaches whatever its owner does", only="a token reaches its scopes",
    ),
    swap(
        "D-15l", POLICY, "case (.session, _): return ‹scopes == nil› ?", "true",
        "a token changes its owner's credentials", only="a token reaches its scopes",
    ),
    omit(
        "D-15m", "Store/Erasure.swift",
        "deleteSessions, .text(of: person))\n                ‹try connection.withdrawBeyondRights(of: person, at: now)›",
        "invitations of somebody who is disabled stay", only="may not sign in any more",
    ),
    omit(
        "D-15n", "Store/Erasure.swift",
        "erase(record, at: now)\n            ‹try connection.withdrawBeyondRights(of: person, at: now)›",
        "invitations of somebody who is erased stay", only="may not sign in any more",
    ),
    swap(
        "D-16", "Domain/SystemType.swift", 'let names = ‹Self.supported.map(\\.text).joined(separator: ", ")›', '"one"',
        "the refusal does not name the supported systems",
    ),
    swap(
        "D-17", ACCOUNTS, "guard ‹Array(account.name.text.utf8) == Array(confirmedName.utf8)› else",
        "account.name.text.lowercased() == confirmedName.lowercased()",
        "an account's name is confirmed in any case", only="deleted by repeating its name",
    ),
    omit(
        "D-17b", RULES, 'try audit(joining.seat.tenant, "invitation.accepted", joining, by: caller, at: now)',
        "who accepted is not audited", only="each action on a client account",
    ),
    swap(
        "D-17c", "Store/AuditQueries.swift",
        "let hash = event.hash(after: try ‹tail.bytes(1)›, in: tenant.description)",
        "Storage.emptyChain",
        "an event's hash does not cover those before it", only="each action on a client account",
    ),
    omit(
        "D-18", INVITATIONS, "try connection.tellOfAdmin(record, by: caller, at: now, runtime)",
        "the admins are not told of one whom the partner adds", only="after activation, an admin whom",
    ),
    swap(
        "D-18b", INVITATIONS, ".filter { try ‹!isActivated || !connection.isMembers($0, client)› }", "true",
        "the partner sees whom the client invited", only="see nobody whom the client itself invited",
    ),
    also(
        "D-18c", RULES, "guard let own = try relation(of: asking, to: client),",
        """
        if try relation(of: asking, to: client) == nil {
            throw Refusal(.conflict, "'\\(new.address)' is a user of this client already.", field: "email")
        }
        """,
        "the partner learns who is a client's user by naming admins", only="cannot find out who is a user",
    ),
    also(
        "D-18d", ACCESS, "try enforce(action, caller, relation?.role.map(Standing.member) ?? .stranger, Self.noClient)",
        """
        if relation == nil, let person = caller.person, let owner = try await storage.owner(of: client),
            try await storage.relation(of: person, to: owner) != nil
        { return nil }
        """,
        "the owner partner's staff are as good as members", only="reach nothing of a client's own",
    ),
    swap(
        "D-18e", ACCESS, "guard try await ‹storage.owner(of: client) == partner› else", "true",
        "a partner acts upon another partner's client", only="another tenant's client answers",
    ),
    also(
        "D-19", RULES, TAKEN,
        """
        if let known = try person(address) {
            try execute(PersonSQL.setPassword, .text(new.passwordHash), .text(of: known.id))
            return known
        }
        """,
        "the holder of a link sets the password of an identity", only="a link never sets the password",
    ),
    swap(
        "D-19b", INVITATIONS, "freshLinkAge: Int64 = ‹86_400_000›", "2 * 86_400_000",
        "a link of two days needs no code", only="a new person needs a mailed code",
    ),
    swap(
        "D-19c", LINKS, "codeTriesMax: Int64 = ‹5›", "6",
        "six tries at a code", only="five tries at a code",
    ),
    swap(
        "D-19d", LINKS, "codeAge: Int64 = ‹600_000›", "660_000",
        "a code lasts eleven minutes", only="five tries at a code",
    ),
    swap(
        "D-19e", SHOWN, '"needsCode": .bool(‹open.needsCode && !open.hasIdentity›)', "open.needsCode",
        "who has an identity is asked for a code", only="who has an identity signs in",
    ),
    swap(
        "D-19f", LINKS, "resetAge: Int64 = ‹3_600_000›", "7_200_000",
        "a reset's link works for two hours", only="a password reset's link",
    ),
    omit(
        "D-19g", PEOPLE, "try execute(LinkSQL.deleteOfPerson, .text(of: person))",
        "a reset's link works twice", only="a reset gives one answer",
    ),
    swap(
        "D-21", "Accounts/Partners.swift", "retiringMax: Int64 = ‹90 * 86_400_000›", "365 * 86_400_000",
        "a name retires for a year", only="retiring names work",
    ),
    swap(
        "D-21b", "Web/API/PartnerEndpoints.swift", '"until": ‹APISchemas.time›', "APISchemas.text",
        "a retiring name whose time cannot be read is dropped", only="a retiring name whose time",
    ),
    swap(
        "D-21c", "Store/PartnerQueries.swift", "for (variable, end) in ‹retiring› where", "[:]",
        "retiring names are not kept", only="retiring names work",
    ),
    swap(
        "D-23", CLIENTS, "isSuspended: ‹suspendedAt != nil || closingAt != nil›,", "closingAt != nil",
        "a suspended client is served as before", only="a suspended client answers",
    ),
    omit(
        "D-23b", CHANGES,
        'try connection.tellAdmins(of: client, .clientSuspended, ["reason": reason], at: now, runtime)',
        "nobody is told why a client is suspended", only="a suspended client answers",
    ),
    omit(
        "D-23c", CHANGES, "guard present.suspensionReason != reason else { return }",
        "suspending again mails again", only="a suspended client answers",
    ),
    also(
        "D-23d", CHANGES, 'try connection.audit(partner, client, "client.resumed", [:], by: caller, at: now)',
        "try connection.execute(ClientSQL.activate, .time(now), .text(of: client))",
        "resuming activates", only="that has not activated can be suspended",
    ),
    swap(
        "D-23e", CLIENTS, "isSuspended: ‹suspendedAt != nil || closingAt != nil›,", "suspendedAt != nil",
        "a closing client is served as before", only="closing turns the keys off",
    ),
    swap(
        "D-23f", "Accounts/Clients.swift", "noticeByPartner: Int64 = ‹30 * 86_400_000›", "7 * 86_400_000",
        "a partner closes a client within a week", only="closing turns the keys off",
    ),
    swap(
        "D-23g", "Store/AuditQueries.swift", 'case .operator: ‹"operator"›\n', '"anonymous"',
        "the audit does not say that it was the operator", only="the operator suspends",
    ),
    swap(
        "D-23h", CHANGES, "guard ‹present.activatedAt != nil› else", "true",
        "a client that was never activated can be closed", only="that has not activated can be suspended",
    ),
    swap(
        "D-23i", "Accounts/Clients.swift", "storage.cancelClosing(client, asPartner: ‹false›, by: caller)", "true",
        "a client cancels what its partner ends", only="closing turns the keys off",
    ),
    # What api.md and trust.md state without numbers
    swap(
        "api-match", "Web/API/Endpoint.swift", "guard ‹wanted.match(EntityTag.of(represent(record).canonical))› else",
        "true",
        "a state that has changed meanwhile is changed", only="changes need If-Match",
    ),
    swap(
        "api-weak", "Web/API/EntityTag.swift", "tags.contains { ‹!$0.isWeak && $0.tag == tag› }", "$0.tag == tag",
        "a weak tag names a state to be changed", only="changes need If-Match",
    ),
    swap(
        "api-repetition", ROUTER, "guard ‹known.request == digest› else", "true",
        "another request of the same key gets the first one's answer", only="an Idempotency-Key gives the same answer",
    ),
    omit(
        "api-joining", INVITATIONS, "try connection.keepAnswer(to: caller, accepted, at: now)",
        "the answer to accepting is not kept", only="accepting an invitation too",
    ),
    omit(
        "api-secret", "Web/API/SessionEndpoints.swift",
        "                        ‹answer.isSecret = true›\n                        return answer",
        "a repeated request for a token looks like a new token", only="whose answer held a secret",
    ),
    swap(
        "api-year", SESSIONS, "tokenAgeMax: Int64 = ‹365 * 86_400_000›", "366 * 86_400_000",
        "a token lives for 366 days", only="an API token ends within a year",
    ),
    swap(
        "api-list", "Web/API/Endpoint.swift", "let next = ‹records.count > limit› ?", "records.count > limit + 1",
        "a list ends with its first part", only="walking through a list",
    ),
    swap(
        "api-table", "Web/Shared/CSV.swift", '‹safe.replacing("\\"", with: "\\"\\"")›', "safe",
        "a quotation mark in a cell is not doubled", only="the audit as CSV",
    ),
    swap(
        "api-query", ROUTER, "guard let parameter = schemas.query[name], ‹values[name] == nil› else", "true",
        "a parameter may stand twice", only="parameters that are unknown",
    ),
    swap(
        "api-body", ROUTER, "bodyBytesMax = ‹512 * 1024›", "1024 * 1024",
        "a body may have 1 MiB", only="bodies that cannot be read",
    ),
    swap(
        "api-head", "Web/Control/ControlServer.swift", "options: ‹.autoGenerateHeadEndpoints›", "[]",
        "HEAD is not answered", only="HEAD answers like GET",
    ),
    swap(
        "api-method", ROUTER, "guard ‹!allowed.isEmpty› else", "false",
        "a method that an address does not take is said not to be there", only="an unknown path is 404",
    ),
    swap(
        "api-host", "Web/Shared/RequestGuard.swift", "return ‹request.headerFields[values: .host].isEmpty›", "true",
        "of two hosts the first one counts", only="no, two or empty Hosts",
    ),
    swap(
        "api-rate", "Accounts/RateLimit.swift", "burst = Double(max(perSecond, 1)) * ‹10›", "20",
        "twenty seconds' worth of requests at once", only="who asks more than the rate",
    ),
    swap(
        "api-docs", ROUTER, 'group.get(‹"/docs"›)', '"/documents"',
        "the page of the API is elsewhere", only="a readable page of the API",
    ),
    swap(
        "api-location", "Web/API/SessionEndpoints.swift",
        'APIAnswer.created(.object(members), at: ‹"/api-tokens/\\(token.id)"›)',
        '"/api-tokens/\\(token.name)"',
        "a new token is said to be where it is not", only="where an answer of 201",
    ),
)
