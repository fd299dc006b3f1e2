import TestSupport
import Testing

@testable import Edge

/// A head as the scanner read it, with the bytes that it points at.
@dynamicMemberLookup
struct ScannedHead: Equatable {
    let head: RequestHead
    let bytes: [UInt8]

    subscript<Value>(dynamicMember path: KeyPath<RequestHead, Value>) -> Value { head[keyPath: path] }

    func text(_ range: Range<Int>?) -> String? { range.map { String(decoding: bytes[$0], as: UTF8.self) } }
}

struct HeadTests {
    static let limits = EdgeLimits()

    /// What the scanner makes of bytes that come whole.
    static func scan(_ text: String) -> Result<ScannedHead?, HeadFault> {
        scan(Array(text.utf8), pieces: [text.utf8.count])
    }

    /// What it makes of bytes that come in pieces; each call sees all that has come so far.
    static func scan(_ bytes: [UInt8], pieces: [Int]) -> Result<ScannedHead?, HeadFault> {
        var scanner = HeadScanner(limits: limits)
        var come = 0
        for piece in pieces {
            come = min(bytes.count, come + piece)
            let result: Result<ScannedHead?, HeadFault> = bytes.withUnsafeBytes { all in
                let seen = UnsafeRawBufferPointer(rebasing: all[..<come])
                do throws(HeadFault) {
                    guard let end = try scanner.scan(seen) else { return .success(nil) }
                    return .success(ScannedHead(head: scanner.head, bytes: Array(bytes.prefix(end))))
                } catch {
                    return .failure(error)
                }
            }
            if case .success(nil) = result { continue }
            return result
        }
        return .success(nil)
    }

