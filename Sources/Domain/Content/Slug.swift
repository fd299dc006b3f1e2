/// The name of a solution, of a folder or of an item in files and URLs: 1 to 64 of `a–z 0–9 -`, no `-` first.
public struct Slug: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name as given.
    public let text: String

    /// The longest name, in bytes.
    public static let bytesMax = 64

    /// Reads a name.
    ///
    /// - Throws: `invalid` where the text is no such name.
    public init(_ text: String, field: String) throws(Refusal) {
        guard Self.accepts(text) else {
            throw Refusal(
                .invalid,
                "A name in files and URLs is 1 to 64 of a-z, 0-9 and '-', no '-' first.",
                field: field
            )
        }
        self.text = text
    }

    /// The name that some people's words make: what is no letter or digit of ASCII becomes `-`.
    ///
    /// - Parameters:
    ///   - words: The words.
    ///   - other: The name where nothing is left of them.
    public init(from words: String, else other: StaticString) {
        var bytes: [UInt8] = []
        for byte in words.lowercased().utf8 {
            if byte.isLowerCaseLetter || byte.isDigit {
                bytes.append(byte)
            } else if let last = bytes.last, last != UInt8(ascii: "-") {
                bytes.append(UInt8(ascii: "-"))
            }
        }
        // Room for a number behind it.
        bytes = Array(bytes.prefix(Self.bytesMax - 8))
        while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
        text = bytes.isEmpty ? "\(other)" : String(decoding: bytes, as: UTF8.self)
    }

    /// The same name with a number behind it, for one more of that name.
    public func numbered(_ number: Int) -> Slug {
        let end = "-\(number)"
        return Slug(unchecked: text.prefix(Self.bytesMax - end.utf8.count) + end)
    }

    private init(unchecked text: String) {
        self.text = text
    }

    /// The name as given.
    public var description: String { text }

    /// Orders by bytes.
    public static func < (left: Slug, right: Slug) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    static func accepts(_ text: String) -> Bool {
        (1...bytesMax).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy { $0.isLowerCaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
    }
}
