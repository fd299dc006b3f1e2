import Authorization
public import Domain
public import Store

/// Who did what, when, from where: of a client's own affairs, and of a partner's.
public struct AuditTrail: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// Events before a place in the chain, newest first; one more than `limit`, if there are.
    public func events(
        _ caller: Caller,
        of tenant: Tenant,
        before sequence: Int64?,
        limit: Int
    ) async throws -> [AuditEvent] {
        switch tenant {
        case .partner(let partner): try await access.partner(caller, partner, .readPartnerAudit)
        case .client(let client): _ = try await access.client(caller, client, .readClientAudit)
        }
        return try await storage.auditEvents(of: tenant, before: sequence, limit: limit)
    }
}