    @Test("an ordinary head is read")
    func ordinary() throws {
        let head = try #require(
            try Self.scan(
                "GET /a?b HTTP/1.1\r\nHost: x.example:80\r\nAccept-Encoding: gzip\r\naccept-encoding:br \r\nX: a\tb\r\n"
                    + "If-None-Match: \"t\"\r\nConnection: Keep-Alive\r\n\r\n"
            ).get()
        )
        #expect(head.method == .get)
        #expect(head.text(head.target) == "/a?b")
        #expect(!head.isOld && head.keepsAlive && head.body == .none)
        #expect(head.accepted.gzip && head.accepted.brotli)
        #expect(head.text(head.ifNoneMatch) == "\"t\"")
        #expect(head.ifNoneMatchToo.isEmpty)
    }

    static let malformed: [(name: String, head: String)] = [
        ("no Host", "GET / HTTP/1.1\r\n\r\n"),
        ("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        ("two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        ("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        ("Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        ("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        ("Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        ("Host with odd port", "GET / HTTP/1.1\r\nHost: a:8o\r\n\r\n"),
        ("Host of an odd address", "GET / HTTP/1.1\r\nHost: [|]\r\n\r\n"),
        ("Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        ("length and chunked", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
        ("length list", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n"),
        ("negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
        ("plus length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"),
        ("hex length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n"),
        ("empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"),
        ("unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
        ("chunked in a list twice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"),
        ("Host of too few groups", "GET / HTTP/1.1\r\nHost: [1:2]\r\n\r\n"),
        ("Host with a bad escape", "GET / HTTP/1.1\r\nHost: a%4\r\n\r\n"),
        (
            "chunked twice",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
        ),
        ("chunked with tab", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n"),
        ("chunked in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("obs-fold", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"),
        ("fold at the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        ("blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        ("empty field name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
        ("no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
        ("odd field name", "GET / HTTP/1.1\r\nHost: a\r\nX\u{40}: b\r\n\r\n"),
        ("control in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n"),
        ("DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n"),
        ("bare LF", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        ("bare LF later", "GET / HTTP/1.1\r\nHost: a\n\r\n\r\n"),
        ("bare CR", "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"),
        ("NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n"),
        ("two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("blank first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("blank last", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        ("no version", "GET /\r\nHost: a\r\n\r\n"),
        ("version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        ("version 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
        ("small version", "GET / http/1.1\r\nHost: a\r\n\r\n"),
        ("long version", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
        ("raw non-ASCII target", "GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("odd method", "G\u{40}T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("empty method", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    @Test("each malformed head is refused, however it comes", arguments: malformed.map(\.name))
    func refused(name: String) throws {
        let head = try #require(Self.malformed.first { $0.name == name }).head
        let bytes = Array(head.utf8)
        #expect(Self.scan(head) == .failure(.malformed))
        #expect(Self.scan(bytes, pieces: Array(repeating: 1, count: bytes.count)) == .failure(.malformed))
        for cut in 1..<bytes.count {
            #expect(Self.scan(bytes, pieces: [cut, bytes.count]) == .failure(.malformed), "cut at \(cut)")
        }
    }

    @Test(
        "odd but right heads are taken",
        arguments: [
            "GET / HTTP/1.0\r\n\r\n", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nhOST:a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n",
        ]
    )
    func taken(head: String) throws {
        let bytes = Array(head.utf8)
        let whole = try #require(try Self.scan(head).get())
        #expect(try Self.scan(bytes, pieces: Array(repeating: 1, count: bytes.count)).get() == whole)
        for count in 0..<bytes.count {
            #expect(Self.scan(Array(bytes.prefix(count)), pieces: [count]) == .success(nil))
        }
    }

    @Test("limits: request line, head, fields")
    func limits() {
        func lineOf(_ count: Int) -> String {
            let rest = " HTTP/1.1\r\nHost: a\r\n\r\n"
            let line = "GET /" + String(repeating: "x", count: count - "GET / HTTP/1.1\r\n".utf8.count)
            return line + rest
        }
        #expect((try? Self.scan(lineOf(4096)).get()) != nil)
        #expect(Self.scan(lineOf(4097)) == .failure(.requestLineTooLong))
        #expect(Self.scan("GET /" + String(repeating: "x", count: 5000)) == .failure(.requestLineTooLong))
        func headOf(_ count: Int) -> String {
            let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
            return start + String(repeating: "x", count: count - start.utf8.count - 4) + "\r\n\r\n"
        }
        #expect((try? Self.scan(headOf(16_384)).get()) != nil)
        #expect(Self.scan(headOf(16_385)) == .failure(.headTooLarge))
        func fields(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: count - 1) + "\r\n"
        }
        #expect((try? Self.scan(fields(100)).get()) != nil)
        #expect(Self.scan(fields(101)) == .failure(.headTooLarge))
    }

    @Test("connection options and HTTP/1.0")
    func persistence() throws {
        func keeps(_ version: String, _ fields: String) throws -> Bool {
            try #require(try Self.scan("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n").get()).keepsAlive
        }
        #expect(try keeps("1.1", ""))
        #expect(try !keeps("1.1", "Connection: close\r\n"))
        #expect(try !keeps("1.1", "Connection: keep-alive, Close\r\n"))
        #expect(try !keeps("1.1", "Connection: x\r\nConnection: close\r\n"))
        #expect(try !keeps("1.0", ""))
        #expect(try keeps("1.0", "Connection: keep-alive\r\n"))
        #expect(try !keeps("1.0", "Connection: keep-alive, close\r\n"))
    }

    @Test("mutated heads never trap, and come out the same whole and in pieces")
    func mutations() {
        var generator = SplitMix(state: 3)
        let sources = Self.malformed.map(\.head) + ["GET /v1/a HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br;q=0\r\n\r\n"]
        var answers: [String: Int] = [:]
        for _ in 0..<20_000 {
            var bytes = Array((sources.randomElement(using: &generator) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert([0x0D, 0x0A, 0x20, 0x3A, 0x00].randomElement(using: &generator) ?? 0, at: place)
                }
            }
            let whole = Self.scan(bytes, pieces: [bytes.count])
            let pieces = (0..<bytes.count).map { _ in Int.random(in: 1...9, using: &generator) }
            #expect(Self.scan(bytes, pieces: pieces) == whole)
            switch whole {
            case .success(nil): answers["incomplete", default: 0] += 1
            case .success: answers["head", default: 0] += 1
            case .failure: answers["refused", default: 0] += 1
            }
        }
        #expect(answers.count == 3, "\(answers)")
    }
}

struct BodyReaderTests {
    /// How the reader ends, what it read, and how much of the input was the body's.
    static func read(
        _ kind: RequestHead.Body,
        _ text: String,
        step: Int = .max
    ) -> (BodyReader.Progress, String, used: Int) {
        var reader = BodyReader(kind, bytesMax: 16)
        let bytes = Array(text.utf8)
        var used = 0
        while true {
            let piece = Array(bytes[used..<min(bytes.count, step == .max ? bytes.count : used + step)])
            let (progress, count) = piece.withUnsafeBytes { reader.read($0) }
            used += count
            if progress != .incomplete || used == bytes.count {
                return (progress, String(decoding: reader.bytes, as: UTF8.self), used)
            }
        }
    }

    @Test("bodies by length and in chunks end where they end, however they come")
    func bodies() {
        let cases: [(RequestHead.Body, String, BodyReader.Progress, String, String)] = [
            (.length(3), "abcGET", .complete, "abc", "GET"),
            (.length(3), "ab", .incomplete, "ab", ""),
            (.length(17), "x", .tooLarge, "", "x"),
            (.chunked, "0\r\n\r\nrest", .complete, "", "rest"),
            (.chunked, "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\nrest", .complete, "abcde", "rest"),
            (.chunked, "00000010\r\n0123456789abcdef\r\n0\r\n\r\n", .complete, "0123456789abcdef", ""),
        ]
        for (kind, text, progress, body, rest) in cases {
            for step in [Int.max, 1, 2, 3] {
                let (end, read, used) = Self.read(kind, text, step: step)
                #expect(end == progress && read == body, "\(text) by \(step)")
                #expect(String(decoding: Array(text.utf8)[used...], as: UTF8.self) == rest, "\(text) by \(step)")
            }
        }
    }

    @Test(
        "malformed chunks are refused",
        arguments: [
            "\r\n", "x\r\n", "-1\r\n", "0x1\r\na\r\n", "1 \r\na\r\n", " 1\r\na\r\n", "1\na\r\n", "1\r\nab\r\n",
            "1\r\na\n",
            "1;x=\u{1}\r\n", "0\r\nT: \u{7F}\r\n\r\n", "1\r\na\r\n0\r\nT: v\n\r\n", "1;\r\r\n", "1\u{0}\r\n",
        ]
    )
    func malformed(text: String) {
        for step in [Int.max, 1] {
            #expect(Self.read(.chunked, text, step: step).0 == .malformed, "\(text) by \(step)")
        }
    }

    @Test("chunks past the limit are too large, and endless lines are refused")
    func limits() {
        #expect(Self.read(.chunked, "11\r\n").0 == .tooLarge)
        #expect(Self.read(.chunked, "f\r\n0123456789abcde\r\n2\r\n").0 == .tooLarge)
        #expect(Self.read(.chunked, "ffffffff\r\n").0 == .tooLarge)
        #expect(Self.read(.chunked, String(repeating: "f", count: 40) + "\r\n").0 == .tooLarge)
        #expect(Self.read(.chunked, "000000001\r\na\r\n0\r\n\r\n").0 == .complete)
        #expect(Self.read(.chunked, "1;" + String(repeating: "x", count: 5000)).0 == .malformed)
        #expect(Self.read(.chunked, "0\r\n" + String(repeating: "T: v\r\n", count: 800)).0 == .malformed)
    }
}
