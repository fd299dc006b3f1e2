/// How long browsers and CDNs may keep a client's snippet; one per client, else its partner's default.
public enum CacheClass: String, Sendable, CaseIterable {
    /// Asked again at each load.
    case critical
    /// 30 seconds.
    case standard
    /// A quarter of an hour.
    case relaxed

    /// The `Cache-Control` of snippets, manifests and loaders of this class (`edge-contract.md`, A 200).
    public var cacheControl: String {
        switch self {
        case .critical: "no-cache"
        case .standard: "public, max-age=30, stale-while-revalidate=30"
        case .relaxed: "public, max-age=900, stale-while-revalidate=86400"
        }
    }
}
