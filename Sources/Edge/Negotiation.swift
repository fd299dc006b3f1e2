/// The content codings that objects are stored in.
enum Coding: Int, CaseIterable {
    case identity, gzip, brotli

    /// The coding's name in `Content-Encoding`; nil for identity.
    var name: StaticString? {
        switch self {
        case .identity: nil
        case .gzip: "gzip"
        case .brotli: "br"
        }
    }
}

/// What all `Accept-Encoding` fields of a request allow together (RFC 9110, section 12.5.3).
///
/// Nothing said: identity alone, so that no client gets what it may not know.
package struct AcceptedCodings: Equatable {
    private var brotliNamed: Bool?
    private var gzipNamed: Bool?
    private var identityNamed: Bool?
    private var any: Bool?

    init() {}

    package var brotli: Bool { brotliNamed ?? any ?? false }
    package var gzip: Bool { gzipNamed ?? any ?? false }
    package var identity: Bool { identityNamed ?? any ?? true }

    /// Whether a coding is acceptable.
    func accepts(_ coding: Coding) -> Bool {
        switch coding {
        case .identity: identity
        case .gzip: gzip
        case .brotli: brotli
        }
    }

    /// Takes the value of one field in; of a coding named twice, the last one counts.
    mutating func take(_ field: FieldText) {
        field.forEach(separatedBy: UInt8(ascii: ",")) { element in
            var end = 0
            while end < element.count, element.bytes[end] != UInt8(ascii: ";") { end += 1 }
            let isAllowed = end == element.count || Self.allows(FieldText(element.bytes, end..<element.count))
            let coding = FieldText(element.bytes, 0..<end).trimmed
            switch coding.count {
            case 1 where coding.isExactly("*"): any = isAllowed
            case 2 where coding.equals("br"): brotliNamed = isAllowed
            case 4 where coding.equals("gzip"), 6 where coding.equals("x-gzip"): gzipNamed = isAllowed
            case 8 where coding.equals("identity"): identityNamed = isAllowed
            default: break
            }
        }
    }

    /// Whether no parameter is `q=0`, `q=0.0`, `q=0.00` or `q=0.000`.
    private static func allows(_ parameters: FieldText) -> Bool {
        var allows = true
        parameters.forEach(separatedBy: UInt8(ascii: ";")) { parameter in
            guard parameter.count > 1, parameter.bytes[0] | 0x20 == UInt8(ascii: "q") else { return }
            let value = FieldText(parameter.bytes, 1..<parameter.count).trimmed
            guard value.count > 1, value.bytes[0] == UInt8(ascii: "=") else { return }
            let digits = FieldText(value.bytes, 1..<value.count).trimmed
            guard digits.count > 0 else { return }
            for digit in digits.bytes where digit != UInt8(ascii: "0") && digit != UInt8(ascii: ".") { return }
            allows = false
        }
        return allows
    }
}

/// Whether an `If-None-Match` names the entity tag, compared weakly (RFC 9110, sections 8.8.3.2 and 13.1.2).
func matches(ifNoneMatch field: FieldText, tag: [UInt8]) -> Bool {
    var isMatch = false
    field.forEach(separatedBy: UInt8(ascii: ",")) { element in
        if element.isExactly("*") || element.isExactly(tag) { isMatch = true }
        guard element.count > 2, element.bytes[0] == UInt8(ascii: "W"), element.bytes[1] == UInt8(ascii: "/") else {
            return
        }
        if FieldText(element.bytes, 2..<element.count).isExactly(tag) { isMatch = true }
    }
    return isMatch
}
