import Authorization
public import Domain
public import Store

/// What pages get and why, now or at a moment of the past, for those whom a key concerns.
public struct Explanations: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// Explains a key to staff of its partner, and to members of the client that it leads to who read its content.
    ///
    /// - Parameters:
    ///   - caller: Who asks.
    ///   - partner: The partner.
    ///   - variable: The page variable.
    ///   - client: Its value.
    ///   - environment: The name of an environment, of the client's for its members, of the partner's for its staff; nil
    ///     for production.
    ///   - moment: When; nil for now.
    /// - Returns: What a page gets, and why.
    /// - Throws: `notFound` to everybody else, as for a partner that does not exist.
    public func explain(
        _ caller: Caller,
        partner: PartnerID,
        variable: SystemVariable,
        client: SystemClientID,
        environment: EnvironmentName?,
        at moment: Timestamp?
    ) async throws -> Explanation {
        _ = try access.person(caller, .readExplanation)
        let isStaff = (try? await access.partner(caller, partner, .readClients)) != nil
        guard let record = try? await storage.partner(partner).partner else { throw Access.noPartner }
        func explain(_ environment: EnvironmentName?, _ sides: Set<ExplanationSide>) async throws -> Explanation {
            try await storage.explain(
                partner: record.key,
                variable: variable,
                client: client,
                environment: environment,
                of: sides,
                at: moment
            )
        }
        var explanation = try await explain(nil, [])
        var isMember = false
        if let system = explanation.system {
            isMember = (try? await access.client(caller, system.client, at: system.id, .readReleases)) != nil
        }
        guard isStaff || isMember else { throw Access.noPartner }
        // What a client is testing is not its partner's to see, nor the other way round.
        let sides = Set((isMember ? [ExplanationSide.client] : []) + (isStaff ? [.partner] : []))
        if let environment { explanation = try await explain(environment, sides) }
        // Who published is the business of their own people (decision D-18).
        switch explanation.resolution.served?.owner {
        case .system where isMember, .standard where isStaff, nil: return explanation
        case .system, .standard:
            explanation.publication?.by = nil
            explanation.publication?.madeBy = nil
            return explanation
        }
    }
}
