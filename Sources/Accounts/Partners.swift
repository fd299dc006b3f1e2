import Authorization
public import Domain
public import Store

/// Partners: organisations that run a partner app. Only the operator's act makes one (decision D-6).
public struct Partners: Sendable {
    private let storage: Storage
    private let runtime: Runtime
    private let loader: @Sendable ([SystemVariable]) -> StoredObject
    private let access: Access

    /// Makes the operations over a store.
    ///
    /// - Parameters:
    ///   - storage: The store.
    ///   - runtime: Chance, for keys.
    ///   - loader: Makes the object of the loader that reads the given variables.
    public init(
        storage: Storage,
        runtime: Runtime,
        loader: @escaping @Sendable ([SystemVariable]) -> StoredObject
    ) {
        self.storage = storage
        self.runtime = runtime
        self.loader = loader
        access = Access(storage: storage)
    }

    /// Adds a partner; the first becomes the deployment's default partner.
    ///
    /// - Parameters:
    ///   - caller: The operator.
    ///   - name: Its name, which no other partner has.
    ///   - variable: Its system variable.
    ///   - key: Its public key; nil for one made of its name and some random characters.
    ///   - admin: Whom to invite as its first admin; without one it stays pending.
    /// - Returns: The partner.
    /// - Throws: `conflict` where the key or the name is taken.
    public func add(
        _ caller: Caller,
        name: OrganisationName,
        variable: SystemVariable,
        key: PartnerKey?,
        admin: EmailAddress? = nil
    ) async throws -> PartnerRecord {
        try caller.requireOperator()
        let loader = loader([variable])
        let key = try key ?? made(of: name)
        try await storage.putObjects([loader])
        return try await storage.addPartner(
            name: name,
            key: key,
            variable: variable,
            loader: loader.digest,
            admin: admin
        )
    }

    /// Suspends a partner, or resumes it: all its keys answer the no-op meanwhile, and its staff only read.
    public func setSuspended(_ caller: Caller, _ partner: PartnerID, _ isSuspended: Bool) async throws {
        try caller.requireOperator()
        try await storage.setSuspended(partner, isSuspended)
    }

    /// Sets the hosts that links in a partner's content may lead to.
    public func setLinkHosts(
        _ caller: Caller,
        of partner: PartnerID,
        _ hosts: [HostName]
    ) async throws -> PartnerRecord {
        try caller.requireOperator()
        return try await changeSettings(
            caller,
            partner,
            variable: nil,
            retiring: nil,
            cacheClass: nil,
            linkHosts: hosts,
            expecting: { _ in }
        )
    }

    /// Closes a partner that has no client left.
    public func close(_ caller: Caller, _ partner: PartnerID) async throws {
        try caller.requireOperator()
        try await storage.closePartner(partner)
    }

    /// All partners that are not closed.
    public func list(_ caller: Caller) async throws -> [PartnerRecord] {
        try caller.requireOperator()
        return try await storage.partners()
    }

    /// The id of the partner that a path names by its id or its key.
    ///
    /// - Throws: `notFound`.
    public func id(_ keyOrID: String) async throws -> PartnerID {
        try await storage.partnerID(keyOrID)
    }

    /// A partner, and whether an admin of it has joined.
    public func get(_ caller: Caller, _ partner: PartnerID) async throws -> (partner: PartnerRecord, hasAdmin: Bool) {
        try await access.partner(caller, partner, .readPartner)
        return try await storage.partner(partner)
    }

    /// How long a retiring system variable is meant to be accepted at most: 90 days, in milliseconds (decision D-21).
    static let retiringMax: Int64 = 90 * 86_400_000

    /// A partner's settings.
    public func settings(_ caller: Caller, _ partner: PartnerID) async throws -> PartnerRecord {
        try await access.partner(caller, partner, .readSettings)
        return try await storage.partner(partner).partner
    }

    /// Changes a partner's settings; they are in force when this returns (rules F-101 to F-104).
    ///
    /// - Parameters:
    ///   - caller: Staff who may.
    ///   - partner: Whose.
    ///   - variable: The current system variable; nil to leave it.
    ///   - retiring: All retiring ones with their ends; nil to leave them.
    ///   - cacheClass: The cache class of clients without an own one; nil to leave it.
    ///   - linkHosts: The hosts that links in the partner's content may lead to; nil to leave them.
    ///   - expecting: Throws where the present settings are not those that the caller saw.
    /// - Returns: The partner with its new settings.
    /// - Throws: `invalid` where a retiring variable is to stay for longer than 90 days.
    public func changeSettings(
        _ caller: Caller,
        _ partner: PartnerID,
        variable: SystemVariable?,
        retiring: [SystemVariable: Timestamp]?,
        cacheClass: CacheClass?,
        linkHosts: [HostName]?,
        expecting: @escaping Expectation<PartnerRecord>
    ) async throws -> PartnerRecord {
        try await access.partner(caller, partner, .changeSettings)
        let present = try await storage.partner(partner).partner
        let now = runtime.now()
        for (name, end) in retiring ?? [:] where present.retiring[name] != end {
            guard end > now, end.milliseconds - now.milliseconds <= Self.retiringMax else {
                throw Refusal(
                    .invalid,
                    "A retiring system variable ends within 90 days from now.",
                    field: "retiringVariables"
                )
            }
        }
        guard let current = variable ?? present.variables.first else { throw Access.noPartner }
        let retiring = (retiring ?? present.retiring).filter { $0.key != current }
        let loader = loader([current] + retiring.keys.sorted { $0.text < $1.text })
        try await storage.putObjects([loader])
        return try await storage.setSettings(
            of: partner,
            current: current,
            retiring: retiring,
            loader: loader.digest,
            cacheClass: cacheClass ?? present.cacheClass,
            linkHosts: linkHosts,
            expecting: { record in
                try expecting(record)
                // What was left out here was read before: somebody else's change to it must not be undone.
                guard record == present else {
                    throw Refusal(.stale, "The settings have just been changed; read them again.")
                }
            },
            by: caller
        )
    }

    /// The partner of a key, else of a name.
    public func find(_ caller: Caller, _ keyOrName: String) async throws -> PartnerRecord {
        try caller.requireOperator()
        return try await storage.partner(keyOrName)
    }

    private func made(of name: OrganisationName) throws(Refusal) -> PartnerKey {
        let letters = name.text.lowercased().unicodeScalars.map { scalar -> Character in
            let isPlain = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            return isPlain ? Character(scalar) : "-"
        }
        let words = String(letters).split(separator: "-").joined(separator: "-").prefix(24)
        return try PartnerKey((words.isEmpty ? "partner" : words) + "-" + hexadecimal(runtime.random(3)))
    }
}
