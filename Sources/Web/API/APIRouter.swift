import Accounts
import Authorization
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Takes requests to the API through the same steps: who asks, what is asked, may it be asked so, and the answer.
struct APIRouter: Sendable {
    let api: API
    let version: String
    let runtime: Runtime
    let logger: Logger

    /// The largest JSON body, and the largest file, in bytes.
    static let bodyBytesMax = 512 * 1024
    static let fileBytesMax = 16 << 20
    /// The cookie of a session: bound to the host and to HTTPS (browsers take it over plain HTTP on loopback too).
    static let cookie = "__Host-waymark"

    /// What an endpoint's requests are checked against, read once.
    private struct Schemas: Sendable {
        let body: Schema?
        let query: [String: (type: String?, schema: Schema)]

        init(_ endpoint: Endpoint) throws {
            body = try endpoint.body.map { try Schema($0) }
            query = try Dictionary(
                uniqueKeysWithValues: endpoint.query.map { parameter in
                    (parameter.name, (parameter.schema["type"]?.text, try Schema(parameter.schema)))
                }
            )
        }
    }

    /// Adds every endpoint to a router, and what answers paths and methods that are none.
    ///
    /// - Parameters:
    ///   - router: The control listener's.
    ///   - pages: Its templates.
    /// - Throws: Where a schema says what the evaluator does not know.
    func add(to router: Router<WebContext>, pages: Pages) throws {
        let endpoints = api.endpoints
        let description = OpenAPI(endpoints: endpoints).document.canonical
        router.add(middleware: APIErrors(endpoints: endpoints, router: self))
        let group = router.group("/api")
        for endpoint in endpoints {
            let schemas = try Schemas(endpoint)
            group.on(RouterPath("/v1" + endpoint.path), method: endpoint.method) { request, context in
                try await answer(request, context, endpoint, schemas)
            }
        }
        group.get("/v1/openapi.json") { _, _ in
            Response("application/json", description, Self.fields(isRead: true))
        }
        let docs = Array(pages.render("api", APIDocs(endpoints, version: version)).utf8)
        let style = EmbeddedFiles.bytes("control/api.css") ?? []
        group.get("/docs") { _, _ in Response("text/html; charset=utf-8", docs, WebServer.strict) }
        group.get("/docs.css") { _, _ in Response("text/css; charset=utf-8", style, WebServer.strict) }
    }

    private func answer(
        _ request: Request,
        _ context: WebContext,
        _ endpoint: Endpoint,
        _ schemas: Schemas
    ) async throws -> Response {
        let origin = Origin(address: context.address, requestID: context.requestID)
        let identity = try await identity(of: request)
        try count(identity, context.address)
        if endpoint.action.requirement != .anyone, identity == .anonymous {
            throw Refusal(.unauthenticated, "Sign in, or send an API token, to do this.")
        }
        try Self.refuseForeignSite(request, identity)
        let query = try Self.query(request, schemas)
        let bytes = try await Self.bytes(of: request, endpoint)
        let body = endpoint.mediaTypes.isEmpty ? try Self.body(bytes, schemas.body, endpoint) : [:]
        guard !endpoint.needsMatch || !EntityTags(request.headers[values: .ifMatch]).isEmpty else {
            throw Refusal(
                .preconditionRequired,
                "Say in If-Match which state you saw: the ETag of the last answer, or *."
            )
        }
        var caller = Caller(identity, from: origin)
        var keptAnswer: Response?
        (caller, keptAnswer) = try await idempotent(caller, request, endpoint, bytes, body, context.parameters)
        if let keptAnswer { return keptAnswer }
        let call = APICall(
            caller: caller,
            parameters: Dictionary(
                endpoint.parameters.map { ($0, context.parameters.get($0) ?? "") },
                uniquingKeysWith: { first, _ in first }
            ),
            query: query,
            body: body,
            fields: request.headers,
            bytes: bytes
        )
        var response = Self.response(try await endpoint.run(call), request, endpoint)
        if let seconds = call.effect.secondsToKill {
            // The moment by which no page shows what was before, whatever its browser has kept.
            let end = Timestamp(milliseconds: runtime.now().milliseconds + seconds * 1000)
            response.headers[.timeToKill] = end.description
        }
        return response
    }

    // MARK: Who asks

    private func identity(of request: Request) async throws -> Caller.Identity {
        if let field = request.headers[.authorization] {
            guard field.lowercased().hasPrefix("bearer "),
                let signedIn = try await api.sessions.signedIn(token: String(field.dropFirst("bearer ".count)))
            else { return .anonymous }
            return .person(signedIn)
        }
        guard let secret = request.cookies[Self.cookie]?.value,
            let signedIn = try await api.sessions.signedIn(session: secret)
        else { return .anonymous }
        return .person(signedIn)
    }

    /// Who sends more than the API's rate gets no answer: a person, or without one a network address.
    private func count(_ identity: Caller.Identity, _ address: String?) throws(Refusal) {
        switch identity {
        case .person(let signedIn): try api.requests.take(signedIn.person.description)
        default: try api.requests.take(address ?? "")
        }
    }

