/// A key that was asked for and is nobody's.
public struct UnknownKey: Hashable, Sendable {
    /// The partner's key; nil for the default partner.
    public let partner: PartnerKey?
    /// The system variable that was named.
    public let variable: SystemVariable
    /// The System Client ID that was asked for.
    public let client: SystemClientID
    /// How often, at least, since this edge started.
    public var count: Int
    /// Unix seconds of the last time.
    public var lastSeen: Int

    /// Puts it together.
    public init(
        partner: PartnerKey?,
        variable: SystemVariable,
        client: SystemClientID,
        count: Int,
        lastSeen: Int
    ) {
        self.partner = partner
        self.variable = variable
        self.client = client
        self.count = count
        self.lastSeen = lastSeen
    }
}
