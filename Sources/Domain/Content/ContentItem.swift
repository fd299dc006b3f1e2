/// The kinds of items that this version's player shows; each has a JSON Schema of its name.
public enum ItemKind: String, Sendable, CaseIterable {
    /// A button beside an element.
    case launcher
    /// An article, or a page elsewhere.
    case resource
    /// An announcement over a page.
    case shoutOut
    /// A way to another page of the application.
    case shuttle
    /// A hint at a field.
    case smartTip
    /// Questions over a page.
    case survey
    /// A line of what a new user should have done.
    case task
    /// Steps that lead through a task.
    case walkThru
}

/// One piece of content.
public struct ContentItem: Hashable, Sendable {
    /// Its id within what it is published with: a slug, behind its solution's and `/` in standard content.
    public let id: String
    /// Its kind.
    public let kind: ItemKind
    /// The whole item, valid by its kind's schema.
    public let content: JSONValue

    /// Takes an item that a ``ContentFormat`` has checked.
    init(id: String, kind: ItemKind, content: JSONValue) {
        self.id = id
        self.kind = kind
        self.content = content
    }

    /// Takes an item that was checked when it was stored.
    ///
    /// - Throws: ``NotJSON`` where the bytes are no item of a kind that this version knows.
    public init(stored canonical: [UInt8], id: String) throws(NotJSON) {
        let content = try JSONValue(parsing: canonical)
        guard let kind = content["kind"]?.text.flatMap(ItemKind.init(rawValue:)) else {
            throw NotJSON(pointer: "/kind", reason: "this is no kind of item")
        }
        self.init(id: id, kind: kind, content: content)
    }

    /// The item as players get it: with its id, without what only its authors need.
    var published: JSONValue {
        guard case .object(var members) = content else { return content }
        members["id"] = .string(id)
        members["name"] = nil
        return .object(members)
    }
}

/// The content of a release as its script carries it.
public struct ReleaseContent: Hashable, Sendable {
    /// Canonical JSON: `{"items":[…]}`, in order.
    public let canonical: [UInt8]
    /// How many items it has.
    public let itemCount: Int

    /// Puts items together.
    ///
    /// - Throws: `tooLong` for more than ``ContentFormat/itemsMax`` items or ``ContentFormat/contentBytesMax`` bytes,
    ///   `invalid` where two have one id.
    public init(_ items: [ContentItem]) throws(Refusal) {
        guard items.count <= ContentFormat.itemsMax else {
            throw Refusal(.tooLong, "A release has at most \(ContentFormat.itemsMax) items.", field: "items")
        }
        guard Set(items.map(\.id)).count == items.count else {
            throw Refusal(.invalid, "Two items of the release have the same id.", field: "items")
        }
        canonical = JSONValue.object(["items": .array(items.map(\.published))]).canonical
        itemCount = items.count
        guard canonical.count <= ContentFormat.contentBytesMax else {
            throw Refusal(
                .tooLong,
                "A release has at most \(ContentFormat.contentBytesMax) bytes, this one \(canonical.count).",
                field: "items"
            )
        }
    }

    /// The content of a release that was made before.
    ///
    /// - Throws: ``NotJSON``, or `invalid` for JSON without items.
    public init(released canonical: [UInt8]) throws {
        guard case .array(let items)? = try JSONValue(parsing: canonical)["items"] else {
            throw Refusal(.invalid, "A release's content has no items.", field: "items")
        }
        self.canonical = canonical
        itemCount = items.count
    }
}

extension ContentItem {
    /// The item of a solution as releases carry it: its id, and those that it names, behind the solution's.
    public func named(within solution: String) -> ContentItem {
        copied(as: "\(solution)/\(id)") { "\(solution)/\($0)" }
    }
}

/// A solution: a named bundle of items that the gallery offers.
public struct Solution: Hashable, Sendable {
    /// Its name in files and URLs; unique for a partner and a system type.
    public let id: String
    /// The system type it is for.
    public let system: SystemType
    /// `solution.json`: its name, summary and notes.
    public let about: JSONValue
    /// Its items in order.
    public let items: [ContentItem]

    /// Puts a solution together from parts that a ``ContentFormat`` has checked.
    public init(id: String, system: SystemType, about: JSONValue, items: [ContentItem]) {
        self.id = id
        self.system = system
        self.about = about
        self.items = items
    }

    /// What changed in this version.
    public var notes: String? { about["notes"]?.text }

    /// Its English name.
    public var name: String { about["name"]?["en"]?.text ?? id }

    /// Everything of it as canonical JSON: what a version keeps, and what its digest is of.
    public var canonical: [UInt8] {
        let items = items.map { JSONValue.object(["id": .string($0.id), "item": $0.content]) }
        return JSONValue.object(["about": about, "items": .array(items)]).canonical
    }

    /// The items of a stored version, with the ids that they have within it.
    ///
    /// - Throws: ``NotJSON`` where the bytes are not what ``canonical`` made.
    public static func items(ofVersion canonical: [UInt8]) throws(NotJSON) -> [ContentItem] {
        let value = try JSONValue(parsing: canonical)
        guard case .array(let entries) = value["items"] else {
            throw NotJSON(pointer: "/items", reason: "the version has no items")
        }
        var items: [ContentItem] = []
        for entry in entries {
            guard let id = entry["id"]?.text, let content = entry["item"],
                let kind = content["kind"]?.text.flatMap(ItemKind.init(rawValue:))
            else { throw NotJSON(pointer: "/items", reason: "an item of the version is incomplete") }
            items.append(ContentItem(id: id, kind: kind, content: content))
        }
        return items
    }
}
