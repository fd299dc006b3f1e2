/// The name of the page variable that carries the System Client ID: a JavaScript identifier of ASCII letters, digits,
/// `_` and `$`, or a dotted path of them, 1 to 128 bytes (rules F-101 to F-104; `sapUserId` is the source's example).
public struct SystemVariable: Hashable, Sendable, CustomStringConvertible {
    /// The name; case matters.
    public let text: String

    /// The longest name, in bytes.
    public static let bytesMax = 128

    /// Reads a name.
    ///
    /// - Throws: `invalid`, or `tooLong`, where the text is no such name.
    public init(_ text: String) throws(Refusal) {
        guard text.utf8.count <= Self.bytesMax else {
            throw Refusal(.tooLong, "A system variable name has at most 128 bytes.", field: "systemVariable")
        }
        var atStart = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "_"), UInt8(ascii: "$"): atStart = false
            case _ where byte.isLetter: atStart = false
            case _ where byte.isDigit && !atStart: break
            case UInt8(ascii: ".") where !atStart: atStart = true
            default: throw Self.malformed
            }
        }
        guard !atStart else { throw Self.malformed }
        self.text = text
    }

    private static let malformed = Refusal(
        .invalid,
        "A system variable name is a JavaScript identifier such as sapUserId, or a dotted path of them.",
        field: "systemVariable"
    )

    /// The name.
    public var description: String { text }
}
