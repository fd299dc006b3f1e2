import Domain
import TestSupport
import Testing

struct FeedTests {
    static let values: [any EntryValue] = {
        let runtime = Runtime.test()
        let digest = Digest(of: [1])
        // swift-format-ignore: NeverUseForceTry
        let variable = try! SystemVariable("sapUserId")
        return [
            PartnerEntry(
                id: PartnerID(runtime),
                variables: [variable],
                isDefault: true,
                isSuspended: false,
                cacheClass: .relaxed,
                loader: digest
            ),
            MappingEntry(
                system: SystemID(runtime),
                client: ClientID(runtime),
                type: .sapConcur,
                isSuspended: true,
                cacheClass: .critical,
                standardContentOff: true
            ),
            MappingEntry(
                system: SystemID(runtime),
                client: ClientID(runtime),
                type: .sapConcur,
                isSuspended: false,
                cacheClass: nil,
                standardContentOff: false
            ),
            EnvironmentEntry(owner: .system(SystemID(runtime)), name: .test),
            EnvironmentEntry(owner: .standard(PartnerID(runtime), .sapConcur), name: .production),
            ReleasePointer(release: ReleaseID(runtime)),
            ReleaseEntry(
                owner: .system(SystemID(runtime)),
                environment: .production,
                number: .max,
                generation: 300,
                snippet: digest,
                bundle: digest,
                player: digest,
                signature: [1, 2, 3]
            ),
            ObjectEntry(mediaType: "text/javascript", bodyBytes: 1 << 40, gzipBytes: 0, brotliBytes: 127),
        ]
    }()

    @Test("every entry reads back what it wrote, and passes over fields that a later version appends")
    func roundTrip() throws {
        func check<Value: EntryValue>(_ value: Value) throws {
            #expect(try Value(encoded: value.encoded) == value)
            #expect(try Value(encoded: value.encoded + [9, 9, 9]) == value)
        }
        for value in Self.values { try check(value) }
    }

    @Test("cut, mutated and foreign bytes are unreadable or read as something, never a trap")
    func mutations() {
        var generator = SplitMix(state: 7)
        func read(_ type: any EntryValue.Type, _ bytes: [UInt8]) -> Bool { (try? type.init(encoded: bytes)) != nil }
        var refused = 0
        for value in Self.values {
            let bytes = value.encoded
            for count in 0..<bytes.count {
                #expect(!read(type(of: value), Array(bytes.prefix(count))), "cut at \(count) of \(type(of: value))")
            }
            #expect(!read(type(of: value), [2] + bytes.dropFirst()), "a later format")
            for _ in 0..<2000 {
                var mutated = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let place = Int.random(in: 0..<mutated.count, using: &generator)
                    mutated[place] = UInt8.random(in: 0...255, using: &generator)
                }
                if !read(type(of: value), mutated) { refused += 1 }
            }
        }
        #expect(refused > 1000)
    }

    @Test("the state hash depends on entries, not on their order or history")
    func stateHash() {
        let one = EntryKey.release(ReleaseID(.test()))
        let two = EntryKey.release(ReleaseID(.test(seed: 5)))
        var forward = StateHash.empty
        forward.replace(one, old: nil, new: [1])
        forward.replace(two, old: nil, new: [2])
        var backward = StateHash.empty
        backward.replace(two, old: nil, new: [7])
        backward.replace(one, old: nil, new: [1])
        #expect(forward != backward)
        backward.replace(two, old: [7], new: [2])
        #expect(forward == backward)
        backward.replace(two, old: [2], new: nil)
        backward.replace(one, old: [1], new: nil)
        #expect(backward == .empty)
        #expect(StateHash(bytes: forward.bytes) == forward)
        // Where key ends and value starts counts.
        var left = StateHash.empty
        left.replace(EntryKey(kind: 1, key: [1]), old: nil, new: [2, 3])
        var right = StateHash.empty
        right.replace(EntryKey(kind: 1, key: [1, 2]), old: nil, new: [3])
        #expect(left != right)
    }

    @Test("XXH3-128 gives the published value of nothing")
    func xxHash() {
        #expect(hexadecimal(bigEndianBytes(xxHash128([]))) == "99aa06d3014798d86001c324468d497f")
    }
}
