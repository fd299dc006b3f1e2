import Domain
import SQLiteEngine
import Store
import TestSupport
import Testing

/// What every engine must give, written for any; so far it runs on SQLite. PostgreSQL joins when its engine connects.
struct StorageContractTests {
    @Test(
        "each write is one generation, dense, and the log replays to the state it ends in",
        arguments: TestEngine.allCases
    )
    func denseLog(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let system = try await store.makeClient("ACME", of: partner)
        try await store.publishText("one", for: .system(system.id))
        try await store.publishText("two", for: .system(system.id))
        _ = try await store.suspend(system.client, reason: "why not", by: .operator)
        _ = try await store.unpublish(.system(system.id), .production)
        let head = try await store.head()
        var replayed: [EntryKey: [UInt8]] = [:]
        var hash = StateHash.empty
        var after: Int64 = 0
        while after < head.generation {
            // Two at a time, so that paging is tried too.
            let page = try await store.generations(after: after, limit: 2)
            #expect(!page.isEmpty)
            for generation in page {
                #expect(generation.generation == after + 1)
                for change in generation.changes {
                    hash.replace(change.key, old: replayed[change.key], new: change.value)
                    replayed[change.key] = change.value
                }
                #expect(hash == generation.stateHash)
                after = generation.generation
            }
        }
        let snapshot = try await store.snapshot()
        #expect(snapshot.head == head)
        #expect(snapshot.head.stateHash == hash)
        let entries = Dictionary(uniqueKeysWithValues: snapshot.entries.map { ($0.key, $0.value) })
        #expect(entries == replayed)
        #expect(try await store.generations(after: head.generation, limit: 10).isEmpty)
    }

    @Test("the log is trimmed by age and count; entries and head stay as they are", arguments: TestEngine.allCases)
    func trimming(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        for number in 0..<120 { _ = try await store.makeClient("client-\(number)", of: partner) }
        let before = try await store.snapshot()
        #expect(try await store.trimLog() == 0)
        #expect(try await store.trimLog(count: 10) == before.head.generation - 10)
        let left = try await store.generations(after: 0, limit: 1000)
        #expect(left.map(\.generation) == Array((before.head.generation - 9)...before.head.generation))
        #expect(left.allSatisfy { $0.changes.count == 1 })
        // The test's clock goes on by a millisecond a look: all of them are older than that.
        #expect(try await store.trimLog(age: 0) == 10)
        #expect(try await store.generations(after: 0, limit: 1000).isEmpty)
        let after = try await store.snapshot()
        #expect(after.head == before.head && Set(after.entries) == Set(before.entries))
        _ = try await store.makeClient("next", of: partner)
        let next = try await store.generations(after: before.head.generation, limit: 10)
        #expect(next.map(\.generation) == [before.head.generation + 1])
    }

