public import Domain
public import Store

/// Checks callers, in one place. A tenant that the caller has nothing to do with answers like one that does not exist.
public struct Access: Sendable {
    private let storage: Storage
    private let policy = Policy.standard

    /// Makes the check over a store.
    public init(storage: Storage) {
        self.storage = storage
    }

    /// Checks a caller who acts for themselves.
    public func person(_ caller: Caller, _ action: Action) throws -> PersonID {
        try enforce(action, caller, .stranger, Self.unauthenticated)
        guard let person = caller.person else { throw Self.unauthenticated }
        return person
    }

    /// Checks a caller who acts for themselves, maybe by a right that any of their accounts may give.
    public func person(_ caller: Caller, withAny action: Action) async throws -> PersonID {
        guard let person = caller.person else {
            try enforce(action, caller, .stranger, Self.unauthenticated)
            throw Self.unauthenticated
        }
        let accounts = try await storage.accounts(of: person)
        let standings =
            accounts.clients.map { Standing.member($0.role) } + (accounts.home.map { [.staff($0.role)] } ?? [])
        let allowed = standings.first { (try? enforce(action, caller, $0, Self.unauthenticated)) != nil }
        try enforce(action, caller, allowed ?? .stranger, Self.unauthenticated)
        return person
    }

    /// Checks a caller who acts at a partner.
    public func partner(_ caller: Caller, _ partner: PartnerID, _ action: Action) async throws {
        var standing = Standing.stranger
        if let person = caller.person, let role = try await storage.relation(of: person, to: partner)?.staffRole {
            standing = .staff(role)
        }
        try enforce(action, caller, standing, Self.noPartner)
        if case .staff = standing, !action.isRead, try await storage.partner(partner).partner.isSuspended {
            throw Refusal(.forbidden, "The partner is suspended: nothing can be changed until it is resumed.")
        }
    }

    /// Checks a caller who acts at a client.
    ///
    /// - Returns: What the caller is there; nil for the operator.
    public func client(_ caller: Caller, _ client: ClientID, _ action: Action) async throws -> Relation? {
        var relation: Relation?
        if let person = caller.person { relation = try await storage.relation(of: person, to: client) }
        try enforce(action, caller, relation?.role.map(Standing.member) ?? .stranger, Self.noClient)
        return relation
    }

    /// Checks a caller who acts at one system of a client. Another client's system answers like one that does not exist.
    public func client(_ caller: Caller, _ client: ClientID, at system: SystemID, _ action: Action) async throws {
        let relation = try await self.client(caller, client, action)
        guard try await storage.hasSystem(system, client) else {
            throw Refusal(.notFound, "There is no such system.")
        }
        guard relation?.reaches(system) ?? true else {
            throw Refusal(.forbidden, "You were not given this system.")
        }
    }

    /// Checks a caller who acts in the Editor: at a client's system, or at a partner.
    public func editor(
        _ caller: Caller,
        _ scope: EditorScope,
        client atClient: Action,
        partner atPartner: Action
    ) async throws {
        switch scope {
        case .client(let client, let system): try await self.client(caller, client, at: system, atClient)
        case .partner(let partner, _): try await self.partner(caller, partner, atPartner)
        }
    }

    /// Checks a caller who acts at a partner upon one of its clients.
    public func client(_ caller: Caller, _ client: ClientID, of partner: PartnerID, _ action: Action) async throws {
        try await self.partner(caller, partner, action)
        guard try await storage.owner(of: client) == partner else { throw Self.noClient }
    }

    /// Checks a caller for a request that was answered before, and whose answer is given again.
    ///
    /// - Parameters:
    ///   - caller: Who asks.
    ///   - action: What for.
    ///   - partner: The partner that it is about, for an operation at one.
    ///   - client: The client that it is about, for an operation at one, or a partner's upon one.
    ///   - system: The client's system that it is about, for an operation at one.
    /// - Throws: What the operation itself would throw.
    public func check(
        _ caller: Caller,
        _ action: Action,
        partner: PartnerID?,
        client: ClientID?,
        system: SystemID?
    ) async throws {
        switch (partner, client, system) {
        case (let partner?, let client?, _): try await self.client(caller, client, of: partner, action)
        case (let partner?, nil, _): try await self.partner(caller, partner, action)
        case (nil, let client?, let system?): try await self.client(caller, client, at: system, action)
        case (nil, let client?, nil): _ = try await self.client(caller, client, action)
        case (nil, nil, _): _ = try await person(caller, withAny: action)
        }
    }

    private func enforce(_ action: Action, _ caller: Caller, _ standing: Standing, _ missing: Refusal) throws(Refusal) {
        var standing = standing
        var scopes: Set<Right>?
        switch caller.identity {
        case .anonymous: standing = .anonymous
        case .operator: standing = .operator
        case .person(let signedIn):
            if case .token(_, let given) = signedIn.credential { scopes = given }
        }
        switch policy.decide(action, standing, scopes: scopes) {
        case .allowed: return
        case .unauthenticated: throw Self.unauthenticated
        case .notFound: throw missing
        case .forbidden:
            throw Refusal(
                .forbidden,
                scopes == nil
                    ? "Your role does not allow this."
                    : "Your API token's scopes, or its owner's role, do not allow this."
            )
        }
    }

    /// Nobody has signed in.
    public static let unauthenticated = Refusal(.unauthenticated, "Sign in, or send an API token, to do this.")
    /// No partner that the caller sees.
    public static let noPartner = Refusal(.notFound, "There is no such partner.")
    /// No client that the caller sees.
    public static let noClient = Refusal(.notFound, "There is no such client.")
}
