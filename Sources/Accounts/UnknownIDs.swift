import Authorization
public import Domain
public import Store

/// The System Client IDs that pages ask for and that are no client's: a forgotten client, or a wrong variable.
public struct UnknownIDs: Sendable {
    /// What the ids of a partner look like, where that is no client's (decision D-1).
    public enum Warning: String, Sendable, CaseIterable {
        /// Like e-mail addresses: the variable names a person, and their address is sent to the edge.
        case emailAddresses
        /// Many, each asked for a few times: the variable names an end user, not a client.
        case onePerEndUser
    }

    /// How many ids are needed before their number says anything.
    private static let manyIDs = 40
    /// How often an id is asked for at most that may be a single end user's.
    private static let fewTimes = 20

    private let storage: Storage
    private let access: Access
    private let keys: @Sendable () async -> [UnknownKey]

    /// Makes the operations.
    ///
    /// - Parameters:
    ///   - storage: The store.
    ///   - keys: What the edge has seen.
    public init(storage: Storage, keys: @escaping @Sendable () async -> [UnknownKey]) {
        self.storage = storage
        self.keys = keys
        access = Access(storage: storage)
    }

    /// The commonest unknown ids of a partner, and what they look like.
    public func list(
        _ caller: Caller,
        of partner: PartnerID
    ) async throws -> (keys: [UnknownKey], warnings: [Warning]) {
        try await access.partner(caller, partner, .readUnknownIDs)
        let record = try await storage.partner(partner).partner
        let own = await keys().filter { key in
            key.partner.map { $0 == record.key } ?? record.isDefault
        }
        return (own, Self.warnings(own))
    }

    /// What ids look like.
    static func warnings(_ keys: [UnknownKey]) -> [Warning] {
        var warnings: [Warning] = []
        if keys.contains(where: { (try? EmailAddress($0.client.description)) != nil }) {
            warnings.append(.emailAddresses)
        }
        let rare = keys.count { $0.count <= fewTimes }
        if keys.count >= manyIDs, rare * 10 >= keys.count * 9 { warnings.append(.onePerEndUser) }
        return warnings
    }
}