    /// A session's cookie comes along with requests that another site's page makes: those change nothing. Browsers say
    /// where a request comes from; programs say nothing, and hold no foreign cookie.
    private static func refuseForeignSite(_ request: Request, _ identity: Caller.Identity) throws {
        guard case .person(let signedIn) = identity, case .session = signedIn.credential,
            request.method != .get, request.method != .head
        else { return }
        let site = request.headers[.fetchSite]
        let origin = request.headers[.origin].map { $0.split(separator: "/", maxSplits: 2).last.map(String.init) ?? "" }
        let isForeign =
            site.map { $0 != "same-origin" && $0 != "none" } ?? origin.map { $0 != request.head.authority } ?? false
        guard !isForeign else { throw Refusal(.forbidden, "Another site's page may not do this with your session.") }
    }

    // MARK: What is asked

    private static func query(_ request: Request, _ schemas: Schemas) throws -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let (name, text) = (String(name), String(value))
            guard let parameter = schemas.query[name], values[name] == nil else {
                throw Refusal(.invalid, "'\(name.prefix(40))' is no parameter of this address, or stands twice.")
            }
            let typed: JSONValue =
                switch parameter.type {
                case "integer": Int64(text).map(JSONValue.integer) ?? .string(text)
                case "boolean": ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
                default: .string(text)
                }
            if let fault = parameter.schema.faults(in: typed).first {
                throw Refusal(.invalid, "The parameter '\(name)' \(fault.reason).", field: name)
            }
            values[name] = text
        }
        return values
    }

    private static func bytes(of request: Request, _ endpoint: Endpoint) async throws -> [UInt8] {
        guard request.method != .get, request.method != .head else { return [] }
        let buffer: ByteBuffer
        let most = endpoint.mediaTypes.isEmpty ? bodyBytesMax : fileBytesMax
        do {
            buffer = try await request.body.collect(upTo: most)
        } catch is NIOTooManyBytesError {
            throw Problem(
                status: .contentTooLarge,
                code: "tooLong",
                detail: "A body has at most \(most) bytes.",
                fields: [.connection: "close"]
            )
        }
        let bytes = Array(buffer.readableBytesView)
        guard !bytes.isEmpty else {
            guard endpoint.mediaTypes.isEmpty else {
                throw Problem(status: .badRequest, code: "noBody", detail: "The file to be imported is the body.")
            }
            return []
        }
        let type = request.headers[.contentType]?.split(separator: ";").first.map {
            $0.lowercased().trimmingPrefix(" ").description.replacing(" ", with: "")
        }
        let json = ["application/json"] + (request.method == .patch ? ["application/merge-patch+json"] : [])
        let accepted = endpoint.mediaTypes.isEmpty ? json : endpoint.mediaTypes
        guard let type, accepted.contains(type) else {
            throw Problem(
                status: .unsupportedMediaType,
                code: "unsupportedMediaType",
                detail: "Send \(accepted.joined(separator: " or "))."
            )
        }
        return bytes
    }

    private static func body(_ bytes: [UInt8], _ schema: Schema?, _ endpoint: Endpoint) throws -> JSONValue {
        guard let schema else {
            guard bytes.isEmpty || (try? JSONValue(parsing: bytes)) == .object([:]) else {
                throw Refusal(.invalid, "This address takes no body.")
            }
            return .object([:])
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw Problem(
                status: .badRequest,
                code: "notJSON",
                detail: "The body cannot be read: \(error.reason).",
                errors: [(error.pointer, error.reason)]
            )
        }
        let faults = schema.faults(in: value).map { fault in
            (pointer: fault.pointer, reason: endpoint.readOnly[fault.pointer] ?? fault.reason)
        }
        guard faults.isEmpty else {
            throw Refusal(
                .invalid,
                "There \(faults.count == 1 ? "is 1 fault" : "are \(faults.count) faults") in the body.",
                faults: faults.map { .init(place: $0.pointer, reason: $0.reason) }
            )
        }
        return value
    }

    // MARK: Repetitions

    /// Finds the answer that was given to a request of the same key, or sees to it that this one's is kept.
    private func idempotent(
        _ caller: Caller,
        _ request: Request,
        _ endpoint: Endpoint,
        _ bytes: [UInt8],
        _ body: JSONValue,
        _ parameters: Parameters
    ) async throws -> (Caller, Response?) {
        guard let key = request.headers[.idempotencyKey], caller.person != nil, let kept = endpoint.kept else {
            return (caller, nil)
        }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Refusal(.invalid, "An Idempotency-Key is 1 to 255 printable ASCII characters.")
        }
        let digest = Digest(of: Array("\(request.method) \(request.uri.path)\n".utf8) + bytes)
        if let known = try await api.sessions.keptAnswer(to: key, caller) {
            // Whoever has lost the right to do it sees nothing of what it came to.
            var partner: PartnerID?
            if let text = parameters.get("partner") { partner = try await api.partners.id(text) }
            let client = parameters.get("client").flatMap { ClientID($0) }
            let system = parameters.get("system").flatMap { SystemID($0) }
            try await api.access.check(
                caller,
                endpoint.repeated?(body) ?? endpoint.action,
                partner: partner,
                client: client,
                system: system
            )
            guard known.request == digest else {
                throw Refusal(.invalid, "This Idempotency-Key was used for another request within a day.")
            }
            guard let body = known.answer.body else {
                throw Refusal(.conflict, "This was done already: \(known.answer.location). Its answer held a secret.")
            }
            var answer = APIAnswer(status: .init(code: known.answer.status))
            answer.body = body.isEmpty ? nil : try? JSONValue(parsing: body)
            answer.location = known.answer.location.isEmpty ? nil : known.answer.location
            return (caller, Self.response(answer, request, endpoint))
        }
        var caller = caller
        caller.idempotency = IdempotentRequest(key: key, request: digest) { result in
            guard let answer = kept(result) else { return nil }
            return IdempotentRequest.Answer(
                status: answer.status.code,
                location: answer.location ?? "",
                body: answer.isSecret ? nil : answer.body?.canonical ?? []
            )
        }
        return (caller, nil)
    }

    // MARK: The answer

    private static func response(_ answer: APIAnswer, _ request: Request, _ endpoint: Endpoint) -> Response {
        var fields = fields(isRead: request.method == .get || request.method == .head)
        if let location = answer.location { fields[.location] = location }
        if let session = answer.session {
            let age = session.isEmpty ? "; Max-Age=0" : ""
            fields[.setCookie] = "\(cookie)=\(session); Path=/; Secure; HttpOnly; SameSite=Lax\(age)"
        }
        if let next = answer.next {
            fields[.link] = "<\(nextPath(request, next))>; rel=\"next\""
        }
        if let file = answer.file {
            return Response(file.mediaType, file.bytes, fields, status: answer.status)
        }
        guard let body = answer.body?.canonical else { return Response(status: answer.status, headers: fields) }
        let tag = EntityTag.of(body)
        fields[.eTag] = tag
        if request.method == .get || request.method == .head,
            EntityTags(request.headers[values: .ifNoneMatch]).name(tag)
        {
            return Response(status: .notModified, headers: fields)
        }
        return Response("application/json", body, fields, status: answer.status)
    }

    private static func nextPath(_ request: Request, _ cursor: String) -> String {
        let others = request.uri.queryParameters.filter { $0.key != "cursor" }.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
        }
        return request.uri.path + "?" + (others.sorted() + ["cursor=\(cursor)"]).joined(separator: "&")
    }

    /// What every answer carries.
    static func fields(isRead: Bool) -> HTTPFields {
        [
            .cacheControl: isRead ? "private, no-cache" : "no-store",
            .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'", .referrerPolicy: "no-referrer",
        ]
    }
}

