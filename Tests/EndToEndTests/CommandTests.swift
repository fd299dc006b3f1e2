import Domain
import Foundation
import TestSupport
import Testing

struct CommandTests {
    private func client(_ id: String, name: String = "Nordwind", partner: String = "tessera") -> String {
        """
        {"partner":"\(partner)","name":"\(name)","system":"sap-concur","systemClientId":"\(id)","admins":["a@b.example"]}
        """
    }

    @Test("through a server's socket: each change is seen at the edge, and resolve tells why")
    func throughTheSocket() async throws {
        let deployment = Deployment()
        let (server, ports) = try await deployment.serve()
        let edge = try #require(ports["edge"])
        let key = try await deployment.done(
            "partner",
            "add",
            "Tessera Software",
            "--system-variable",
            "sapUserId",
            "--key",
            "tessera"
        )
        #expect(key == "tessera\n")
        try deployment.directory.write([
            "clients.ndjson": client("ACME") + "\n" + client("OTHER", name: "Other", partner: "Tessera Software")
                + "\n",
            "items/hello.json":
                #"{"kind":"shoutOut","name":"n","title":{"en":"Own content"},"text":{"en":"own"}}"#,
            "gallery/s/solution.json": #"{"name":{"en":"S"},"system":"sap-concur","summary":{"en":"s"}}"#,
            "gallery/s/item.json":
                #"{"kind":"shoutOut","name":"n","title":{"en":"Standard content"},"text":{"en":"std"}}"#,
        ])
        #expect(try await deployment.done("import", "clients.ndjson") == "2 added, 0 unchanged, 0 refused\n")
        func outcome(_ text: String) async throws -> String {
            let answer = try await eventually { () -> RawConnection.Answer? in
                let answer = try await ask(edge, "/v1/tessera/snippets/sapUserId/ACME.js")
                return answer.text.contains(text) ? answer : nil
            }
            return answer["waymark-outcome"] ?? ""
        }
        #expect(try await outcome("nothing") == "empty")
        try await deployment.done("gallery", "publish", "gallery", "--partner", "Tessera Software", "--standard")
        #expect(try await outcome("Standard content") == "standard")
        let pair = ["--partner", "tessera", "--client", "Nordwind"]
        let published = try await deployment.done("publish", "items", pair[0], pair[1], pair[2], pair[3])
        #expect(try await outcome("Own content") == "release")
        let environmentKey = try #require(published.split(separator: "\n").last?.split(separator: " ").last)
        let explained = try await deployment.done("resolve", "sapUserId", "ACME", "--partner", "tessera")
        let json = try JSONSerialization.jsonObject(with: Data(explained.utf8)) as? [String: Any]
        #expect(json?["outcome"] as? String == "release")
        #expect((json?["environments"] as? [[String: String]])?.first?["key"] == String(environmentKey))
        #expect(((json?["client"] as? [String: Any])?["name"] as? String) == "Nordwind")
        try await deployment.done("unpublish", pair[0], pair[1], pair[2], pair[3])
        #expect(try await outcome("Standard content") == "standard")
        try await deployment.done("rollback", pair[0], pair[1], pair[2], pair[3], "--to", "1")
        #expect(try await outcome("Own content") == "release")
        try await deployment.done("suspend", pair[0], pair[1], pair[2], pair[3], "--reason", "why")
        #expect(try await outcome("nothing") == "suspended")
        try await deployment.done("resume", pair[0], pair[1], pair[2], pair[3])
        #expect(try await outcome("Own content") == "release")
        let doctor = try await deployment.done("doctor")
        #expect(doctor.contains("synchronous=2") && !doctor.contains("WRONG"))
        let refused = try await deployment.waymark("rollback", pair[0], pair[1], pair[2], pair[3], "--to", "9")
        #expect(refused.status == 1 && refused.output == "error: There is no release 9 in 'production'.\n")
        #expect(try await server.end() == 0)
        // The same answers without a server.
        let offline = try await deployment.done("resolve", "sapUserId", "ACME")
        #expect(offline.contains(#""outcome" : "release""#))
    }

