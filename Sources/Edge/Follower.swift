import Domain
import Logging

/// Follows the change log and shows its states on the event loops. The deciding is done by ``FollowerMachine``.
actor Follower {
    private let feed: any Feed
    private let trust: VerifyingKey
    private let logger: Logger
    private let shelf: ObjectShelf?
    private let show: @Sendable (EdgeIndex) -> Void
    private var machine = FollowerMachine()
    private var table = EntryTable()
    private var index: EdgeIndex?

    /// How many generations are read at once.
    private static let generationsMax = 256

    /// - Parameters:
    ///   - feed: The log to follow.
    ///   - trust: The key that releases must be signed with.
    ///   - logger: For alarms.
    ///   - shelf: Objects that are kept beside the state, until upstream erases them.
    ///   - show: Puts a state on every loop; must return at once.
    init(
        feed: any Feed,
        trust: VerifyingKey,
        logger: Logger,
        shelf: ObjectShelf? = nil,
        show: @escaping @Sendable (EdgeIndex) -> Void
    ) {
        self.feed = feed
        self.trust = trust
        self.logger = logger
        self.shelf = shelf
        self.show = show
    }

    /// Follows until the task is cancelled.
    func run(doorbell: Doorbell) async {
        while !Task.isCancelled {
            await turn()
            await doorbell.wait(atMost: machine.pause)
        }
    }

    /// Does everything there is to do now.
    func turn() async {
        var actions = machine.handle(.woken)
        while let action = actions.first {
            actions.removeFirst()
            do {
                switch action {
                case .readHead: actions = machine.handle(.head(try await feed.head()))
                case .readGenerations(let after): actions = try await readGenerations(after: after)
                case .readSnapshot: actions = try await readSnapshot()
                case .swap(let head):
                    try await swap(head)
                    actions = machine.handle(.swapped(head))
                case .discard:
                    table.undo()
                    index = kept
                case .alarm(let alarm): logger.warning("follower", metadata: ["alarm": "\(alarm.rawValue)"])
                case .wait: try await settleAgain()
                }
            } catch is CancellationError {
                return
            } catch {
                logger.error("The feed could not be read.", metadata: ["error": "\(error)"])
                actions = machine.handle(.failed)
            }
        }
    }

    /// What the loops show, to go back to when a trial fails.
    private var kept: EdgeIndex?

    private func readGenerations(after generation: Int64) async throws -> [FollowerMachine.Action] {
        let generations = try await feed.generations(after: generation, limit: Self.generationsMax)
        for change in generations.flatMap(\.changes) {
            let isNew = table.set(change)
            index?.apply(change, isNew: isNew)
            if change.value == nil, let digest = change.key.object { await shelf?.forget(digest) }
        }
        return machine.handle(.generations(generations, trial: table.hash))
    }

    private func readSnapshot() async throws -> [FollowerMachine.Action] {
        let snapshot = try await feed.snapshot()
        await shelf?.forgetAll()
        table.beginAnew()
        var fresh = EdgeIndex(head: snapshot.head, trust: trust)
        for entry in snapshot.entries {
            let isNew = table.set(entry)
            fresh.apply(entry, isNew: isNew)
        }
        if let kept { fresh.inherit(from: kept) }
        index = fresh
        return machine.handle(.snapshot(snapshot.head, trial: table.hash))
    }

    private func swap(_ head: FeedHead) async throws {
        guard var next = index else { return }
        next.settle(with: try await objects(next.lackingObjects), at: head)
        publish(next)
    }

    /// Tries again what waits for objects.
    private func settleAgain() async throws {
        guard var next = index else { return }
        let fetched = try await objects(next.lackingObjects)
        guard !fetched.isEmpty else { return }
        next.settle(with: fetched, at: next.head)
        publish(next)
    }

    private func publish(_ next: EdgeIndex) {
        let refused = next.setAside.count
        if refused > kept?.setAside.count ?? 0 {
            logger.error(
                "Entries are set aside: of a later version, or not signed with this deployment's key.",
                metadata: ["entries": "\(refused)"]
            )
        }
        index = next
        table.settle()
        kept = next
        show(next)
    }

    /// Objects that were asked for in vain, so that each is told of once.
    private var missed: Set<Digest> = []

    /// How many objects are fetched at once: the first load fetches all, and looks at each one's signature.
    private static let fetchesMax = 8

    private func objects(_ digests: [Digest]) async throws -> [PreparedObject] {
        let feed = feed
        var objects: [PreparedObject] = []
        try await withThrowingTaskGroup(of: (Digest, PreparedObject?).self) { group in
            var rest = digests[...]
            func fetchNext() {
                guard let digest = rest.popFirst() else { return }
                group.addTask { (digest, try await feed.object(digest).map(PreparedObject.init)) }
            }
            for _ in 0..<Self.fetchesMax { fetchNext() }
            while let (digest, object) = try await group.next() {
                if let object {
                    objects.append(object)
                    missed.remove(digest)
                } else if missed.insert(digest).inserted {
                    logger.error("An object is missing, or was not signed.", metadata: ["object": "\(digest)"])
                }
                fetchNext()
            }
        }
        return objects
    }
}

/// Every entry as sent, and the hash of all of them; what was changed since the last state that held can be undone. Not by
/// a second copy: there may be a million entries, and a change touches two.
private struct EntryTable {
    private struct State {
        var values: [EntryKey: [UInt8]] = [:]
        var hash = StateHash.empty
    }

    private var state = State()
    /// The state before a beginning anew.
    private var former: State?
    /// What entries were before they were changed, in order, and the hash then.
    private var changed: [(key: EntryKey, value: [UInt8]?)] = []
    private var settledHash = StateHash.empty

    var hash: StateHash { state.hash }

    /// Takes a change; returns whether the entry is new.
    mutating func set(_ change: FeedChange) -> Bool {
        let old = state.values[change.key]
        state.hash.replace(change.key, old: old, new: change.value)
        state.values[change.key] = change.value
        if former == nil { changed.append((change.key, old)) }
        return old == nil
    }

    /// Starts from nothing.
    mutating func beginAnew() {
        undo()
        former = state
        state = State()
    }

    /// The present state holds: there is no way back from here.
    mutating func settle() {
        former = nil
        changed = []
        settledHash = state.hash
    }

    /// Goes back to the last state that held.
    mutating func undo() {
        if let former { state = former }
        former = nil
        for (key, value) in changed.reversed() { state.values[key] = value }
        changed = []
        state.hash = settledHash
    }
}