    @Test("concurrent writers get dense generations in commit order", arguments: TestEngine.allCases)
    func concurrentWriters(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let start = try await store.head().generation
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask { _ = try await store.makeClient("client-\(number)", of: partner) }
            }
            try await group.waitForAll()
        }
        let generations = try await store.generations(after: start, limit: 100)
        #expect(generations.map(\.generation) == Array((start + 1)...(start + 40)))
        #expect(generations.allSatisfy { $0.changes.count == 1 })
    }

    @Test("a call that is refused leaves nothing behind", arguments: TestEngine.allCases)
    func refusalsLeaveNothing(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let system = try await store.makeClient("ACME", of: partner)
        let before = try await store.snapshot()
        await #expect(throws: Refusal.self) { try await store.makePartner() }
        await #expect(throws: Refusal.self) {
            try await store.removeClient(
                system.client,
                of: partner.id,
                expecting: { _ in throw Refusal(.stale, "") },
                by: .operator
            )
        }
        await #expect(throws: Refusal.self) { try await store.rollBack(.system(system.id), .production, to: nil) }
        await #expect(throws: Refusal.self) { try await store.unpublish(.system(system.id), .production) }
        await #expect(throws: (any Error).self) {
            let lost = Digest(of: [1, 2, 3])
            let release = NewRelease(
                id: ReleaseID(.system),
                owner: .system(system.id),
                environment: .production,
                content: [],
                snippet: lost,
                bundle: nil,
                player: lost
            )
            _ = try await store.publish(release)
        }
        let after = try await store.snapshot()
        #expect(Set(after.entries) == Set(before.entries))
        #expect(after.head.stateHash == before.head.stateHash)
    }

    @Test("the first partner is the default; keys and names are unique", arguments: TestEngine.allCases)
    func partners(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let first = try await store.makePartner("Tessera")
        let second = try await store.makePartner("Lumen")
        #expect(first.isDefault && !second.isDefault)
        #expect(try await store.partner("lumen") == second)
        #expect(try await store.partner("Lumen") == second)
        await #expect(throws: Refusal.self) { try await store.partner("nobody") }
        await #expect(throws: Refusal.self) {
            try await store.addPartner(
                name: try OrganisationName("Other"),
                key: second.key,
                variable: try SystemVariable("v"),
                loader: second.loader
            )
        }
    }

    @Test(
        "equal lines are unchanged, a differing duplicate changes nothing and names the holder (F-119)",
        arguments: TestEngine.allCases
    )
    func duplicates(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let other = try await store.makePartner("Lumen")
        func client(_ name: String, _ id: String, _ admin: String = "a@b.example") throws -> NewClient {
            try NewClient(
                name: try OrganisationName(name),
                system: .sapConcur,
                systemClientID: try SystemClientID(id),
                admins: [try EmailAddress(admin)]
            )
        }
        let first = try await store.addClients([try client("One", "ACME"), try client("Two", "acme")], of: partner)
        guard case .added(let id) = first[0], case .added = first[1] else {
            Issue.record("\(first)")
            return
        }
        let head = try await store.head()
        let again = try await store.addClients(
            [
                try client("One", "ACME"), try client("Other", "ACME"), try client("One", "ACME", "c@d.example"),
            ],
            of: partner
        )
        let holder = try OrganisationName("One")
        #expect(again == [.unchanged(id), .conflict(id, holder: holder), .conflict(id, holder: holder)])
        #expect(try await store.head().stateHash == head.stateHash)
        // Another partner may hold the same id.
        guard case .added = try await store.addClients([try client("One", "ACME")], of: other)[0] else {
            Issue.record("another partner's id was refused")
            return
        }
        let rehearsal = try await store.addClients([try client("New", "NEW")], of: partner, dryRun: true)
        guard case .added = rehearsal[0] else {
            Issue.record("\(rehearsal)")
            return
        }
        #expect(try await store.systems(named: "NEW", of: partner.id).isEmpty)
    }

    @Test(
        "a re-key moves the mapping in one generation; a taken id is refused within the partner (F-137)",
        arguments: TestEngine.allCases
    )
    func rekey(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let system = try await store.makeClient("OLD", of: partner)
        _ = try await store.makeClient("TAKEN", of: partner, name: "Holder")
        let before = try await store.head().generation
        let new = try SystemClientID("NEW")
        try await store.rekey(system, to: new)
        let generations = try await store.generations(after: before, limit: 10)
        #expect(generations.count == 1)
        #expect(
            generations.first?.changes.map(\.key)
                == [.mapping(partner.key, try SystemClientID("OLD")), .mapping(partner.key, new)]
        )
        #expect(generations.first?.changes.first?.value == nil)
        let refused = await #expect(throws: Refusal.self) {
            try await store.rekey(system, to: try SystemClientID("TAKEN"))
        }
        #expect(refused?.code == .conflict)
        #expect(refused?.message.contains("Holder") == true)
    }

    @Test(
        "releases are numbered per workspace; the pointer goes forward, back and away, and only live ones have entries",
        arguments: TestEngine.allCases
    )
    func pointers(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let system = try await store.makeClient("ACME", of: partner)
        let owner = ContentOwner.system(system.id)
        let one = try await store.publishText("one", for: owner)
        let test = try await store.publishText("test", for: owner, in: .test)
        let two = try await store.publishText("two", for: owner)
        #expect([one.number, test.number, two.number] == [1, 2, 3])
        #expect(one.environmentKey == two.environmentKey && one.environmentKey != test.environmentKey)
        func liveEntries() async throws -> Set<EntryKey> {
            Set(try await store.snapshot().entries.map(\.key).filter { $0.kind == EntryKind.release.rawValue })
        }
        #expect(try await liveEntries() == [.release(two.id), .release(test.id)])
        let back = try await store.rollBack(owner, .production, to: nil)
        #expect(back.id == one.id && back.number == 1)
        #expect(try await liveEntries() == [.release(one.id), .release(test.id)])
        let forth = try await store.rollBack(owner, .production, to: 3)
        #expect(forth.id == two.id)
        let same = await #expect(throws: Refusal.self) { try await store.rollBack(owner, .production, to: 3) }
        #expect(same?.code == .conflict)
        let foreign = await #expect(throws: Refusal.self) { try await store.rollBack(owner, .production, to: 2) }
        #expect(foreign?.code == .notFound)
        _ = try await store.unpublish(owner, .production)
        #expect(try await liveEntries() == [.release(test.id)])
        let next = try await store.publishText("three", for: owner)
        #expect(next.number == 4)
    }

    @Test("an object's bytes are committed a generation before an entry names them", arguments: TestEngine.allCases)
    func objectsFirst(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let system = try await store.makeClient("ACME", of: partner)
        try await store.publishText("one", for: .system(system.id))
        let seen = try await store.generations(after: 0, limit: 100)
        var known: Set<EntryKey> = []
        for generation in seen {
            for change in generation.changes {
                guard change.key.kind == EntryKind.release.rawValue, let value = change.value else { continue }
                let release = try ReleaseEntry(encoded: value)
                #expect(known.isSuperset(of: [.object(release.snippet), .object(release.player)]))
                #expect(release.generation == generation.generation)
            }
            known.formUnion(generation.changes.map(\.key))
        }
        // The same objects again make no generation.
        let head = try await store.head()
        try await store.putObjects(TestContent.objects("one"))
        #expect(try await store.head() == head)
        let stored = try await store.object(TestContent.objects("one")[0].digest)
        #expect(stored == TestContent.objects("one")[0])
    }

    @Test("explain answers by the edge's rule, with names and environment keys", arguments: TestEngine.allCases)
    func explain(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let system = try await store.makeClient("ACME", of: partner)
        func explain(_ id: String = "ACME", _ environment: EnvironmentName? = nil) async throws -> Explanation {
            try await store.explain(
                partner: nil,
                variable: try SystemVariable("sapUserId"),
                client: try SystemClientID(id),
                environment: environment
            )
        }
        #expect(try await explain().resolution.outcome == .empty)
        try await store.publishText("standard", for: .standard(partner.id, .sapConcur))
        #expect(try await explain().resolution.outcome == .standard)
        let live = try await store.publishText("test", for: .system(system.id), in: .test)
        #expect(try await explain().resolution.outcome == .standard)
        let tested = try await explain("ACME", .test)
        #expect(tested.resolution.outcome == .release)
        #expect(tested.release?.number == live.number)
        #expect(tested.environments.map(\.name) == [.test, .production])
        #expect(tested.environments.first?.key == live.environmentKey)
        #expect(try await explain("nobody").resolution.outcome == .unknown)
        await #expect(throws: Refusal.self) { try await explain("ACME", try EnvironmentName("staging")) }
    }

    @Test("a solution's content makes a version once; each partner has its own", arguments: TestEngine.allCases)
    func versions(engine: TestEngine) async throws {
        let store = try await TestStore(engine).storage
        let partner = try await store.makePartner()
        let format = try ContentFormat()
        func publish(_ text: String) async throws -> PublishedVersion {
            let solution = try format.solution(id: "hello", files: TestContent.solution("hello", text))
            return try await store.publishVersions([NewVersion(solution)], of: partner.id, by: .operator)[0]
        }
        let one = try await publish("one")
        let same = try await publish("one")
        let two = try await publish("two")
        #expect((one.number, one.isUnchanged) == (1, false))
        #expect((same.number, same.isUnchanged, same.id) == (1, true, one.id))
        #expect((two.number, two.isUnchanged) == (2, false))
        let contents = try await store.contents(of: [two.id, one.id])
        #expect(contents.map { Digest(of: $0.content) } == [two.digest, one.digest])
    }
}
