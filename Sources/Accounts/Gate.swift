public import Domain
public import Store

/// Whether a caller may do something, asked apart from doing it: before an answer that was given earlier is given again.
public struct Gate: Sendable {
    private let access: Access

    /// Makes the check over a store.
    public init(storage: Storage) {
        access = Access(storage: storage)
    }

    /// Checks a caller.
    ///
    /// - Parameters:
    ///   - caller: Who asks.
    ///   - action: What for.
    ///   - partner: The partner that it is about, for an operation at one.
    ///   - client: The client that it is about, for an operation at one, or a partner's upon one.
    /// - Throws: What the operation itself would throw.
    public func check(
        _ caller: Caller,
        _ action: Action,
        partner: PartnerID?,
        client: ClientID?
    ) async throws {
        switch (partner, client) {
        case (let partner?, let client?): try await access.client(caller, client, of: partner, action)
        case (let partner?, nil): try await access.partner(caller, partner, action)
        case (nil, let client?): _ = try await access.client(caller, client, action)
        case (nil, nil): _ = try await access.person(caller, withAny: action)
        }
    }
}
