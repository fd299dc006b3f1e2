import Domain
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The event loops of an edge, each with its ``EdgeLoop``.
final class LoopSet: Sendable {
    let group: MultiThreadedEventLoopGroup
    private let members: [(loop: any EventLoop, state: NIOLoopBound<EdgeLoop>)]
    private let noOps: NoOps
    private let ticks: [RepeatedTask]
    private let latest = Mutex<EdgeIndex?>(nil)

    init(
        threads: Int,
        limits: EdgeLimits,
        noOps: NoOps,
        shelf: ObjectShelf,
        unixSeconds: @escaping @Sendable () -> Int
    ) {
        self.noOps = noOps
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        members = group.makeIterator().map { loop in
            // Made on its own loop, and used there alone.
            let box = try? loop.submit {
                NIOLoopBound(
                    EdgeLoop(limits: limits, shelf: shelf, unixSeconds: unixSeconds),
                    eventLoop: loop
                )
            }.wait()
            guard let box else { preconditionFailure("A new event loop runs what it is given.") }
            return (loop, box)
        }
        ticks = members.map { loop, state in
            loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in state.value.tick() }
        }
    }

    /// The state last shown.
    var shown: EdgeIndex? { latest.withLock { $0 } }

    /// Puts a state on every loop, between reads.
    func show(_ index: EdgeIndex) {
        let shown = ShownIndex(index, noOps: noOps)
        for (loop, state) in members { loop.execute { state.value.shown = shown } }
        // Last: whoever has seen it here and then asks a loop finds it there.
        latest.withLock { $0 = index }
    }

    /// Shows certificates to connections that come from now on.
    func show(_ certificates: EdgeCertificates) {
        for (loop, state) in members { loop.execute { state.value.certificates = certificates } }
    }

    /// The event loops, by number.
    var loops: [any EventLoop] { members.map(\.loop) }

    /// Sets a new connection up; runs on its loop.
    ///
    /// - Parameters:
    ///   - channel: The connection.
    ///   - number: Its loop's number.
    ///   - most: The most connections of the process; each loop takes its share.
    /// - Throws: What the pipeline throws, after which the connection is closed.
    func accept(_ channel: any Channel, on number: Int, atMost most: Int) throws {
        let loop = members[number].state.value
        guard loop.counters.open < max(1, most / members.count) else {
            loop.counters.refused += 1
            channel.close(promise: nil)
            return
        }
        loop.counters.accepted += 1
        let pipeline = channel.pipeline.syncOperations
        if let certificates = loop.certificates {
            try pipeline.addHandler(NIOSSLServerHandler(context: certificates.context))
            try pipeline.addHandler(HandshakeHandler(loop: loop))
        } else {
            try pipeline.addHandler(ConnectionHandler(loop: loop))
        }
    }

    /// The counts of all loops together.
    func counters() async -> EdgeCounters {
        var sum = EdgeCounters()
        for (loop, state) in members {
            if let counters = try? await loop.submit({ state.value.counters }).get() { sum.add(counters) }
        }
        return sum
    }

    /// The commonest unknown keys of all loops together.
    func unknownKeys() async -> [UnknownKey] {
        var tables: [UnknownKeys] = []
        for (loop, state) in members {
            if let table = try? await loop.submit({ state.value.unknownKeys }).get() { tables.append(table) }
        }
        return UnknownKeys.merged(tables)
    }

    func drain() {
        for (loop, state) in members { loop.execute { state.value.drain() } }
    }

    func closeIdle() {
        for (loop, state) in members { loop.execute { state.value.closeIdle() } }
    }

    func closeAll() {
        for (loop, state) in members { loop.execute { state.value.closeAll() } }
    }

    func shutDown() async throws {
        for tick in ticks { tick.cancel() }
        try await group.shutdownGracefully()
    }
}
