extension JSONValue {
    /// This value with a JSON Merge Patch applied (RFC 7396): members of an object are set, `null` removes one, and
    /// anything else takes the value's place.
    public func merging(_ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [String: JSONValue] = [:]
        if case .object(let present) = self { members = present }
        for (name, change) in changes {
            members[name] = change == .null ? nil : (members[name] ?? .null).merging(change)
        }
        return .object(members)
    }

    /// Whether two values are the same but for what a translator may write: the texts of localizable texts, and in which
    /// languages there are any.
    public func differsOnlyInText(from other: JSONValue) -> Bool {
        switch (self, other) {
        case (.object(let left), .object(let right)):
            if isLocalized && other.isLocalized { return true }
            return left.keys == right.keys
                && left.allSatisfy { name, value in right[name].map(value.differsOnlyInText) ?? false }
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.differsOnlyInText(from: $1) }
        default: return self == other
        }
    }

    /// Whether this is a text by language.
    private var isLocalized: Bool {
        guard case .object(let members) = self, members["en"] != nil else { return false }
        return members.allSatisfy { Language(rawValue: $0.key) != nil && $0.value.text != nil }
    }

    /// Every string in it, those of members and of arrays alike.
    var strings: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let values): values.flatMap(\.strings)
        case .object(let members):
            members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }.flatMap(\.value.strings)
        default: []
        }
    }
}
