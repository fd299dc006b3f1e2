import Accounts
import Authorization
import Domain
import HTTPTypes
import Hummingbird
import Store
import Synchronization

/// One operation of the API, as data: what is routed, what is checked, and what the description tells are the same value.
struct Endpoint: Sendable {
    /// A parameter of the query.
    struct QueryParameter: Sendable {
        let name: String
        let about: String
        let schema: JSONValue
        var isRequired = false
    }

    let method: HTTPRequest.Method
    /// Below `/api/v1`, with `{names}`.
    let path: String
    let action: Action
    let summary: String
    var query: [QueryParameter] = []
    /// The schema of a JSON body; nil where there is none.
    var body: JSONValue?
    /// Members that cannot be changed, as JSON pointers, and what to say of each.
    var readOnly: [String: String] = [:]
    /// The media types of a body that is not JSON, and reaches the operation as it came; empty for JSON.
    var mediaTypes: [String] = []
    /// An example of the body.
    var example: JSONValue?
    /// Whether `If-Match` must say which state the caller saw.
    var needsMatch = false
    /// The status of success.
    var status = HTTPResponse.Status.ok
    /// The name of the answer's schema in ``Representation/schemas``; nil for an empty answer.
    var answer: String?
    /// Whether the answer's items of that schema come in a list.
    var isList = false
    /// Whether `Accept: text/csv` is answered.
    var hasCSV = false
    /// The media type of an answer that is not JSON.
    var fileType: String?
    /// Whether pages see what it changes, so that the answer states the time to kill.
    var changesKeys: Bool {
        switch action {
        case .changeClient, .removeClient, .suspendClient, .resumeClient, .closeClientAsPartner,
            .cancelClosingAsPartner, .closeClient, .cancelClosing, .changeSystem, .deleteSystem, .changeSettings,
            .publishTest, .publishStandard, .publishForClient, .switchStandardContent:
            true
        default: false
        }
    }
    /// The answer to a change, from what storage returned within its transaction; nil where nothing is kept.
    var kept: (@Sendable (any Sendable) -> APIAnswer?)?
    /// What a body asks for, where that is not the same for all; for answers that are given again.
    var repeated: (@Sendable (_ body: JSONValue) -> Action)?
    let run: @Sendable (APICall) async throws -> APIAnswer

    /// The path's parameters.
    var parameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }
}

/// A request that has been read and checked against its endpoint.
struct APICall: Sendable {
    let caller: Caller
    let parameters: [String: String]
    let query: [String: String]
    let body: JSONValue
    let fields: HTTPFields
    /// The body's bytes, of an endpoint that takes other than JSON.
    let bytes: [UInt8]
    /// Takes down for how long pages may go on showing what a key answered before this change.
    let effect = Effect()

    /// For how long after a change pages may go on showing what was before, in seconds; nil for what pages do not see.
    final class Effect: Sendable {
        private let seconds = Mutex<Int64?>(nil)

        /// The time to kill of the change.
        var secondsToKill: Int64? { seconds.withLock { $0 } }

        /// Notes a time to kill; the longest counts.
        func note(_ value: Int64) {
            seconds.withLock { $0 = max($0 ?? 0, value) }
        }
    }

    /// A member of the body that is text.
    func text(_ member: String) -> String? { body[member]?.text }

    /// A member of the body that the schema requires to be text.
    func required(_ member: String) throws(Refusal) -> String {
        guard let text = text(member) else { throw Refusal(.invalid, "This member is missing.", field: member) }
        return text
    }

    /// A member that is true or false.
    func flag(_ member: String) -> Bool? {
        guard case .bool(let value)? = body[member] else { return nil }
        return value
    }

    /// The members of an array.
    func array(_ member: String) -> [JSONValue]? {
        guard case .array(let values)? = body[member] else { return nil }
        return values
    }

    /// An id in the path; one that cannot be is like one that does not exist.
    func id<Kind>(_ name: String, _: Kind.Type = Kind.self) throws(Refusal) -> Identifier<Kind> {
        guard let id = Identifier<Kind>(parameters[name] ?? "") else {
            throw Refusal(.notFound, "There is nothing at this address.")
        }
        return id
    }

    /// The part of the list that the query asks for.
    func page<Kind>(_: Identifier<Kind>.Type = Identifier<Kind>.self) throws(Refusal) -> Page<Identifier<Kind>> {
        let limit = query["limit"].flatMap { Int($0) } ?? Self.limitStandard
        guard let cursor = query["cursor"] else { return Page(limit: limit) }
        guard let last = Identifier<Kind>(cursor) else {
            throw Refusal(.invalid, "This is no cursor that a list gave.", field: "cursor")
        }
        return Page(after: last, limit: limit)
    }

    static let limitStandard = 50
    static let limitMax = 200

    /// Throws `stale` where a present state is not one that `If-Match` names (RFC 9110, section 13.1.1).
    func expecting<Record>(_ represent: @escaping @Sendable (Record) -> JSONValue) -> Expectation<Record> {
        let wanted = EntityTags(fields[values: .ifMatch])
        return { record in
            guard wanted.match(EntityTag.of(represent(record).canonical)) else {
                throw Refusal(.stale, "This has changed since you read it: read it again, and decide anew.")
            }
        }
    }
}

/// What an endpoint answers.
struct APIAnswer: Sendable {
    var status: HTTPResponse.Status = .ok
    /// nil for an empty body.
    var body: JSONValue?
    /// The path of what was made, below the origin.
    var location: String?
    /// The secret of a session for the cookie; an empty text ends the cookie.
    var session: String?
    /// The cursor of what follows in a list.
    var next: String?
    /// Whether the body holds a secret, which is not kept for a repetition.
    var isSecret = false
    /// Another body than JSON, and its media type.
    var file: (mediaType: String, bytes: [UInt8])?

    /// 200 with a body.
    static func ok(_ body: JSONValue) -> APIAnswer { APIAnswer(body: body) }

    /// 201 with what was made.
    ///
    /// - Parameters:
    ///   - body: What was made.
    ///   - location: Its path; empty for what has no address of its own.
    /// - Returns: The answer.
    static func created(_ body: JSONValue, at location: String) -> APIAnswer {
        APIAnswer(status: .created, body: body, location: location.isEmpty ? nil : "/api/v1" + location)
    }

    /// 204
    static let done = APIAnswer(status: .noContent)

    /// A part of a list; `records` holds one more than was asked for where something follows.
    static func list<Record>(
        _ records: [Record],
        limit: Int,
        cursor: (Record) -> String,
        _ represent: (Record) -> JSONValue
    ) -> APIAnswer {
        let shown = records.prefix(limit)
        let next = records.count > limit ? shown.last.map(cursor) : nil
        return APIAnswer(
            body: [
                "items": .array(shown.map(represent)), "next": next.map(JSONValue.string) ?? .null,
            ],
            next: next
        )
    }
}
