import Domain

/// A strong entity tag: names the bytes of a representation (RFC 9110, section 8.8.3).
enum EntityTag {
    /// The tag of a representation, quotes included.
    static func of(_ bytes: [UInt8]) -> String {
        "\"\(base64URL(Digest(of: bytes).bytes.prefix(12)))\""
    }
}

/// The value of `If-Match` or `If-None-Match`: `*`, or a list of tags.
struct EntityTags: Sendable {
    private var isAny = false
    private var tags: [(tag: String, isWeak: Bool)] = []

    /// Reads all fields of that name; what is no tag matches nothing.
    init(_ fields: [String]) {
        for field in fields {
            var rest = field[...]
            while true {
                rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
                guard let first = rest.first else { break }
                if first == "*" {
                    isAny = true
                    rest = rest.dropFirst()
                    continue
                }
                let isWeak = rest.hasPrefix("W/")
                if isWeak { rest = rest.dropFirst(2) }
                // Commas may stand within a tag, quotes may not.
                guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { return }
                tags.append((String(rest[...end]), isWeak))
                rest = rest[rest.index(after: end)...]
            }
        }
    }

    var isEmpty: Bool { !isAny && tags.isEmpty }

    /// Whether `If-Match` holds: strong comparison, so a weak tag never does.
    func match(_ tag: String) -> Bool {
        isAny || tags.contains { !$0.isWeak && $0.tag == tag }
    }

    /// Whether `If-None-Match` names this: weak comparison.
    func name(_ tag: String) -> Bool {
        isAny || tags.contains { $0.tag == tag }
    }
}
