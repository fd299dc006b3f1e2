import Domain

/// A key that says itself, cheaply and evenly, in which part of a ``SpreadTable`` it stands.
protocol Spread: Hashable, Sendable {
    /// Any number, the same for the same key.
    var spread: UInt { get }
}

/// A dictionary in parts: states of the index share those that a change does not touch, so that a change of one entry copies
/// a small part, however many entries there are.
struct SpreadTable<Key: Spread, Value: Sendable>: Sendable {
    private static var partsCount: UInt { 256 }

    private var parts = [[Key: Value]](repeating: [:], count: Int(partsCount))

    subscript(key: Key) -> Value? {
        @inline(__always) get { parts[Int(key.spread % Self.partsCount)][key] }
        set { parts[Int(key.spread % Self.partsCount)][key] = newValue }
    }

    subscript(key: Key, default standard: @autoclosure () -> Value) -> Value {
        get { self[key] ?? standard() }
        set { self[key] = newValue }
    }

    @discardableResult
    mutating func removeValue(forKey key: Key) -> Value? {
        parts[Int(key.spread % Self.partsCount)].removeValue(forKey: key)
    }

    var count: Int { parts.reduce(0) { $0 + $1.count } }

    var keys: some Sequence<Key> { parts.lazy.flatMap(\.keys) }

    /// Every key with its value, in no order.
    var entries: some Sequence<(key: Key, value: Value)> { parts.lazy.flatMap { $0.lazy.map { ($0.key, $0.value) } } }
}

extension Digest: Spread {
    var spread: UInt { UInt(bytes[0]) }
}

extension Identifier: Spread {
    // The last bits of a UUIDv7 are random ones.
    var spread: UInt { UInt(truncatingIfNeeded: bits) }
}

extension EnvironmentKey: Spread {
    var spread: UInt { UInt(bitPattern: hashValue) }
}

extension EdgeIndex.Place: Spread {
    var spread: UInt { UInt(bitPattern: hashValue) }
}
