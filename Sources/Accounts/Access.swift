public import Domain
import Store

/// What an operation asks of its caller.
public enum Requirement: Hashable, Sendable {
    /// Anybody, signed in or not.
    case anyone
    /// A person, by session or token.
    case signedIn
    /// A person by session: what concerns credentials is no program's business.
    case session
    /// A person by session who holds a right in any account.
    case sessionWith(Right)
    /// Staff of the partner, with a right there; nil for any role.
    case staff(Right?)
    /// A member of the client with one of these rights there; empty for any role.
    case member(Set<Right>)
}

/// Every operation that a person can ask for, and what it requires: the authorization matrix, as data.
public enum Action: String, Sendable, CaseIterable {
    // The names say what they are; `api.md` lists the paths.
    case signIn, requestPasswordReset, resetPassword, readCatalogue
    case openLink, sendCode, acceptLink, declineLink
    case signOut, readMe, changeMe, changePassword, readSessions, endSession
    case readAccounts
    case readTokens, addToken, deleteToken
    case readPartner, readSettings, changeSettings
    case readStaff, inviteStaff, changeStaff, removeStaff
    case readClients, readClient, createClient, changeClient, removeClient
    case readClientAdmins, addClientAdmin, removeClientAdmin, mailClientAdmin
    case suspendClient, resumeClient, closeClientAsPartner, cancelClosingAsPartner
    case importClients, readClientImport, readUnknownIDs
    case readPartnerAudit
    case readAccount, readSystems, addSystem, changeSystem, deleteSystem
    case readUsers, inviteUser, changeUser, removeUser, mailUser
    case readPartnerInvitations, invitePartners, withdrawPartnerInvitation, mailPartnerInvitation
    case readPartnerAccounts, changePartnerAccount, deletePartnerAccount, mergePartnerAccounts
    case readPartnerUsers, changePartnerUser, removePartnerUser
    case closeClient, cancelClosing
    case readClientAudit

    /// What it requires.
    public var requirement: Requirement {
        switch self {
        case .signIn, .requestPasswordReset, .resetPassword, .readCatalogue, .openLink, .sendCode, .acceptLink,
            .declineLink:
            .anyone
        case .readMe, .readAccounts: .signedIn
        case .signOut, .changeMe, .changePassword, .readSessions, .endSession, .readTokens, .deleteToken:
            .session
        case .addToken: .sessionWith(.tokens)
        case .readPartner, .readSettings, .readClients, .readClient: .staff(nil)
        case .changeSettings: .staff(.settings)
        case .readStaff, .inviteStaff, .changeStaff, .removeStaff: .staff(.staff)
        case .createClient, .changeClient, .removeClient, .readClientAdmins,
            .addClientAdmin, .removeClientAdmin, .mailClientAdmin, .suspendClient, .resumeClient,
            .closeClientAsPartner, .cancelClosingAsPartner, .importClients, .readClientImport,
            .readUnknownIDs:
            .staff(.clients)
        case .readPartnerAudit: .staff(.audit)
        case .readAccount, .readSystems: .member([])
        case .addSystem, .changeSystem, .deleteSystem: .member([.settings])
        case .readUsers, .inviteUser, .changeUser, .removeUser, .mailUser: .member([.people, .peopleOfSystems])
        case .readPartnerInvitations, .invitePartners, .withdrawPartnerInvitation, .mailPartnerInvitation,
            .readPartnerAccounts, .changePartnerAccount, .deletePartnerAccount, .mergePartnerAccounts,
            .readPartnerUsers, .changePartnerUser, .removePartnerUser, .closeClient, .cancelClosing:
            .member([.people])
        case .readClientAudit: .member([.audit])
        }
    }

    /// Whether it changes nothing; what a suspended partner's staff may still do.
    public var isRead: Bool { rawValue.hasPrefix("read") }
}

/// What somebody is to the tenant that an operation is about; what a decision is made of.
public enum Standing: Hashable, Sendable {
    /// Nobody has signed in.
    case anonymous
    /// Whoever runs the deployment.
    case `operator`
    /// Signed in, and nothing to this tenant.
    case stranger
    /// A member of the client.
    case member(ClientRole)
    /// Staff of the partner.
    case staff(StaffRole)
}

