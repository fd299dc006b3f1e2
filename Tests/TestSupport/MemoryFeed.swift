package import Domain
import Publishing
import Synchronization

/// A change log in memory, which a test can bend: drop what it remembers, change its epoch, lie about its hash, fail.
package final class MemoryFeed: Feed {
    private struct State {
        var head = FeedHead(epoch: "first", generation: 0, stateHash: .empty)
        var entries: [EntryKey: [UInt8]] = [:]
        var log: [FeedGeneration] = []
        var objects: [Digest: StoredObject] = [:]
        var isBroken = false
        var areObjectsBroken = false
        var objectReads = 0
    }

    package struct Broken: Error {}

    private let state = Mutex(State())

    package init() {}

    /// Appends one generation; releases without a signature are signed.
    package func append(_ changes: [(EntryKey, (any EntryValue)?)]) {
        appendRaw(changes.map { FeedChange(key: $0.0, value: Self.signed($0.0, $0.1)?.encoded) })
    }

    private static func signed(_ key: EntryKey, _ value: (any EntryValue)?) -> (any EntryValue)? {
        guard let release = value as? ReleaseEntry, release.signature.isEmpty,
            let id = ReleaseID(String(decoding: key.key, as: UTF8.self))
        else { return value }
        return TestKey.signed(release, id)
    }

    /// Appends one generation of values as they are, readable or not.
    package func appendRaw(_ changes: [FeedChange]) {
        state.withLock { state in
            var hash = state.head.stateHash
            for change in changes {
                hash.replace(change.key, old: state.entries[change.key], new: change.value)
                state.entries[change.key] = change.value
            }
            let generation = state.head.generation + 1
            state.head = FeedHead(epoch: state.head.epoch, generation: generation, stateHash: hash)
            state.log.append(FeedGeneration(generation: generation, stateHash: hash, changes: changes))
        }
    }

    /// Adds objects; those without a signature are signed.
    package func add(_ objects: [StoredObject]) {
        let signed = objects.map { $0.signature.isEmpty ? TestKey.key.signed($0) : $0 }
        state.withLock { state in for object in signed { state.objects[object.digest] = object } }
    }

    /// Puts an object in another's place, signed or not.
    package func replace(_ object: StoredObject) {
        state.withLock { $0.objects[object.digest] = object }
    }

    package func remove(_ digest: Digest) {
        _ = state.withLock { $0.objects.removeValue(forKey: digest) }
    }

    /// Forgets the log, so that followers must resync.
    package func trim() {
        state.withLock { $0.log = [] }
    }

    /// Starts another history: the same generation numbers, another epoch, other entries.
    package func restart(epoch: String, _ changes: [(EntryKey, (any EntryValue)?)]) {
        state.withLock { state in
            state.entries = [:]
            state.log = []
            state.head = FeedHead(epoch: epoch, generation: 0, stateHash: .empty)
        }
        append(changes)
    }

    /// Makes every read fail, or stop failing.
    package func setBroken(_ isBroken: Bool) {
        state.withLock { $0.isBroken = isBroken }
    }

    /// Makes reads of objects fail, and those alone.
    package func setObjectsBroken(_ areBroken: Bool) {
        state.withLock { $0.areObjectsBroken = areBroken }
    }

    package var objectReads: Int { state.withLock { $0.objectReads } }

    package func head() async throws -> FeedHead {
        try state.withLock { state in
            if state.isBroken { throw Broken() }
            return state.head
        }
    }

    package func generations(after generation: Int64, limit: Int) async throws -> [FeedGeneration] {
        try state.withLock { state in
            if state.isBroken { throw Broken() }
            return Array(state.log.filter { $0.generation > generation }.prefix(limit))
        }
    }

    package func snapshot() async throws -> FeedSnapshot {
        try state.withLock { state in
            if state.isBroken { throw Broken() }
            return FeedSnapshot(
                head: state.head,
                entries: state.entries.map { FeedChange(key: $0.key, value: $0.value) }
            )
        }
    }

    package func object(_ digest: Digest) async throws -> StoredObject? {
        try state.withLock { state in
            if state.isBroken || state.areObjectsBroken { throw Broken() }
            state.objectReads += 1
            return state.objects[digest]
        }
    }
}
