/// The lower-case hexadecimal digit of 0...15.
func hexDigit(_ value: UInt8) -> Unicode.Scalar {
    Unicode.Scalar(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value)
}

/// The value of a hexadecimal digit in either case; nil for any other byte.
package func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// Bytes as lower-case hexadecimal digits.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
        text.unicodeScalars.append(hexDigit(byte >> 4))
        text.unicodeScalars.append(hexDigit(byte & 0xF))
    }
    return text
}

/// Bytes in base64 (RFC 4648, section 4), with padding.
public func base64(_ bytes: some Sequence<UInt8>) -> String {
    let text = base64Digits(bytes, last: ("+", "/"))
    return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
}

/// Bytes in base64url (RFC 4648, section 5), without padding.
public func base64URL(_ bytes: some Sequence<UInt8>) -> String {
    base64Digits(bytes, last: ("-", "_"))
}

/// The bytes of base64url (RFC 4648, section 5) without padding; nil for anything else.
public func base64URLBytes(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var held = 0
    var bits = 0
    for byte in text.utf8 {
        let value: Int
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = Int(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = Int(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = Int(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): value = 62
        case UInt8(ascii: "_"): value = 63
        default: return nil
        }
        held = (held << 6 | value) & 0xFFFF
        bits += 6
        if bits >= 8 {
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: held >> bits))
        }
    }
    // What is left over is padding, and must be nothing.
    return bits < 6 && held & ((1 << bits) - 1) == 0 ? bytes : nil
}

private func base64Digits(_ bytes: some Sequence<UInt8>, last: (Unicode.Scalar, Unicode.Scalar)) -> String {
    var text = ""
    var held = 0
    var bits = 0
    func append(_ value: Int) {
        let letter: Unicode.Scalar =
            switch value {
            case 0..<26: Unicode.Scalar(UInt8(ascii: "A") + UInt8(value))
            case 26..<52: Unicode.Scalar(UInt8(ascii: "a") + UInt8(value - 26))
            case 52..<62: Unicode.Scalar(UInt8(ascii: "0") + UInt8(value - 52))
            case 62: last.0
            default: last.1
            }
        text.unicodeScalars.append(letter)
    }
    for byte in bytes {
        held = (held << 8 | Int(byte)) & 0xFFFF
        bits += 8
        while bits >= 6 {
            bits -= 6
            append(held >> bits & 0x3F)
        }
    }
    if bits > 0 { append(held << (6 - bits) & 0x3F) }
    return text
}

/// Text for HTML, in elements and in quoted attributes: each Unicode scalar that means something there is escaped.
///
/// By scalar, not by character as Swift counts them: in `<` after U+0600, which joins with what follows, a browser still
/// sees the start of a tag.
public func escapedHTML(_ text: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
        case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
        case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
        case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
        case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
        default: escaped.append(scalar)
        }
    }
    return String(escaped)
}
