import Authorization
public import Domain
public import Store

/// The standard content as clients see it: what is live for them, and whether they want it (decision D-18).
public struct StandardContent: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// What is live for each of a client's systems that the caller reaches, by environment.
    public func get(
        _ caller: Caller,
        of client: ClientID
    ) async throws -> [(system: SystemRecord, live: [StandardRelease])] {
        let relation = try await access.client(caller, client, .readStandardContent)
        return try await storage.standardContent(of: client).filter { relation?.reaches($0.system.id) ?? true }
    }

    /// Switches standard content off, or on again; for one system, or for all where none is named.
    public func switchOff(
        _ caller: Caller,
        _ isOff: Bool,
        of client: ClientID,
        _ system: SystemID?
    ) async throws -> [(system: SystemRecord, live: [StandardRelease])] {
        if let system {
            try await access.client(caller, client, at: system, .switchStandardContent)
        } else {
            for one in try await storage.client(client).systems {
                try await access.client(caller, client, at: one.id, .switchStandardContent)
            }
        }
        try await storage.setStandardContentOff(of: client, system, isOff, by: caller)
        return try await get(caller, of: client)
    }
}
