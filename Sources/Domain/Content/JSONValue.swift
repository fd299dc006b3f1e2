/// A JSON value as content holds it: numbers are integers within ±2^53 (so that every reader agrees on them).
public indirect enum JSONValue: Hashable, Sendable {
    /// `null`
    case null
    /// `true`, `false`
    case bool(Bool)
    /// An integer within ±2^53.
    case integer(Int64)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object([String: JSONValue])

    /// The largest magnitude of a number.
    public static let integerMax: Int64 = 1 << 53

    /// Reads one JSON text, strictly (RFC 8259): no comments, no trailing commas, no name twice in an object.
    ///
    /// - Throws: ``NotJSON``, which says what is wrong and where.
    public init(parsing bytes: [UInt8]) throws(NotJSON) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }

    /// Whether some bytes are a JSON object, whatever numbers it holds.
    public static func isObject(_ bytes: [UInt8]) -> Bool {
        var parser = JSONParser(bytes, integersOnly: false)
        guard case .object = try? parser.document() else { return false }
        return true
    }

    /// The value of a member of an object; nil where this is no object or has no such member.
    public subscript(member: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[member]
    }

    /// The string, where this is one.
    public var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// RFC 8785: members sorted by UTF-16 units, no blanks, the shortest escapes. Equal values give equal bytes.
    public var canonical: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let value): bytes += String(value).utf8
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (position, value) in values.enumerated() {
                if position > 0 { bytes.append(UInt8(ascii: ",")) }
                value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            // Not String's own order, which is that of Unicode's canonical equivalence.
            let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            for (position, member) in sorted.enumerated() {
                if position > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Writes a string with the escapes of RFC 8785, section 3.2.2.2.
    private static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0C: bytes += "\\f".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20: bytes += "\\u00\(hexadecimal([byte]))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral text: String) {
        self = .string(text)
    }

    /// A number.
    public init(integerLiteral number: Int64) {
        self = .integer(number)
    }

    /// `true` or `false`
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    /// An array.
    public init(arrayLiteral values: JSONValue...) {
        self = .array(values)
    }

    /// An object; of two members of one name the last counts.
    public init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members) { _, last in last })
    }
}
