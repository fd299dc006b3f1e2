import Domain
import NIOCore

/// One answer, complete but for what belongs to the connection: `Date` and `Connection`.
struct Answer: Sendable {
    enum Status: Int, CaseIterable, Sendable {
        case ok = 200
        case noContent = 204
        case notModified = 304
        case badRequest = 400
        case notFound = 404
        case methodNotAllowed = 405
        case contentTooLarge = 413
        case targetTooLong = 414
        case headTooLarge = 431
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
            case .unavailable: "HTTP/1.1 503 Service Unavailable\r\n"
            }
        }
    }

    var status: Status
    var outcome: Outcome?
    /// The body, which `HEAD` does not send; nil for a status that has none.
    var body: ByteBuffer?
    /// Lines of fields, each with its CR LF.
    var fields: String
    /// Whether the connection cannot be used after it.
    var closes = false

    /// Fields of every answer of whatever status.
    private static let common =
        "Access-Control-Allow-Origin: *\r\n"
        + "Access-Control-Expose-Headers: ETag, Waymark-Release, Waymark-Outcome\r\n"
        + "Cross-Origin-Resource-Policy: cross-origin\r\n" + "Timing-Allow-Origin: *\r\n"

    init(_ status: Status, body: ByteBuffer? = nil, _ fields: [(String, String)]) {
        self.status = status
        self.body = body
        self.fields = fields.reduce(into: Self.common) { $0 += "\($1.0): \($1.1)\r\n" }
    }

    /// A short answer that nobody keeps.
    static func plain(_ status: Status, _ text: String, closes: Bool = false, _ extra: [(String, String)] = [])
        -> Answer
    {
        var answer = Answer(
            status,
            body: ByteBuffer(string: text + "\n"),
            [
                ("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"),
                ("Vary", "Accept-Encoding"), ("X-Content-Type-Options", "nosniff"),
            ] + extra
        )
        answer.closes = closes
        return answer
    }

    static let badRequest = plain(.badRequest, "The request or its key is malformed.")
    static let targetTooLong = plain(.targetTooLong, "The key or the request line is too long.")
    static let notFound = plain(.notFound, "There is nothing here.")
    static let unavailable = plain(.unavailable, "No state has been loaded yet.", [("Retry-After", "1")])
    static let noContent = Answer(.noContent, [("Cache-Control", "no-store")])
    static let options = Answer(
        .noContent,
        [
            ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
            ("Access-Control-Allow-Headers", "content-type"), ("Access-Control-Max-Age", "7200"),
            ("Vary", "Accept-Encoding"),
        ]
    )

    static func refused(_ fault: HeadFault) -> Answer {
        switch fault {
        case .malformed: plain(.badRequest, "The request is malformed.", closes: true)
        case .requestLineTooLong: plain(.targetTooLong, "The request line is too long.", closes: true)
        case .headTooLarge: plain(.headTooLarge, "The request's head is too large.", closes: true)
        }
    }

    /// The bytes of the answer.
    ///
    /// - Parameters:
    ///   - buffer: Where they go.
    ///   - date: The `Date` line.
    ///   - isHead: Whether the body stays behind.
    ///   - keepsAlive: What to tell of the connection.
    ///   - isOld: Whether the client speaks HTTP/1.0, and must be told where the connection stays.
    func write(to buffer: inout ByteBuffer, date: [UInt8], isHead: Bool, keepsAlive: Bool, isOld: Bool) {
        buffer.writeStaticString(status.line)
        buffer.writeBytes(date)
        buffer.writeString(fields)
        if let body {
            buffer.writeString("Content-Length: \(body.readableBytes)\r\n")
        }
        if !keepsAlive {
            buffer.writeStaticString("Connection: close\r\n")
        } else if isOld {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
        if !isHead, var body { buffer.writeBuffer(&body) }
    }
}
