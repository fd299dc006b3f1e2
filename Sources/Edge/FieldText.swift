/// Bytes of a header field, and the little grammar that lists in fields share (RFC 9110, section 5.6).
struct FieldText: Equatable {
    let bytes: [UInt8]

    var count: Int { bytes.count }

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// Without blanks and tabs at both ends.
    var trimmed: FieldText {
        let start = bytes.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? bytes.endIndex
        let end = bytes.lastIndex { $0 != 0x20 && $0 != 0x09 } ?? bytes.startIndex
        return start <= end && start < bytes.endIndex ? FieldText(bytes[start...end]) : FieldText([])
    }

    /// The elements between commas, trimmed; empty ones left out. A comma within quotes is part of its element.
    var list: [FieldText] { split(at: UInt8(ascii: ",")) }

    /// The parts between `separator`s outside of quotes, trimmed; empty ones left out.
    func split(at separator: UInt8) -> [FieldText] {
        var parts: [FieldText] = []
        var start = bytes.startIndex
        var isQuoted = false
        for (position, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard byte == separator, !isQuoted else { continue }
            parts.append(FieldText(bytes[start..<position]).trimmed)
            start = position + 1
        }
        parts.append(FieldText(bytes[start...]).trimmed)
        return parts.filter { !$0.bytes.isEmpty }
    }

    /// Whether it is `word`, an ASCII word in lower case, in whatever case.
    func equals(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            word.count == bytes.count
                && zip(word, bytes).allSatisfy { $0 == ($1 >= 0x41 && $1 <= 0x5A ? $1 | 0x20 : $1) }
        }
    }
}
