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
        var method = RequestHead.Method.other
        var path: String?
        var authority: String?
        var host: String?
        var accepted = AcceptedCodings()
        var tags: [[UInt8]] = []
        var fields = 0
        for (name, value, _) in headers {
            fields += 1
            switch name {
            case ":method":
                method =
                    switch value {
                    case "GET": .get
                    case "HEAD": .head
                    case "POST": .post
                    case "OPTIONS": .options
                    default: .other
                    }
            case ":path": path = value
            case ":authority": authority = value
            case "host":
                if host != nil { fault = .malformed }
                host = value
            case "accept-encoding": Array(value.utf8).withUnsafeBytes { accepted.take(FieldText($0).trimmed) }
            case "if-none-match": tags.append(Array(value.utf8))
            default: break
            }
        }
        // The target rules are those of HTTP/1.1; its scanner lets only printable ASCII through.
        let target = Array((path ?? "").utf8)
        if target.count > limits.requestLineBytes {
            fault = .targetTooLong
        } else if fields > limits.fields {
            fault = .headTooLarge
        } else if !target.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            fault = .malformed
        }
        // `:authority` stands for `Host`; where both are there they are the same (RFC 9113, section 8.3.1).
        let named = authority ?? host ?? ""
        let isAuthority = Array(named.utf8).withUnsafeBytes { FieldText($0).isAuthority }
        if !isAuthority || (host ?? named) != named { fault = .malformed }
        let route = fault == nil ? target.withUnsafeBytes { Route(target: $0, method: method) } : .malformed
        request = Request(method: method, route: route, accepted: accepted)
        request.ifNoneMatch = tags
    }
}
