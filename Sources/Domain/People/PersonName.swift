/// A person's first or last name: 1 to 100 printable characters without surrounding blanks.
public struct PersonName: Hashable, Sendable, CustomStringConvertible {
    /// The name as given.
    public let text: String

    /// The longest name, in Unicode scalars.
    public static let scalarsMax = 100

    /// Reads a name.
    ///
    /// - Parameters:
    ///   - text: The name.
    ///   - field: What the form calls it, for the refusal.
    /// - Throws: `invalid` where the text is no name.
    public init(_ text: String, field: String) throws(Refusal) {
        guard text.unicodeScalars.count <= Self.scalarsMax, isPrintableName(text) else {
            throw Refusal(
                .invalid,
                "A first or last name is 1 to \(Self.scalarsMax) printable characters without surrounding blanks.",
                field: field
            )
        }
        self.text = text
    }

    /// The name as given.
    public var description: String { text }
}

/// Whether a text has something to show, no blank around it, and nothing that is no character of a line or turns the order
/// of the others around.
func isPrintableName(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    return scalars.first?.properties.isWhitespace == false && scalars.last?.properties.isWhitespace == false
        && scalars.allSatisfy {
            !(0x202A...0x202E).contains($0.value) && !(0x2066...0x2069).contains($0.value)
                && ![.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
}
