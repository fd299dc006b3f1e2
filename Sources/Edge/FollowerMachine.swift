import Domain

/// What a follower of the change log does next: a pure function of its state and what happened.
struct FollowerMachine: Equatable {
    enum Event {
        /// The doorbell rang, or it is time for a look.
        case woken
        case head(FeedHead)
        /// Generations read after the present one, applied to a trial state that came to this hash.
        case generations([FeedGeneration], trial: StateHash)
        /// A snapshot, loaded into a trial state that came to this hash.
        case snapshot(FeedHead, trial: StateHash)
        /// The trial state is on the loops.
        case swapped(FeedHead)
        /// Upstream could not be read.
        case failed
    }

    enum Action: Equatable {
        case readHead
        case readGenerations(after: Int64)
        case readSnapshot
        /// Show the trial state on every loop.
        case swap(FeedHead)
        /// Throw the trial state away.
        case discard
        case alarm(Alarm)
        case wait
    }

    /// What an operator should hear of.
    enum Alarm: String {
        case epochChanged = "the log has another epoch; resyncing"
        case wentBackwards = "the log went backwards; resyncing"
        case gap = "the log no longer reaches back to this edge's generation; resyncing"
        case mismatch = "the state does not match the log's hash; resyncing"
        case snapshotMismatch = "a fresh snapshot does not match the log's hash; the old state serves on"
        case upstreamLost = "upstream cannot be read; the old state serves on"
    }

    /// What the loops show; nil before the first load.
    private(set) var shown: FeedHead?
    /// Failures in a row, for the back-off.
    private(set) var failures = 0

    /// How long to wait for the next look, unless the doorbell rings: a second, more after failures.
    var pause: Duration {
        failures == 0 ? .seconds(1) : .milliseconds(min(10_000, 100 << min(failures, 7)))
    }

    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .woken: return shown == nil ? [.readSnapshot] : [.readHead]
        case .head(let head):
            guard let shown else { return [.readSnapshot] }
            if head.epoch != shown.epoch { return [.alarm(.epochChanged), .readSnapshot] }
            if head.generation < shown.generation { return [.alarm(.wentBackwards), .readSnapshot] }
            if head.generation == shown.generation {
                guard head.stateHash == shown.stateHash else { return [.alarm(.mismatch), .readSnapshot] }
                failures = 0
                return [.wait]
            }
            return [.readGenerations(after: shown.generation)]
        case .generations(let generations, let trial):
            guard let shown, let last = generations.last else { return [.discard, .alarm(.gap), .readSnapshot] }
            let numbers = generations.map(\.generation)
            guard numbers == Array((shown.generation + 1)...(shown.generation + Int64(numbers.count))) else {
                return [.discard, .alarm(.gap), .readSnapshot]
            }
            guard trial == last.stateHash else { return [.discard, .alarm(.mismatch), .readSnapshot] }
            return [.swap(FeedHead(epoch: shown.epoch, generation: last.generation, stateHash: last.stateHash))]
        case .snapshot(let head, let trial):
            guard trial == head.stateHash else {
                failures += 1
                return [.discard, .alarm(.snapshotMismatch), .wait]
            }
            return [.swap(head)]
        case .swapped(let head):
            // Not before: a swap that fails for want of upstream must be tried again.
            shown = head
            failures = 0
            // There may be more, and a change may have come meanwhile.
            return [.readHead]
        case .failed:
            failures += 1
            return failures == 1 ? [.discard, .alarm(.upstreamLost), .wait] : [.discard, .wait]
        }
    }
}
