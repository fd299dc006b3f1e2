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

    /// Reads an address that mail can be sent to as it stands, without quoting and without SMTPUTF8: words with dots
    /// between them (RFC 5322, section 3.2.3), `@`, a host name. Only a mail tells whether it exists.
    ///
    /// - Parameters:
    ///   - text: The address.
    ///   - field: What the form calls it, for the refusal.
    /// - Throws: `invalid` where the text is no such address.
    public init(_ text: String, field: String = "admins") throws(Refusal) {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.bytesMax, parts.count == 2,
            Self.isDotted(parts[0], with: "!#$%&'*+-/=?^_`{|}~"), Self.isDotted(parts[1], with: "-")
        else {
            let isForeign = text.utf8.contains { $0 >= 0x80 }
            let hint = isForeign ? " Letters outside ASCII are not supported; write a domain as xn--…." : ""
            throw Refusal(
                .invalid,
                "'\(text.prefix(80))' is not an e-mail address that mail can be sent to.\(hint)",
                field: field
            )
        }
        self.text = text.lowercased()
    }

    /// Whether a part is words of letters, digits and some marks, with one dot between two.
    private static func isDotted(_ part: Substring.UTF8View, with marks: String) -> Bool {
        part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { word in
            !word.isEmpty && word.allSatisfy { isAlphanumeric($0) || marks.utf8.contains($0) }
        }
    }

    /// The address.
    public var description: String { text }

    /// Orders by bytes.
    public static func < (left: EmailAddress, right: EmailAddress) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

/// Whether a byte is an ASCII letter or digit.
package func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
    default: false
    }
}
