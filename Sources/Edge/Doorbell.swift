import Synchronization

/// Wakes a follower: rung after each commit, from any thread.
public final class Doorbell: Sendable {
    private struct State {
        var isRung = false
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Makes a silent one.
    public init() {}

    /// Wakes the one who waits, or the next who comes to.
    public func ring() {
        let sleeper = state.withLock { state in
            state.isRung = state.sleeper == nil
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.resume()
    }

    /// Returns when the bell rings, or after `time`.
    func wait(atMost time: Duration) async {
        let alarm = Task {
            try await Task.sleep(for: time)
            ring()
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isRung = state.withLock { state in
                    defer { state.isRung = false }
                    if !state.isRung { state.sleeper = continuation }
                    return state.isRung
                }
                if isRung { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
        alarm.cancel()
    }
}
