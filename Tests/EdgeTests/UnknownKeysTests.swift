import Domain
@testable import Edge
import TestSupport
import Testing

/// The commonest unknown keys, in a table of fixed size.
struct UnknownKeysTests {
    private func note(_ keys: inout UnknownKeys, _ id: String, at seconds: Int = 1, query: String = "") {
        Array("/v1/tessera/snippets/sapUserId/\(id).js\(query)".utf8).withUnsafeBytes { keys.note($0, at: seconds) }
    }

    @Test("each of a few keys is counted exactly, whatever its query or escapes, with the last time")
    func exact() {
        var (one, two) = (UnknownKeys(seed: 1), UnknownKeys(seed: 2))
        for _ in 0..<5 { note(&one, "ACME") }
        note(&one, "ACME", at: 9, query: "?v=1")
        note(&two, "AC%4DE", at: 7)
        note(&two, "OTHER", at: 3)
        let merged = UnknownKeys.merged([one, two])
        #expect(merged.map(\.client.description) == ["ACME", "OTHER"])
        #expect(merged.map(\.count) == [7, 1])
        #expect(merged.map(\.lastSeen) == [9, 3])
        #expect(merged.first?.partner?.text == "tessera" && merged.first?.variable.text == "sapUserId")
    }

    @Test("common keys stay and are not overcounted while a flood of keys that come once goes through")
    func flood() {
        var keys = UnknownKeys(seed: 3)
        var random = SplitMix(state: 4)
        for round in 0..<200_000 {
            note(&keys, "flood-\(random.next())")
            if round % 100 == 0 { for number in 0..<10 { note(&keys, "common-\(number)") } }
        }
        let common = UnknownKeys.merged([keys]).filter { $0.client.description.hasPrefix("common-") }
        #expect(common.count == 10)
        #expect(common.allSatisfy { $0.count > 1800 && $0.count <= 2000 })
    }

    @Test("paths that are too long, or no snippet's, leave nothing")
    func others() {
        var keys = UnknownKeys(seed: 5)
        note(&keys, String(repeating: "x", count: 400))
        Array("/v1/tessera/loader.js".utf8).withUnsafeBytes { keys.note($0, at: 1) }
        #expect(UnknownKeys.merged([keys]).isEmpty)
    }
}
