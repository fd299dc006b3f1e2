import Domain
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Edge

/// Runs a server over a feed on a free port, and ends it gracefully.
func withEdge(
    _ feed: any Feed,
    noOp: StoredObject,
    limits: EdgeLimits = EdgeLimits(),
    isReady: Bool = true,
    _ body: (_ port: Int, _ server: EdgeServer, _ bell: Doorbell, _ group: ServiceGroup) async throws -> Void
) async throws {
    let port = Mutex<Int?>(nil)
    let bell = Doorbell()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var quick = limits
    quick.drainNotice = .milliseconds(1)
    quick.drainGrace = .milliseconds(200)
    let server = EdgeServer(
        host: "127.0.0.1",
        port: 0,
        threads: 2,
        feed: feed,
        trust: TestKey.trust,
        doorbell: bell,
        noOp: noOp,
        limits: quick,
        logger: logger,
        unixSeconds: { 784_111_777 },
        isBound: { _, bound in port.withLock { $0 = bound } }
    )
    let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        let bound = try await eventually { port.withLock { $0 } }
        if isReady { _ = try await eventually { await server.report().isReady ? true : nil } }
        do {
            try await body(bound, server, bell, group)
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

struct ServerTests {
    /// A partner with a client that has content, one on standard content, a suspended one; and a second partner.
    struct Site {
        let deployment: Deployment
        let own: ContentOwner
        let release: (ReleaseID, ReleaseEntry)

        init() throws {
            deployment = try Deployment()
            let feed = deployment.feed
            let runtime = deployment.runtime
            let systems = (0..<3).map { _ in SystemID(runtime) }
            own = .system(systems[0])
            let standard = ContentOwner.standard(deployment.partnerID, .sapConcur)
            release = deployment.release("own", own, number: 17)
            let general = deployment.release("standard", standard, number: 3)
            feed.append([
                (.mapping(deployment.partner, try SystemClientID("OWN")), deployment.mapping(systems[0])),
                (.mapping(deployment.partner, try SystemClientID("caf\u{E9} 1")), deployment.mapping(systems[1])),
                (
                    .mapping(deployment.partner, try SystemClientID("OFF")),
                    deployment.mapping(systems[2], suspended: true)
                ),
                (.release(release.0), release.1), (.pointer(own, .production), ReleasePointer(release: release.0)),
                (.release(general.0), general.1), (.pointer(standard, .production), ReleasePointer(release: general.0)),
            ])
            let second = PartnerEntry(
                id: PartnerID(deployment.runtime),
                variables: [try SystemVariable("id")],
                isDefault: false,
                isSuspended: false,
                cacheClass: .relaxed,
                loader: TestContent.objects("loader")[0].digest
            )
            feed.append([
                (.partner(try PartnerKey("lumen")), second),
                (
                    .mapping(try PartnerKey("lumen"), try SystemClientID("OWN")),
                    deployment.mapping(SystemID(deployment.runtime))
                ),
            ])
        }

        func serve(
            limits: EdgeLimits = EdgeLimits(),
            _ body: (_ port: Int, _ server: EdgeServer, _ bell: Doorbell, _ group: ServiceGroup) async throws -> Void
        ) async throws {
            try await withEdge(deployment.feed, noOp: deployment.noOp, limits: limits, body)
        }
    }

    static let common = [
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "ETag, Waymark-Release, Waymark-Outcome",
        "cross-origin-resource-policy": "cross-origin", "timing-allow-origin": "*",
        "date": "Sun, 06 Nov 1994 08:49:37 GMT",
    ]

    @Test("each outcome: status, body, header lines")
    func outcomes() async throws {
        let site = try Site()
        try await site.serve { port, _, _, _ in
            let standard = "public, max-age=30, stale-while-revalidate=30"
            for (path, outcome, body, cache) in [
                ("/v1/tessera/snippets/sapUserId/OWN.js", "release", "own", standard),
                ("/v1/snippets/sapUserId/OWN.js", "release", "own", standard),
                ("/v1/tessera/snippets/sapUserId/caf%C3%A9%201.js", "standard", "standard", standard),
                ("/v1/tessera/snippets/sapUserId/OFF.js", "suspended", "nothing", "max-age=15"),
                ("/v1/tessera/snippets/sapUserId/NOBODY.js", "unknown", "nothing", "max-age=15"),
                ("/v1/tessera/snippets/other/OWN.js", "unknown", "nothing", "max-age=15"),
                ("/v1/nobody/snippets/sapUserId/OWN.js", "unknown", "nothing", "max-age=15"),
                ("/v1/lumen/snippets/id/OWN.js", "empty", "nothing", "max-age=15"),
                ("/v1/lumen/snippets/sapUserId/OWN.js", "unknown", "nothing", "max-age=15"),
                (
                    "/v1/tessera/env/AAAAAAAAAAAAAAAAAAAAAA/snippets/sapUserId/OWN.js", "unknown", "nothing",
                    "max-age=15"
                ),
            ] {
                let answer = try await ask(port, path)
                #expect(answer.status == 200, "\(path)")
                #expect(answer["waymark-outcome"] == outcome, "\(path)")
                #expect(answer.text.contains(body), "\(path) \(answer.text.prefix(60))")
                #expect(answer["cache-control"] == cache, "\(path)")
                #expect(answer["vary"] == "Accept-Encoding", "\(path)")
                #expect(answer["content-type"]?.hasPrefix("text/javascript") == true, "\(path)")
                #expect(answer["x-content-type-options"] == "nosniff", "\(path)")
                #expect(answer["accept-ranges"] == "none")
                #expect(answer["content-encoding"] == nil)
                #expect((answer["waymark-release"] != nil) == (outcome == "release" || outcome == "standard"))
                for (name, value) in Self.common { #expect(answer[name] == value, "\(path) \(name)") }
                #expect(Set(answer.fields.map(\.name)).count == answer.fields.count, "no field twice")
            }
            let own = try await ask(port, "/v1/tessera/snippets/sapUserId/OWN.js")
            #expect(own["waymark-release"] == "17; \(site.release.1.snippet.start)")
        }
    }

    @Test("codings, entity tags per coding, 304 with its fields, HEAD")
    func representations() async throws {
        let site = try Site()
        try await site.serve { port, _, _, _ in
            let path = "/v1/tessera/snippets/sapUserId/OWN.js"
            var tags: Set<String> = []
            for (accept, coding) in [("identity", nil), ("gzip", "gzip"), ("br", "br"), ("gzip, br", "br")]
                as [(String, String?)]
            {
                let answer = try await ask(port, path, ["Accept-Encoding: \(accept)"])
                #expect(answer["content-encoding"] == coding)
                let tag = try #require(answer["etag"])
                #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
                tags.insert(tag)
                for match in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                    let second = try await ask(port, path, ["Accept-Encoding: \(accept)", "If-None-Match: \(match)"])
                    #expect(second.status == 304)
                    #expect(second.body.isEmpty)
                    for name in ["etag", "cache-control", "vary", "waymark-outcome", "waymark-release"] {
                        #expect(second[name] == answer[name], "\(name)")
                    }
                    for (name, value) in Self.common { #expect(second[name] == value) }
                    #expect(second["content-length"] == nil && second["content-type"] == nil)
                }
                #expect(
                    try await ask(port, path, ["Accept-Encoding: \(accept)", "If-None-Match: \"x\""]).status == 200
                )
                let head = try await ask(port, path, method: "HEAD", ["Accept-Encoding: \(accept)"])
                #expect(head.status == 200 && head["content-length"] == answer["content-length"])
                #expect(head.fields.map(\.name) == answer.fields.map(\.name))
            }
            #expect(tags.count == 3)
            // Neither Range nor a cookie nor an Origin changes an answer.
            let plain = try await ask(port, path)
            let dressed = try await ask(port, path, ["Range: bytes=0-1", "Cookie: a=b", "Origin: https://x.example"])
            #expect(
                dressed.status == 200 && dressed.body == plain.body
                    && dressed.fields.map(\.value) == plain.fields.map(\.value)
            )
        }
    }

    @Test("manifests, loaders, objects")
    func otherResources() async throws {
        let site = try Site()
        try await site.serve { port, server, _, _ in
            let manifest = try await ask(port, "/v1/tessera/manifests/sapUserId/OWN.json")
            #expect(manifest["content-type"] == "application/json")
            #expect(manifest["cache-control"] == "public, max-age=30, stale-while-revalidate=30")
            let json = try JSONValue(parsing: manifest.body)
            let snippet = site.release.1.snippet
            #expect(json["release"] == .integer(17))
            #expect(json["snippet"]?["url"]?.text == "../../../objects/\(snippet).js")
            #expect(json["snippet"]?["integrity"]?.text == snippet.integrity)
            let short = try JSONValue(parsing: try await ask(port, "/v1/manifests/sapUserId/OWN.json").body)
            #expect(short["snippet"]?["url"]?.text == "../../objects/\(snippet).js")
            let object = try await ask(port, "/v1/objects/\(snippet).js")
            #expect(object.status == 200 && Digest(of: object.body) == snippet)
            #expect(object["cache-control"] == "public, max-age=31536000, immutable")
            let unknown = try await ask(port, "/v1/tessera/manifests/sapUserId/NOBODY.json")
            #expect(unknown.status == 404 && unknown["content-type"] == "application/problem+json")
            #expect(unknown["waymark-outcome"] == "unknown" && unknown["cache-control"] == "max-age=15")
            let suspended = try await ask(port, "/v1/tessera/manifests/sapUserId/OFF.json")
            #expect(suspended.status == 200 && suspended.text == #"{"outcome":"suspended"}"#)
            let loader = try await ask(port, "/v1/tessera/loader.js")
            #expect(loader.status == 200 && loader.text.contains("loader"))
            #expect(loader["cache-control"] == "public, max-age=30, stale-while-revalidate=30")
            #expect(try await ask(port, "/v1/loader.js").body == loader.body)
            let nobody = try await ask(port, "/v1/nobody/loader.js")
            #expect(nobody.status == 200 && nobody["waymark-outcome"] == "unknown")
            // An object that no live release names comes from upstream, once.
            let old = TestContent.objects("earlier")[0]
            site.deployment.feed.add([old])
            let reads = site.deployment.feed.objectReads
            for _ in 0..<3 {
                let answer = try await ask(port, "/v1/objects/\(old.digest).js")
                #expect(answer.status == 200 && answer.body == old.body)
            }
            #expect(site.deployment.feed.objectReads == reads + 1)
            let absent = try await ask(port, "/v1/objects/\(Digest(of: [9])).js")
            #expect(absent.status == 404 && absent["cache-control"] == "no-store")
            #expect(await server.report().counters.fetches == 4)
        }
    }

    @Test("malformed, over-long, wrong method, OPTIONS, usage beacons")
    func refusals() async throws {
        let site = try Site()
        try await site.serve { port, server, _, _ in
            func expect(_ answer: RawConnection.Answer, _ status: Int) {
                #expect(answer.status == status)
                #expect(answer["access-control-allow-origin"] == "*")
                #expect(answer["cache-control"] == "no-store")
            }
            expect(try await ask(port, "/v1/tessera/snippets/1/x.js"), 400)
            expect(try await ask(port, "/v1/tessera/snippets/v/\(String(repeating: "x", count: 129)).js"), 414)
            expect(try await ask(port, "/nothing"), 404)
            for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "get"] {
                let answer = try await ask(port, "/v1/tessera/snippets/v/x.js", method: method)
                expect(answer, 405)
                #expect(answer["allow"] == "GET, HEAD, OPTIONS", "\(method)")
            }
            let usage = try await ask(port, "/v1/tessera/usage")
            expect(usage, 405)
            #expect(usage["allow"] == "POST, OPTIONS")
            for path in ["/v1/tessera/usage", "/v1/loader.js", "*"] {
                let options = try await ask(port, path, method: "OPTIONS")
                #expect(options.status == 204 && options["content-length"] == nil)
                #expect(options["access-control-allow-headers"] == "content-type")
                #expect(options["access-control-max-age"] == "7200")
                #expect(options["access-control-allow-methods"]?.contains("POST") == true)
            }
            func beacon(_ body: String) async throws -> RawConnection.Answer {
                try await ask(
                    port,
                    "/v1/tessera/usage",
                    method: "POST",
                    ["Content-Type: text/plain", "Content-Length: \(body.utf8.count)"],
                    body: body
                )
            }
            expect(try await beacon(#"{"events":[{"n":1}]}"#), 204)
            expect(try await beacon("not json"), 400)
            expect(try await beacon("[1]"), 400)
            expect(try await beacon("{\"x\":\"\(String(repeating: "x", count: 16 * 1024 - 8))\"}"), 204)
            expect(try await beacon("{\"x\":\"\(String(repeating: "x", count: 16 * 1024 - 7))\"}"), 413)
            let chunked = try RawConnection(port: port)
            chunked.send(
                "POST /v1/usage HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
            )
            expect(try await chunked.answer(), 204)
            #expect(await server.report().counters.beacons == 3)
        }
    }

    @Test("pipelined requests are answered in order, also behind a fetched object and a body; 1.0 is honoured")
    func pipelining() async throws {
        let site = try Site()
        let old = TestContent.objects("earlier")[0]
        site.deployment.feed.add([old])
        try await site.serve { port, _, _, _ in
            let connection = try RawConnection(port: port)
            let get = { (path: String) in "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }
            let paths = (0..<100).map { number in
                [
                    "/v1/snippets/sapUserId/OWN.js", "/v1/objects/\(old.digest).js", "/v1/snippets/sapUserId/NOBODY.js",
                    "/x",
                ][number % 4]
            }
            connection.send(paths.map(get).joined())
            let answers = try await connection.answers(100)
            for (path, answer) in zip(paths, answers) {
                switch path {
                case "/x": #expect(answer.status == 404)
                case "/v1/snippets/sapUserId/OWN.js": #expect(answer["waymark-outcome"] == "release")
                case "/v1/snippets/sapUserId/NOBODY.js": #expect(answer["waymark-outcome"] == "unknown")
                default: #expect(answer.body == old.body)
                }
            }
            // A body is passed over by its length; the next request is found behind it, byte by byte too.
            let mixed =
                "POST /v1/usage HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
                + get("/v1/snippets/sapUserId/OWN.js")
                + "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get("/never")
            let slow = try RawConnection(port: port)
            for byte in mixed.utf8 { slow.send([byte]) }
            let closing = try RawConnection.answers(in: try await slow.readToEnd())
            #expect(closing.map(\.status) == [204, 200, 404])
            #expect(closing[2]["connection"] == "close" && closing[1]["connection"] == nil)
            let ancient = try RawConnection(port: port)
            ancient.send("GET /x HTTP/1.0\r\n\r\n")
            let oldAnswers = try RawConnection.answers(in: try await ancient.readToEnd())
            #expect(oldAnswers.count == 1 && oldAnswers[0]["connection"] == "close")
            let kept = try RawConnection(port: port)
            kept.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await kept.answer()["connection"] == "keep-alive")
            // Half a close after the last request: all answers still come.
            let half = try RawConnection(port: port)
            half.send(get("/x") + get("/v1/objects/\(old.digest).js"))
            half.endSending()
            #expect(try RawConnection.answers(in: try await half.readToEnd()).count == 2)
        }
    }

    @Test("malformed requests are answered once and the connection closes, behind good ones too")
    func malformed() async throws {
        let site = try Site()
        try await site.serve { port, _, _, _ in
            let good = "GET /v1/snippets/sapUserId/OWN.js HTTP/1.1\r\nHost: a\r\n\r\n"
            for (name, head) in HeadTests.malformed {
                for (before, statuses) in [("", [400]), (good, [200, 400])] {
                    let connection = try RawConnection(port: port)
                    connection.send(before + head + good)
                    let answers = try RawConnection.answers(in: try await connection.readToEnd())
                    #expect(answers.map(\.status) == statuses, "\(name)")
                    #expect(answers.last?["connection"] == "close", "\(name)")
                    #expect(answers.last?["access-control-allow-origin"] == "*")
                }
            }
            for (head, status) in [
                ("GET /\(String(repeating: "x", count: 5000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 17_000))\r\n\r\n", 431),
                ("POST /v1/usage HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", 413),
                ("POST /v1/usage HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
            ] {
                let connection = try RawConnection(port: port)
                connection.send(head)
                let answers = try RawConnection.answers(in: try await connection.readToEnd())
                #expect(answers.map(\.status) == [status])
            }
        }
    }

    @Test("a change that is rung is seen; before any state 503")
    func states() async throws {
        let site = try Site()
        try await site.serve { port, _, bell, _ in
            let path = "/v1/tessera/snippets/sapUserId/OWN.js"
            let two = site.deployment.release("two", site.own, number: 18)
            site.deployment.feed.append([
                (.release(site.release.0), nil), (.release(two.0), two.1),
                (.pointer(site.own, .production), ReleasePointer(release: two.0)),
            ])
            bell.ring()
            _ = try await eventually { try await ask(port, path).text.contains("two") ? true : nil }
        }
        let broken = MemoryFeed()
        broken.setBroken(true)
        try await withEdge(broken, noOp: site.deployment.noOp, isReady: false) { port, server, _, _ in
            let answer = try await ask(port, "/v1/loader.js")
            #expect(answer.status == 503 && answer["retry-after"] == "1" && answer["cache-control"] == "no-store")
            #expect(await server.report().isReady == false)
        }
    }

    @Test("deadlines close; a full house refuses")
    func limits() async throws {
        let site = try Site()
        var limits = EdgeLimits()
        limits.headTime = .milliseconds(50)
        limits.idleTime = .milliseconds(300)
        limits.bodyTime = .milliseconds(50)
        limits.connections = 6
        try await site.serve(limits: limits) { port, server, _, _ in
            let head = try RawConnection(port: port)
            head.send("GET / HT")
            let body = try RawConnection(port: port)
            body.send("POST /v1/usage HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n{")
            let idle = try RawConnection(port: port)
            #expect(try await head.readToEnd().isEmpty)
            #expect(try await body.readToEnd().isEmpty)
            #expect(try await idle.readToEnd().isEmpty)
            #expect(await server.report().counters.timedOut == 3)
            let many = try (0..<12).map { _ in try RawConnection(port: port) }
            _ = try await eventually { await server.report().counters.refused >= 6 ? true : nil }
            #expect(await server.report().counters.open <= 6)
            _ = many
        }
    }

    @Test("at shutdown: not ready, requests under way are answered as their connection's last, idle ones close")
    func drain() async throws {
        let site = try Site()
        try await site.serve { port, server, _, group in
            let idle = try RawConnection(port: port)
            idle.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await idle.answer()
            let busy = try RawConnection(port: port)
            busy.send("POST /v1/usage HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{")
            _ = try await eventually { await server.report().counters.open == 2 ? true : nil }
            let last = try RawConnection(port: port)
            last.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await last.answer()
            await group.triggerGracefulShutdown()
            // Still answered for a while, with the word to go.
            _ = try await eventually { await server.report().isDraining ? true : nil }
            #expect(await server.report().isReady == false)
            last.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try RawConnection.answers(in: try await last.readToEnd()).map(\.status) == [404])
            #expect(try await idle.readToEnd().isEmpty)
            busy.send("}")
            let answers = try RawConnection.answers(in: try await busy.readToEnd())
            #expect(answers.map(\.status) == [204] && answers[0]["connection"] == "close")
        }
    }
}
