import EdgeProperties
import Foundation
import TestSupport
import Testing

struct LaneTests {
    /// How many requests are made up; `WAYMARK_TEST_REQUESTS` for more of them.
    static let requests = ProcessInfo.processInfo.environment["WAYMARK_TEST_REQUESTS"].flatMap { Int($0) } ?? 20_000

    @Test("on made-up requests the scanner reads what the reference reads, and both lanes answer alike")
    func properties() async throws {
        let workers = 2
        let counts = try await withThrowingTaskGroup(of: [String: Int].self) { group in
            for worker in 0..<workers {
                group.addTask { try Self.run(Self.requests / workers, seed: UInt64(worker)) }
            }
            return try await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        }
        // Each way must really have been taken, and often.
        for way in ["fast", "slow", "refused", "incomplete"] {
            #expect(counts[way, default: 0] > Self.requests / 50, "\(counts)")
        }
    }

    private static func run(_ count: Int, seed: UInt64) throws -> [String: Int] {
        let (property, tags) = try LaneProperty.fixture()
        var generator = RequestGenerator(SplitMix(state: seed))
        var cuts = SplitMix(state: seed + 1000)
        var counts: [String: Int] = [:]
        for number in 0..<count {
            let bytes = generator.next(tags: tags)
            // Every hundredth is cut in two at every byte; all are also fed byte by byte.
            let places = number % 100 == 0 ? nil : [Int.random(in: 0...bytes.count, using: &cuts)]
            let result = property.check(bytes, cuts: places)
            if case .broken(let difference) = result {
                Issue.record("\(difference)\n\(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return counts
            }
            counts["\(result)", default: 0] += 1
        }
        return counts
    }
}
