import Domain
import Testing

@testable import Publishing

struct TurnsTests {
    private let one = ContentOwner.system(SystemID(.system))
    private let other = ContentOwner.system(SystemID(.system))

    /// How many are at work, were at once at most, and are done or refused.
    private actor Counts {
        private var now = 0
        private(set) var most = 0
        private(set) var done = 0
        private(set) var refused = 0

        func begin() {
            now += 1
            most = max(most, now)
        }

        func end() {
            now -= 1
            done += 1
        }

        func refuse() -> Int {
            refused += 1
            return refused
        }
    }

    @Test("one owner's work is done one after the other, another's beside it, and a failure hands the turn on")
    func turns() async throws {
        let (turns, counts, owner) = (Turns(), Counts(), one)
        let (opened, open) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await turns.take(owner) { for await _ in opened { break } }
            }
            while await !turns.isAtWork(owner) { await Task.yield() }
            for number in 0..<10 {
                group.addTask {
                    try? await turns.take(owner) {
                        await counts.begin()
                        await Task.yield()
                        await counts.end()
                        if number.isMultiple(of: 3) { throw Refusal(.invalid, "No.") }
                    }
                }
            }
            // Somebody else is not held up.
            try await turns.take(other) {}
            #expect(await counts.done == 0)
            open.yield()
            try await group.waitForAll()
        }
        #expect(await counts.done == 10)
        #expect(await counts.most == 1)
        #expect(await !turns.isAtWork(one))
    }

    @Test("too many who wait are refused")
    func tooMany() async throws {
        let (turns, counts, owner) = (Turns(), Counts(), one)
        let (opened, open) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await turns.take(owner) { for await _ in opened { break } } }
            while await !turns.isAtWork(owner) { await Task.yield() }
            for _ in 0..<(Turns.waitingMax + 3) {
                group.addTask {
                    do {
                        try await turns.take(owner) {}
                    } catch {
                        let refused = await counts.refuse()
                        #expect((error as? Refusal)?.code == .tooMany)
                        if refused == 3 { open.yield() }
                    }
                }
            }
        }
        #expect(await counts.refused == 3)
    }
}
