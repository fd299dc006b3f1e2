/// The name of a partner or a client: 1 to 200 printable characters without surrounding blanks.
public struct OrganisationName: Hashable, Sendable, CustomStringConvertible {
    /// The name as given.
    public let text: String

    /// The longest name, in Unicode scalars.
    public static let scalarsMax = 200

    /// Reads a name.
    ///
    /// - Throws: `invalid` where the text is no name.
    public init(_ text: String) throws(Refusal) {
        guard text.unicodeScalars.count <= Self.scalarsMax, isPrintableName(text) else {
            throw Refusal(
                .invalid,
                "A name is 1 to \(Self.scalarsMax) printable characters without surrounding blanks.",
                field: "name"
            )
        }
        self.text = text
    }

    /// The name as given.
    public var description: String { text }
}

/// An e-mail address as it is stored and compared: in lower case.
public struct EmailAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The address.
    public let text: String

    /// The longest address, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
    public static let bytesMax = 254

    /// Reads an address: something, `@`, something with no blank; only a mail tells whether it exists.
    ///
    /// - Parameters:
    ///   - text: The address.
    ///   - field: What the form calls it, for the refusal.
    /// - Throws: `invalid` where the text is no address.
    public init(_ text: String, field: String = "admins") throws(Refusal) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.bytesMax, parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
            text.unicodeScalars.allSatisfy({
                !$0.properties.isWhitespace && $0.properties.generalCategory != .control
                    && !["<", ">", ",", ";", "\"", "\\"].contains($0)
            })
        else {
            throw Refusal(.invalid, "'\(text.prefix(80))' is not an e-mail address.", field: field)
        }
        self.text = text.lowercased()
    }

    /// The address.
    public var description: String { text }

    /// Orders by bytes.
    public static func < (left: EmailAddress, right: EmailAddress) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
