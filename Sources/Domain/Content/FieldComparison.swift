/// One field of an item that is not the same in three places: where a copy came from, the newest version of that, and the
/// copy itself.
public struct FieldComparison: Hashable, Sendable {
    /// Who has changed a field.
    public enum Change: String, Sendable, CaseIterable {
        /// The partner's newest version only.
        case theirs
        /// The copy only.
        case own
        /// Both, to the same.
        case same
        /// Both, to different values.
        case conflict
    }

    /// The field, as a JSON pointer (RFC 6901).
    public let pointer: String
    /// What it was when the copy was made; nil where it was not there.
    public let origin: JSONValue?
    /// What it is in the newest version.
    public let newest: JSONValue?
    /// What it is in the copy.
    public let own: JSONValue?

    /// Who has changed it.
    public var change: Change {
        if newest == own { return .same }
        if own == origin { return .theirs }
        return newest == origin ? .own : .conflict
    }

    /// Compares three states of an item: objects member by member, arrays of one length element by element, anything else
    /// as a whole.
    public static func all(origin: JSONValue?, newest: JSONValue?, own: JSONValue?) -> [FieldComparison] {
        var fields: [FieldComparison] = []
        compare(origin, newest, own, at: "", &fields)
        return fields
    }

    private static func compare(
        _ origin: JSONValue?,
        _ newest: JSONValue?,
        _ own: JSONValue?,
        at pointer: String,
        _ fields: inout [FieldComparison]
    ) {
        if origin == newest && newest == own { return }
        // What is not there in one of them is taken or left as a whole: a part of it might be valid for nobody.
        let objects = [origin, newest, own].compactMap { value -> [String: JSONValue]? in
            guard case .object(let members)? = value else { return nil }
            return members
        }
        if objects.count == 3 {
            for name in Set(objects.flatMap(\.keys)).sorted(by: { $0.utf16.lexicographicallyPrecedes($1.utf16) }) {
                let step = "\(pointer)/\(JSONPointer.escaped(name))"
                compare(origin?[name], newest?[name], own?[name], at: step, &fields)
            }
            return
        }
        let arrays = [origin, newest, own].compactMap { value -> [JSONValue]? in
            guard case .array(let values)? = value else { return nil }
            return values
        }
        if arrays.count == 3, arrays[0].count == arrays[1].count, arrays[1].count == arrays[2].count {
            for place in arrays[0].indices {
                compare(arrays[0][place], arrays[1][place], arrays[2][place], at: "\(pointer)/\(place)", &fields)
            }
            return
        }
        fields.append(FieldComparison(pointer: pointer, origin: origin, newest: newest, own: own))
    }
}

/// JSON pointers (RFC 6901).
enum JSONPointer {
    /// A member's name as a step (section 3).
    static func escaped(_ name: String) -> String {
        name.replacing("~", with: "~0").replacing("/", with: "~1")
    }

    /// The names that a pointer steps through.
    static func steps(_ pointer: String) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }
}

extension JSONValue {
    /// This value with another one at a pointer, or none; a place that is not there stays so.
    public func setting(_ pointer: String, to value: JSONValue?) -> JSONValue {
        setting(JSONPointer.steps(pointer)[...], to: value)
    }

    private func setting(_ steps: ArraySlice<String>, to value: JSONValue?) -> JSONValue {
        guard let step = steps.first else { return value ?? self }
        let rest = steps.dropFirst()
        switch self {
        case .object(var members):
            if rest.isEmpty {
                members[step] = value
            } else {
                members[step] = (members[step] ?? .object([:])).setting(rest, to: value)
            }
            return .object(members)
        case .array(var values):
            guard let place = Int(step), values.indices.contains(place) else { return self }
            values[place] = values[place].setting(rest, to: value)
            return .array(values)
        default: return self
        }
    }
}
