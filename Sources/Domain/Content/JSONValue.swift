import FoundationEssentials

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

    /// Reads one JSON text.
    ///
    /// - Throws: ``NotJSON``, with the parser's word on what is wrong and where.
    public init(parsing bytes: [UInt8]) throws(NotJSON) {
        do {
            self = try JSONDecoder().decode(Decoded.self, from: Data(bytes)).value
        } catch DecodingError.dataCorrupted(let context) {
            let place = context.codingPath.map { "/" + ($0.intValue.map(String.init) ?? $0.stringValue) }.joined()
            let cause = context.underlyingError.map { "\($0)" } ?? ""
            throw NotJSON(pointer: place, reason: cause.isEmpty ? context.debugDescription : Self.plain(cause))
        } catch {
            throw NotJSON(pointer: "", reason: "not valid JSON")
        }
    }

    /// The sentence that a parser's error holds in quotes, or the error as it is.
    private static func plain(_ cause: String) -> String {
        guard let start = cause.firstRange(of: "NSDebugDescription=")?.upperBound else { return cause }
        return String(cause[start...].prefix { $0 != "}" })
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

/// Bytes that are no JSON, or JSON that content cannot hold.
public struct NotJSON: Error, Hashable, Sendable {
    /// JSON pointer to the value at fault; empty for the whole text.
    public let pointer: String
    /// What is wrong, with line and column where the parser knows them.
    public let reason: String
}

/// Bridges Foundation's decoder to ``JSONValue``.
private struct Decoded: Decodable {
    let value: JSONValue

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: AnyKey.self) {
            var members: [String: JSONValue] = [:]
            for key in container.allKeys {
                members[key.stringValue] = try container.decode(Decoded.self, forKey: key).value
            }
            value = .object(members)
            return
        }
        if var container = try? decoder.unkeyedContainer() {
            var values: [JSONValue] = []
            while !container.isAtEnd { values.append(try container.decode(Decoded.self).value) }
            value = .array(values)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .null
        } else if let flag = try? container.decode(Bool.self) {
            value = .bool(flag)
        } else if let text = try? container.decode(String.self) {
            value = .string(text)
        } else if let number = try? container.decode(Int64.self),
            (-JSONValue.integerMax...JSONValue.integerMax).contains(number)
        {
            value = .integer(number)
        } else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "a number must be an integer within ±2^53"
            )
        }
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        stringValue = String(intValue)
    }
}
