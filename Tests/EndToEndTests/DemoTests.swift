import Foundation
import TestSupport
import Testing

struct DemoTests {
    @Test(
        "a copy of the binary alone in an empty directory runs the demo; its curl line fetches the first client's snippet"
    )
    func alone() async throws {
        let directory = TestDirectory(in: NSTemporaryDirectory())
        let copy = directory.path + "/waymark"
        // Not in this process: a program started meanwhile would hold the copy open for writing, and it could not run.
        #expect(try await run("cp", [TestTools.waymark, copy]).status == 0)
        let any = "127.0.0.1:0"
        let addresses = directory.path + "/addresses"
        let demo = try RunningProcess(
            copy,
            ["demo", "--app", any, "--edge", any, "--control", any, "--ops", any, "--addresses", addresses],
            in: directory.path,
            log: directory.path + "/log"
        )
        let text = try await eventually(within: .seconds(60)) { () -> String? in
            guard demo.isRunning else {
                throw RawConnection.Failed(description: "it ended: " + Deployment.read(directory.path + "/log.err"))
            }
            let text = Deployment.read(addresses)
            return text.isEmpty ? nil : text
        }
        // The same is on standard output, there at once.
        #expect(Deployment.read(directory.path + "/log") == text)
        let lines = text.split(separator: "\n").map(String.init)
        let curl = try #require(lines.first { $0.hasPrefix("curl ") }).dropFirst("curl ".count)
        let fetched = try await run("sh", ["-c", curl.trimmingCharacters(in: .whitespaces)])
        #expect(fetched.output.contains("Waymark-Outcome: release"), "\(fetched.output.prefix(600))")
        #expect(fetched.output.contains("New at Nordwind: trains first"))
        let ports = Deployment.ports(lines)
        let edge = try #require(ports["edge"])
        for (id, outcome) in [
            ("f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10", "release"), ("0b6f8f6e-2f0c-4a7d-8c55-6a1d3f7f9b21", "standard"),
            ("7c9e2b44-9f3d-4d0a-b1ce-3e5b8f0a6c32", "suspended"), ("d25a7e93-84c6-4f1b-a7e0-9b4c2d6f8e43", "standard"),
            ("5e8d1f70-3b2a-4c96-8d4e-1a7f0c9b5d54", "unknown"),
        ] {
            let answer = try await ask(edge, "/v1/tessera/snippets/sapUserId/\(id).js")
            #expect(answer["waymark-outcome"] == outcome, "\(id)")
        }
        let app = try await ask(try #require(ports["app"]), "/expense?policy=strict&language=fr")
        #expect(app["content-security-policy"]?.contains("'strict-dynamic'") == true)
        #expect(app.text.contains("/v1/tessera/loader.js") && app.text.contains("lang=\"fr\""))
        let ops = try #require(ports["ops"])
        #expect(try await ask(ops, "/livez").status == 200)
        #expect(try await ask(ops, "/readyz").status == 200)
        #expect(try await ask(ops, "/metrics").text.contains("waymark_edge_outcomes_total{outcome=\"standard\"} 2"))
        #expect(try await ask(ops, "/statusz").text.contains("checked, counted and dropped"))
        #expect(try await ask(try #require(ports["control"]), "/").text.contains("<h1>Waymark</h1>"))
        let data = try #require(lines.first { $0.hasPrefix("data ") }?.split(separator: " ").last).description
        #expect(FileManager.default.fileExists(atPath: data))
        #expect(try await demo.end() == 0)
        #expect(!FileManager.default.fileExists(atPath: data))
        #expect(Deployment.read(directory.path + "/log.err").isEmpty)
    }
}
