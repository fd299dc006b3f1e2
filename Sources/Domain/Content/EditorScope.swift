/// Whose content: what alone builds the queries for it, so that none can reach another tenant's.
public enum EditorScope: Hashable, Sendable {
    /// The content of one system of a client.
    case client(ClientID, SystemID)
    /// A partner's content for one system type.
    case partner(PartnerID, SystemType)

    /// Whose releases are made of it.
    public var owner: ContentOwner {
        switch self {
        case .client(_, let system): .system(system)
        case .partner(let partner, let type): .standard(partner, type)
        }
    }
}
