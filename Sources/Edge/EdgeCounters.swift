public import Domain

/// What one event loop, or the whole edge, has counted since it started.
public struct EdgeCounters: Hashable, Sendable {
    /// Answers by status.
    public internal(set) var statuses: [Int: Int] = [:]
    /// Answers by outcome.
    public internal(set) var outcomes: [Outcome: Int] = [:]
    /// Bytes given to the network.
    public internal(set) var bytesSent = 0
    /// Connections taken.
    public internal(set) var accepted = 0
    /// Connections closed at once, being too many.
    public internal(set) var refused = 0
    /// Connections closed because a deadline passed.
    public internal(set) var timedOut = 0
    /// Connections now open.
    public internal(set) var open = 0
    /// Usage beacons taken, and dropped.
    public internal(set) var beacons = 0
    /// Objects asked of upstream.
    public internal(set) var fetches = 0

    mutating func count(_ answer: Answer) {
        statuses[answer.status.rawValue, default: 0] += 1
        if let outcome = answer.outcome { outcomes[outcome, default: 0] += 1 }
    }

    /// Adds another loop's counts.
    mutating func add(_ other: EdgeCounters) {
        statuses.merge(other.statuses, uniquingKeysWith: +)
        outcomes.merge(other.outcomes, uniquingKeysWith: +)
        bytesSent += other.bytesSent
        accepted += other.accepted
        refused += other.refused
        timedOut += other.timedOut
        open += other.open
        beacons += other.beacons
        fetches += other.fetches
    }
}
