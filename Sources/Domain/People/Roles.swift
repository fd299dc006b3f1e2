/// What a role may let a person do; also the scopes of API tokens (decision D-15).
public enum Right: String, Sendable, CaseIterable {
    /// People and partner invitations of a client.
    case people
    /// Regular users of one's own systems only, up to a role of ``ClientRole/builder``.
    case peopleOfSystems
    /// Staff of a partner.
    case staff
    /// Clients of a partner.
    case clients
    /// Read content.
    case readContent
    /// Edit content.
    case editContent
    /// Edit nothing of content but its text.
    case editText
    /// Publish to the test environment and to custom ones.
    case publishTest
    /// Publish to production.
    case publishProduction
    /// Make versions of a partner's solutions.
    case gallery
    /// Choose a partner's standard content.
    case standardContent
    /// Settings and environments.
    case settings
    /// Overviews of usage.
    case insights
    /// Who did what, when.
    case audit
    /// API tokens.
    case tokens
}

/// What a client's members open with their rights (rule F-033).
public enum Product: String, Sendable, CaseIterable {
    /// Opened by people, settings, audit or tokens.
    case adminCenter
    /// Opened by reading, editing or publishing content.
    case editor
    /// Opened by insights.
    case insights

    var rights: Set<Right> {
        switch self {
        case .adminCenter: [.people, .peopleOfSystems, .settings, .audit, .tokens]
        case .editor: [.readContent, .editContent, .editText, .publishTest, .publishProduction]
        case .insights: [.insights]
        }
    }
}

/// A role at a client, as the table of roles has it, from the most to the least.
public enum ClientRole: String, Sendable, CaseIterable {
    /// Everything.
    case admin
    /// Regular users of own systems.
    case systemManager
    /// All about content.
    case contentManager
    /// Publishes, edits nothing.
    case publisher
    /// Edits, publishes to test.
    case builder
    /// Edits.
    case contentCreator
    /// Reads.
    case contentViewer
    /// Sees usage.
    case analyst
    /// Edits text only.
    case translator

    /// What the role lets its holder do at the client.
    public var rights: Set<Right> {
        switch self {
        case .admin:
            [
                .people, .readContent, .editContent, .publishTest, .publishProduction, .settings, .insights, .audit,
                .tokens,
            ]
        case .systemManager: [.peopleOfSystems, .readContent, .insights]
        case .contentManager:
            [.readContent, .editContent, .publishTest, .publishProduction, .settings, .insights]
        case .publisher: [.readContent, .publishTest, .publishProduction]
        case .builder: [.readContent, .editContent, .publishTest]
        case .contentCreator: [.readContent, .editContent]
        case .contentViewer: [.readContent, .insights]
        case .analyst: [.insights]
        case .translator: [.readContent, .editText]
        }
    }

    /// The roles that its holder may give to others (D-15): never above what they hold.
    public var grants: Set<ClientRole> {
        switch self {
        case .admin: Set(Self.allCases)
        case .systemManager: [.builder, .contentCreator, .contentViewer, .analyst, .translator]
        default: []
        }
    }

    /// The products that the role opens.
    public var products: [Product] {
        Product.allCases.filter { !$0.rights.isDisjoint(with: rights) }
    }
}

/// A role of partner staff.
public enum StaffRole: String, Sendable, CaseIterable {
    /// Everything.
    case partnerAdmin
    /// Clients and their usage.
    case clientManager
    /// Content and gallery versions.
    case partnerBuilder
    /// The same, and standard content.
    case partnerPublisher
    /// Reads content, sees usage.
    case partnerViewer

    /// What the role lets its holder do at the partner.
    public var rights: Set<Right> {
        switch self {
        case .partnerAdmin:
            [
                .staff, .clients, .readContent, .editContent, .gallery, .standardContent, .settings, .insights, .audit,
                .tokens,
            ]
        case .clientManager: [.clients, .insights]
        case .partnerBuilder: [.readContent, .editContent, .gallery]
        case .partnerPublisher: [.readContent, .editContent, .gallery, .standardContent]
        case .partnerViewer: [.readContent, .insights]
        }
    }
}
