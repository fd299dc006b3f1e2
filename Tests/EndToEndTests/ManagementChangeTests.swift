import Domain
import Edge
import Foundation
import Logging
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing

/// A management change reaching the edge: a real store, a real edge, one process; what no command sets yet, too.
struct ManagementChangeTests {
    /// Runs an edge over a store of its own.
    private func withSite(
        _ body: (_ storage: Storage, _ port: Int) async throws -> Void
    ) async throws {
        let bell = Doorbell()
        let storage = try await TestStore { bell.ring() }.storage
        let port = Mutex<Int?>(nil)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let edge = EdgeServer(
            host: "127.0.0.1",
            port: 0,
            threads: 1,
            feed: storage,
            trust: TestKey.trust,
            doorbell: bell,
            noOp: TestContent.objects("nothing")[1],
            logger: logger,
            unixSeconds: { 0 },
            isBound: { _, bound in port.withLock { $0 = bound } }
        )
        let group = ServiceGroup(configuration: .init(services: [edge], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let bound = try await eventually { port.withLock { $0 } }
            _ = try await eventually { await edge.report().isReady ? true : nil }
            let result = await Result { try await body(storage, bound) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    /// Waits until a snippet answers so; the last answer otherwise.
    private func expect(
        _ port: Int,
        _ path: String,
        _ outcome: String,
        _ text: String? = nil,
        cache: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var last: RawConnection.Answer?
        let end = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < end {
            let answer = try await ask(port, path)
            last = answer
            let isText = text.map { answer.text.contains($0) } ?? true
            if answer["waymark-outcome"] == outcome, isText, cache == nil || answer["cache-control"] == cache { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("\(path) answers \(String(describing: last))", sourceLocation: sourceLocation)
    }

    @Test("publish, environments and their keys, roll back, unpublish")
    func pointers() async throws {
        try await withSite { storage, port in
            let partner = try await storage.makePartner()
            let system = try await storage.makeClient("ACME", of: partner)
            let path = "/v1/tessera/snippets/sapUserId/ACME.js"
            try await expect(port, path, "empty")
            try await storage.publishText("standard", for: .standard(partner.id, .sapConcur))
            try await expect(port, path, "standard", "standard")
            let standardTest = try await storage.publishText("next", for: .standard(partner.id, .sapConcur), in: .test)
            let own = try await storage.publishText("draft", for: .system(system.id), in: .test)
            let env = { (key: EnvironmentKey) in "/v1/tessera/env/\(key)/snippets/sapUserId/ACME.js" }
            try await expect(port, env(own.environmentKey), "release", "draft", cache: "private, no-cache")
            try await expect(port, env(standardTest.environmentKey), "standard", "next", cache: "private, no-cache")
            try await expect(port, path, "standard", "standard")
            try await storage.publishText("one", for: .system(system.id))
            try await expect(port, path, "release", "one")
            // The client's own production comes before its partner's test.
            try await expect(port, env(standardTest.environmentKey), "release", "one")
            try await storage.publishText("two", for: .system(system.id))
            try await expect(port, path, "release", "two")
            _ = try await storage.rollBack(.system(system.id), .production, to: nil)
            try await expect(port, path, "release", "one")
            _ = try await storage.unpublish(.system(system.id), .production)
            try await expect(port, path, "standard", "standard")
        }
    }

    @Test("suspension of a client and of a partner, standard content off, cache classes")
    func switches() async throws {
        try await withSite { storage, port in
            let partner = try await storage.makePartner()
            let system = try await storage.makeClient("ACME", of: partner)
            let path = "/v1/snippets/sapUserId/ACME.js"
            try await storage.publishText("standard", for: .standard(partner.id, .sapConcur))
            try await expect(port, path, "standard", cache: "public, max-age=30, stale-while-revalidate=30")
            _ = try await storage.suspend(system.client, reason: "x", by: .operator)
            try await expect(port, path, "suspended", cache: "max-age=15")
            _ = try await storage.resume(system.client, by: .operator)
            try await expect(port, path, "standard")
            try await storage.setSuspended(partner.id, true)
            try await expect(port, path, "suspended")
            try await storage.setSuspended(partner.id, false)
            _ = try await storage.setSettings(
                of: partner.id,
                current: partner.variables[0],
                retiring: [:],
                loader: partner.loader,
                cacheClass: .relaxed
            )
            try await expect(port, path, "standard", cache: "public, max-age=900, stale-while-revalidate=86400")
            var edit = SystemEdit()
            edit.cacheClass = .some(.critical)
            _ = try await storage.changeSystem(system.id, of: system.client, edit, by: .operator)
            try await expect(port, path, "standard", cache: "no-cache")
            let loader = try await ask(port, "/v1/loader.js")
            #expect(loader["cache-control"] == "public, max-age=900, stale-while-revalidate=86400")
            try await storage.setStandardContentOff(of: system.client, system.id, true, by: .operator)
            try await expect(port, path, "empty")
        }
    }

    @Test("a renamed variable: the retiring name works beside the new one until it ends; the loader reads both (D-21)")
    func retiringVariables() async throws {
        try await withSite { storage, port in
            let partner = try await storage.makePartner()
            _ = try await storage.makeClient("ACME", of: partner)
            let old = try SystemVariable("sapUserId")
            let new = try SystemVariable("app.tenant")
            func rename(_ retiring: [SystemVariable: Timestamp]) async throws {
                let loader = TestKey.loader([new] + retiring.keys)
                try await storage.putObjects([loader])
                _ = try await storage.setSettings(
                    of: partner.id,
                    current: new,
                    retiring: retiring,
                    loader: loader.digest,
                    cacheClass: .standard
                )
            }
            try await rename([old: Timestamp(milliseconds: 1)])
            try await expect(port, "/v1/snippets/app.tenant/ACME.js", "empty")
            try await expect(port, "/v1/snippets/sapUserId/ACME.js", "empty")
            let loader = try await eventually {
                let text = try await ask(port, "/v1/loader.js").text
                return text.contains("app.tenant") ? text : nil
            }
            #expect(loader.contains(#"["app.tenant","sapUserId"]"#))
            try await rename([:])
            try await expect(port, "/v1/snippets/sapUserId/ACME.js", "unknown")
            try await expect(port, "/v1/snippets/app.tenant/ACME.js", "empty")
        }
    }

    @Test("a re-key: no answer in between belongs to another, and the old key stops (F-137)")
    func rekey() async throws {
        try await withSite { storage, port in
            let partner = try await storage.makePartner()
            let system = try await storage.makeClient("OLD", of: partner)
            let other = try await storage.makeClient("OTHER", of: partner, name: "Other")
            try await storage.publishText("mine", for: .system(system.id))
            try await storage.publishText("theirs", for: .system(other.id))
            try await expect(port, "/v1/snippets/sapUserId/OLD.js", "release", "mine")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<100 {
                        for id in ["OLD", "NEW"] {
                            let answer = try await ask(port, "/v1/snippets/sapUserId/\(id).js")
                            #expect(!answer.text.contains("theirs"))
                            #expect(["release", "unknown"].contains(answer["waymark-outcome"]))
                        }
                    }
                }
                try await storage.rekey(system, to: try SystemClientID("NEW"))
                try await expect(port, "/v1/snippets/sapUserId/OLD.js", "unknown")
                try await expect(port, "/v1/snippets/sapUserId/NEW.js", "release", "mine")
                try await group.waitForAll()
            }
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
