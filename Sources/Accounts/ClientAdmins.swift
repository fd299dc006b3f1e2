import Authorization
public import Domain
public import Store

/// The admins that a partner names for its clients (rules F-114, F-117, F-133, F-136; decisions D-5, D-18).
public struct ClientAdmins: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// A client's admins: those who were named and have not joined, by their invitations; those who have, as members.
    /// Of an activated client a partner sees only whom it named itself (decision D-18).
    public func list(
        _ caller: Caller,
        _ client: ClientID,
        of partner: PartnerID
    ) async throws -> [JoiningRecord] {
        try await access.client(caller, client, of: partner, .readClientAdmins)
        return try await storage.namedAdmins(of: client)
    }

    /// Names a further admin, and mails the activation, or the invitation where the client is activated.
    public func add(
        _ caller: Caller,
        _ address: EmailAddress,
        _ client: ClientID,
        of partner: PartnerID
    ) async throws -> JoiningRecord {
        try await access.client(caller, client, of: partner, .addClientAdmin)
        let new = NewJoining(seat: .regular(client, .admin), address: address)
        guard let record = try await storage.invite([new], by: caller).first else { throw Storage.linkDead }
        return record
    }

    /// Takes a named admin back; the link dies. At least one stays until somebody has joined (rule F-133).
    ///
    /// - Throws: `notFound`, also for an admin who has joined: that is the client's affair (decision D-18).
    public func remove(
        _ caller: Caller,
        _ admin: JoiningID,
        _ client: ClientID,
        of partner: PartnerID
    ) async throws {
        try await access.client(caller, client, of: partner, .removeClientAdmin)
        try await storage.removeNamedAdmin(admin, of: client, by: caller)
    }

    /// Mails an activation again; the old link dies (rule F-136).
    public func mail(
        _ caller: Caller,
        _ admin: JoiningID,
        _ client: ClientID,
        of partner: PartnerID
    ) async throws -> JoiningRecord {
        try await access.client(caller, client, of: partner, .mailClientAdmin)
        guard try await storage.namedAdmins(of: client).contains(where: { $0.id == admin }) else {
            throw Refusal(.notFound, "There is no such admin.")
        }
        return try await storage.resendInvitation(admin, of: .client(client), by: caller)
    }
}
