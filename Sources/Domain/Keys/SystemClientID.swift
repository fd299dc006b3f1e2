/// The value that names a client's system in the system variable (rules F-113, F-118; decisions D-1, D-10).
///
/// 1 to 128 bytes of printable UTF-8 without `/`, `\`, controls or surrounding blanks. A UUID is held in lower case;
/// anything else byte for byte: two ids are equal when their bytes are, never by Unicode's canonical equivalence.
public struct SystemClientID: Hashable, Sendable, CustomStringConvertible {
    /// The id as it is stored and matched, UTF-8.
    public let bytes: [UInt8]

    /// The longest id, in bytes.
    public static let bytesMax = 128

    /// Reads an id from text.
    ///
    /// - Throws: `invalid`, or `tooLong`, where the text is no System Client ID.
    public init(_ text: String) throws(Refusal) {
        try self.init(utf8: Array(text.utf8))
    }

    /// Reads an id from bytes of outside data.
    ///
    /// - Throws: `invalid`, or `tooLong`, where the bytes are no System Client ID.
    public init(utf8 bytes: [UInt8]) throws(Refusal) {
        guard bytes.count <= Self.bytesMax else {
            throw Refusal(.tooLong, "A System Client ID has at most 128 bytes.", field: "systemClientId")
        }
        guard Self.isPlain(bytes) || Self.isPrintable(bytes) else {
            throw Refusal(
                .invalid,
                "A System Client ID is 1 to 128 bytes of printable text without '/', '\\' or surrounding blanks.",
                field: "systemClientId"
            )
        }
        let isUpperUUID = bytes.contains { (0x41...0x46).contains($0) } && uuidBits(bytes) != nil
        self.bytes = isUpperUUID ? bytes.map { $0.isLetter ? $0 | 0x20 : $0 } : bytes
    }

    /// Whether it is ASCII without blanks, controls, `/` and `\\`: what nearly all ids are.
    private static func isPlain(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }

    private static func isPrintable(_ bytes: [UInt8]) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self),
            let first = text.unicodeScalars.first, !first.properties.isWhitespace,
            let last = text.unicodeScalars.last, !last.properties.isWhitespace
        else { return false }
        return text.unicodeScalars.allSatisfy(mayAppear)
    }

    private static func mayAppear(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar != "/", scalar != "\\" else { return false }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    /// The id as text.
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}