/// Who may do what: requirements of operations, rights of roles. A value, so that tests can change it and see whether the
/// change is noticed.
public struct Policy: Sendable {
    /// What is decided.
    public enum Decision: String, Sendable {
        /// Done.
        case allowed
        /// Nobody has signed in.
        case unauthenticated
        /// As if the tenant did not exist.
        case notFound
        /// The tenant is seen, the role does not allow it.
        case forbidden
    }

    /// What each operation requires.
    public var requirements: [Action: Requirement]
    /// What each role at a client allows.
    public var clientRights: [ClientRole: Set<Right>]
    /// What each role at a partner allows.
    public var staffRights: [StaffRole: Set<Right>]

    /// The policy that is in force.
    public static let standard = Policy(
        requirements: Dictionary(uniqueKeysWithValues: Action.allCases.map { ($0, $0.requirement) }),
        clientRights: Dictionary(uniqueKeysWithValues: ClientRole.allCases.map { ($0, $0.rights) }),
        staffRights: Dictionary(uniqueKeysWithValues: StaffRole.allCases.map { ($0, $0.rights) })
    )

    /// Decides about an operation.
    ///
    /// - Parameters:
    ///   - action: What is to be done.
    ///   - standing: What the caller is to the tenant it is about.
    ///   - scopes: What the caller's token allows; nil for a session.
    /// - Returns: The decision; what is not stated is refused.
    public func decide(_ action: Action, _ standing: Standing, scopes: Set<Right>? = nil) -> Decision {
        guard let requirement = requirements[action] else { return .forbidden }
        if requirement == .anyone { return .allowed }
        switch (requirement, standing) {
        case (_, .anonymous): return .unauthenticated
        case (.signedIn, .operator), (.session, .operator), (.sessionWith, .operator): return .forbidden
        case (_, .operator): return .allowed
        case (.signedIn, _): return .allowed
        case (.session, _): return scopes == nil ? .allowed : .forbidden
        case (.sessionWith(let right), .member(let role)) where scopes == nil:
            return holds([right], clientRights[role] ?? [], nil)
        case (.sessionWith(let right), .staff(let role)) where scopes == nil:
            return holds([right], staffRights[role] ?? [], nil)
        case (.sessionWith, _): return .forbidden
        case (.staff(let right), .staff(let role)):
            return holds(right.map { [$0] } ?? [], staffRights[role] ?? [], scopes)
        case (.member(let rights), .member(let role)): return holds(rights, clientRights[role] ?? [], scopes)
        default: return .notFound
        }
    }

    /// One of `rights` is needed, none where there are none.
    private func holds(_ rights: Set<Right>, _ held: Set<Right>, _ scopes: Set<Right>?) -> Decision {
        rights.isEmpty || rights.contains { held.contains($0) && scopes?.contains($0) ?? true } ? .allowed : .forbidden
    }
}

/// Checks callers, in one place. A tenant that the caller has nothing to do with answers like one that does not exist.
struct Access: Sendable {
    let storage: Storage
    private let policy = Policy.standard

    init(storage: Storage) {
        self.storage = storage
    }

    /// Checks a caller who acts for themselves.
    func person(_ caller: Caller, _ action: Action) throws -> PersonID {
        try enforce(action, caller, .stranger, Self.unauthenticated)
        guard let person = caller.person else { throw Self.unauthenticated }
        return person
    }

    /// Checks a caller who acts for themselves, maybe by a right that any of their accounts may give.
    func person(_ caller: Caller, withAny action: Action) async throws -> PersonID {
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
    func partner(_ caller: Caller, _ partner: PartnerID, _ action: Action) async throws {
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
    func client(_ caller: Caller, _ client: ClientID, _ action: Action) async throws -> Relation? {
        var relation: Relation?
        if let person = caller.person { relation = try await storage.relation(of: person, to: client) }
        try enforce(action, caller, relation?.role.map(Standing.member) ?? .stranger, Self.noClient)
        return relation
    }

    /// Checks a caller who acts at a partner upon one of its clients.
    func client(_ caller: Caller, _ client: ClientID, of partner: PartnerID, _ action: Action) async throws {
        try await self.partner(caller, partner, action)
        guard try await storage.owner(of: client) == partner else { throw Self.noClient }
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

    static let unauthenticated = Refusal(.unauthenticated, "Sign in, or send an API token, to do this.")
    static let noPartner = Refusal(.notFound, "There is no such partner.")
    static let noClient = Refusal(.notFound, "There is no such client.")
}
