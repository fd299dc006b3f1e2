extension ContentItem {
    /// The ids of other items that this one starts or waits for, with the JSON pointers to them.
    public var references: [(pointer: String, id: String)] {
        Self.places.compactMap { place in content.text(at: place.steps).map { (place.pointer, $0) } }
    }

    /// The same item under another id, its references renamed; one that `rename` does not know stays as it is.
    public func copied(as id: String, renaming rename: (String) -> String?) -> ContentItem {
        ContentItem(id: id, kind: kind, content: content.renamingReferences(rename))
    }

    /// Where references stand in the schemas.
    fileprivate static let places = [["action", "item"], ["start"], ["done", "item"]].map { steps in
        (steps: steps, pointer: "/" + steps.joined(separator: "/"))
    }

    /// What the item says, in lower case, for who searches: its name, and its texts in all languages.
    public var words: String {
        String(content.strings.joined(separator: "\n").lowercased().prefix(Self.wordsMax))
    }

    /// The most characters of an item that a search looks at.
    private static let wordsMax = 20_000

    /// What its authors call it.
    public var name: String { content["name"]?.text ?? id }
}

extension JSONValue {
    /// An item's content with its references renamed; one that `rename` does not know stays as it is.
    public func renamingReferences(_ rename: (String) -> String?) -> JSONValue {
        ContentItem.places.reduce(self) { content, place in
            guard let new = content.text(at: place.steps).flatMap(rename) else { return content }
            return content.setting(place.pointer, to: .string(new))
        }
    }

    fileprivate func text(at steps: [String]) -> String? {
        steps.reduce(Optional(self)) { value, step in value?[step] }?.text
    }
}

/// What must hold of items together, beyond what each one's schema says.
public enum ContentRules {
    /// What is wrong with items that are to be published together: places and reasons.
    ///
    /// - Parameters:
    ///   - items: The items.
    ///   - hosts: The hosts that links may lead to (`trust.md`, Hostile content).
    /// - Returns: The faults, in order; a place is an item's id, `#` and a JSON pointer.
    public static func faults(in items: [ContentItem], linkHosts hosts: Set<HostName>) -> [Refusal.Fault] {
        let ids = Set(items.map(\.id))
        let names = Set(hosts.map(\.text))
        return items.flatMap { item in
            let missing = item.references.filter { !ids.contains($0.id) }.map { reference in
                Refusal.Fault(
                    place: "\(item.id)#\(reference.pointer)",
                    reason: "names the item '\(reference.id)', which is not published with it"
                )
            }
            let foreign = item.links.filter { !names.contains($0.address.host) }.map { link in
                Refusal.Fault(
                    place: "\(item.id)#\(link.pointer)",
                    reason: "links to \(link.address.host), which is none of the hosts that links may lead to"
                )
            }
            return missing + foreign
        }
    }
}

extension ContentItem {
    /// The addresses that the item leads its readers to, with the JSON pointers to them.
    var links: [(pointer: String, address: WebAddress)] {
        var links: [(String, WebAddress)] = []
        func walk(_ value: JSONValue, _ pointer: String) {
            switch value {
            case .string(let text):
                if pointer.hasSuffix("/url"), let address = WebAddress(text) { links.append((pointer, address)) }
                links += Markup.addresses(in: text).map { (pointer, $0) }
            case .array(let values):
                for (place, child) in values.enumerated() { walk(child, "\(pointer)/\(place)") }
            case .object(let members):
                for (name, child) in members.sorted(by: { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }) {
                    walk(child, "\(pointer)/\(JSONPointer.escaped(name))")
                }
            default: break
            }
        }
        walk(content, "")
        return links
    }
}
