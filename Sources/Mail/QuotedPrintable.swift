import Domain

/// Text as lines of printable ASCII (RFC 2045, section 6.7).
enum QuotedPrintable {
    /// The longest line, without CRLF.
    static let lineBytesMax = 76

    /// Encodes a text.
    ///
    /// - Parameter text: Lines end with LF, CR or both.
    /// - Returns: Lines that end with CRLF, the last too.
    static func encode(_ text: String) -> String {
        var lines = unixLines(text).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var output: [UInt8] = []
        for line in lines {
            var column = 0
            for (index, byte) in zip(line.indices, line) {
                let isLast = index == line.endIndex - 1
                var token = self.token(byte, isFirst: column == 0, isLast: isLast)
                // The last column is kept for the `=` of a soft line break.
                if column + token.count > lineBytesMax - (isLast ? 0 : 1) {
                    output += Array("=\r\n".utf8)
                    column = 0
                    token = self.token(byte, isFirst: true, isLast: isLast)
                }
                output += token
                column += token.count
            }
            output += Array("\r\n".utf8)
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Decodes what ``encode(_:)`` wrote.
    static func decode(_ text: some StringProtocol) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "="), index + 2 < bytes.count {
                if let high = hexValue(bytes[index + 1]), let low = hexValue(bytes[index + 2]) {
                    output.append(high << 4 | low)
                }
                index += 3
            } else {
                if bytes[index] != UInt8(ascii: "\r") { output.append(bytes[index]) }
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// A blank at a line's end could be lost on the way, and a dot at its start is SMTP's.
    private static func token(_ byte: UInt8, isFirst: Bool, isLast: Bool) -> [UInt8] {
        let isPlain =
            switch byte {
            case UInt8(ascii: "="): false
            case UInt8(ascii: "."): !isFirst
            case UInt8(ascii: " "), UInt8(ascii: "\t"): !isLast
            default: (0x21...0x7E).contains(byte)
            }
        if isPlain { return [byte] }
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
    }

    private static func unixLines(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        var wasReturn = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\r"): output.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "\n"): if !wasReturn { output.append(byte) }
            default: output.append(byte)
            }
            wasReturn = byte == UInt8(ascii: "\r")
        }
        return output
    }
}
