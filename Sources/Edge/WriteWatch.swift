import NIOCore

/// Whether a peer takes what is written to it: one that reads, however slowly, is not given up; one that does not is, after
/// the limit for stalled writes.
struct WriteWatch {
    private var pending = 0

    /// What a look came to.
    enum State {
        case nothingPending
        case pending
        /// What was pending has been taken.
        case taken
    }

    /// Looks once a second.
    ///
    /// - Parameters:
    ///   - channel: The connection.
    ///   - now: The time of the look.
    ///   - limit: For how long nothing may move.
    ///   - deadline: When the connection is given up; moved where something is pending.
    /// - Returns: Whether anything is; where all has been taken, the deadline is the caller's to set anew.
    mutating func look(
        at channel: any Channel,
        _ now: NIODeadline,
        limit: TimeAmount,
        deadline: inout NIODeadline
    ) -> State {
        let before = pending
        pending = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if pending == 0 { return before == 0 ? .nothingPending : .taken }
        if before == 0 {
            deadline = min(deadline, now + limit)
        } else if pending < before {
            deadline = max(deadline, now + limit)
        }
        return .pending
    }
}