    @Test("import: bad lines are told with number and reason, the good ones are in; equal lines are unchanged")
    func importing() async throws {
        let deployment = Deployment()
        try await deployment.done("partner", "add", "T", "--system-variable", "v", "--key", "tessera")
        let lines = [
            client("A"), "not json", client("B", partner: "nobody"), client("A"), client("A", name: "Else"),
            client("C").replacing("sap-concur", with: "oracle"), client("D").replacing(#"["a@b.example"]"#, with: "[]"),
            "", client("a/b"), client("E").replacing(#""name":"Nordwind","#, with: ""),
            client("F").replacing("a@b.example", with: "nobody"), client("G"),
        ]
        try deployment.directory.write(["clients.ndjson": lines.joined(separator: "\n")])
        let rehearsal = try await deployment.waymark("import", "clients.ndjson", "--dry-run")
        #expect(rehearsal.status == 2)
        #expect(rehearsal.output.hasSuffix("2 would be added, 1 unchanged, 8 refused\n"), "\(rehearsal.output)")
        let result = try await deployment.waymark("import", "clients.ndjson")
        #expect(result.status == 2)
        let told = result.output.split(separator: "\n").map(String.init)
        for (line, words) in [
            (2, "not a JSON object"), (3, "no partner of the key or name 'nobody'"),
            (5, "belongs to the client 'Nordwind'"), (6, "Supported systems: sap-concur"),
            (7, "At least one admin"), (9, "System Client ID"), (10, "'name' is missing"),
            (11, "'nobody' is not an e-mail address"),
        ] {
            #expect(
                told.contains { $0.hasPrefix("error: line \(line): ") && $0.contains(words) },
                "line \(line): \(told)"
            )
        }
        #expect(told.last == "2 added, 1 unchanged, 8 refused")
        let again = try await deployment.waymark("import", "clients.ndjson")
        #expect(again.output.hasSuffix("0 added, 3 unchanged, 8 refused\n"))
        var bytes = Data(client("H").utf8)
        bytes.append(contentsOf: [0x0A, 0xFF, 0xFE, 0x0A])
        try bytes.write(to: URL(fileURLWithPath: deployment.directory.path + "/bytes.ndjson"))
        let odd = try await deployment.waymark("import", "bytes.ndjson")
        #expect(odd.output == "error: line 2: this is not UTF-8\n1 added, 0 unchanged, 1 refused\n")
    }

    @Test("import: more lines than one transaction takes")
    func manyClients() async throws {
        let deployment = Deployment()
        try await deployment.done("partner", "add", "T", "--system-variable", "v", "--key", "tessera")
        let lines = (0..<5001).map { client("id-\($0)") }
        try deployment.directory.write(["clients.ndjson": lines.joined(separator: "\n") + "\n"])
        #expect(try await deployment.done("import", "clients.ndjson") == "5001 added, 0 unchanged, 0 refused\n")
        let last = try await deployment.done("resolve", "v", "id-5000")
        #expect(last.contains(#""outcome" : "empty""#) && last.contains(#""generation" : 4"#), "\(last)")
    }

    @Test("a held directory names its holder; a newer schema says what to do; a long path still has a socket")
    func dataDirectory() async throws {
        let deployment = Deployment()
        let (server, _) = try await deployment.serve()
        let second = try await deployment.waymark("serve", "--edge", "127.0.0.1:0")
        #expect(second.status == 1)
        #expect(second.output.contains("is held by 'waymark serve', process \(server.pid), since "), "\(second.output)")
        var information = stat()
        #expect(stat(deployment.data + "/waymark.sock", &information) == 0 && information.st_mode & 0o777 == 0o600)
        #expect(stat(deployment.data, &information) == 0 && information.st_mode & 0o777 == 0o700)
        // A kill leaves nothing that holds.
        #expect(try await server.end(9) == 128 + 9)
        try await deployment.done("partner", "add", "T", "--system-variable", "v")
        _ = try await run("sqlite3", [deployment.data + "/waymark.sqlite", "UPDATE schema_version SET minimum = 99"])
        for command in ["doctor", "serve"] {
            let refused = try await deployment.waymark(command)
            #expect(
                refused.status == 1 && refused.output.contains("Run the newer waymark that last used it"),
                "\(refused.output)"
            )
        }
        let long = deployment.directory.path + "/" + String(repeating: "long-", count: 30)
        let (far, ports) = try await deployment.serve(data: long)
        let added = try await deployment.waymark(
            "partner",
            "add",
            "T",
            "--system-variable",
            "v",
            "--key",
            "tessera",
            data: long
        )
        #expect(added.output == "tessera\n")
        let edge = try #require(ports["edge"])
        _ = try await eventually { try await ask(edge, "/v1/tessera/loader.js").text.contains(#"["v"]"#) ? true : nil }
        let holder = Deployment.read(long + "/lock")
        let socket = try #require(holder.firstMatch(of: /"socket":"([^"]+)"/)?.1).replacing("\\/", with: "/")
        #expect(socket.hasPrefix("/tmp/waymark-"))
        #expect(try await far.end() == 0)
        #expect(!FileManager.default.fileExists(atPath: String(socket.dropLast("/waymark.sock".count))))
    }

    @Test("a broken gallery file: its path, JSON pointer and reason, and nothing is published")
    func brokenGallery() async throws {
        let deployment = Deployment()
        try await deployment.done("partner", "add", "T", "--system-variable", "v", "--key", "tessera")
        try deployment.directory.write([
            "gallery/good/solution.json": #"{"name":{"en":"S"},"system":"sap-concur","summary":{"en":"s"}}"#,
            "gallery/good/item.json": #"{"kind":"shoutOut","name":"n","title":{"en":"t"},"text":{"en":"x"}}"#,
            "gallery/bad/solution.json": #"{"name":{"en":"S"},"system":"sap-concur","summary":{"en":"s"}}"#,
            "gallery/bad/item.json": #"{"kind":"walkThru","name":"n","title":{"en":"t"},"steps":[{"title":{}}]}"#,
        ])
        let expected = [
            "error: There are 2 faults in the content.",
            "  gallery/bad/item.json#/steps/0: lacks the member 'text'",
            "  gallery/bad/item.json#/steps/0/title: lacks the member 'en'", "",
        ].joined(separator: "\n")
        let before = try await deployment.done("doctor")
        for command in [["check", "gallery"], ["publish", "gallery", "--partner", "tessera", "--standard"]] {
            let result = try await run(
                TestTools.waymark,
                ["gallery"] + command + ["--data", deployment.data],
                in: deployment.directory.path
            )
            #expect(result.status == 1 && result.output == expected, "\(result.output)")
        }
        #expect(try await deployment.done("doctor") == before)
        #expect(try await deployment.done("gallery", "check", "gallery/good").contains("no fault"))
    }

    @Test("restore: releases and key belong together, or everything is signed anew with a new key")
    func restore() async throws {
        let deployment = Deployment()
        try await deployment.done("partner", "add", "Tessera", "--system-variable", "v", "--key", "tessera")
        try deployment.directory.write([
            "clients.ndjson": client("ACME") + "\n",
            "items/hello.json": #"{"kind":"shoutOut","name":"n","title":{"en":"Own"},"text":{"en":"own"}}"#,
        ])
        try await deployment.done("import", "clients.ndjson")
        try await deployment.done("publish", "items", "--partner", "tessera", "--client", "Nordwind")
        try await deployment.done("backup", "copy.sqlite")
        let other = deployment.directory.path + "/other"
        let files = FileManager.default
        #expect(
            try await deployment.waymark("partner", "add", "Other", "--system-variable", "v", data: other).status == 0
        )
        for name in try files.contentsOfDirectory(atPath: other) where name != "signing-key" {
            try files.removeItem(atPath: "\(other)/\(name)")
        }
        let foreign = try await deployment.waymark("restore", "copy.sqlite", data: other)
        #expect(foreign.status == 1 && foreign.output.contains("signed with another key"), "\(foreign.output)")
        let key = deployment.data + "/signing-key"
        let two = try await deployment.waymark("restore", "copy.sqlite", "--signing-key", key, data: other)
        #expect(two.status == 1 && two.output.contains("holds another signing key"), "\(two.output)")
        #expect(!files.fileExists(atPath: other + "/waymark.sqlite"))
        try files.removeItem(atPath: other + "/signing-key")
        let right = try await deployment.waymark("restore", "copy.sqlite", "--signing-key", key, data: other)
        #expect(right.status == 0, "\(right.output)")
        let sound = try await deployment.waymark("verify", "store", data: other)
        #expect(sound.status == 0 && sound.output.contains("1 live releases, 0 not signed"), "\(sound.output)")
        let fresh = deployment.directory.path + "/fresh"
        let anew = try await deployment.waymark("restore", "copy.sqlite", data: fresh)
        #expect(anew.status == 0 && anew.output.contains("a new signing key will be made"), "\(anew.output)")
        let signed = try await deployment.waymark("verify", "store", data: fresh)
        #expect(signed.status == 0 && signed.output.contains("1 live releases, 0 not signed"), "\(signed.output)")
    }

    @Test("settings: a flag, else the environment, else the file, else the default")
    func settings() async throws {
        let deployment = Deployment()
        try deployment.directory.write(["waymark.yaml": "edge: 127.0.0.1:1\ncontrol: 127.0.0.1:2\nops: 127.0.0.1:3\n"])
        let result = try await run(
            TestTools.waymark,
            ["config", "--config", "waymark.yaml", "--edge", "127.0.0.1:7"],
            in: deployment.directory.path,
            environment: ["WAYMARK_EDGE": "127.0.0.1:8", "WAYMARK_CONTROL": "127.0.0.1:9", "WAYMARK_EDGE_THREADS": "3"]
        )
        let lines = result.output.split(separator: "\n").map {
            $0.split(separator: " ", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let values = Dictionary(uniqueKeysWithValues: lines.filter { $0.count == 2 }.map { ($0[0], $0[1]) })
        #expect(values["edge"] == "127.0.0.1:7  (flag)", "\(result.output)")
        #expect(values["control"] == "127.0.0.1:9  (environment)")
        #expect(values["edge-threads"] == "3  (environment)")
        #expect(values["ops"] == "127.0.0.1:3  (waymark.yaml)")
        #expect(values["data"] == "waymark-data  (default)")
        for (flag, value) in [
            ("--edge", "nowhere"), ("--edge-threads", "0"), ("--log-level", "loud"), ("--config", "none.yaml"),
        ] {
            let refused = try await deployment.waymark("serve", flag, value)
            #expect(refused.status == 1 && refused.output.hasPrefix("error: "), "\(flag): \(refused.output)")
        }
    }

    @Test("every command has help with an example")
    func help() async throws {
        let commands = [
            [], ["demo"], ["serve"], ["partner"], ["partner", "add"], ["import"], ["gallery"], ["gallery", "check"],
            ["gallery", "publish"], ["publish"], ["rollback"], ["unpublish"], ["suspend"], ["resume"], ["resolve"],
            ["config"],
            ["doctor"],
        ]
        let root = try await run(TestTools.waymark, ["--help"])
        for command in commands {
            let result = try await run(TestTools.waymark, command + ["--help"])
            #expect(result.status == 0 && result.output.contains("Example:"), "\(command)")
            #expect(result.output.contains("waymark " + command.joined(separator: " ")), "\(command)")
            if let name = command.first { #expect(root.output.contains("  \(name)"), "\(command)") }
            if command.count == 1, !["partner", "gallery"].contains(command[0]) {
                #expect(result.output.contains("--data"), "\(command)")
            }
        }
    }
}
