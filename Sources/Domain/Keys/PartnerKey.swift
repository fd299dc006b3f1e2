/// A partner's public name in URLs: 3 to 32 of `a–z 0–9 -`. Given once, never used again.
public struct PartnerKey: Hashable, Sendable, CustomStringConvertible {
    /// The key as it stands in URLs.
    public let text: String

    /// The limits of a key's length, in bytes.
    public static let lengths = 3...32

    /// Words that stand where a key may stand in the edge's URLs.
    static let reserved: Set<String> = [
        "env", "events", "loader", "manifests", "objects", "snippets", "usage", "v1",
    ]

    /// Reads a key.
    ///
    /// - Throws: `invalid`, or `tooLong`, where the text is no partner key.
    public init(_ text: String) throws(Refusal) {
        guard text.utf8.count <= Self.lengths.upperBound else {
            throw Refusal(.tooLong, "A partner key has at most 32 characters.", field: "key")
        }
        guard text.utf8.count >= Self.lengths.lowerBound,
            text.utf8.allSatisfy({ $0.isLowerCaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") })
        else {
            throw Refusal(.invalid, "A partner key is 3 to 32 of a-z, 0-9 and '-'.", field: "key")
        }
        guard !Self.reserved.contains(text) else {
            throw Refusal(.invalid, "The word '\(text)' is reserved and cannot be a partner key.", field: "key")
        }
        self.text = text
    }

    /// The key as it stands in URLs.
    public var description: String { text }
}

extension UInt8 {
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    var isLowerCaseLetter: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
    var isLetter: Bool { (self | 0x20).isLowerCaseLetter }
}
