public import Domain
public import Store

/// The life of clients: made, found, activated, suspended, resumed.
public struct Clients: Sendable {
    private let storage: Storage

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
    }

    /// Adds clients of a partner, each with its first system; at most ``Storage/clientsMax``, in one transaction.
    ///
    /// - Parameters:
    ///   - caller: The operator.
    ///   - clients: What to add.
    ///   - partner: Their partner.
    ///   - dryRun: Tell what would become of them, and change nothing.
    /// - Returns: What became of each, in order.
    /// - Throws: `forbidden` for another caller.
    public func add(
        _ caller: Caller,
        _ clients: [NewClient],
        of partner: PartnerRecord,
        dryRun: Bool = false
    ) async throws -> [AddedClient] {
        try caller.requireOperator()
        return try await storage.addClients(clients, of: partner, dryRun: dryRun)
    }

    /// The one system that a client's name, its id or a System Client ID leads to.
    ///
    /// - Throws: `notFound`; `conflict` where several clients have that name.
    public func find(_ caller: Caller, _ text: String, of partner: PartnerRecord) async throws -> SystemRecord {
        try caller.requireOperator()
        // A System Client ID that is a UUID is held in lower case.
        let text = (try? SystemClientID(text))?.description ?? text
        let systems = try await storage.systems(named: text, of: partner.id)
        guard let system = systems.first else {
            throw Refusal(
                .notFound,
                "The partner '\(partner.name)' has no client of the name or id '\(text.prefix(80))'.",
                field: "client"
            )
        }
        guard systems.count == 1 else {
            throw Refusal(
                .conflict,
                "'\(text.prefix(80))' names several clients or systems; say which by its System Client ID.",
                field: "client",
                faults: systems.map {
                    .init(place: "\($0.systemClientID)", reason: "\($0.clientName), client \($0.client)")
                }
            )
        }
        return system
    }

    /// Marks a client as activated, without a sign-up.
    public func activate(_ caller: Caller, _ client: ClientID) async throws {
        try caller.requireOperator()
        try await storage.activate(client)
    }

    /// Suspends a client: its keys answer the no-op at once. The reason is for its admins.
    ///
    /// - Throws: `invalid` without a reason, `conflict` where it is suspended already.
    public func suspend(_ caller: Caller, _ client: ClientID, reason: String) async throws {
        try caller.requireOperator()
        guard (1...2000).contains(reason.unicodeScalars.count), !reason.unicodeScalars.contains("\0") else {
            throw Refusal(.invalid, "A suspension needs a reason of 1 to 2,000 printable characters.", field: "reason")
        }
        try await storage.suspend(client, reason: reason)
    }

    /// Resumes a suspended client to where it was.
    ///
    /// - Throws: `conflict` where it is not suspended.
    public func resume(_ caller: Caller, _ client: ClientID) async throws {
        try caller.requireOperator()
        try await storage.resume(client)
    }
}
