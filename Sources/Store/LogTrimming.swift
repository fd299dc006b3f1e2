import Domain

enum TrimSQL: String, StatementSet {
    case oldest = "SELECT MIN(generation) FROM generation"
    case lastBefore = "SELECT MAX(generation) FROM generation WHERE at < ?"
    case deleteChanges = "DELETE FROM change WHERE generation <= ?"
    case deleteGenerations = "DELETE FROM generation WHERE generation <= ?"
}

extension Storage {
    /// How long the change log reaches back at most, in milliseconds: a week.
    public static let logAgeMax: Int64 = 7 * 86_400_000
    /// How many generations the change log holds at most.
    public static let logGenerationsMax: Int64 = 100_000

    /// Generations that one transaction deletes: some may hold thousands of changes, and writers wait meanwhile.
    private static let stepMax: Int64 = 50

    /// Forgets the generations that are too old or too many, whoever has read them; an edge that lags further behind
    /// reads everything anew.
    ///
    /// - Parameters:
    ///   - age: Generations older than so many milliseconds go.
    ///   - count: At most so many stay.
    /// - Returns: How many went.
    /// - Throws: Failures of the database; what was deleted before stays deleted.
    @discardableResult
    public func trimLog(age: Int64 = logAgeMax, count: Int64 = logGenerationsMax) async throws -> Int64 {
        let before = runtime.now().milliseconds - age
        let (first, last) = try await engine.snapshot { connection in
            let head = try Self.head(connection).generation
            let oldest = try connection.rows(TrimSQL.oldest).first.flatMap { try $0.optional(0, $0.integer) }
            let aged = try connection.rows(TrimSQL.lastBefore, .integer(before)).first
                .flatMap { try $0.optional(0, $0.integer) }
            return (oldest ?? head + 1, max(aged ?? 0, head - count))
        }
        guard first <= last else { return 0 }
        var next = first - 1
        while next < last {
            next = min(next + Self.stepMax, last)
            let end = SQLValue.integer(next)
            try await engine.transaction { connection in
                try connection.execute(TrimSQL.deleteChanges, end)
                try connection.execute(TrimSQL.deleteGenerations, end)
            }
        }
        return last - first + 1
    }
}
