import Authorization
public import Domain
public import Store

/// Invitations of partner users into a client account, and the partner accounts that they make (the Partners tab).
public struct PartnerInvitations: Sendable {
    /// Somebody to be invited, with an own role and own systems (rules F-017, F-018).
    public struct Invitee: Hashable, Sendable {
        /// Where their mailbox is.
        public var address: EmailAddress
        /// The role.
        public var role: ClientRole
        /// The systems, at least one (decision D-12).
        public var systems: [SystemID]

        /// Puts it together.
        public init(address: EmailAddress, role: ClientRole, systems: [SystemID]) {
            self.address = address
            self.role = role
            self.systems = systems
        }
    }

    /// How many people one submission invites at most.
    public static let inviteesMax = 100

    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// The open, expired and declined invitations (rules F-020 to F-023).
    public func list(_ caller: Caller, to client: ClientID, _ page: Page<JoiningID>) async throws -> [JoiningRecord] {
        _ = try await access.client(caller, client, .readPartnerInvitations)
        return try await storage.invitations(of: client, partner: true, page)
    }

    /// Invites people, all or none (rules F-010 to F-020). Nothing tells whether an address is known (F-013, F-014).
    ///
    /// - Throws: `invalid` for an invitee without a system; `conflict` for one who is a partner user here already.
    public func send(
        _ caller: Caller,
        _ invitees: [Invitee],
        into account: PartnerAccountChoice,
        of client: ClientID
    ) async throws -> [JoiningRecord] {
        let relation = try await access.client(caller, client, .invitePartners)
        guard !invitees.isEmpty, invitees.count <= Self.inviteesMax else {
            throw Refusal(.invalid, "Invite 1 to \(Self.inviteesMax) people at once.", field: "invitations")
        }
        guard Set(invitees.map(\.address)).count == invitees.count else {
            throw Refusal(.invalid, "An address stands twice in the submission.", field: "invitations")
        }
        for (number, invitee) in invitees.enumerated() where invitee.systems.isEmpty {
            throw Refusal(
                .invalid,
                "Each invited person needs at least one system.",
                field: "invitations/\(number)/systems"
            )
        }
        try Users.requireReach(relation, invitees.map(\.role), invitees.flatMap(\.systems))
        let new = invitees.map { invitee in
            NewJoining(
                seat: .partner(client, invitee.role, account),
                address: invitee.address,
                systems: invitee.systems
            )
        }
        return try await storage.invite(new, in: "invitations", by: caller)
    }

    /// Takes an invitation back (rules F-027, F-028).
    public func withdraw(_ caller: Caller, _ invitation: JoiningID, of client: ClientID) async throws {
        _ = try await access.client(caller, client, .withdrawPartnerInvitation)
        try await requirePartner(invitation, client)
        try await storage.withdrawInvitation(invitation, of: .client(client), by: caller)
    }

    /// Sends an invitation again (rule F-026).
    public func mail(_ caller: Caller, _ invitation: JoiningID, of client: ClientID) async throws -> JoiningRecord {
        _ = try await access.client(caller, client, .mailPartnerInvitation)
        try await requirePartner(invitation, client)
        return try await storage.resendInvitation(invitation, of: .client(client), by: caller)
    }

    private func requirePartner(_ invitation: JoiningID, _ client: ClientID) async throws {
        guard case .partner = try await storage.invitation(invitation, of: .client(client)).seat else {
            throw Refusal(.notFound, "There is no such invitation.")
        }
    }

    /// The partner accounts, with their derived status (rules F-034, F-035, F-060 to F-063).
    public func accounts(
        _ caller: Caller,
        of client: ClientID,
        _ page: Page<PartnerAccountID>
    ) async throws -> [PartnerAccountRecord] {
        _ = try await access.client(caller, client, .readPartnerAccounts)
        return try await storage.partnerAccounts(of: client, page)
    }

    /// One partner account.
    public func account(
        _ caller: Caller,
        _ account: PartnerAccountID,
        of client: ClientID
    ) async throws -> PartnerAccountRecord {
        _ = try await access.client(caller, client, .readPartnerAccounts)
        return try await storage.partnerAccount(account, of: client)
    }

    /// Renames a partner account, or switches its partner's gallery on or off (decision D-20); nil leaves a thing.
    public func change(
        _ caller: Caller,
        _ account: PartnerAccountID,
        of client: ClientID,
        name: OrganisationName?,
        isGalleryOn: Bool?,
        expecting: @escaping Expectation<PartnerAccountRecord>
    ) async throws -> PartnerAccountRecord {
        _ = try await access.client(caller, client, .changePartnerAccount)
        return try await storage.changePartnerAccount(account, of: client, expecting: expecting, by: caller) { record in
            if let name { record.name = name }
            if let isGalleryOn { record.isGalleryOn = isGalleryOn }
        }
    }

    /// Deletes a partner account with all its users (rules F-050 to F-053, decision D-17).
    public func delete(
        _ caller: Caller,
        _ account: PartnerAccountID,
        of client: ClientID,
        confirmedName: String
    ) async throws {
        _ = try await access.client(caller, client, .deletePartnerAccount)
        try await storage.deletePartnerAccount(account, of: client, confirmedName: confirmedName, by: caller)
    }

    /// Moves all users of a partner account that is only labelled to another one.
    public func merge(
        _ caller: Caller,
        _ account: PartnerAccountID,
        into target: PartnerAccountID,
        of client: ClientID
    ) async throws -> PartnerAccountRecord {
        _ = try await access.client(caller, client, .mergePartnerAccounts)
        return try await storage.mergePartnerAccounts(account, into: target, of: client, by: caller)
    }

    /// The users of a partner account (rule F-041).
    public func users(
        _ caller: Caller,
        of account: PartnerAccountID,
        _ client: ClientID,
        _ page: Page<PersonID>
    ) async throws -> [MemberRecord] {
        _ = try await access.client(caller, client, .readPartnerUsers)
        return try await storage.partnerUsers(of: account, client, page)
    }

    /// One user of a partner account.
    public func user(
        _ caller: Caller,
        _ person: PersonID,
        of account: PartnerAccountID,
        _ client: ClientID
    ) async throws -> MemberRecord {
        _ = try await access.client(caller, client, .readPartnerUsers)
        return try await storage.partnerUser(person, of: account, client)
    }

    /// Changes a partner user's role or systems (rules F-054 to F-057).
    public func changeUser(
        _ caller: Caller,
        _ person: PersonID,
        of account: PartnerAccountID,
        _ client: ClientID,
        role: ClientRole?,
        systems: [SystemID]?,
        expecting: @escaping Expectation<MemberRecord>
    ) async throws -> MemberRecord {
        let relation = try await access.client(caller, client, .changePartnerUser)
        try Users.requireReach(relation, role.map { [$0] } ?? [], systems)
        return try await storage.changeMember(
            person,
            of: client,
            account: account,
            role: role,
            systems: systems,
            expecting: expecting,
            by: caller
        )
    }

    /// Removes a partner user from this client; other clients do not notice (rules F-058, F-059, F-062).
    public func removeUser(
        _ caller: Caller,
        _ person: PersonID,
        of account: PartnerAccountID,
        _ client: ClientID,
        expecting: @escaping Expectation<MemberRecord>
    ) async throws {
        _ = try await access.client(caller, client, .removePartnerUser)
        try await storage.removeMember(person, of: client, account: account, expecting: expecting, by: caller)
    }
}
