package import Domain
package import NIOCore

/// One answer, complete but for what belongs to the connection: `Date` and `Connection`.
package struct Answer: Sendable {
    package enum Status: Int, CaseIterable, Sendable {
        case ok = 200
        case noContent = 204
        case notModified = 304
        case badRequest = 400
        case notFound = 404
        case methodNotAllowed = 405
        case contentTooLarge = 413
        case targetTooLong = 414
        case headTooLarge = 431
        case notImplemented = 501
        case unavailable = 503

        var line: StaticString {
            switch self {
            case .ok: "HTTP/1.1 200 OK\r\n"
            case .noContent: "HTTP/1.1 204 No Content\r\n"
            case .notModified: "HTTP/1.1 304 Not Modified\r\n"
            case .badRequest: "HTTP/1.1 400 Bad Request\r\n"
            case .notFound: "HTTP/1.1 404 Not Found\r\n"
            case .methodNotAllowed: "HTTP/1.1 405 Method Not Allowed\r\n"
            case .contentTooLarge: "HTTP/1.1 413 Content Too Large\r\n"
            case .targetTooLong: "HTTP/1.1 414 URI Too Long\r\n"
            case .headTooLarge: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
            case .notImplemented: "HTTP/1.1 501 Not Implemented\r\n"
            case .unavailable: "HTTP/1.1 503 Service Unavailable\r\n"
            }
        }

        /// Its place among all statuses, for counting.
        var place: Int {
            switch self {
            case .ok: 0
            case .noContent: 1
            case .notModified: 2
            case .badRequest: 3
            case .notFound: 4
            case .methodNotAllowed: 5
            case .contentTooLarge: 6
            case .targetTooLong: 7
            case .headTooLarge: 8
            case .unavailable: 9
            case .notImplemented: 10
            }
        }
    }

    package var status: Status
    package var outcome: Outcome?
    var cache: CachePolicy
    /// The other fields as lines, each with its CR LF; with a body also its `Content-Length`.
    var fields: FieldLines
    /// The body, which `HEAD` does not send; nil for a status that has none.
    package var body: ByteBuffer?
    /// Whether the connection cannot be used after it.
    package var closes = false

    init(_ status: Status, outcome: Outcome? = nil, cache: CachePolicy, body: ByteBuffer? = nil, _ fields: FieldLines) {
        self.status = status
        self.outcome = outcome
        self.cache = cache
        self.body = body
        self.fields = fields
    }

    /// A short answer that nobody keeps.
    static func plain(_ status: Status, _ text: String, closes: Bool = false, _ extra: [(String, String)] = [])
        -> Answer
    {
        let body = ByteBuffer(string: text + "\n")
        let fields =
            [
                ("Content-Type", "text/plain; charset=utf-8"), ("Vary", "Accept-Encoding"),
                ("X-Content-Type-Options", "nosniff"),
            ] + extra
        var answer = Answer(status, cache: .none, body: body, FieldLines(fields, bodyBytes: body.readableBytes))
        answer.closes = closes
        return answer
    }

    static let badRequest = plain(.badRequest, "The request or its key is malformed.")
    static let targetTooLong = plain(.targetTooLong, "The key or the request line is too long.")
    static let notFound = plain(.notFound, "There is nothing here.")
    static let unavailable = plain(.unavailable, "No state has been loaded yet.", [("Retry-After", "1")])
    static let badBeacon = plain(.badRequest, "A usage beacon is a JSON object.")
    static let malformed = plain(.badRequest, "The request is malformed.", closes: true)
    static let requestLineTooLong = plain(.targetTooLong, "The request line is too long.", closes: true)
    static let headTooLarge = plain(.headTooLarge, "The request's head is too large.", closes: true)
    static let unknownCoding = plain(.notImplemented, "The transfer coding is not known here.", closes: true)
    static let malformedBody = plain(.badRequest, "The body is malformed.", closes: true)
    static let contentTooLarge = plain(.contentTooLarge, "The body is too large.", closes: true)
    static let noContent = Answer(.noContent, cache: .none, FieldLines([]))
    static let options = Answer(
        .noContent,
        cache: .unsaid,
        FieldLines([
            ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
            ("Access-Control-Allow-Headers", "content-type"), ("Access-Control-Max-Age", "7200"),
            ("Vary", "Accept-Encoding"),
        ])
    )
    static let onlyPost = notAllowed("POST, OPTIONS")
    static let onlyGet = notAllowed("GET, HEAD, OPTIONS")

    private static func notAllowed(_ methods: String) -> Answer {
        plain(.methodNotAllowed, "The method is not allowed here.", [("Allow", methods)])
    }

    static func refused(_ fault: HeadFault) -> Answer {
        switch fault {
        case .malformed: malformed
        case .requestLineTooLong: requestLineTooLong
        case .headTooLarge: headTooLarge
        case .unknownCoding: unknownCoding
        }
    }

    /// Appends the head of the answer, as HTTP/1.1.
    ///
    /// - Parameters:
    ///   - buffer: Where it goes.
    ///   - date: The `Date` line.
    ///   - keepsAlive: What to tell of the connection.
    ///   - isOld: Whether the client speaks HTTP/1.0, and must be told where the connection stays.
    @inline(__always)
    package func writeHead(to buffer: inout ByteBuffer, date: [UInt8], keepsAlive: Bool, isOld: Bool) {
        buffer.writeStaticString(status.line)
        buffer.writeBytes(date)
        buffer.writeStaticString(cache.line)
        buffer.writeBytes(fields.lines)
        if !keepsAlive {
            buffer.writeStaticString("Connection: close\r\n\r\n")
        } else if isOld {
            buffer.writeStaticString("Connection: keep-alive\r\n\r\n")
        } else {
            buffer.writeStaticString("\r\n")
        }
    }
}

