import Domain
import TestSupport
import Testing

@testable import Edge

/// Bodies that do not fit into what a connection takes at once: nothing may be lost, doubled or out of order.
struct LargeBodyTests {
    static func object(_ bytes: Int) -> StoredObject {
        // Each eight bytes tell where they are.
        let body = (0..<(bytes / 8)).flatMap { Array("\(1_000_000 + $0)\n".utf8) }
        return StoredObject(digest: Digest(of: body), mediaType: "text/javascript", body: body, gzip: nil, brotli: nil)
    }

    @Test("large objects, from the index and from upstream, alone and pipelined", arguments: [9, 66, 200, 1000])
    func large(kilobytes: Int) async throws {
        let site = try ServerTests.Site()
        let fetched = Self.object(kilobytes * 1000)
        let held = Self.object(kilobytes * 1000 + 8)
        let deployment = site.deployment
        deployment.feed.add([fetched, held])
        deployment.feed.append([(.partner(deployment.partner), deployment.entry(loader: held.digest))])
        try await site.serve { port, _, _, _ in
            let paths = [
                "/v1/objects/\(fetched.digest).js", "/v1/tessera/snippets/sapUserId/OWN.js", "/v1/loader.js",
                "/v1/objects/\(fetched.digest).js", "/v1/objects/\(held.digest).js",
                "/v1/tessera/snippets/sapUserId/NOBODY.js",
            ]
            let bodies = [fetched.body, nil, held.body, fetched.body, held.body, nil]
            let requests = paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
            let last = "GET /v1/loader.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            for round in ["pipelined", "one by one"] {
                let connection = try RawConnection(port: port)
                var answers: [RawConnection.Answer] = []
                if round == "pipelined" {
                    connection.send(requests.joined() + last)
                    answers = try RawConnection.answers(in: try await connection.readToEnd())
                } else {
                    for request in requests {
                        connection.send(request)
                        answers.append(try await connection.answer())
                    }
                    connection.send(last)
                    answers += try RawConnection.answers(in: try await connection.readToEnd())
                }
                #expect(answers.count == paths.count + 1, "\(round): nothing more, nothing less")
                for (answer, (path, body)) in zip(answers, zip(paths, bodies)) {
                    #expect(answer.status == 200, "\(round) \(path)")
                    if let body { #expect(answer.body == body, "\(round) \(path): \(answer.body.count) bytes") }
                }
                #expect(answers.last?.body == held.body)
            }
        }
    }
}
