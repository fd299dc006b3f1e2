import Domain

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Bytes of a header field where they lie, and the little grammar that fields share (RFC 9110, section 5.6). It does not
/// own them: valid only within the call that it was given to.
struct FieldText {
    let bytes: UnsafeRawBufferPointer

    var count: Int { bytes.count }

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// Where a byte stands first, eight looked at at a time; nil where it does not.
    func position(of byte: UInt8) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let wanted = ones &* UInt64(byte)
        var position = 0
        while position + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ wanted
            // The top bit of each byte that is zero; a borrow can only mark a byte behind a true one.
            let found = (word &- ones) & ~word & (ones &* 0x80)
            if found != 0 { return position + found.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < bytes.count {
            if bytes[position] == byte { return position }
            position += 1
        }
        return nil
    }

    /// Whether every byte is ASCII, eight looked at at a time.
    var isASCII: Bool {
        var position = 0
        while position + 8 <= bytes.count {
            if bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 {
                return false
            }
            position += 8
        }
        while position < bytes.count {
            if bytes[position] >= 0x80 { return false }
            position += 1
        }
        return true
    }

    /// Without blanks and tabs at both ends.
    var trimmed: FieldText {
        var start = 0
        var end = bytes.count
        while start < end, Self.isBlank(bytes[start]) { start += 1 }
        while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
        return FieldText(bytes, start..<end)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Calls `body` with each element between `separator`s outside of quotes, trimmed; empty ones are left out.
    @inline(__always)
    func forEach(separatedBy separator: UInt8, _ body: (FieldText) -> Void) {
        var start = 0
        var isQuoted = false
        for position in 0..<bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard byte == separator, !isQuoted else { continue }
            let element = FieldText(bytes, start..<position).trimmed
            if element.count > 0 { body(element) }
            start = position + 1
        }
        let last = FieldText(bytes, start..<bytes.count).trimmed
        if last.count > 0 { body(last) }
    }

    /// Whether it is `word`, an ASCII word in lower case, in whatever case.
    @inline(__always)
    func equals(_ word: StaticString) -> Bool {
        guard word.utf8CodeUnitCount == bytes.count else { return false }
        for position in 0..<bytes.count {
            let byte = bytes[position]
            let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if lower != word.utf8Start[position] { return false }
        }
        return true
    }

    /// Whether it is exactly `word`.
    @inline(__always)
    func isExactly(_ word: StaticString) -> Bool {
        guard word.utf8CodeUnitCount == bytes.count else { return false }
        for position in 0..<bytes.count where bytes[position] != word.utf8Start[position] { return false }
        return true
    }

    /// Whether it is exactly these bytes.
    @inline(__always)
    func isExactly(_ other: [UInt8]) -> Bool {
        guard other.count == bytes.count else { return false }
        for position in 0..<bytes.count where bytes[position] != other[position] { return false }
        return true
    }

    /// `uri-host [":" port]`, not empty (RFC 9110, section 7.2; RFC 3986, section 3.2.2).
    var isAuthority: Bool {
        var end = bytes.count
        guard end > 0 else { return false }
        if bytes[end - 1] != UInt8(ascii: "]") {
            var colon = end - 1
            while colon >= 0, bytes[colon] != UInt8(ascii: ":") { colon -= 1 }
            if colon >= 0 {
                for position in (colon + 1)..<end where !(0x30...0x39).contains(bytes[position]) { return false }
                end = colon
            }
        }
        guard end > 0 else { return false }
        if bytes[0] == UInt8(ascii: "[") {
            return end > 2 && bytes[end - 1] == UInt8(ascii: "]") && isAddress(FieldText(bytes, 1..<(end - 1)))
        }
        var position = 0
        while position < end {
            guard Self.isHostByte(bytes[position]) else { return false }
            if bytes[position] == UInt8(ascii: "%") {
                guard position + 2 < end, hexValue(bytes[position + 1]) != nil, hexValue(bytes[position + 2]) != nil
                else { return false }
            }
            position += 1
        }
        return true
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "|"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "#"): false
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="): true
        default: isTokenByte(byte)
        }
    }
}

/// Whether it is an IPv6 address as text.
private func isAddress(_ text: FieldText) -> Bool {
    // With the NUL that C asks for; the longest has 45 bytes.
    guard text.count <= 45 else { return false }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
        for position in 0..<text.count { copy[position] = CChar(bitPattern: text.bytes[position]) }
        copy[text.count] = 0
        var address = in6_addr()
        return inet_pton(AF_INET6, copy.baseAddress, &address) == 1
    }
}

/// `tchar` of RFC 9110, section 5.6.2, looked up in 128 bits: letters, digits and ``!#$%&'*+-.^_`|~``.
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
    let word: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : byte < 128 ? 0x57FF_FFFF_C7FF_FFFE : 0
    return word >> UInt64(byte & 63) & 1 == 1
}
