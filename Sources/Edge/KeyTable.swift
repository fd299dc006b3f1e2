import Domain

/// Values by (number, key bytes): open addressing over flat arrays, no object per entry, copied on write by shard.
///
/// A key is 0 to 255 bytes and is compared byte for byte, never by its hash alone. Looking up allocates nothing; copying
/// a table copies 256 references, and a change after that one shard. Hashes are seeded by process, so that nobody can
/// choose keys that collide.
struct KeyTable<Value: BitwiseCopyable & Sendable>: Sendable {
    private var shards = [Shard](repeating: Shard(), count: shardCount)
    private(set) var count = 0

    private static var shardCount: Int { 256 }

    fileprivate struct Entry {
        var value: Value
        /// Where its key starts in the arena: the key's length, then number and bytes.
        var key: UInt32
    }

    fileprivate struct Shard: Sendable {
        /// Positions in `entries` plus one, 0 for free; a power of two of them, or none.
        var slots: [UInt32] = []
        var entries: [Entry] = []
        var arena: [UInt8] = []
        var unusedBytes = 0
    }

    /// The value of a key; nil where there is none. Constant time.
    func find(_ number: UInt32, _ key: UnsafeRawBufferPointer) -> Value? {
        let hash = Self.hash(number, key)
        let shard = shards[Self.shard(hash)]
        guard let slot = shard.find(number, key, hash) else { return nil }
        return shard.entries[Int(shard.slots[slot]) - 1].value
    }

    /// The value of a key, to read, set or take away (nil).
    subscript(_ number: UInt32, _ key: UnsafeRawBufferPointer) -> Value? {
        get { find(number, key) }
        set {
            let hash = Self.hash(number, key)
            let shard = Self.shard(hash)
            switch newValue {
            case .some(let value): count += shards[shard].set(number, key, hash, value)
            case .none: count -= shards[shard].remove(number, key, hash)
            }
        }
    }

    /// Bytes that the table takes beside its keys' own.
    var overheadBytes: Int {
        shards.reduce(0) { sum, shard in
            let keys = shard.entries.reduce(0) { $0 + Int(shard.arena[Int($1.key)]) }
            return sum + shard.slots.capacity * 4 + shard.entries.capacity * MemoryLayout<Entry>.stride
                + shard.arena.capacity - keys
        }
    }

    private static func shard(_ hash: UInt64) -> Int { Int(hash >> 56) }

    fileprivate static func hash(_ number: UInt32, _ key: UnsafeRawBufferPointer) -> UInt64 {
        xxHash64(key, seed: processSeed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
    }
}

private let processSeed = UInt64.random(in: .min ... .max)

extension KeyTable.Shard {
    private static var lengthBytes: Int { 1 }
    private static var numberBytes: Int { 4 }

    /// The slot that holds a key.
    func find(_ number: UInt32, _ key: UnsafeRawBufferPointer, _ hash: UInt64) -> Int? {
        guard slots.count > 0 else { return nil }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if matches(entries[Int(slots[slot]) - 1].key, number, key) { return slot }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private func matches(_ start: UInt32, _ number: UInt32, _ key: UnsafeRawBufferPointer) -> Bool {
        arena.withUnsafeBytes { arena in
            let start = Int(start)
            guard Int(arena[start]) == key.count,
                arena.loadUnaligned(fromByteOffset: start + Self.lengthBytes, as: UInt32.self) == number
            else { return false }
            let held = start + Self.lengthBytes + Self.numberBytes
            var position = 0
            while position + 8 <= key.count {
                guard
                    arena.loadUnaligned(fromByteOffset: held + position, as: UInt64.self)
                        == key.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                else { return false }
                position += 8
            }
            while position < key.count {
                guard arena[held + position] == key[position] else { return false }
                position += 1
            }
            return true
        }
    }

    /// Sets a value; returns how many entries it added.
    mutating func set(_ number: UInt32, _ key: UnsafeRawBufferPointer, _ hash: UInt64, _ value: Value) -> Int {
        if let slot = find(number, key, hash) {
            entries[Int(slots[slot]) - 1].value = value
            return 0
        }
        precondition(key.count <= Int(UInt8.max), "A key has at most 255 bytes.")
        // At most seven eighths full, so that a look-up always finds a free slot.
        if (entries.count + 1) * 8 > slots.count * 7 { rebuild(slotCount: max(8, slots.count * 2)) }
        let start = arena.count
        arena.append(UInt8(key.count))
        withUnsafeBytes(of: number) { arena.append(contentsOf: $0) }
        arena.append(contentsOf: key)
        entries.append(.init(value: value, key: UInt32(start)))
        insert(entries.count, hash)
        return 1
    }

    /// Takes a key away; returns how many entries that were.
    mutating func remove(_ number: UInt32, _ key: UnsafeRawBufferPointer, _ hash: UInt64) -> Int {
        guard let slot = find(number, key, hash) else { return 0 }
        let position = Int(slots[slot]) - 1
        closeGap(slot)
        let last = entries.count - 1
        if position != last {
            // The last entry moves into the free place.
            var slot = home(entries[last])
            while Int(slots[slot]) - 1 != last { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(position + 1)
            entries[position] = entries[last]
        }
        entries.removeLast()
        unusedBytes += key.count + Self.lengthBytes + Self.numberBytes
        if unusedBytes > 1024, unusedBytes * 2 > arena.count { rebuild(slotCount: slots.count) }
        return 1
    }

    /// Frees a slot, and moves up those behind it that would no longer be found.
    private mutating func closeGap(_ slot: Int) {
        let mask = slots.count - 1
        var gap = slot
        var next = (slot + 1) & mask
        while slots[next] != 0 {
            let home = home(entries[Int(slots[next]) - 1])
            if (next - home) & mask >= (next - gap) & mask {
                slots[gap] = slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        slots[gap] = 0
    }

    /// The slot at which the search for an entry starts.
    private func home(_ entry: KeyTable.Entry) -> Int {
        Int(truncatingIfNeeded: hash(entry)) & (slots.count - 1)
    }

    private func hash(_ entry: KeyTable.Entry) -> UInt64 {
        let start = Int(entry.key)
        return arena.withUnsafeBytes { arena in
            let number = arena.loadUnaligned(fromByteOffset: start + Self.lengthBytes, as: UInt32.self)
            let key = start + Self.lengthBytes + Self.numberBytes
            return KeyTable.hash(number, .init(rebasing: arena[key..<(key + Int(arena[start]))]))
        }
    }

    private mutating func insert(_ reference: Int, _ hash: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(reference)
    }

    private mutating func rebuild(slotCount: Int) {
        if unusedBytes * 2 > arena.count {
            var kept: [UInt8] = []
            kept.reserveCapacity(arena.count - unusedBytes)
            for position in entries.indices {
                let start = Int(entries[position].key)
                let end = start + Self.lengthBytes + Self.numberBytes + Int(arena[start])
                entries[position].key = UInt32(kept.count)
                kept += arena[start..<end]
            }
            arena = kept
            unusedBytes = 0
        }
        slots = [UInt32](repeating: 0, count: slotCount)
        for position in entries.indices { insert(position + 1, hash(entries[position])) }
    }
}
