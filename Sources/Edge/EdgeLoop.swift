import Domain
import NIOCore

/// What an event loop keeps of a connection, of whatever protocol.
protocol EdgeConnection: AnyObject {
    /// Where the loop holds it.
    var place: Int { get set }
    /// When the connection is given up, unless it makes progress.
    var deadline: NIODeadline { get }

    /// Called once a second: a client that reads, however slowly, is not given up while an answer is on its way.
    func notice(_ now: NIODeadline)
    /// Tells the peer that the server is going, where the protocol has a word for it.
    func drain()
    /// Closes if no request is under way; otherwise its answer will be the last.
    func closeIfIdle()
    /// Closes at once; for passed deadlines.
    func abandon()
}

/// What belongs to one event loop: its reference to the index, its counts, its connections, the present `Date` line.
///
/// Used on that loop only. Nothing here is shared, so the request path takes no lock.
final class EdgeLoop {
    let limits: EdgeLimits
    let shelf: ObjectShelf
    /// What is served; nil before the first load.
    var shown: ShownIndex?
    var counters = EdgeCounters()
    private(set) var unknownKeys = UnknownKeys()
    /// Where answers are put together; empty whenever something else may run on the loop.
    var output = ByteBuffer()
    /// The buffer that was written last: its memory is used again once the channel has let go of it.
    private var spare = ByteBuffer()
    /// What TLS connections are shown from now on; nil where none are spoken.
    var certificates: EdgeCertificates?
    /// The `Date` line.
    private(set) var date: [UInt8] = []
    /// Its value.
    private(set) var dateText = ""
    private(set) var isDraining = false
    private(set) var closesIdle = false
    /// Unix seconds of the last tick.
    private var seconds = 0
    private let unixSeconds: @Sendable () -> Int
    private var connections: [any EdgeConnection] = []
    /// Kept for its memory.
    private var path: [UInt8] = []
    /// The time of the last tick.
    private var now = NIODeadline.now()

    private static let tickTime = TimeAmount.seconds(1)

    init(limits: EdgeLimits, shelf: ObjectShelf, unixSeconds: @escaping @Sendable () -> Int) {
        self.limits = limits
        self.shelf = shelf
        self.unixSeconds = unixSeconds
        renewDate()
    }

    private func renewDate() {
        seconds = unixSeconds()
        dateText = dateValue(unixSeconds: seconds)
        date = Array("Date: \(dateText)\r\n".utf8)
    }

    /// Counts a path that was answered as unknown.
    func noteUnknown(_ target: UnsafeRawBufferPointer) {
        unknownKeys.note(target, at: seconds)
    }

    /// Counts a request of the slow lane that was answered as unknown.
    func noteUnknown(_ request: Request, _ answer: Answer) {
        guard answer.outcome == .unknown, case .snippet(let key) = request.route else { return }
        path.removeAll(keepingCapacity: true)
        path.append(contentsOf: "/v1".utf8)
        if let partner = key.partner {
            path.append(UInt8(ascii: "/"))
            path.append(contentsOf: partner.text.utf8)
        }
        path.append(contentsOf: "/snippets/".utf8)
        path.append(contentsOf: key.variable.text.utf8)
        path.append(UInt8(ascii: "/"))
        for byte in key.client.bytes { FastLane.appendEscaped(byte, to: &path) }
        path.append(contentsOf: ".js".utf8)
        path.withUnsafeBytes(noteUnknown)
    }

    func add(_ connection: any EdgeConnection) {
        connection.place = connections.count
        connections.append(connection)
        counters.open += 1
    }

    func remove(_ connection: any EdgeConnection) {
        guard connection.place < connections.count, connections[connection.place] === connection else { return }
        let last = connections.removeLast()
        if last !== connection {
            last.place = connection.place
            connections[connection.place] = last
        }
        connection.place = .max
        counters.open -= 1
    }

    /// A time from now, without asking the clock: late by a tick, and early only where the loop itself is late.
    func deadline(in time: TimeAmount) -> NIODeadline {
        now + Self.tickTime + time
    }

    /// Hands out what has been put together, and leaves an empty buffer. It must be given back after it was written.
    func takeOutput() -> ByteBuffer {
        let full = output
        output = spare
        spare = ByteBuffer()
        return full
    }

    /// Takes the memory of a written buffer back; where the channel still holds it, this costs new memory.
    func giveBack(_ written: inout ByteBuffer) {
        written.clear()
        spare = written
    }

    /// Called once a second: renews the date, and closes what has passed its deadline.
    func tick() {
        renewDate()
        now = .now()
        // Closing a connection takes it out of the list.
        for connection in connections.reversed() {
            connection.notice(now)
            guard connection.deadline <= now else { continue }
            counters.timedOut += 1
            connection.abandon()
        }
    }

    /// Gets an object that the index lacks; `then` is called on this loop.
    func fetch(_ digest: Digest, on loop: any EventLoop, then: @escaping (PreparedObject?) -> Void) {
        counters.fetches += 1
        let shelf = shelf
        loop.makeFutureWithTask { await shelf.object(digest) }.assumeIsolated().whenSuccess(then)
    }

    /// From now on every answer is its connection's last.
    func drain() {
        isDraining = true
        for connection in connections.reversed() { connection.drain() }
    }

    /// Closes the connections that wait for a request, now and from now on.
    func closeIdle() {
        closesIdle = true
        for connection in connections.reversed() { connection.closeIfIdle() }
    }

    /// Closes what is still open.
    func closeAll() {
        for connection in connections.reversed() { connection.abandon() }
    }
}
