public import Domain

/// What one event loop, or the whole edge, has counted since it started.
public struct EdgeCounters: Sendable {
    /// Answers by status, in the order of ``Answer/Status``.
    private var byStatus = InlineArray<11, Int>(repeating: 0)
    /// Answers by outcome, in the order of ``Domain/Outcome``.
    private var byOutcome = InlineArray<5, Int>(repeating: 0)
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
        byStatus[answer.status.place] += 1
        if let outcome = answer.outcome { byOutcome[Self.place(outcome)] += 1 }
    }

    private static func place(_ outcome: Outcome) -> Int {
        switch outcome {
        case .release: 0
        case .standard: 1
        case .empty: 2
        case .suspended: 3
        case .unknown: 4
        }
    }

    /// Answers by status; those that were given.
    public var statuses: [Int: Int] {
        Dictionary(
            uniqueKeysWithValues: Answer.Status.allCases.map { ($0.rawValue, byStatus[$0.place]) }.filter { $0.1 > 0 }
        )
    }

    /// Answers by outcome; those that were given.
    public var outcomes: [Outcome: Int] {
        Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0, byOutcome[Self.place($0)]) }.filter { $0.1 > 0 })
    }

    /// Adds another loop's counts.
    mutating func add(_ other: EdgeCounters) {
        for place in byStatus.indices { byStatus[place] += other.byStatus[place] }
        for place in byOutcome.indices { byOutcome[place] += other.byOutcome[place] }
        bytesSent += other.bytesSent
        accepted += other.accepted
        refused += other.refused
        timedOut += other.timedOut
        open += other.open
        beacons += other.beacons
        fetches += other.fetches
    }
}
