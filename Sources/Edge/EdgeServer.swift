public import Domain
public import Logging
import NIOCore
public import ServiceLifecycle
import Synchronization

/// The data plane: answers pages from an index in memory, and follows the change log to keep it true.
///
/// It needs a ``Feed`` and nothing else of ours: no database, no caller, no per-key memory of what it has served.
public final class EdgeServer: Service {
    private let address: (host: String, port: Int)
    private let limits: EdgeLimits
    private let doorbell: Doorbell
    private let follower: Follower
    private let loops: LoopSet
    private let certificates: EdgeCertificates?
    private let isDraining = Mutex(false)
    /// The counts at the end, once the loops have ended.
    private let lastCounters = Mutex<EdgeCounters?>(nil)
    private let isBound: @Sendable (_ host: String, _ port: Int) -> Void

    /// Makes a server; ``run()`` binds it.
    ///
    /// - Parameters:
    ///   - host: The address to listen on.
    ///   - port: The port; 0 for any free one.
    ///   - threads: Event loops, each a thread.
    ///   - feed: What to serve.
    ///   - trust: The key that releases and objects must be signed with; others are not served.
    ///   - doorbell: Rung when the feed has changed.
    ///   - noOp: The script for outcomes that have nothing to run.
    ///   - certificates: What TLS connections are shown; nil to speak no TLS.
    ///   - limits: The limits of connections.
    ///   - logger: For what happens outside the request path.
    ///   - unixSeconds: The clock behind `Date`.
    ///   - isBound: Called once, with the port that is really listened on.
    public init(
        host: String,
        port: Int,
        threads: Int,
        feed: any Feed,
        trust: VerifyingKey,
        doorbell: Doorbell,
        noOp: StoredObject,
        certificates: EdgeCertificates? = nil,
        limits: EdgeLimits = EdgeLimits(),
        logger: Logger,
        unixSeconds: @escaping @Sendable () -> Int,
        isBound: @escaping @Sendable (_ host: String, _ port: Int) -> Void
    ) {
        address = (host, port)
        self.limits = limits
        self.certificates = certificates
        self.doorbell = doorbell
        self.isBound = isBound
        let feed = TrustedFeed(feed, key: trust)
        let shelf = ObjectShelf(feed: feed, limits: limits)
        let loops = LoopSet(
            threads: threads,
            limits: limits,
            noOps: NoOps(PreparedObject(noOp)),
            shelf: shelf,
            unixSeconds: unixSeconds
        )
        self.loops = loops
        follower = Follower(feed: feed, trust: trust, logger: logger, shelf: shelf) { loops.show($0) }
    }

    /// Serves until graceful shutdown, then drains: answers on, tells connections to close, closes what is left.
    ///
    /// - Throws: An `IOError` where the address cannot be bound.
    public func run() async throws {
        if let certificates { loops.show(certificates) }
        // Nobody is let in before there is something to answer with, unless that takes too long.
        await withTaskGroup(of: Void.self) { [follower, limits] group in
            group.addTask { await follower.turn() }
            group.addTask { try? await Task.sleep(for: .nanoseconds(limits.objectTime.nanoseconds)) }
            await group.next()
            group.cancelAll()
        }
        let (loops, most) = (loops, limits.connections)
        let listeners = try await Listeners(address, on: loops.loops) { channel, loop in
            try loops.accept(channel, on: loop, atMost: most)
        }
        isBound(address.host, listeners.port)
        let follower = follower
        let doorbell = doorbell
        let isLost = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await follower.run(doorbell: doorbell)
                return false
            }
            group.addTask { await listeners.untilOneCloses() }
            group.addTask {
                try? await gracefulShutdown()
                return false
            }
            // The follower ends only when it is cancelled: what ends first is the service's time, or a listener.
            let isLost = await group.next() ?? false
            await drain(listeners)
            group.cancelAll()
            return isLost
        }
        let last = await loops.counters()
        lastCounters.withLock { $0 = last }
        try await loops.shutDown()
        if isLost { throw ListenerLost() }
    }

    /// A listener was closed by an error of the network: better to end and be started anew than to serve on half deaf.
    private struct ListenerLost: Error, CustomStringConvertible {
        let description = "A listener of the edge was closed by the system."
    }

    /// Shows other certificates to connections that come from now on; those that are open keep theirs.
    ///
    /// - Parameter certificates: Of the same edge; it must have been made with some.
    public func show(_ certificates: EdgeCertificates) {
        precondition(self.certificates != nil, "An edge either speaks TLS or does not.")
        loops.show(certificates)
    }

    private func drain(_ listeners: Listeners) async {
        isDraining.withLock { $0 = true }
        await pause(limits.drainNotice)
        loops.drain()
        await untilEmpty(atMost: limits.drainGrace)
        await listeners.stopInviting()
        await pause(limits.handshakeGrace)
        await listeners.close()
        loops.closeIdle()
        await untilEmpty(atMost: limits.drainTime)
        loops.closeAll()
    }

    private func pause(_ time: TimeAmount) async {
        try? await Task.sleep(for: .nanoseconds(time.nanoseconds))
    }

    /// Returns when no connection is open, or after `time`.
    private func untilEmpty(atMost time: TimeAmount) async {
        let end = ContinuousClock.now + .nanoseconds(time.nanoseconds)
        while ContinuousClock.now < end, !Task.isCancelled, await loops.counters().open > 0 {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The commonest keys that were asked for and are nobody's, the commonest first.
    public func unknownKeys() async -> [UnknownKey] {
        isDraining.withLock { $0 } ? [] : await loops.unknownKeys()
    }

    /// The generation that every loop serves; 0 before the first load.
    public func servedGeneration() async -> Int64 {
        let generation = loops.shown?.head.generation ?? 0
        // Each loop counts after it has taken what was shown before.
        _ = await loops.counters()
        return generation
    }

    /// How the edge is.
    public func report() async -> EdgeReport {
        var counters = lastCounters.withLock { $0 }
        // Loops that have ended answer no more.
        if counters == nil { counters = await loops.counters() }
        let index = loops.shown
        return EdgeReport(
            isDraining: isDraining.withLock { $0 },
            head: index?.head,
            entries: index.map { index in
                EntryKind.allCases.map { ("\($0)", index.counts[$0.rawValue] ?? 0) }
            } ?? [],
            setAside: index?.setAside.count ?? 0,
            waitingForObjects: index?.unsettledCount ?? 0,
            counters: counters ?? EdgeCounters()
        )
    }
}

/// How an edge is: for `/readyz`, `/metrics` and `/statusz`.
public struct EdgeReport: Sendable {
    /// Whether it is shutting down.
    public let isDraining: Bool
    /// The state of the log that is served; nil before the first load.
    public let head: FeedHead?
    /// The number of entries of each kind.
    public let entries: [(kind: String, count: Int)]
    /// Entries of a later version, kept but not understood.
    public let setAside: Int
    /// Live pointers whose release still lacks objects here.
    public let waitingForObjects: Int
    /// What was counted since the start.
    public let counters: EdgeCounters

    /// Whether requests should be sent here.
    public var isReady: Bool { head != nil && !isDraining }
}
