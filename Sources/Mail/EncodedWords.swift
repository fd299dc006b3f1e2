import Domain
import Foundation

/// A field's free text in ASCII (RFC 2047).
enum EncodedWords {
    /// The text as it stands where it is plain and short, else as words in base64, folded.
    ///
    /// - Parameters:
    ///   - text: Any text; what would end the line becomes a blank.
    ///   - column: How much of the first line is taken already.
    ///   - isPhrase: It is a name before an address, where punctuation has a meaning.
    /// - Returns: ASCII in lines of at most 76 bytes; each after the first begins with a blank.
    static func encode(_ text: String, column: Int, isPhrase: Bool = false) -> String {
        let text = singleLine(text)
        let isPlain =
            text.utf8.count + column <= lineBytesMax && !text.utf8.contains(sequence: "=?")
            && text.utf8.allSatisfy { isPhrase ? isAlphanumeric($0) || $0 == 0x20 : (0x20...0x7E).contains($0) }
        if isPlain { return text }
        var words: [String] = []
        var piece: [UInt8] = []
        func close() {
            words.append(prefix + base64(piece) + suffix)
            piece = []
        }
        for scalar in text.unicodeScalars {
            let bytes = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            let taken = words.isEmpty ? column : 1
            let room = (lineBytesMax - taken - prefix.utf8.count - suffix.utf8.count) / 4 * 3
            // A character must not be divided between words (section 5).
            if piece.count + bytes.count > room { close() }
            piece += bytes
        }
        close()
        return words.joined(separator: "\r\n ")
    }

    /// The text of a field that ``encode(_:column:isPhrase:)`` wrote, unfolded or not.
    static func decode(_ field: String) -> String {
        let words = field.split(whereSeparator: { $0.isWhitespace })
        guard !words.isEmpty, words.allSatisfy({ $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }) else { return field }
        var bytes: [UInt8] = []
        for word in words {
            let digits = word.dropFirst(prefix.count).dropLast(suffix.count)
            bytes += Data(base64Encoded: String(digits)) ?? Data()
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let prefix = "=?UTF-8?B?"
    private static let suffix = "?="
    /// A line with an encoded word (section 2).
    private static let lineBytesMax = 76
}

extension String.UTF8View {
    /// Whether these bytes occur, whatever characters they are parts of.
    fileprivate func contains(sequence: String) -> Bool {
        let bytes = Array(self)
        let sought = Array(sequence.utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: sought) }
    }
}
