import TestSupport
import Testing

@testable import Edge

struct KeyTableTests {
    private static func key(_ number: Int) -> [UInt8] { Array("key-\(number % 7 == 0 ? "" : "long-")\(number)".utf8) }

    @Test("random histories of setting and taking away: what a dictionary holds, the table holds")
    func histories() {
        for seed in 0..<4 as Range<UInt64> {
            var generator = SplitMix(state: seed)
            var table = KeyTable<Int>()
            var expected: [Int: Int] = [:]
            var copy: (KeyTable<Int>, [Int: Int])?
            for step in 0..<20_000 {
                let number = Int.random(in: 0..<3000, using: &generator)
                // It grows first, and shrinks later.
                let isSet = Int.random(in: 0..<20_000, using: &generator) > step
                expected[number] = isSet ? step : nil
                Self.key(number).withUnsafeBytes { table[UInt32(number % 3), $0] = isSet ? step : nil }
                if step == 8000 { copy = (table, expected) }
            }
            Self.expect(table, expected)
            // A copy is not touched by what happens to the original.
            if let copy { Self.expect(copy.0, copy.1) }
        }
    }

    private static func expect(_ table: KeyTable<Int>, _ expected: [Int: Int]) {
        #expect(table.count == expected.count)
        for number in 0..<3000 {
            let key = key(number)
            let found = key.withUnsafeBytes { table[UInt32(number % 3), $0] }
            #expect(found == expected[number], "\(number)")
            let other = key.withUnsafeBytes { table[UInt32(number % 3 + 1), $0] }
            #expect(other == nil, "another number is another key")
        }
    }

    @Test("the bytes beside the keys stay in bounds")
    func overhead() {
        var table = KeyTable<UInt32>()
        for number in 0..<100_000 {
            Array("0b6f8f6e-2f0c-4a7d-8c55-\(number)".utf8).withUnsafeBytes { table[1, $0] = UInt32(number) }
        }
        #expect(table.overheadBytes / 100_000 <= 48, "\(table.overheadBytes / 100_000) bytes for each key")
    }
}
