import Domain
import NIOCore

/// Answers requests from an index: the whole contract behind the wire. No I/O; counts nothing.
struct Responder {
    /// What a request comes to.
    enum Reply {
        case answer(Answer)
        /// Upstream may have the object, to be answered with this `Cache-Control`.
        case fetch(Digest, cacheControl: String)
    }

    /// The script of outcomes that have nothing to run.
    let noOp: PreparedObject

    private static let immutable = "public, max-age=31536000, immutable"
    private static let shortLived = "max-age=15"
    private static let testers = "private, no-cache"

    func reply(to request: RequestHead, body: [UInt8], in index: EdgeIndex?) -> Reply {
        let route = Route(target: request.target, method: request.method)
        switch route {
        case .malformed: return .answer(.badRequest)
        case .tooLong: return .answer(.targetTooLong)
        case .absent: return .answer(.notFound)
        case .snippet, .manifest, .loader, .object, .usage, .server: break
        }
        switch request.method {
        case .options: return .answer(.options)
        case .post:
            guard case .usage = route else { return .answer(notAllowed(route)) }
            return .answer(Self.usage(body))
        case .get, .head:
            if case .usage = route { return .answer(notAllowed(route)) }
            guard let index else { return .answer(.unavailable) }
            return get(route, request, in: index)
        case .other: return .answer(notAllowed(route))
        }
    }

    /// The answer to a request for an object, once it is known whether there is one.
    func answer(object: PreparedObject?, to request: RequestHead, cacheControl: String) -> Answer {
        guard let object else { return .notFound }
        return representation(of: object, request, cacheControl: cacheControl, [])
    }

    private func get(_ route: Route, _ request: RequestHead, in index: EdgeIndex) -> Reply {
        switch route {
        case .snippet(let key): return .answer(snippet(key, request, in: index))
        case .manifest(let key): return .answer(manifest(key, request, in: index))
        case .loader(let key):
            switch index.partner(key) {
            case .missing: return .answer(noOp(.unknown, request, cacheControl: Self.shortLived))
            case .unreadable: return .answer(noOp(.empty, request, cacheControl: Self.shortLived))
            case .value(let partner):
                let digest = partner.entry.loader
                let cacheControl = partner.entry.cacheClass.cacheControl
                guard let loader = index.objects[digest] else { return .fetch(digest, cacheControl: cacheControl) }
                return .answer(answer(object: loader, to: request, cacheControl: cacheControl))
            }
        case .object(let digest):
            guard let object = index.objects[digest] else { return .fetch(digest, cacheControl: Self.immutable) }
            return .answer(answer(object: object, to: request, cacheControl: Self.immutable))
        case .usage, .server: return .answer(notAllowed(route))
        case .absent, .malformed, .tooLong: return .answer(.notFound)
        }
    }

    private func snippet(_ key: ResolutionKey, _ request: RequestHead, in index: EdgeIndex) -> Answer {
        let resolution = Resolution(of: key, in: index)
        guard let served = resolution.served,
            let content = index.live[.init(owner: served.owner, environment: served.environment)]
        else {
            // Testers look again at once; who has no valid key gets the one shared answer.
            let isTester = key.environment != nil && resolution.outcome != .unknown
            return noOp(resolution.outcome, request, cacheControl: isTester ? Self.testers : Self.shortLived)
        }
        var answer = representation(
            of: content.snippet,
            request,
            cacheControl: key.environment != nil
                ? Self.testers : (resolution.cacheClass ?? .standard).cacheControl,
            [("Waymark-Outcome", resolution.outcome.rawValue), ("Waymark-Release", content.label)]
        )
        answer.outcome = resolution.outcome
        return answer
    }

    private func noOp(_ outcome: Outcome, _ request: RequestHead, cacheControl: String) -> Answer {
        let fields = [("Waymark-Outcome", outcome.rawValue)]
        var answer = representation(of: noOp, request, cacheControl: cacheControl, fields)
        answer.outcome = outcome
        return answer
    }

    private func manifest(_ key: ResolutionKey, _ request: RequestHead, in index: EdgeIndex) -> Answer {
        let resolution = Resolution(of: key, in: index)
        let outcome = ("Waymark-Outcome", resolution.outcome.rawValue)
        guard resolution.outcome != .unknown else {
            let problem = "{\"status\":404,\"title\":\"No client has this key\",\"code\":\"unknown\"}"
            var answer = Answer(
                .notFound,
                body: ByteBuffer(string: problem),
                [
                    ("Content-Type", "application/problem+json"), ("Cache-Control", Self.shortLived),
                    ("X-Content-Type-Options", "nosniff"), outcome,
                ]
            )
            answer.outcome = .unknown
            return answer
        }
        var answer: Answer
        if let served = resolution.served,
            let content = index.live[.init(owner: served.owner, environment: served.environment)]
        {
            let json = content.manifest(resolution.outcome, hasPartner: key.partner != nil)
            answer = representation(
                of: .init(.identity, json),
                "application/json",
                request,
                cacheControl: (resolution.cacheClass ?? .standard).cacheControl,
                [outcome, ("Waymark-Release", content.label)]
            )
        } else {
            let json = JSONValue.object(["outcome": .string(resolution.outcome.rawValue)]).canonical
            answer = representation(
                of: .init(.identity, json),
                "application/json",
                request,
                cacheControl: Self.shortLived,
                [outcome]
            )
        }
        answer.outcome = resolution.outcome
        return answer
    }

    /// The accepted variant of an object, or 304.
    private func representation(
        of object: PreparedObject,
        _ request: RequestHead,
        cacheControl: String,
        _ fields: [(String, String)]
    ) -> Answer {
        let variant = object.variant(AcceptedCodings(request.acceptEncoding))
        let vary = [("Vary", "Accept-Encoding")]
        return representation(of: variant, object.mediaType, request, cacheControl: cacheControl, vary + fields)
    }

    private func representation(
        of variant: PreparedObject.Variant,
        _ mediaType: String,
        _ request: RequestHead,
        cacheControl: String,
        _ extra: [(String, String)]
    ) -> Answer {
        var fields = [("ETag", String(decoding: variant.tag, as: UTF8.self)), ("Cache-Control", cacheControl)] + extra
        if let field = request.ifNoneMatch, matches(ifNoneMatch: field, tag: variant.tag) {
            return Answer(.notModified, fields)
        }
        fields += [("Content-Type", mediaType), ("X-Content-Type-Options", "nosniff"), ("Accept-Ranges", "none")]
        if let coding = variant.coding.name { fields.append(("Content-Encoding", coding.description)) }
        return Answer(.ok, body: variant.body, fields)
    }

    private func notAllowed(_ route: Route) -> Answer {
        .plain(.methodNotAllowed, "The method is not allowed here.", [("Allow", route.allow.description)])
    }

    /// A beacon must be a JSON object. It is counted by the caller, and dropped: nothing keeps usage yet.
    private static func usage(_ body: [UInt8]) -> Answer {
        guard JSONValue.isObject(body) else {
            return .plain(.badRequest, "A usage beacon is a JSON object.")
        }
        return .noContent
    }
}