/// Turns whatever goes wrong into a problem, and gives each answer the request's id.
private struct APIErrors: RouterMiddleware {
    let endpoints: [Endpoint]
    let router: APIRouter

    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard request.uri.path == "/api" || request.uri.path.hasPrefix("/api/") else {
            return try await next(request, context)
        }
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = self.response(to: error, request, context)
        }
        response.headers[.requestID] = context.requestID
        return response
    }

    private func response(to error: any Error, _ request: Request, _ context: WebContext) -> Response {
        let problem: Problem
        switch error {
        case let refusal as Refusal: problem = Problem(refusal)
        case let known as Problem: problem = known
        case let error as HTTPError where error.status == .notFound: problem = unrouted(request)
        case let error as any HTTPResponseError:
            problem = Problem(status: error.status, code: "malformed", detail: "The request cannot be read.")
        default:
            problem = .failure
            router.logger.error(
                "A request failed.",
                metadata: [
                    "request": "\(context.requestID)", "method": "\(request.method)",
                    "endpoint": "\(context.endpointPath ?? "")", "error": "\(error)",
                ]
            )
        }
        var fields = APIRouter.fields(isRead: false)
        for field in problem.fields { fields[field.name] = field.value }
        return Response(Problem.mediaType, problem.body.canonical, fields, status: problem.status)
    }

    /// 405 where the path is one of ours with other methods, else 404.
    private func unrouted(_ request: Request) -> Problem {
        let segments = request.uri.path.split(separator: "/")
        guard segments.prefix(2) == ["api", "v1"] else { return .notFound }
        let path = segments.dropFirst(2)
        let matching = endpoints.filter { endpoint in
            let template = endpoint.path.split(separator: "/")
            return template.count == path.count && zip(template, path).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        // As the router has it, a word of the path comes before a parameter that could be that word.
        let fewest = matching.map(\.parameters.count).min()
        var allowed = Set(matching.filter { $0.parameters.count == fewest }.map(\.method.rawValue))
        if path == ["openapi.json"] { allowed = ["GET"] }
        guard !allowed.isEmpty else { return .notFound }
        if allowed.contains("GET") { allowed.insert("HEAD") }
        return .methodNotAllowed(allowed.sorted())
    }
}

extension Problem: Error {}
