import CXXHash

/// A hash of everything a feed holds: the sum, modulo 2^128, of XXH3-128 over each entry as sent.
///
/// It does not depend on order, and a change costs as much as the entries it touches. It finds faults, not forgers.
public struct StateHash: Hashable, Sendable, CustomStringConvertible {
    /// The sum.
    public private(set) var sum: UInt128

    /// The hash of an empty feed.
    public static let empty = StateHash(sum: 0)

    private init(sum: UInt128) {
        self.sum = sum
    }

    /// Reads 16 stored bytes, big endian; nil for any other number of them.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        sum = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// 16 bytes, big endian.
    public var bytes: [UInt8] { bigEndianBytes(sum) }

    /// 32 hexadecimal digits.
    public var description: String { hexadecimal(bytes) }

    /// Takes account of an entry that goes from `old` to `new`; nil stands for absence.
    public mutating func replace(_ key: EntryKey, old: [UInt8]?, new: [UInt8]?) {
        if let old { sum &-= Self.entry(key, old) }
        if let new { sum &+= Self.entry(key, new) }
    }

    /// XXH3-128 over kind, key length (4 bytes, little endian), key and value.
    private static func entry(_ key: EntryKey, _ value: [UInt8]) -> UInt128 {
        let count = UInt32(truncatingIfNeeded: key.key.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(5 + key.key.count + value.count)
        bytes.append(key.kind)
        for shift in stride(from: 0 as UInt32, through: 24, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: count >> shift))
        }
        bytes += key.key
        bytes += value
        return xxHash128(bytes)
    }
}

/// XXH3-64 of some bytes: for tables in memory, with a seed that nobody outside knows.
public func xxHash64(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    XXH3_64bits_withSeed(bytes.baseAddress, bytes.count, seed)
}

/// XXH3-128 of some bytes: fast and stable, no protection against forgery.
public func xxHash128(_ bytes: [UInt8]) -> UInt128 {
    let hash = bytes.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
    return UInt128(hash.high64) << 64 | UInt128(hash.low64)
}
