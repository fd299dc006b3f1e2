import Domain
import Store
import TestSupport
import Testing

/// How much a workspace holds, and what of it is read.
struct WorkspaceLimitsTests {
    let storage: Storage
    let scope: EditorScope

    init() async throws {
        storage = try await TestStore().storage
        let system = try await storage.makeClient("ACME", of: try await storage.makePartner())
        scope = .client(system.client, system.id)
    }

    private func new(_ number: Int, bytes: Int = 10, folder: String? = nil) throws -> NewItem {
        let content: JSONValue = [
            "kind": "shoutOut", "name": "n", "title": ["en": "t"],
            "text": ["en": .string(String(repeating: "x", count: bytes))],
        ]
        return NewItem(
            item: try ContentItem(stored: content.canonical, id: "\(number)"),
            folder: try folder.map { try Slug($0, field: "folder") },
            slug: try Slug("item-\(number)", field: "slug")
        )
    }

    private func refusal(_ body: () async throws -> Void) async -> Refusal.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? Refusal)?.code
        }
    }

    @Test("a workspace's items have a limit together, by adding and by growing")
    func bytes() async throws {
        let large = try (0..<64).map { try new($0, bytes: 512 * 1024 - 1000) }
        let made = try await storage.addItems(large, to: scope, .imported, by: .operator)
        let one = [try new(100, bytes: 100_000)]
        #expect(await refusal { _ = try await storage.addItems(one, to: scope, .imported, by: .operator) } == .tooLong)
        var edit = ItemEdit(made[0])
        edit.item = try new(0, bytes: 700_000).item
        #expect(
            await refusal {
                _ = try await storage.changeItem(made[0].id, of: scope, from: 1, edit, .edited, by: .operator)
            } == .tooLong
        )
        edit.item = try new(0, bytes: 1000).item
        _ = try await storage.changeItem(made[0].id, of: scope, from: 1, edit, .edited, by: .operator)
        _ = try await storage.addItems(one, to: scope, .imported, by: .operator)
    }

    @Test("only what is chosen is read, and nothing that is too large together")
    func choice() async throws {
        let items = try [new(0), new(1, folder: "a"), new(2, bytes: 5000, folder: "b")]
        let made = try await storage.addItems(items, to: scope, .imported, by: .operator)
        #expect(try await storage.items(of: scope, .all).count == 3)
        #expect(try await storage.items(of: scope, .folder(try Slug("a", field: "folder"))).map(\.id) == [made[1].id])
        #expect(
            try await storage.items(of: scope, .ids([made[2].id, made[0].id])).map(\.id) == [made[0].id, made[2].id]
        )
        let strange = ItemID(.system)
        #expect(await refusal { _ = try await storage.items(of: scope, .ids([made[0].id, strange])) } == .invalid)
        #expect(await refusal { _ = try await storage.items(of: scope, .all, bytesMax: 5000) } == .tooLong)
        #expect(try await storage.items(of: scope, .ids([made[0].id]), bytesMax: 5000).count == 1)
    }

    @Test("the latest states of an item are kept, older ones forgotten")
    func revisions() async throws {
        var record = try await storage.addItems([new(0)], to: scope, .imported, by: .operator)[0]
        for number in 1...(Int(Storage.revisionsMax) + 4) {
            var edit = ItemEdit(record)
            edit.item = try new(0, bytes: 10 + number).item
            record = try await storage.changeItem(
                record.id,
                of: scope,
                from: record.revision,
                edit,
                .edited,
                by: .operator
            )
        }
        let kept = try await storage.revisions(of: record.id, scope, before: nil, limit: 1000)
        #expect(kept.count == Int(Storage.revisionsMax))
        #expect(kept.first?.number == record.revision && kept.last?.number == 6)
    }
}
