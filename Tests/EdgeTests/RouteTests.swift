import Domain
import TestSupport
import Testing

@testable import Edge

extension AcceptedCodings {
    /// What one field allows; nil for none.
    init(of field: String?) {
        self.init()
        if let field { Array(field.utf8).withUnsafeBytes { take(FieldText($0)) } }
    }
}

struct RouteTests {
    static func route(_ target: String, _ method: RequestHead.Method = .get) -> Route {
        Array(target.utf8).withUnsafeBytes { Route(target: $0, method: method) }
    }

    static func key(_ partner: String?, _ variable: String, _ id: String, _ environment: String? = nil) throws
        -> ResolutionKey
    {
        ResolutionKey(
            partner: try partner.map { try PartnerKey($0) },
            variable: try SystemVariable(variable),
            client: try SystemClientID(id),
            environment: try environment.map { try EnvironmentKey($0) }
        )
    }

    @Test("the contract's URLs, with and without a partner key")
    func urls() throws {
        let environment = String(repeating: "e", count: 22)
        let digest = String(repeating: "0a", count: 32)
        let cases: [(String, Route)] = [
            ("/v1/tessera/snippets/sapUserId/ACME.js", .snippet(try Self.key("tessera", "sapUserId", "ACME"))),
            ("/v1/snippets/sapUserId/ACME.js?x=/../%00", .snippet(try Self.key(nil, "sapUserId", "ACME"))),
            ("/v1/tessera/snippets/a.b/a.js.js", .snippet(try Self.key("tessera", "a.b", "a.js"))),
            (
                "/v1/tessera/env/\(environment)/snippets/v/i.js",
                .snippet(try Self.key("tessera", "v", "i", environment))
            ),
            ("/v1/env/\(environment)/snippets/v/i.js", .snippet(try Self.key(nil, "v", "i", environment))),
            ("/v1/tessera/manifests/v/i.json", .manifest(try Self.key("tessera", "v", "i"))),
            ("/v1/manifests/v/i.json", .manifest(try Self.key(nil, "v", "i"))),
            ("/v1/tessera/loader.js", .loader(try PartnerKey("tessera"))), ("/v1/loader.js", .loader(nil)),
            ("/v1/objects/\(digest).js", .object(try #require(Digest(hexadecimal: digest)))),
            ("/v1/tessera/usage", .usage(try PartnerKey("tessera"))), ("/v1/usage", .usage(nil)),
            ("http://edge.example/v1/loader.js", .loader(nil)), ("HTTPS://x:1/v1/loader.js?q", .loader(nil)),
            ("/%761/loader.js", .loader(nil)),
            ("/v1/snippets/v/caf%C3%A9%20x.js", .snippet(try Self.key(nil, "v", "caf\u{E9} x"))),
            ("/v1/snippets/v/%2e%2E%2ejs.js", .snippet(try Self.key(nil, "v", "...js"))),
            (
                "/v1/snippets/v/F947CCBA-6ECA-424A-A097-7114278EFFD4.js",
                .snippet(try Self.key(nil, "v", "f947ccba-6eca-424a-a097-7114278effd4"))
            ),
        ]
        for (target, route) in cases { #expect(Self.route(target) == route, "\(target)") }
        #expect(Self.route("*", .options) == .server)
    }

    @Test(
        "malformed targets and keys",
        arguments: [
            "/v1/ab/snippets/v/i.js", "/v1/AB-c/snippets/v/i.js", "/v1/t_t/loader.js", "/v1/tessera/snippets/1v/i.js",
            "/v1/tessera/snippets/v-v/i.js", "/v1/tessera/snippets/v/.js", "/v1/tessera/snippets/v/a%2Fb.js",
            "/v1/tessera/snippets/v/a%5Cb.js", "/v1/tessera/snippets/v/%00.js", "/v1/tessera/snippets/v/%0A.js",
            "/v1/tessera/snippets/v/a%zz.js", "/v1/tessera/snippets/v/a%4.js", "/v1/tessera/snippets/v/%.js",
            "/v1/tessera/snippets/v/%FF.js", "/v1/tessera/snippets/v/%20a.js", "/v1/tessera/snippets/v/a%20.js",
            "/v1/tessera/snippets/./i.js", "/v1/../v1/loader.js", "/v1/%2e%2e/loader.js", "/v1/loader.js#x",
            "v1/loader.js",
            "*", "edge.example:443", "ftp://a/v1/loader.js", "http:///v1/loader.js", "http://u@h/v1/loader.js",
            "/v1/tessera/env/short/snippets/v/i.js", "/v1/objects/00.js", "/v1/objects/zz.js",
        ]
    )
    func malformed(target: String) {
        #expect(Self.route(target) == .malformed)
    }

    @Test("keys past their limits are too long")
    func tooLong() {
        let long = String(repeating: "x", count: 129)
        for target in [
            "/v1/\(String(repeating: "k", count: 33))/loader.js", "/v1/tessera/snippets/\(long)/i.js",
            "/v1/tessera/snippets/v/\(long).js", "/v1/tessera/snippets/v/\(String(repeating: "%C3%A9", count: 65)).js",
            "/v1/tessera/env/\(String(repeating: "e", count: 23))/snippets/v/i.js",
            "/v1/objects/\(String(repeating: "0", count: 65)).js",
        ] {
            #expect(Self.route(target) == .tooLong, "\(target)")
        }
    }

    @Test(
        "what the contract does not know is absent",
        arguments: [
            "/", "/v1", "/v1/", "/v2/loader.js", "/favicon.ico", "/v1/tessera", "/v1/tessera/other",
            "/v1/tessera/snippets/v/i",
            "/v1/tessera/snippets/v/i.json", "/v1/tessera/manifests/v/i.js", "/v1/tessera/snippets/v", "//v1/loader.js",
            "/v1/tessera/snippets/v/i.js/", "/v1/tessera/env/e/other/v/i.js", "/v1/tessera/objects/x.js",
        ]
    )
    func absent(target: String) {
        #expect(Self.route(target) == .absent)
    }

    @Test("random targets never trap")
    func random() {
        var generator = SplitMix(state: 9)
        let parts = [
            "/objects/\(String(repeating: "00", count: 32)).js", "/loader.js", "/usage", "/tessera", "/snippets", "/v",
            "/i.js", "%", "%2F", "..", "//", "?", "#", "\u{E9}", "/env", ".js", "http://",
        ]
        var seen: Set<String> = []
        for _ in 0..<20_000 {
            let target =
                "/v1"
                + (0..<Int.random(in: 0...8, using: &generator))
                .map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
            seen.insert("\(Self.route(target))".prefix { $0 != "(" }.description)
        }
        #expect(seen.count >= 5, "\(seen)")
    }
}

struct NegotiationTests {
    @Test("Accept-Encoding with q-values, * and identity")
    func codings() {
        let cases: [(String?, String)] = [
            (nil, "identity"), ("", "identity"), ("gzip", "gzip identity"), ("br, gzip", "br gzip identity"),
            ("GZIP;q=0.001", "gzip identity"), ("gzip;q=0, br", "br identity"), ("gzip; q=0.000", "identity"),
            ("*", "br gzip identity"), ("*;q=0", ""), ("*;q=0, identity", "identity"), ("br, *;q=0", "br"),
            ("identity;q=0", ""), ("gzip, identity;q=0", "gzip"), ("x-gzip", "gzip identity"),
            ("deflate, zstd", "identity"),
            ("gzip;q=", "gzip identity"), (";,,;q=0", "identity"), ("br;x=y;q=0", "identity"), ("br ; Q=0", "identity"),
        ]
        for (field, expected) in cases {
            let accepted = AcceptedCodings(of: field)
            let names = [(accepted.brotli, "br"), (accepted.gzip, "gzip"), (accepted.identity, "identity")]
            #expect(names.filter(\.0).map(\.1).joined(separator: " ") == expected, "\(field ?? "nil")")
        }
    }

    @Test("the smallest acceptable coding wins; identity where none is acceptable")
    func variants() {
        func pick(_ gzip: Int, _ brotli: Int, _ field: String) -> Coding {
            let object = PreparedObject(
                StoredObject(
                    digest: Digest(of: []),
                    mediaType: "text/plain",
                    body: Array(repeating: 0, count: 100),
                    gzip: Array(repeating: 1, count: gzip),
                    brotli: Array(repeating: 2, count: brotli)
                )
            )
            let responses = object.responses
            return responses.responses[responses.choose(AcceptedCodings(of: field))].coding
        }
        #expect(pick(50, 40, "gzip, br") == .brotli)
        #expect(pick(30, 40, "gzip, br") == .gzip)
        #expect(pick(30, 40, "br") == .brotli)
        #expect(pick(30, 40, "br, gzip;q=0.1") == .gzip)
        #expect(pick(30, 40, "deflate") == .identity)
        #expect(pick(30, 40, "identity;q=0, *;q=0") == .identity)
    }

    @Test("If-None-Match: lists, *, weak forms")
    func entityTags() {
        let tag = Array("\"abc\"".utf8)
        for (field, expected) in [
            ("\"abc\"", true), ("W/\"abc\"", true), ("\"x\", \"abc\"", true), ("\"x\",W/\"abc\" , \"y\"", true),
            ("*", true),
            ("\"abcd\"", false), ("abc", false), ("\"a,bc\"", false), ("", false), ("w/\"abc\"", false),
            ("\"x,\"abc\"", false),
        ] {
            let isMatch = Array(field.utf8).withUnsafeBytes { matches(ifNoneMatch: FieldText($0), tag: tag) }
            #expect(isMatch == expected, "\(field)")
        }
    }

    @Test("Cache-Control says the same over HTTP/1.1, where it is a line, and over HTTP/2")
    func cachePolicies() {
        let policies = CacheClass.allCases.map(CachePolicy.classed) + [.short, .testers, .immutable, .none]
        for policy in policies { #expect("\(policy.line)" == "Cache-Control: \(policy.value)\r\n") }
        #expect("\(CachePolicy.unsaid.line)".isEmpty && CachePolicy.unsaid.value.isEmpty)
    }

    @Test("the Date line is an IMF-fixdate")
    func dates() {
        for (time, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_795_305_599, "Sat, 21 Nov 2026 23:59:59 GMT"),
        ] {
            #expect(dateValue(unixSeconds: time) == expected)
        }
    }
}
