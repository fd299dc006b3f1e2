public import Domain

/// The store: every query, over either engine. A call is all or nothing, and returns when it is committed and synced.
///
/// It knows no HTTP, no files and no callers. Feed entries are written where the rows behind them are, in the same
/// transaction.
public struct Storage: Sendable {
    /// The database.
    public let engine: any Engine
    let runtime: Runtime
    private let changed: @Sendable () -> Void

    /// Makes a store.
    ///
    /// - Parameters:
    ///   - engine: The database.
    ///   - runtime: Time and chance.
    ///   - changed: Called after each commit that changed the feed; must return at once.
    public init(engine: any Engine, runtime: Runtime, changed: @escaping @Sendable () -> Void) {
        self.engine = engine
        self.runtime = runtime
        self.changed = changed
    }

    /// Runs `body` in a transaction, then rings the doorbell.
    func writing<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        let result = try await engine.transaction(body)
        changed()
        return result
    }
}
