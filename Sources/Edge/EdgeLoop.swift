import NIOCore

/// What belongs to one event loop: its reference to the index, its counts, its connections, the present `Date` line.
///
/// Used on that loop only. Nothing here is shared, so the request path takes no lock.
final class EdgeLoop {
    let limits: EdgeLimits
    let responder: Responder
    let shelf: ObjectShelf
    var index: EdgeIndex?
    var counters = EdgeCounters()
    private(set) var date: [UInt8] = []
    private(set) var isDraining = false
    private(set) var closesIdle = false
    private let unixSeconds: @Sendable () -> Int
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]

    init(limits: EdgeLimits, responder: Responder, shelf: ObjectShelf, unixSeconds: @escaping @Sendable () -> Int) {
        self.limits = limits
        self.responder = responder
        self.shelf = shelf
        self.unixSeconds = unixSeconds
        date = dateLine(unixSeconds: unixSeconds())
    }

    func add(_ connection: ConnectionHandler) {
        connections[ObjectIdentifier(connection)] = connection
        counters.accepted += 1
        counters.open += 1
    }

    func remove(_ connection: ConnectionHandler) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        counters.open -= 1
    }

    /// Called once a second: renews the date, and closes what has passed its deadline.
    func tick() {
        date = dateLine(unixSeconds: unixSeconds())
        let now = NIODeadline.now()
        for connection in connections.values {
            connection.notice(now)
            guard connection.deadline <= now else { continue }
            counters.timedOut += 1
            connection.abandon()
        }
    }

    /// From now on every answer is its connection's last.
    func drain() {
        isDraining = true
    }

    /// Closes the connections that wait for a request, now and from now on.
    func closeIdle() {
        closesIdle = true
        for connection in connections.values { connection.closeIfIdle() }
    }

    /// Closes what is still open.
    func closeAll() {
        for connection in connections.values { connection.abandon() }
    }
}
