import Authorization
public import Domain
public import Store

/// The life of clients: made, found, edited, suspended, closed, removed; and the admins that a partner names for them.
public struct Clients: Sendable {
    private let storage: Storage
    private let runtime: Runtime
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage, runtime: Runtime) {
        self.storage = storage
        self.runtime = runtime
        access = Access(storage: storage)
    }

    /// Adds clients of a partner, each with its first system; at most ``Storage/clientsMax``, in one transaction.
    ///
    /// - Parameters:
    ///   - caller: The operator, or staff who may manage clients.
    ///   - clients: What to add.
    ///   - partner: Their partner.
    ///   - mails: When their admins are mailed.
    ///   - dryRun: Tell what would become of them, and change nothing.
    /// - Returns: What became of each, in order.
    /// - Throws: `forbidden`, `notFound`; a conflict is a result.
    public func add(
        _ caller: Caller,
        _ clients: [NewClient],
        of partner: PartnerRecord,
        mails: ActivationMails = .no,
        dryRun: Bool = false
    ) async throws -> [AddedClient] {
        try await access.partner(caller, partner.id, .importClients)
        return try await storage.addClients(clients, of: partner, dryRun: dryRun, mails: mails, by: caller)
    }

    /// Adds one client (rules F-110 to F-121).
    ///
    /// - Throws: `conflict` where its System Client ID is another client's of this partner, or reserved.
    public func create(
        _ caller: Caller,
        _ client: NewClient,
        of partner: PartnerID,
        mails: ActivationMails
    ) async throws -> ClientRecord {
        try await access.partner(caller, partner, .createClient)
        let partner = try await storage.partner(partner).partner
        return try await storage.createClient(client, of: partner, mails: mails, by: caller)
    }

    /// A partner's clients whose name contains `text`.
    public func list(
        _ caller: Caller,
        of partner: PartnerID,
        containing text: String,
        _ page: Page<ClientID>
    ) async throws -> [ClientRecord] {
        try await access.partner(caller, partner, .readClients)
        return try await storage.clients(of: partner, containing: text, page)
    }

    /// One client of a partner.
    public func get(_ caller: Caller, _ client: ClientID, of partner: PartnerID) async throws -> ClientRecord {
        try await access.client(caller, client, of: partner, .readClient)
        return try await storage.client(client, of: partner)
    }

    /// A client, as its members see it.
    public func get(_ caller: Caller, _ client: ClientID) async throws -> ClientRecord {
        _ = try await access.client(caller, client, .readAccount)
        return try await storage.client(client)
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

    /// Changes a client's first system: all that a partner edits of a client but its admins (rules F-130 to F-132).
    public func edit(
        _ caller: Caller,
        _ client: ClientID,
        of partner: PartnerID,
        _ edit: SystemEdit,
        expecting: @escaping Expectation<ClientRecord>
    ) async throws -> ClientRecord {
        try await access.client(caller, client, of: partner, .changeClient)
        guard let system = try await storage.client(client, of: partner).systems.first else {
            throw Refusal(.notFound, "The client has no system.")
        }
        _ = try await storage.changeSystem(
            system.id,
            of: client,
            edit,
            namingHolder: true,
            expecting: expecting,
            by: caller
        )
        return try await storage.client(client, of: partner)
    }

    /// Removes a client that is not activated (rules F-134, F-135).
    public func remove(
        _ caller: Caller,
        _ client: ClientID,
        of partner: PartnerID,
        expecting: @escaping Expectation<ClientRecord>
    ) async throws {
        try await access.client(caller, client, of: partner, .removeClient)
        try await storage.removeClient(client, of: partner, expecting: expecting, by: caller)
    }

    /// Marks a client as activated, without a sign-up.
    public func activate(_ caller: Caller, _ client: ClientID) async throws {
        try caller.requireOperator()
        try await storage.activate(client)
    }

    /// Suspends a client: its keys answer the no-op at once. The reason is for its admins.
    ///
    /// - Throws: `invalid` without a reason.
    @discardableResult
    public func suspend(
        _ caller: Caller,
        _ client: ClientID,
        of partner: PartnerID,
        reason: String
    ) async throws -> ClientRecord {
        try await access.client(caller, client, of: partner, .suspendClient)
        return try await storage.suspend(client, reason: try Self.checked(reason), by: caller)
    }

    /// Resumes a suspended client to where it was.
    @discardableResult
    public func resume(_ caller: Caller, _ client: ClientID, of partner: PartnerID) async throws -> ClientRecord {
        try await access.client(caller, client, of: partner, .resumeClient)
        return try await storage.resume(client, by: caller)
    }

    /// How long before a partner can close a client: 30 days, in milliseconds (`domain.md`, State machines).
    static let noticeByPartner: Int64 = 30 * 86_400_000
    /// How long a client that closes itself can think better of it: a week, in milliseconds.
    static let noticeByClient: Int64 = 7 * 86_400_000

    /// Has a client closed by its partner, with 30 days' notice; its keys answer the no-op meanwhile.
    public func close(
        _ caller: Caller,
        _ client: ClientID,
        of partner: PartnerID,
        reason: String
    ) async throws -> ClientRecord {
        try await access.client(caller, client, of: partner, .closeClientAsPartner)
        let end = Timestamp(milliseconds: runtime.now().milliseconds + Self.noticeByPartner)
        return try await storage.close(
            client,
            at: end,
            reason: try Self.checked(reason),
            asPartner: true,
            by: caller
        )
    }

    /// Cancels a client's closing, by its partner.
    public func cancelClosing(_ caller: Caller, _ client: ClientID, of partner: PartnerID) async throws -> ClientRecord
    {
        try await access.client(caller, client, of: partner, .cancelClosingAsPartner)
        return try await storage.cancelClosing(client, asPartner: true, by: caller)
    }

    /// Has a client closed by one of its admins.
    public func close(_ caller: Caller, _ client: ClientID, reason: String) async throws -> ClientRecord {
        let relation = try await access.client(caller, client, .closeClient)
        guard relation?.account == nil else {
            throw Refusal(.forbidden, "Only the client's own admins close it.")
        }
        let end = Timestamp(milliseconds: runtime.now().milliseconds + Self.noticeByClient)
        return try await storage.close(
            client,
            at: end,
            reason: try Self.checked(reason),
            asPartner: false,
            by: caller
        )
    }

    /// Cancels a client's closing, by one of its admins.
    ///
    /// - Throws: `conflict` where it is the partner that ends it.
    public func cancelClosing(_ caller: Caller, _ client: ClientID) async throws -> ClientRecord {
        _ = try await access.client(caller, client, .cancelClosing)
        return try await storage.cancelClosing(client, asPartner: false, by: caller)
    }

    private static func checked(_ reason: String) throws(Refusal) -> String {
        let isPrintable = reason.unicodeScalars.allSatisfy {
            $0.properties.generalCategory != .control || $0 == "\n"
        }
        guard (1...2000).contains(reason.unicodeScalars.count), isPrintable else {
            throw Refusal(.invalid, "A reason of 1 to 2,000 printable characters is needed.", field: "reason")
        }
        return reason
    }
}
