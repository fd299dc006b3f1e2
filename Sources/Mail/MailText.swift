/// A message's words, without sender and recipient.
public struct MailText: Hashable, Sendable {
    /// One line.
    public let subject: String
    /// The plain text; lines end with LF.
    public let text: String
    /// The same as an HTML page that loads nothing.
    public let html: String

    /// Makes a message's words.
    ///
    /// - Parameters:
    ///   - subject: One line; what would end it becomes a blank in the message.
    ///   - text: The plain text.
    ///   - html: The page, escaped already.
    public init(subject: String, text: String, html: String) {
        self.subject = subject
        self.text = text
        self.html = html
    }
}

/// A text as one line: controls, line ends and marks that change the direction of writing become blanks, and none are
/// left at its ends.
///
/// A name with an override (U+202E) could make the sentence around it, or an address in it, read as another.
func singleLine(_ text: String, scalarsMax: Int = .max) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(scalarsMax) {
        line.append(changesLine(scalar) ? " " : scalar)
    }
    let blank: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
    return String(String.UnicodeScalarView(line.drop(while: blank).reversed().drop(while: blank).reversed()))
}

private func changesLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
}
