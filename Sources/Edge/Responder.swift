package import Domain
import NIOCore

/// Answers requests from an index: the whole contract behind the wire. No I/O; counts nothing.
package enum Responder {
    /// What a request comes to.
    package enum Reply {
        case answer(Answer)
        /// Upstream may have the object, to be kept for so long.
        case fetch(Digest, cache: CachePolicy)
    }

    package static func reply(to request: Request, body: [UInt8], in shown: ShownIndex?) -> Reply {
        let route = request.route
        switch route {
        case .malformed: return .answer(.badRequest)
        case .tooLong: return .answer(.targetTooLong)
        case .absent: return .answer(.notFound)
        case .authority: return .answer(.onlyGet)
        case .snippet, .manifest, .loader, .object, .usage, .server: break
        }
        switch request.method {
        case .options: return .answer(.options)
        case .post:
            guard case .usage = route else { return .answer(.onlyGet) }
            return .answer(Self.usage(body))
        case .get, .head:
            if case .usage = route { return .answer(.onlyPost) }
            guard let shown else { return .answer(.unavailable) }
            return get(route, request, in: shown)
        case .other:
            if case .usage = route { return .answer(.onlyPost) }
            return .answer(.onlyGet)
        }
    }

    /// The answer to a request for an object, once it is known whether there is one.
    static func answer(object: PreparedObject?, to request: Request, cache: CachePolicy) -> Answer {
        guard let object else { return .notFound }
        return answer(object.responses, request, cache)
    }

    private static func answer(_ responses: ResponseSet, _ request: Request, _ cache: CachePolicy) -> Answer {
        responses.answer(request.accepted, cache: cache, isKnown: request.knows)
    }

    private static func get(_ route: Route, _ request: Request, in shown: ShownIndex) -> Reply {
        switch route {
        case .snippet(let key): return .answer(snippet(key, request, in: shown))
        case .manifest(let key): return .answer(manifest(key, request, in: shown))
        case .loader(let key):
            switch shown.index.partner(key) {
            case .missing: return .answer(answer(shown.noOps[.unknown], request, .short))
            case .unreadable: return .answer(answer(shown.noOps[.empty], request, .short))
            case .value(let partner):
                let digest = partner.entry.loader
                let cache = CachePolicy.classed(partner.entry.cacheClass)
                guard let loader = shown.index.objects[digest] else { return .fetch(digest, cache: cache) }
                return .answer(answer(object: loader, to: request, cache: cache))
            }
        case .object(let digest):
            guard let object = shown.index.objects[digest] else { return .fetch(digest, cache: .immutable) }
            return .answer(answer(object: object, to: request, cache: .immutable))
        case .usage, .server, .authority: return .answer(.onlyGet)
        case .absent, .malformed, .tooLong: return .answer(.notFound)
        }
    }

    private static func snippet(_ key: ResolutionKey, _ request: Request, in shown: ShownIndex) -> Answer {
        let resolution = Resolution(of: key, in: shown.index)
        guard let served = resolution.served,
            let content = shown.index.live[.init(owner: served.owner, environment: served.environment)]
        else {
            // Testers look again at once; who has no valid key gets the one shared answer.
            let isTester = key.environment != nil && resolution.outcome != .unknown
            return answer(shown.noOps[resolution.outcome], request, isTester ? .testers : .short)
        }
        let cache = key.environment != nil ? CachePolicy.testers : .classed(resolution.cacheClass ?? .standard)
        return answer(content.snippet, request, cache)
    }

    private static func manifest(_ key: ResolutionKey, _ request: Request, in shown: ShownIndex) -> Answer {
        let resolution = Resolution(of: key, in: shown.index)
        guard resolution.outcome != .unknown else { return Self.unknownManifest }
        var json = JSONValue.object(["outcome": .string(resolution.outcome.rawValue)]).canonical
        var cache = CachePolicy.short
        var release: String?
        if let served = resolution.served,
            let content = shown.index.live[.init(owner: served.owner, environment: served.environment)]
        {
            json = content.manifest(resolution.outcome, hasPartner: key.partner != nil)
            cache = .classed(resolution.cacheClass ?? .standard)
            release = content.label
        }
        let responses = ResponseSet(
            [.init(.identity, json)],
            "application/json",
            outcome: resolution.outcome,
            release: release,
            isNegotiated: false
        )
        return answer(responses, request, cache)
    }

    private static let unknownManifest: Answer = {
        let body = ByteBuffer(string: "{\"status\":404,\"title\":\"No client has this key\",\"code\":\"unknown\"}")
        let fields = [
            ("Content-Type", "application/problem+json"), ("X-Content-Type-Options", "nosniff"),
            ("Waymark-Outcome", Outcome.unknown.rawValue),
        ]
        return Answer(
            .notFound,
            outcome: .unknown,
            cache: .short,
            body: body,
            FieldLines(fields, bodyBytes: body.readableBytes)
        )
    }()

    /// A beacon must be a JSON object. It is counted by the caller, and dropped: nothing keeps usage yet.
    private static func usage(_ body: [UInt8]) -> Answer {
        JSONValue.isObject(body) ? .noContent : .badBeacon
    }
}
