import Authorization
public import Domain
public import Store

/// The environments of a client's system, or of a partner's standard content.
public struct Environments: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// Those that were made, by name; production and test are made with the first publication into them, or with any
    /// environment of one's own.
    public func list(_ caller: Caller, of scope: EditorScope) async throws -> [EnvironmentRecord] {
        try await access.editor(caller, scope, client: .readEnvironments, partner: .readPartnerEnvironments)
        return try await storage.environments(of: scope)
    }

    /// One environment.
    public func get(_ caller: Caller, _ name: EnvironmentName, of scope: EditorScope) async throws -> EnvironmentRecord
    {
        guard let found = try await list(caller, of: scope).first(where: { $0.name == name }) else {
            throw Refusal(.notFound, "There is no environment '\(name)'.")
        }
        return found
    }

    /// Makes an environment of one's own.
    public func add(_ caller: Caller, _ name: EnvironmentName, to scope: EditorScope) async throws -> EnvironmentRecord
    {
        try await requireChanger(caller, scope)
        return try await storage.addEnvironment(name, to: scope, by: caller)
    }

    /// Changes an environment; nil leaves a thing as it is.
    public func change(
        _ caller: Caller,
        _ name: EnvironmentName,
        of scope: EditorScope,
        needsApproval: Bool?,
        isArchived: Bool?,
        expecting: @escaping Expectation<EnvironmentRecord>
    ) async throws -> EnvironmentRecord {
        try await requireChanger(caller, scope)
        return try await storage.changeEnvironment(
            name,
            of: scope,
            needsApproval: needsApproval,
            isArchived: isArchived,
            expecting: expecting,
            by: caller
        )
    }

    /// Gives an environment another key.
    public func rotateKey(
        _ caller: Caller,
        of name: EnvironmentName,
        _ scope: EditorScope
    ) async throws -> EnvironmentRecord {
        try await requireChanger(caller, scope)
        return try await storage.rotateKey(of: name, scope, by: caller)
    }

    /// Deletes an environment that nothing is live in.
    public func delete(
        _ caller: Caller,
        _ name: EnvironmentName,
        of scope: EditorScope,
        expecting: @escaping Expectation<EnvironmentRecord>
    ) async throws {
        try await requireChanger(caller, scope)
        try await storage.deleteEnvironment(name, of: scope, expecting: expecting, by: caller)
    }

    private func requireChanger(_ caller: Caller, _ scope: EditorScope) async throws {
        try await access.editor(caller, scope, client: .changeEnvironments, partner: .changePartnerEnvironments)
    }
}
