/// How long browsers and CDNs may keep a client's snippet; one per client, else its partner's default.
public enum CacheClass: String, Sendable, CaseIterable {
    /// Asked again at each load.
    case critical
    /// 30 seconds.
    case standard
    /// A quarter of an hour.
    case relaxed

    /// The time to kill: how long after a change a page may still show what was before. What a browser keeps and may show
    /// while it asks again, and the longest interval at which an open page asks, five minutes (`edge-contract.md`).
    public var secondsToKill: Int64 {
        switch self {
        case .critical: 300
        case .standard: 30 + 30 + 300
        case .relaxed: 900 + 86_400 + 300
        }
    }

    /// The `Cache-Control` of snippets, manifests and loaders of this class (`edge-contract.md`, A 200).
    public var cacheControl: String {
        switch self {
        case .critical: "no-cache"
        case .standard: "public, max-age=30, stale-while-revalidate=30"
        case .relaxed: "public, max-age=900, stale-while-revalidate=86400"
        }
    }
}
