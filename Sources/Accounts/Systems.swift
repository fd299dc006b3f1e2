import Authorization
public import Domain
public import Store

/// The systems of a client, as its own people manage them.
public struct Systems: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// All systems of a client.
    public func list(_ caller: Caller, of client: ClientID) async throws -> [SystemRecord] {
        _ = try await access.client(caller, client, .readSystems)
        return try await storage.client(client).systems
    }

    /// Adds a system.
    ///
    /// - Throws: `conflict` where its System Client ID is taken within the partner, or reserved.
    public func add(
        _ caller: Caller,
        _ system: NewSystem,
        reusesKey: Bool,
        to client: ClientID
    ) async throws -> SystemRecord {
        _ = try await access.client(caller, client, .addSystem)
        return try await storage.addSystem(system, reusesKey: reusesKey, to: client, by: caller)
    }

    /// Changes a system (rule F-137).
    public func change(
        _ caller: Caller,
        _ system: SystemID,
        of client: ClientID,
        _ edit: SystemEdit,
        expecting: @escaping Expectation<SystemRecord>
    ) async throws -> SystemRecord {
        try await access.client(caller, client, at: system, .changeSystem)
        return try await storage.changeSystem(
            system,
            of: client,
            edit,
            expecting: { record in
                guard let present = record.systems.first(where: { $0.id == system }) else {
                    throw Refusal(.notFound, "There is no such system.")
                }
                try expecting(present)
            },
            by: caller
        )
    }

    /// Deletes a system (decision D-11).
    ///
    /// - Throws: `conflict` for the last one, or one with live content unless `confirmed`.
    public func delete(
        _ caller: Caller,
        _ system: SystemID,
        of client: ClientID,
        confirmed: Bool,
        expecting: @escaping Expectation<SystemRecord>
    ) async throws {
        try await access.client(caller, client, at: system, .deleteSystem)
        try await storage.deleteSystem(system, of: client, confirmed: confirmed, expecting: expecting, by: caller)
    }
}
