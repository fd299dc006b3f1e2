import GRDB
import Store
import Synchronization

/// Group commit: the calls that come while a transaction is being synced share the next one, and its one `fsync`.
///
/// Each runs in a savepoint of its own, so that one which throws undoes nothing but itself. All are answered once the
/// shared commit's outcome is known, those that threw too: what they refused for may be what another one wrote.
final class GroupCommit: Sendable {
    /// Calls in one group; the bound is for the sake of the first one, which waits for the last.
    private static let callsMax = 64

    private struct Waiting {
        var calls: [any GroupedCall] = []
        var scheduled = false
    }

    private let pool: DatabasePool
    private let waiting = Mutex(Waiting())

    init(_ pool: DatabasePool) {
        self.pool = pool
    }

    /// Runs `body` in a transaction that others may share; committed and synced when this returns, undone when it throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable (any Connection) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let scheduled = waiting.withLock { waiting in
                waiting.calls.append(Call(body, continuation))
                defer { waiting.scheduled = true }
                return waiting.scheduled
            }
            if !scheduled { schedule() }
        }
    }

    /// How many calls wait for a transaction.
    var count: Int { waiting.withLock { $0.calls.count } }

    /// Takes one turn of the writer for each group, so that whoever else waits for the writer comes between two.
    private func schedule() {
        pool.asyncWriteWithoutTransaction { [self] database in
            let group = waiting.withLock { waiting in
                let group = Array(waiting.calls.prefix(Self.callsMax))
                waiting.calls.removeFirst(group.count)
                return group
            }
            let failure = Self.commit(group, database)
            for call in group { call.answer(failure) }
            let more = waiting.withLock { waiting in
                waiting.scheduled = !waiting.calls.isEmpty
                return waiting.scheduled
            }
            if more { schedule() }
        }
    }

    /// What made the whole group fail, or nil once it is committed.
    private static func commit(_ group: [any GroupedCall], _ database: Database) -> (any Error)? {
        do {
            try database.inTransaction(.immediate) {
                let connection = SQLiteConnection(database: database)
                for call in group {
                    let error = call.run(connection)
                    // A full disk and its like end the whole transaction, not only the savepoint.
                    guard database.isInsideTransaction else {
                        throw error ?? DatabaseError(resultCode: .SQLITE_ABORT, message: "The transaction was lost.")
                    }
                }
                return .commit
            }
            return nil
        } catch {
            return error
        }
    }
}

private protocol GroupedCall: Sendable {
    /// Gives what was thrown.
    func run(_ connection: any Connection) -> (any Error)?
    /// Answers the caller, once, with `failure` or else with what running gave.
    func answer(_ failure: (any Error)?)
}

private final class Call<Value: Sendable>: GroupedCall {
    private let body: @Sendable (any Connection) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>
    /// Stays as it is only where the group failed before this call's turn.
    private let outcome = Mutex<Result<Value, any Error>>(.failure(CancellationError()))

    init(
        _ body: @escaping @Sendable (any Connection) throws -> Value,
        _ continuation: CheckedContinuation<Value, any Error>
    ) {
        self.body = body
        self.continuation = continuation
    }

    func run(_ connection: any Connection) -> (any Error)? {
        let result = Result { try connection.savepoint { try body(connection) } }
        outcome.withLock { $0 = result }
        guard case .failure(let error) = result else { return nil }
        return error
    }

    func answer(_ failure: (any Error)?) {
        if let failure {
            continuation.resume(throwing: failure)
        } else {
            continuation.resume(with: outcome.withLock { $0 })
        }
    }
}
