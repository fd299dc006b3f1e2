import Accounts
import Domain
import TestSupport
import Testing

struct RateLimitTests {
    @Test("ten seconds' worth at once, then one at a time as time goes on; each name for itself")
    func rate() throws {
        let clock = TestClock()
        let limit = RateLimit(perSecond: 2, runtime: clock.runtime)
        for _ in 0..<20 { try limit.take("ana") }
        let refused = #expect(throws: Refusal.self) { try limit.take("ana") }
        #expect(refused?.code == .tooMany)
        #expect(refused?.retrySeconds == 1)
        try limit.take("ben")
        clock.advance(milliseconds: 490)
        #expect(throws: Refusal.self) { try limit.take("ana") }
        clock.advance(milliseconds: 10)
        try limit.take("ana")
        #expect(throws: Refusal.self) { try limit.take("ana") }
        clock.advance(milliseconds: 3_600_000)
        for _ in 0..<20 { try limit.take("ana") }
        #expect(throws: Refusal.self) { try limit.take("ana") }
    }

    @Test("a flood of names does not give those their tries back who have none left")
    func flood() throws {
        let limit = RateLimit(perSecond: 1, runtime: TestClock().runtime)
        for _ in 0..<10 { try limit.take("ana") }
        for number in 0..<50_000 { try limit.take("\(number)") }
        #expect(throws: Refusal.self) { try limit.take("ana") }
    }
}
