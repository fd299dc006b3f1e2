public import Domain

enum IdempotencySQL: String, StatementSet {
    case find = """
        SELECT request, status, subject, body FROM idempotent_answer WHERE caller = ? AND key = ? AND created_at > ?
        """
    case insert = """
        INSERT INTO idempotent_answer (caller, key, request, status, subject, body, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (caller, key) DO NOTHING
        """
    case forget = "DELETE FROM idempotent_answer WHERE created_at <= ?"
}

extension Storage {
    /// How long an answer is kept: a day, in milliseconds (`api.md`, Conventions).
    static let answerAge: Int64 = 86_400_000

    /// The answer that was given to a person's request of that key.
    ///
    /// - Returns: The digest of the request that it was given to, and the answer; nil where there is none.
    public func answer(
        to key: String,
        of person: PersonID
    ) async throws -> (request: Digest, answer: IdempotentRequest.Answer)? {
        let now = runtime.now().milliseconds
        return try await engine.snapshot { connection in
            try connection.rows(
                IdempotencySQL.find,
                .text(of: person),
                .text(key),
                .integer(now - Self.answerAge)
            ).first.map { row in
                let answer = IdempotentRequest.Answer(
                    status: Int(try row.integer(1)),
                    location: try row.text(2),
                    body: try row.optional(3, row.bytes)
                )
                return (try row.digest(0), answer)
            }
        }
    }

    /// Runs `body` in a transaction, with the answer that the caller wants to be kept with it.
    func changing<Result: Sendable>(
        by caller: Caller,
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        let now = runtime.now()
        return try await engine.transaction { connection in
            let result = try body(connection)
            try connection.keepAnswer(to: caller, result, at: now)
            return result
        }
    }
}

extension Connection {
    /// Keeps the answer to what a change came to, in the change's own transaction.
    ///
    /// - Throws: `conflict` where another request of that key was faster; the change is then undone.
    func keepAnswer(to caller: Caller, _ result: some Sendable, at now: Timestamp) throws {
        guard let person = caller.person, let request = caller.idempotency, let answer = try request.answer(result)
        else { return }
        try execute(IdempotencySQL.forget, .integer(now.milliseconds - Storage.answerAge))
        let inserted = try execute(
            IdempotencySQL.insert,
            .text(of: person),
            .text(request.key),
            .bytes(request.request.bytes),
            .integer(Int64(answer.status)),
            .text(answer.location),
            answer.body.map(SQLValue.bytes) ?? .null,
            .time(now)
        )
        guard inserted == 1 else {
            throw Refusal(.conflict, "Another request with this Idempotency-Key has just been done; ask again.")
        }
    }
}