/// What `Cache-Control` says.
package enum CachePolicy: Sendable {
    /// A snippet's class.
    case classed(CacheClass)
    /// The no-op: asked for again soon.
    case short
    /// For testers, who look again at once.
    case testers
    /// Named by its digest.
    case immutable
    /// Not to be kept.
    case none
    /// The field is absent.
    case unsaid

    /// The value; empty for no field.
    var value: String {
        switch self {
        case .classed(let cacheClass): cacheClass.cacheControl
        case .short: "max-age=15"
        case .testers: "private, no-cache"
        case .immutable: "public, max-age=31536000, immutable"
        case .none: "no-store"
        case .unsaid: ""
        }
    }

    /// The whole line, or nothing.
    var line: StaticString {
        switch self {
        case .classed(.critical): "Cache-Control: no-cache\r\n"
        case .classed(.standard): "Cache-Control: public, max-age=30, stale-while-revalidate=30\r\n"
        case .classed(.relaxed): "Cache-Control: public, max-age=900, stale-while-revalidate=86400\r\n"
        case .short: "Cache-Control: max-age=15\r\n"
        case .testers: "Cache-Control: private, no-cache\r\n"
        case .immutable: "Cache-Control: public, max-age=31536000, immutable\r\n"
        case .none: "Cache-Control: no-store\r\n"
        case .unsaid: ""
        }
    }
}

/// Fields of an answer, made when it is prepared: as lines for HTTP/1.1, and by name for HTTP/2.
final class FieldLines: Sendable {
    /// Names in lower case and values, with those that stand on every answer of whatever status.
    let fields: [(lowerName: String, value: String)]
    /// The same, each with its CR LF.
    let lines: [UInt8]

    private static let common = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "ETag, Waymark-Release, Waymark-Outcome"),
        ("Cross-Origin-Resource-Policy", "cross-origin"), ("Timing-Allow-Origin", "*"),
    ]

    init(_ fields: [(String, String)], bodyBytes: Int? = nil) {
        let length = bodyBytes.map { [("Content-Length", "\($0)")] } ?? []
        let all = Self.common + fields + length
        self.fields = all.map { ($0.0.lowercased(), $0.1) }
        lines = Array(all.map { "\($0.0): \($0.1)\r\n" }.joined().utf8)
    }
}
