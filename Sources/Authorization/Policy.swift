public import Domain

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
    case readItems, editItems, editItemTexts
    case readPartnerItems, editPartnerItems
    case readSolutions, editSolutions
    case readGallery, downloadSolution
    case readReleases, publishTest, publishProduction
    case readStandardReleases, publishStandard, publishForClient
    case readEnvironments, changeEnvironments, readPartnerEnvironments, changePartnerEnvironments
    case readStandardContent, switchStandardContent
    case readGeneration, readExplanation

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
        case .readItems, .readGallery: .member([.readContent])
        case .editItems, .downloadSolution: .member([.editContent])
        case .editItemTexts: .member([.editContent, .editText])
        case .readPartnerItems, .readSolutions: .staff(.readContent)
        case .editPartnerItems: .staff(.editContent)
        case .editSolutions: .staff(.gallery)
        case .readReleases, .readEnvironments, .readStandardContent: .member([.readContent])
        case .publishTest: .member([.publishTest])
        case .publishProduction: .member([.publishProduction])
        case .changeEnvironments, .switchStandardContent: .member([.settings])
        case .readStandardReleases, .readPartnerEnvironments: .staff(.readContent)
        case .publishStandard, .publishForClient: .staff(.standardContent)
        case .changePartnerEnvironments: .staff(.settings)
        case .readGeneration, .readExplanation: .signedIn
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
