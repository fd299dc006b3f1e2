/// Makes requests, ordinary and odd ones, and breaks some of them; from a seed, so that every run is the same.
package struct RequestGenerator<Random: RandomNumberGenerator> {
    private var random: Random

    /// - Parameter random: Where all choices come from.
    package init(_ random: Random) {
        self.random = random
    }

    private static var methods: [String] { ["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "PUT", "get", "G@T", ""] }
    private static var partners: [String] {
        ["tessera/", "tessera/", "lumen/", "", "nobody/", "Tessera/", "env/", "./", "a/"]
    }
    private static var variables: [String] {
        ["sapUserId", "sapUserId", "id", "other", "a.b", "x1", "$", "sap%55serId", "..", ""]
    }
    private static var clients: [String] {
        [
            "OWN", "OFF", "NOBODY", "caf%C3%A9%201", "F3A1C0DE-51B7-4C1E-9A53-0D8A6B7E2F10",
            "f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10", "CRITICAL", "BARE", "own", "OW%4E", "a@b.example", "a+b:c", "%2e",
            ".",
            "a%2Fb", "%zz", "%", "a%00", "", "OWN.js", "x\u{E9}", "a b", "a;b", "~", "a,b", "*", "OWN?x", "OWN#x",
            "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                + "0123456789012345678901234567", "%41".repeated(129),
        ]
    }
    private static var suffixes: [String] {
        [".js", ".js", ".js", ".js", ".json", "", ".js?q=1", ".js#f", ".jS", ".js/"]
    }
    private static var shapes: [String] {
        [
            "snippets/", "snippets/", "snippets/", "snippets/", "manifests/", "snippet/",
            "env/AAAAAAAAAAAAAAAAAAAAAA/snippets/",
        ]
    }
    private static var fields: [String] {
        [
            "Host: edge.example", "Host: edge.example", "Host: [::1]:80", "Host: a b", "Host:", "host:x", "Host : x",
            "Accept-Encoding: gzip, deflate, br", "Accept-Encoding: br;q=0, *", "accept-encoding: GZIP;q=0.0",
            "Accept-Encoding: identity;q=0", "Accept-Encoding: *;q=0", "Accept-Encoding:", "Accept-Encoding: x\", br",
            "If-None-Match: *", "If-None-Match: \"a\", W/\"b\"", "If-None-Match: ", "if-none-match: \"x,y\"",
            "Connection: close", "Connection: keep-alive", "Connection: x, Close", "Content-Length: 0",
            "Content-Length: 5", "Content-Length: 5, 5", "Content-Length: +1", "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Host: [1::2:ffff:1.2.3.4]:1", "Host: a%zz",
            "Host: [1:2]", "Content-Length: 99999999999999999999", "Expect: 100-continue",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
            "Cookie: a=b; c=d", " folded", ": x", "X", "X-Tab:\tx\t", "X-High: \u{E9}", "Sec-Fetch-Site: cross-site",
        ]
    }
    private static var versions: [String] {
        ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "http/1.1", "HTTP/2"]
    }

    /// The next request's bytes.
    ///
    /// - Parameter tags: Entity tags that the server really has, to be named in `If-None-Match` now and then.
    /// - Returns: A head, whole or not.
    package mutating func next(tags: [String]) -> [UInt8] {
        let kind = Int.random(in: 0..<10, using: &random)
        var bytes = Array((kind < 5 ? ordinary(tags) : any(tags)).utf8)
        if kind % 5 >= 3 { mutate(&bytes) }
        if kind % 5 == 2 && Bool.random(using: &random) {
            bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
        }
        return bytes
    }

    private mutating func pick(_ list: [String]) -> String { list.randomElement(using: &random) ?? "" }

    private mutating func ordinary(_ tags: [String]) -> String {
        let partner = pick(["tessera/", "tessera/", "lumen/", ""])
        let path = "/v1/\(partner)snippets/\(pick(["sapUserId", "sapUserId", "id", "other"]))/\(pick(Self.clients)).js"
        var head = "\(pick(["GET", "HEAD"])) \(path) HTTP/1.1\r\nHost: edge.example\r\n"
        if Bool.random(using: &random) {
            head += "Accept-Encoding: \(pick(["br", "gzip", "gzip, br;q=0", "*", "zstd"]))\r\n"
        }
        if Bool.random(using: &random) { head += "If-None-Match: \(pick(tags + ["*", "\"no\""]))\r\n" }
        if Bool.random(using: &random) { head += pick(Self.fields) + "\r\n" }
        return head + "\r\n"
    }

    private mutating func any(_ tags: [String]) -> String {
        var target =
            "/v1/\(pick(Self.partners))\(pick(Self.shapes))\(pick(Self.variables))/\(pick(Self.clients))\(pick(Self.suffixes))"
        if Int.random(in: 0..<12, using: &random) == 0 {
            target = pick([
                "http://a\(target)", "HTTPS://a:1\(target)", "*", "/", "//", "/v1", "", "a", "http://", "ftp://a/",
            ])
        }
        let separator = Int.random(in: 0..<20, using: &random) == 0 ? pick(["  ", "\t", ""]) : " "
        var head = "\(pick(Self.methods))\(separator)\(target) \(pick(Self.versions))\r\n"
        if Int.random(in: 0..<15, using: &random) == 0 { head = "\r\n" + head }
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            head += pick(Self.fields) + (Int.random(in: 0..<30, using: &random) == 0 ? "\n" : "\r\n")
        }
        if Bool.random(using: &random) { head += "If-None-Match: \(pick(tags))\r\n" }
        return head + "\r\n"
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2:
                bytes.insert(
                    [0x0D, 0x0A, 0x20, 0x3A, 0x00, 0x25, 0x2F, 0x09].randomElement(using: &random) ?? 0,
                    at: place
                )
            case 3: bytes[place] ^= 0x20
            default:
                let end = min(bytes.count, place + Int.random(in: 1...20, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
