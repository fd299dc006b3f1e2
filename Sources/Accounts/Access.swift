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
    case importClients, readClientImport
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
        case .signOut, .changeMe, .changePassword, .readSessions, .endSession, .readTokens, .addToken, .deleteToken:
            .session
        case .readPartner: .staff(nil)
        case .readSettings, .changeSettings: .staff(.settings)
        case .readStaff, .inviteStaff, .changeStaff, .removeStaff: .staff(.staff)
        case .readClients, .readClient, .createClient, .changeClient, .removeClient, .readClientAdmins,
            .addClientAdmin, .removeClientAdmin, .mailClientAdmin, .suspendClient, .resumeClient,
            .closeClientAsPartner, .cancelClosingAsPartner, .importClients, .readClientImport:
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

/// Checks callers, in one place. A tenant that the caller has nothing to do with answers like one that does not exist.
struct Access: Sendable {
    let storage: Storage

    /// Checks a caller who acts for themselves.
    func person(_ caller: Caller, _ action: Action) throws -> PersonID {
        guard case .person(let signedIn) = caller.identity else { throw Self.unauthenticated }
        if action.requirement == .session, case .token = signedIn.credential {
            throw Refusal(.forbidden, "An API token cannot do this; sign in with a password.")
        }
        return signedIn.person
    }

    /// Checks a caller who acts at a partner.
    func partner(_ caller: Caller, _ partner: PartnerID, _ action: Action) async throws {
        guard case .staff(let right) = action.requirement else {
            preconditionFailure("\(action) is no operation at a partner.")
        }
        switch caller.identity {
        case .operator: return
        case .anonymous: throw Self.unauthenticated
        case .person(let signedIn):
            guard let role = try await storage.relation(of: signedIn.person, to: partner)?.staffRole else {
                throw Self.noPartner
            }
            try Self.require(right.map { [$0] } ?? [], of: role.rights, signedIn)
            if !action.isRead, try await storage.partner(partner).partner.isSuspended {
                throw Refusal(.forbidden, "The partner is suspended: nothing can be changed until it is resumed.")
            }
        }
    }

    /// Checks a caller who acts at a client.
    ///
    /// - Returns: What the caller is there; nil for the operator.
    func client(_ caller: Caller, _ client: ClientID, _ action: Action) async throws -> Relation? {
        guard case .member(let rights) = action.requirement else {
            preconditionFailure("\(action) is no operation at a client.")
        }
        switch caller.identity {
        case .operator: return nil
        case .anonymous: throw Self.unauthenticated
        case .person(let signedIn):
            guard let relation = try await storage.relation(of: signedIn.person, to: client), let role = relation.role
            else {
                throw Refusal(.notFound, "There is no such client.")
            }
            try Self.require(rights, of: role.rights, signedIn)
            return relation
        }
    }

    /// Checks a caller who acts at a partner upon one of its clients.
    func client(_ caller: Caller, _ client: ClientID, of partner: PartnerID, _ action: Action) async throws {
        try await self.partner(caller, partner, action)
        guard try await storage.owner(of: client) == partner else {
            throw Refusal(.notFound, "There is no such client.")
        }
    }

    /// One of `rights` is needed, none where there are none; `held` is what the caller's role gives.
    private static func require(_ rights: Set<Right>, of held: Set<Right>, _ signedIn: SignedIn) throws(Refusal) {
        guard rights.isEmpty || rights.contains(where: { held.contains($0) && signedIn.allows($0) }) else {
            throw Refusal(.forbidden, "Your role, or your token's scopes, do not allow this.")
        }
    }

    static let unauthenticated = Refusal(.unauthenticated, "Sign in, or send an API token, to do this.")
    static let noPartner = Refusal(.notFound, "There is no such partner.")
}
