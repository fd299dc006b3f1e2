import Authorization
public import Domain
public import Store

/// The regular users of a client (rules F-037 to F-039). A System Manager reaches users of own systems only, in roles up to
/// Builder (decision D-15).
public struct Users: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// Those who belong.
    public func list(_ caller: Caller, of client: ClientID, _ page: Page<PersonID>) async throws -> [MemberRecord] {
        let relation = try await access.client(caller, client, .readUsers)
        return try await storage.regularUsers(of: client, sharing: Self.limited(relation, caller), page)
    }

    /// Those who are invited.
    public func invitations(
        _ caller: Caller,
        to client: ClientID,
        _ page: Page<JoiningID>
    ) async throws -> [JoiningRecord] {
        let relation = try await access.client(caller, client, .readUsers)
        return try await storage.invitations(
            of: client,
            partner: false,
            sharing: Self.limited(relation, caller),
            page
        )
    }

    /// One who belongs.
    public func get(_ caller: Caller, _ person: PersonID, of client: ClientID) async throws -> MemberRecord {
        let relation = try await access.client(caller, client, .readUsers)
        let member = try await storage.regularUser(person, of: client)
        if let relation, Self.limited(relation, caller) != nil, relation.systems.isDisjoint(with: member.systems) {
            throw Refusal(.notFound, "There is no such user.")
        }
        return member
    }

    /// Invites somebody as a regular user.
    public func invite(
        _ caller: Caller,
        _ address: EmailAddress,
        _ role: ClientRole,
        systems: [SystemID],
        to client: ClientID
    ) async throws -> JoiningRecord {
        let relation = try await access.client(caller, client, .inviteUser)
        try Self.requireReach(relation, [role], systems)
        let new = NewJoining(seat: .regular(client, role), address: address, systems: systems)
        guard let record = try await storage.invite([new], by: caller).first else { throw Storage.linkDead }
        return record
    }

    /// Changes somebody's role or systems; at least one admin stays.
    public func change(
        _ caller: Caller,
        _ person: PersonID,
        of client: ClientID,
        role: ClientRole?,
        systems: [SystemID]?,
        expecting: @escaping Expectation<MemberRecord>
    ) async throws -> MemberRecord {
        let relation = try await access.client(caller, client, .changeUser)
        try Self.requireReach(relation, role.map { [$0] } ?? [], systems)
        return try await storage.changeMember(
            person,
            of: client,
            account: nil,
            role: role,
            systems: systems,
            expecting: Self.reaching(relation, expecting),
            by: caller
        )
    }

    /// Removes somebody; at least one admin stays.
    public func remove(
        _ caller: Caller,
        _ person: PersonID,
        of client: ClientID,
        expecting: @escaping Expectation<MemberRecord>
    ) async throws {
        let relation = try await access.client(caller, client, .removeUser)
        try await storage.removeMember(
            person,
            of: client,
            account: nil,
            expecting: Self.reaching(relation, expecting),
            by: caller
        )
    }

    /// Takes an invitation back.
    public func withdraw(_ caller: Caller, _ invitation: JoiningID, to client: ClientID) async throws {
        let relation = try await access.client(caller, client, .removeUser)
        try await requireReach(relation, invitation, client)
        try await storage.withdrawInvitation(invitation, of: .client(client), by: caller)
    }

    /// Sends an invitation again.
    public func mail(_ caller: Caller, _ invitation: JoiningID, to client: ClientID) async throws -> JoiningRecord {
        let relation = try await access.client(caller, client, .mailUser)
        try await requireReach(relation, invitation, client)
        return try await storage.resendInvitation(invitation, of: .client(client), by: caller)
    }

    /// Expects a member whom the caller reaches, in the state that the caller saw.
    private static func reaching(
        _ relation: Relation?,
        _ expecting: @escaping Expectation<MemberRecord>
    ) -> Expectation<MemberRecord> {
        { present in
            try requireReach(relation, [present.role], present.systems)
            try requireRegularAdmin(relation, present)
            try expecting(present)
        }
    }

    private func requireReach(_ relation: Relation?, _ invitation: JoiningID, _ client: ClientID) async throws {
        let record = try await storage.invitation(invitation, of: .client(client))
        guard case .regular(_, let role) = record.seat else {
            throw Refusal(.notFound, "There is no such invitation.")
        }
        try Self.requireReach(relation, [role], record.systems)
    }

    /// The caller, where they reach users of their own systems only.
    private static func limited(_ relation: Relation?, _ caller: Caller) -> PersonID? {
        relation?.role?.rights.contains(.people) == false ? caller.person : nil
    }

    /// Refuses roles above what the caller may grant, and systems that are not theirs.
    static func requireReach(_ relation: Relation?, _ roles: [ClientRole], _ systems: [SystemID]?) throws(Refusal) {
        guard let relation, let own = relation.role else { return }
        for role in roles where !own.grants.contains(role) {
            throw Refusal(.forbidden, "Your role does not reach the role '\(role.rawValue)'.", field: "role")
        }
        guard !own.rights.contains(.people), let systems else { return }
        guard !systems.isEmpty, systems.allSatisfy(relation.systems.contains) else {
            throw Refusal(.forbidden, "You manage users of your own systems only: name at least one.", field: "systems")
        }
    }

    /// Only regular admins take the role of a regular admin away (decision D-15).
    private static func requireRegularAdmin(_ relation: Relation?, _ member: MemberRecord) throws(Refusal) {
        guard let relation, member.role == .admin, relation.account != nil else { return }
        throw Refusal(.forbidden, "Only the client's own admins change or remove its admins.")
    }
}
