/// Writes an entry's value: a format number, then its fields in order.
///
/// A number is a LEB128 varint; text and bytes are their length as a number, then the bytes; ids are 16 bytes, big
/// endian. A later version may append fields; one that changes the meaning of earlier ones takes a new format number.
struct EntryWriter {
    /// The format of every entry in this version.
    static let format: UInt8 = 1

    private(set) var bytes: [UInt8] = [format]

    mutating func write(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func write(_ flag: Bool) {
        write(flag ? 1 as UInt64 : 0)
    }

    mutating func write(_ field: [UInt8]) {
        write(UInt64(field.count))
        bytes += field
    }

    mutating func write(_ text: String) {
        write(Array(text.utf8))
    }

    mutating func write(_ bits: UInt128) {
        bytes += bigEndianBytes(bits)
    }

    mutating func write(_ owner: ContentOwner) {
        switch owner {
        case .system(let system):
            write(1 as UInt64)
            write(system.bits)
        case .standard(let partner, let type):
            write(2 as UInt64)
            write(partner.bits)
            write(type.text)
        }
    }
}

/// Reads what ``EntryWriter`` wrote; bytes of any other making end in ``UnreadableEntry``, never in a trap.
struct EntryReader {
    private let bytes: [UInt8]
    private var position = 1

    init(_ bytes: [UInt8]) throws(UnreadableEntry) {
        guard bytes.first == EntryWriter.format else { throw UnreadableEntry() }
        self.bytes = bytes
    }

    mutating func number(atMost most: UInt64 = .max) throws(UnreadableEntry) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            guard shift < 63 || byte <= 1 else { throw UnreadableEntry() }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                guard value <= most else { throw UnreadableEntry() }
                return value
            }
            shift += 7
        }
        throw UnreadableEntry()
    }

    mutating func flag() throws(UnreadableEntry) -> Bool {
        try number(atMost: 1) == 1
    }

    mutating func field() throws(UnreadableEntry) -> [UInt8] {
        let count = try number(atMost: UInt64(bytes.count))
        return Array(try take(Int(count)))
    }

    mutating func text() throws(UnreadableEntry) -> String {
        try required(String(validating: try field(), as: UTF8.self))
    }

    mutating func bits() throws(UnreadableEntry) -> UInt128 {
        try take(16).reduce(0) { $0 << 8 | UInt128($1) }
    }

    mutating func owner() throws(UnreadableEntry) -> ContentOwner {
        switch try number() {
        case 1: return .system(SystemID(bits: try bits()))
        case 2:
            let partner = PartnerID(bits: try bits())
            return .standard(partner, try readable(try text(), SystemType.init))
        default: throw UnreadableEntry()
        }
    }

    private mutating func take(_ count: Int) throws(UnreadableEntry) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw UnreadableEntry() }
        defer { position += count }
        return bytes[position..<position + count]
    }
}

/// The value, or ``UnreadableEntry`` for nil.
func required<Value>(_ value: Value?) throws(UnreadableEntry) -> Value {
    guard let value else { throw UnreadableEntry() }
    return value
}

/// The parsed text, or ``UnreadableEntry`` where it is refused.
func readable<Value>(
    _ text: String,
    _ parse: (String) throws(Refusal) -> Value
) throws(UnreadableEntry) -> Value {
    do {
        return try parse(text)
    } catch {
        throw UnreadableEntry()
    }
}

/// The 16 bytes of a 128-bit number, big endian.
public func bigEndianBytes(_ number: UInt128) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: number >> UInt128(120 - 8 * $0)) }
}
