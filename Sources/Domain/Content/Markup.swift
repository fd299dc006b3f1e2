/// What authors may write as text: no HTML, no control characters, nothing that reverses what follows it.
///
/// Text for end users has a small markup (`**bold**`, `*italic*`, `[text](https://…)`, `- ` before a list's lines, an
/// empty line between paragraphs), which the player turns into elements. Whatever is none of that is shown as it stands;
/// only a link must be a whole one, so that nobody believes in one that does not work.
enum Markup {
    /// What is wrong with one line of plain text; nil for nothing.
    static func faultInLine(_ text: String) -> String? {
        fault(in: text, allowing: [])
    }

    /// What is wrong with plain text of several lines; nil for nothing.
    static func faultInLines(_ text: String) -> String? {
        fault(in: text, allowing: ["\n"])
    }

    /// What is wrong with text in markup; nil for nothing.
    static func fault(in text: String) -> String? {
        if let fault = faultInLines(text) { return fault }
        return links(in: text).first { $0.address == nil }.map {
            "a link is written [text](https://host/path), this one is not: '\($0.target.prefix(80))'"
        }
    }

    /// The addresses that text in markup links to, as far as they are ones.
    static func addresses(in text: String) -> [WebAddress] {
        links(in: text).compactMap(\.address)
    }

    /// Every place that begins like the target of a link.
    private static func links(in text: String) -> [(target: String, address: WebAddress?)] {
        var links: [(String, WebAddress?)] = []
        var rest = text.utf8[...]
        while let bracket = rest.firstIndex(of: UInt8(ascii: "]")) {
            rest = rest[rest.index(after: bracket)...]
            guard rest.first == UInt8(ascii: "(") else { continue }
            rest = rest.dropFirst()
            let target = rest.prefix { ![UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\n")].contains($0) }
            let isClosed = rest.dropFirst(target.count).first == UInt8(ascii: ")")
            let written = String(decoding: target, as: UTF8.self)
            links.append((written, isClosed ? WebAddress(written) : nil))
        }
        return links
    }

    private static func fault(in text: String, allowing allowed: Set<Unicode.Scalar>) -> String? {
        text.unicodeScalars.first { !allowed.contains($0) && isHidden($0) }.map { scalar in
            let number = String(scalar.value, radix: 16, uppercase: true)
            let code = "U+" + String(repeating: "0", count: max(0, 4 - number.count)) + number
            return "holds \(code), which is no character that can be seen, or changes how others are"
        }
    }

    /// Controls, line separators other than the line feed, marks that override the direction of text (UAX #9, section
    /// 2), and scalars that are no characters.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFDD0...0xFDEF, 0xFEFF, 0xFFF9...0xFFFB: true
        case let value: value & 0xFFFE == 0xFFFE
        }
    }
}

/// The address of a page elsewhere: `https`, a host name, and whatever follows in printable ASCII.
public struct WebAddress: Hashable, Sendable {
    /// The address as it was given.
    public let text: String
    /// The host's name in lower case, without its port.
    public let host: String

    /// Reads an address; nil for what is none, such as one with a user's name, or with characters that a URL writes
    /// percent-encoded (RFC 3986).
    public init?(_ text: String) {
        let scheme = "https://"
        guard text.utf8.starts(with: scheme.utf8) else { return nil }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        guard rest.allSatisfy(Self.isURL) else { return nil }
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        let parts = authority.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, HostName.accepts(host) else { return nil }
        if parts.count == 2 {
            guard (1...5).contains(parts[1].count), parts[1].allSatisfy({ $0.isDigit }) else { return nil }
        }
        self.text = text
        self.host = String(decoding: host, as: UTF8.self).lowercased()
    }

    /// A character that may stand in a URL as it is.
    static func isURL(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-._~:/?#@!$&'*+,;=%".utf8.contains(byte)
    }
}

/// A host that links may lead to.
public struct HostName: Hashable, Sendable, CustomStringConvertible {
    /// The name in lower case.
    public let text: String

    /// Reads a name: two or more labels of letters, digits and `-`, at most 253 bytes (RFC 1035, section 2.3.4).
    ///
    /// - Throws: `invalid` where the text is no such name.
    public init(_ text: String) throws(Refusal) {
        guard Self.accepts(text.utf8) else {
            throw Refusal(
                .invalid,
                "'\(text.prefix(80))' is no host name, such as help.example.com (without scheme, port or path).",
                field: "linkHosts"
            )
        }
        self.text = text.lowercased()
    }

    /// The name in lower case.
    public var description: String { text }

    static func accepts(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return bytes.count <= 253 && labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
                    && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
            }
    }
}
