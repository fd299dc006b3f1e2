/// Bytes that are no JSON, or JSON that content cannot hold.
public struct NotJSON: Error, Hashable, Sendable {
    /// JSON pointer to the value at fault; empty for the whole text.
    public let pointer: String
    /// What is wrong, with line and column.
    public let reason: String
}

/// Reads JSON as content may hold it: strict, bounded in depth, integers only. Errors name line and column.
struct JSONParser {
    private let bytes: [UInt8]
    private let integersOnly: Bool
    private var position = 0
    private var path: [String] = []

    /// How deep arrays and objects may stand in each other.
    private static let depthMax = 64

    /// - Parameters:
    ///   - bytes: The text.
    ///   - integersOnly: Whether other numbers are refused, rather than read as 0 by one who only checks.
    init(_ bytes: [UInt8], integersOnly: Bool = true) {
        self.bytes = bytes
        self.integersOnly = integersOnly
    }

    /// The one value of the text, with nothing but blanks around it.
    mutating func document() throws(NotJSON) -> JSONValue {
        let value = try value()
        skipBlanks()
        guard position == bytes.count else { throw fault("there is something after the end") }
        return value
    }

    private mutating func value() throws(NotJSON) -> JSONValue {
        skipBlanks()
        guard path.count <= Self.depthMax else { throw fault("arrays and objects stand too deep in each other") }
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        case nil: throw fault("the text ends where a value should be")
        default: break
        }
        for (word, value) in [("true", JSONValue.bool(true)), ("false", .bool(false)), ("null", .null)]
        where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw fault("this is no JSON value")
    }

    private mutating func object() throws(NotJSON) -> JSONValue {
        var members: [String: JSONValue] = [:]
        position += 1
        skipBlanks()
        if take("}") { return .object(members) }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw fault("a member's name must be a string") }
            let start = position
            let name = try string()
            path.append(name)
            // String compares by canonical equivalence, which is just right here: two names that look the same are one.
            guard members[name] == nil else {
                position = start
                throw fault("the name '\(name)' stands twice in this object")
            }
            skipBlanks()
            guard take(":") else { throw fault("a ':' must follow a member's name") }
            members[name] = try value()
            path.removeLast()
            skipBlanks()
        } while take(",")
        guard take("}") else { throw fault("a ',' or '}' must follow a member") }
        return .object(members)
    }

    private mutating func array() throws(NotJSON) -> JSONValue {
        var values: [JSONValue] = []
        position += 1
        skipBlanks()
        if take("]") { return .array(values) }
        repeat {
            path.append(String(values.count))
            values.append(try value())
            path.removeLast()
            skipBlanks()
        } while take(",")
        guard take("]") else { throw fault("a ',' or ']' must follow an element") }
        return .array(values)
    }

    private mutating func number() throws(NotJSON) -> JSONValue {
        let start = position
        let isNegative = take("-")
        let digits = bytes[position...].prefix { (0x30...0x39).contains($0) }
        position += digits.count
        var magnitude: Int64 = 0
        for digit in digits where magnitude <= JSONValue.integerMax { magnitude = magnitude * 10 + Int64(digit - 0x30) }
        let isPlain = !digits.isEmpty && (digits.count == 1 || digits.first != 0x30)
        let isFraction = [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(next)
        if !integersOnly, isPlain, skipFraction() { return .integer(0) }
        guard isPlain, !isFraction, magnitude <= JSONValue.integerMax else {
            position = start
            throw fault("a number must be an integer within ±2^53, written without fraction or exponent")
        }
        return .integer(isNegative ? -magnitude : magnitude)
    }

    /// Passes over `.5`, `e9`, `.5E-9` or nothing; false for what is none of these.
    private mutating func skipFraction() -> Bool {
        func digits() -> Bool {
            let count = bytes[position...].prefix { (0x30...0x39).contains($0) }.count
            position += count
            return count > 0
        }
        if take("."), !digits() { return false }
        guard take("e") || take("E") else { return true }
        if !take("+") { _ = take("-") }
        return digits()
    }

    private mutating func string() throws(NotJSON) -> String {
        let start = position
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    position = start
                    throw fault("this string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<0x20:
                position -= 1
                throw fault("a control character must be escaped")
            default: text.append(byte)
            }
        }
        position = start
        throw fault("this string does not end")
    }

    /// The UTF-8 of the escape behind a backslash.
    private mutating func escape() throws(NotJSON) -> [UInt8] {
        let letter = next
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter ?? 0]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var unit = try codeUnit()
            if (0xD800..<0xDC00).contains(unit), take("\\"), take("u") {
                let low = try codeUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw loneSurrogate() }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw loneSurrogate() }
            // PostgreSQL's text cannot hold it, and no reader needs it.
            guard unit != 0 else { throw fault("U+0000 is not allowed") }
            return Array(String(scalar).utf8)
        default:
            position -= 2
            throw fault("there is no such escape")
        }
    }

    private mutating func codeUnit() throws(NotJSON) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap(hexValue) else { throw fault("four hexadecimal digits must follow '\\u'") }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    private func loneSurrogate() -> NotJSON {
        fault("half a surrogate pair is no character")
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ letter: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: letter) else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private func fault(_ reason: String) -> NotJSON {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        let pointer = path.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
        return NotJSON(pointer: pointer, reason: "\(reason) (line \(line), column \(column))")
    }
}
