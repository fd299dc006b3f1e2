import Authorization
public import Domain
public import Store

/// The people of a partner.
public struct Staff: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// Those who belong.
    public func list(_ caller: Caller, of partner: PartnerID, _ page: Page<PersonID>) async throws -> [StaffRecord] {
        try await access.partner(caller, partner, .readStaff)
        return try await storage.staff(of: partner, page)
    }

    /// Those who are invited.
    public func invitations(
        _ caller: Caller,
        to partner: PartnerID,
        _ page: Page<JoiningID>
    ) async throws -> [JoiningRecord] {
        try await access.partner(caller, partner, .readStaff)
        return try await storage.staffInvitations(to: partner, page)
    }

    /// Invites somebody.
    public func invite(
        _ caller: Caller,
        _ address: EmailAddress,
        _ role: StaffRole,
        to partner: PartnerID
    ) async throws -> JoiningRecord {
        try await access.partner(caller, partner, .inviteStaff)
        let new = NewJoining(seat: .staff(partner, role), address: address)
        guard let record = try await storage.invite([new], by: caller).first else { throw Storage.linkDead }
        return record
    }

    /// One who belongs.
    public func get(_ caller: Caller, _ person: PersonID, of partner: PartnerID) async throws -> StaffRecord {
        try await access.partner(caller, partner, .readStaff)
        return try await storage.staff(person, of: partner)
    }

    /// Changes somebody's role; at least one partner admin stays.
    public func change(
        _ caller: Caller,
        _ person: PersonID,
        of partner: PartnerID,
        _ role: StaffRole,
        expecting: @escaping Expectation<StaffRecord>
    ) async throws -> StaffRecord {
        try await access.partner(caller, partner, .changeStaff)
        return try await storage.setStaffRole(person, of: partner, role, expecting: expecting, by: caller)
    }

    /// Ends somebody's home tie, with every membership held through it.
    public func remove(
        _ caller: Caller,
        _ person: PersonID,
        of partner: PartnerID,
        expecting: @escaping Expectation<StaffRecord>
    ) async throws {
        try await access.partner(caller, partner, .removeStaff)
        try await storage.removeStaff(person, of: partner, expecting: expecting, by: caller)
    }

    /// Takes an invitation back.
    public func withdraw(_ caller: Caller, _ invitation: JoiningID, to partner: PartnerID) async throws {
        try await access.partner(caller, partner, .removeStaff)
        try await storage.withdrawInvitation(invitation, of: .partner(partner), by: caller)
    }

    /// Sends an invitation again.
    public func mail(_ caller: Caller, _ invitation: JoiningID, to partner: PartnerID) async throws -> JoiningRecord {
        try await access.partner(caller, partner, .inviteStaff)
        return try await storage.resendInvitation(invitation, of: .partner(partner), by: caller)
    }
}
