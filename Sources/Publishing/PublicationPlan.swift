import Domain
public import Store

/// What publishing would change for end users.
public struct PublicationPlan: Sendable {
    /// An item as a release holds it.
    public struct Item: Hashable, Sendable {
        /// Its id.
        public let id: String
        /// Its kind.
        public let kind: String
        /// What end users read first of it, in English.
        public let title: String

        init(_ value: JSONValue) {
            id = value["id"]?.text ?? ""
            kind = value["kind"]?.text ?? ""
            let first = ["title", "label", "text"].compactMap { value[$0]?["en"]?.text }.first ?? id
            title = String(first.prefix(120))
        }
    }

    /// What is new to end users.
    public let added: [Item]
    /// What they see already, and would see otherwise.
    public let changed: [Item]
    /// What stays as it is.
    public let unchanged: Int
    /// What they see now and would no longer see: items of the live release, or of the standard content as a whole
    /// (decision D-3).
    public let gone: [Item]
    /// Whether it is standard content that would be replaced.
    public let replacesStandard: Bool
    /// Bytes that a page loads: the snippet, the bundle where there is one, the player where an item applies; in Brotli.
    public let bytes: (snippet: Int, bundle: Int, player: Int)
    /// The environment; nil where publishing makes it.
    public let environment: EnvironmentRecord?

    init(
        content: [UInt8],
        insteadOf served: (content: [UInt8], isOwn: Bool)?,
        scripts: (snippet: StoredObject, bundle: StoredObject?, player: StoredObject),
        environment: EnvironmentRecord?
    ) throws {
        let new = try Self.items(content)
        let old = try served.map { try Self.items($0.content) } ?? []
        let known = Dictionary(old.map { ($0["id"]?.text ?? "", $0) }) { first, _ in first }
        let ids = Set(new.compactMap { $0["id"]?.text })
        added = new.filter { known[$0["id"]?.text ?? ""] == nil }.map(Item.init)
        changed = new.filter { item in known[item["id"]?.text ?? ""].map { $0 != item } ?? false }.map(Item.init)
        unchanged = new.count - added.count - changed.count
        gone = old.filter { !ids.contains($0["id"]?.text ?? "") }.map(Item.init)
        replacesStandard = served.map { !$0.isOwn } ?? false
        func size(_ object: StoredObject?) -> Int { object.map { ($0.brotli ?? $0.body).count } ?? 0 }
        bytes = (size(scripts.snippet), size(scripts.bundle), size(scripts.player))
        self.environment = environment
    }

    private static func items(_ content: [UInt8]) throws -> [JSONValue] {
        guard case .array(let items)? = try JSONValue(parsing: content)["items"] else { return [] }
        return items
    }
}
