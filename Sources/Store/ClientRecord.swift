public import Domain

/// A client, as stored.
public struct ClientRecord: Hashable, Sendable {
    /// Where it stands (`domain.md`, State machines).
    public enum State: String, Sendable {
        /// No admin has signed up yet.
        case notActivated
        /// One has.
        case activated
        /// Its keys answer the no-op.
        case suspended
        /// It will be closed.
        case closing
    }

    /// Its id.
    public let id: ClientID
    /// Its owner partner.
    public let partner: PartnerID
    /// Its name, which never changes (rule F-132).
    public let name: OrganisationName
    /// Since when it is activated, if it is.
    public let activatedAt: Timestamp?
    /// Since when it is suspended, if it is.
    public let suspendedAt: Timestamp?
    /// Why.
    public let suspensionReason: String?
    /// When it will be closed, if so.
    public let closingAt: Timestamp?
    /// Why.
    public let closingReason: String?
    /// When it was made.
    public let createdAt: Timestamp
    /// The cache class of its systems without an own one: its partner's.
    public let partnerCacheClass: CacheClass
    /// Its systems, the one that it was made with first.
    public var systems: [SystemRecord] = []

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        partner = try row.id(1)
        name = try OrganisationName(try row.text(2))
        activatedAt = try row.optional(3, row.time)
        suspendedAt = try row.optional(4, row.time)
        suspensionReason = try row.optional(5, row.text)
        closingAt = try row.optional(6, row.time)
        closingReason = try row.optional(7, row.text)
        createdAt = try row.time(8)
        guard let cacheClass = CacheClass(rawValue: try row.text(9)) else { throw row.damaged(9) }
        partnerCacheClass = cacheClass
    }

    /// How long a browser or CDN may go on showing what one of its keys answered before, at most.
    public var secondsToKill: Int64 {
        systems.map { ($0.cacheClass ?? partnerCacheClass).secondsToKill }.max() ?? 0
    }

    /// Where it stands.
    public var state: State {
        closingAt != nil ? .closing : suspendedAt != nil ? .suspended : activatedAt != nil ? .activated : .notActivated
    }
}
