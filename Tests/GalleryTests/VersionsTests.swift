import Domain
import Gallery
import Store
import TestSupport
import Testing

struct VersionsTests {
    @Test("a partner's version does not change with the next one, and belongs to that partner alone (F-079)")
    func versions() async throws {
        let storage = try await TestStore().storage
        let versions = Versions(storage: storage, format: try ContentFormat())
        let format = try ContentFormat()
        let partner = try await storage.makePartner()
        let other = try await storage.makePartner("Lumen")
        func publish(_ text: String, _ partner: PartnerRecord) async throws -> PublishedVersion {
            let solutions = try SolutionFolders.read(TestContent.solution("hello", text), format: format)
            return try await versions.publish(.operator, solutions, of: partner)[0]
        }
        let one = try await publish("one", partner)
        let before = try await storage.contents(of: [one.id])[0].content
        let two = try await publish("two", partner)
        let foreign = try await publish("two", other)
        #expect((one.number, two.number, foreign.number) == (1, 2, 1))
        #expect(two.digest == foreign.digest && two.solution != foreign.solution)
        #expect(try await storage.contents(of: [one.id])[0].content == before)
        let items = try Solution.items(ofVersion: before).map { $0.named(within: "hello") }
        #expect(items.map(\.id) == ["hello/item"])
    }

    @Test("publishing versions makes nothing live, and tells edges nothing (F-084)")
    func notLive() async throws {
        let storage = try await TestStore().storage
        let partner = try await storage.makePartner()
        let head = try await storage.head()
        let solutions = try SolutionFolders.read(TestContent.solution("hello", "x"), format: try ContentFormat())
        _ = try await Versions(storage: storage, format: try ContentFormat()).publish(.operator, solutions, of: partner)
        #expect(try await storage.head() == head)
    }

    @Test("two folders of one name cannot be one solution")
    func sameName() throws {
        let files =
            TestContent.solution("hello", "x")
            + TestContent.solution("hello", "y").map {
                ContentFile(path: "other/\($0.path)", bytes: $0.bytes)
            }
        let refused = #expect(throws: Refusal.self) { try SolutionFolders.read(files, format: try ContentFormat()) }
        #expect(refused?.faults.count == 1)
    }
}
