import NIOHPACK

/// A request as it came over HTTP/2. That its pseudo-header fields are all there, once and first, and that no field
/// belongs to a connection, has been seen to by the framing (RFC 9113, section 8.3).
struct HTTP2Request {
    /// Why it is answered with an error, whatever it asks for.
    enum Fault {
        case malformed
        case targetTooLong
        case headTooLarge
        case contentTooLarge

        var answer: Answer {
            switch self {
            case .malformed: .badRequest
            case .targetTooLong: .targetTooLong
            case .headTooLarge: .headTooLarge
            case .contentTooLarge: .contentTooLarge
            }
        }
    }

    var request: Request
    var fault: Fault?
    var isHead: Bool { request.method == .head }

    init(_ headers: HPACKHeaders, limits: EdgeLimits) {
        var method = ""
        var path = ""
        var authority: String?
        var host: String?
        var hasLength = false
        var accepted = AcceptedCodings()
        var tags: [[UInt8]] = []
        var fields = 0
        for (name, value, _) in headers {
            fields += 1
            // RFC 9113, section 8.2.1.
            if Self.isBlank(value.utf8.first) || Self.isBlank(value.utf8.last) { fault = .malformed }
            switch name {
            case ":method": method = value
            case ":path": path = value
            case ":authority": authority = value
            case "host":
                if host != nil { fault = .malformed }
                host = value
            case "content-length":
                if hasLength || value.isEmpty || !value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                    fault = .malformed
                }
                hasLength = true
            case "accept-encoding": Array(value.utf8).withUnsafeBytes { accepted.take(FieldText($0)) }
            case "if-none-match": tags.append(Array(value.utf8))
            default: break
            }
        }
        // `:authority` stands for `Host`; where both are there they are the same (RFC 9113, section 8.3.1).
        let named = authority ?? host ?? ""
        let isAuthority = Array(named.utf8).withUnsafeBytes { FieldText($0).isAuthority }
        if method.isEmpty || !method.utf8.allSatisfy(isTokenByte) || !isAuthority || (host ?? named) != named {
            fault = .malformed
        }
        let known = Self.method(method)
        let target = Array(path.utf8)
        if target.count > limits.requestLineBytes {
            fault = .targetTooLong
        } else if fields > limits.fields {
            fault = .headTooLarge
        } else if method != "CONNECT", !Self.isTarget(target, known) {
            fault = .malformed
        }
        var route = method == "CONNECT" ? Route.authority : .malformed
        if fault == nil && method != "CONNECT" { route = target.withUnsafeBytes { Route(target: $0, method: known) } }
        request = Request(method: known, route: route, accepted: accepted)
        request.ifNoneMatch = tags
    }

    private static func method(_ name: String) -> RequestHead.Method {
        switch name {
        case "GET": .get
        case "HEAD": .head
        case "POST": .post
        case "OPTIONS": .options
        default: .other
        }
    }

    /// Printable ASCII in origin form, or `*` (RFC 9113, section 8.3.1).
    private static func isTarget(_ target: [UInt8], _ method: RequestHead.Method) -> Bool {
        let isServer = method == .options && target == [UInt8(ascii: "*")]
        return (target.first == UInt8(ascii: "/") || isServer) && target.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func isBlank(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }
}
