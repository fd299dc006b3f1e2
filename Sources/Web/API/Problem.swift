import Domain
import HTTPTypes
import Hummingbird

/// What is wrong with a request, as `application/problem+json` (RFC 9457).
struct Problem: Sendable {
    var status: HTTPResponse.Status
    /// Stable, for programs to test.
    var code: String
    /// A sentence that says what is wrong and what to do.
    var detail: String
    /// JSON pointers into the body, or names of parameters, and what is wrong there.
    var errors: [(pointer: String, detail: String)] = []
    var fields: HTTPFields = [:]

    static let mediaType = "application/problem+json"

    var body: JSONValue {
        var members: [String: JSONValue] = [
            "type": "about:blank", "title": .string(status.reasonPhrase), "status": .integer(Int64(status.code)),
            "code": .string(code), "detail": .string(detail),
        ]
        if !errors.isEmpty {
            members["errors"] = .array(
                errors.map { ["pointer": .string($0.pointer), "detail": .string($0.detail)] }
            )
        }
        return .object(members)
    }

    /// A failure of ours: the cause is in the log.
    static let failure = Problem(
        status: .internalServerError,
        code: "failure",
        detail: "Something went wrong on our side. It is in the log under this request's id."
    )

    static let notFound = Problem(status: .notFound, code: "notFound", detail: "There is nothing at this address.")

    static func methodNotAllowed(_ allowed: [String]) -> Problem {
        Problem(
            status: .methodNotAllowed,
            code: "methodNotAllowed",
            detail: "This address takes \(allowed.joined(separator: ", ")).",
            fields: [.allow: allowed.joined(separator: ", ")]
        )
    }
}

extension Problem {
    /// The problem that a refusal is.
    init(_ refusal: Refusal) {
        var fields: HTTPFields = [:]
        if let seconds = refusal.retrySeconds { fields[.retryAfter] = "\(seconds)" }
        if refusal.code == .tooMany, refusal.retrySeconds == nil { fields[.retryAfter] = "3600" }
        if refusal.code == .unauthenticated { fields[.wwwAuthenticate] = "Bearer realm=\"waymark\"" }
        var errors = refusal.faults.map { (pointer: $0.place, detail: $0.reason) }
        if errors.isEmpty, let field = refusal.field, refusal.code != .notFound {
            errors = [(pointer: "/" + field, detail: refusal.message)]
        }
        self.init(
            status: Self.status(refusal.code),
            code: refusal.code.rawValue,
            detail: refusal.message,
            errors: errors,
            fields: fields
        )
    }

    private static func status(_ code: Refusal.Code) -> HTTPResponse.Status {
        switch code {
        case .invalid, .tooLong, .unsupported: .unprocessableContent
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .unauthenticated: .unauthorized
        case .stale: .preconditionFailed
        case .preconditionRequired: .preconditionRequired
        case .linkDead: .gone
        case .tooMany: .tooManyRequests
        case .busy: .serviceUnavailable
        }
    }
}
