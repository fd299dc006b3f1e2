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

/// What an `Accept-Encoding` allows (RFC 9110, section 12.5.3).
struct AcceptedCodings: Equatable {
    var brotli = false
    var gzip = false
    var identity = true

    /// Nothing said: identity alone, so that no client gets what it may not know.
    init(_ field: [UInt8]?) {
        guard let field else { return }
        var any: Bool?
        var named: [Coding: Bool] = [:]
        for element in FieldText(field).list {
            let parts = element.split(at: UInt8(ascii: ";"))
            guard let coding = parts.first else { continue }
            let isAllowed = parts.dropFirst().allSatisfy { Self.isPositive(weight: $0) }
            if coding.equals("br") {
                named[.brotli] = isAllowed
            } else if coding.equals("gzip") || coding.equals("x-gzip") {
                named[.gzip] = isAllowed
            } else if coding.equals("identity") {
                named[.identity] = isAllowed
            } else if coding.equals("*") {
                any = isAllowed
            }
        }
        brotli = named[.brotli] ?? any ?? false
        gzip = named[.gzip] ?? any ?? false
        identity = named[.identity] ?? any ?? true
    }

    /// Whether a parameter is no `q=0`, `q=0.0`, `q=0.00` or `q=0.000`.
    private static func isPositive(weight: FieldText) -> Bool {
        let bytes = weight.bytes
        guard bytes.count > 1, bytes[0] | 0x20 == UInt8(ascii: "q") else { return true }
        let value = FieldText(bytes[1...]).trimmed.bytes
        guard value.first == UInt8(ascii: "=") else { return true }
        let digits = FieldText(value.dropFirst()).trimmed.bytes
        return digits.isEmpty || digits.contains { $0 != UInt8(ascii: "0") && $0 != UInt8(ascii: ".") }
    }
}

/// Whether an `If-None-Match` names the entity tag, compared weakly (RFC 9110, sections 8.8.3.2 and 13.1.2).
func matches(ifNoneMatch field: [UInt8], tag: [UInt8]) -> Bool {
    FieldText(field).list.contains { element in
        let bytes = element.bytes
        if bytes == [UInt8(ascii: "*")] { return true }
        return bytes == tag || (bytes.starts(with: "W/".utf8) && bytes.dropFirst(2).elementsEqual(tag))
    }
}
