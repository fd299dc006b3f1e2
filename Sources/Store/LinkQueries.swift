public import Domain

enum LinkSQL: String, StatementSet {
    case insert = "INSERT INTO link (digest, joining_id, person_id, created_at) VALUES (?, ?, ?, ?)"
    case joining = "SELECT joining_id, created_at FROM link WHERE digest = ? AND joining_id IS NOT NULL"
    case reset = "SELECT person_id FROM link WHERE digest = ? AND person_id IS NOT NULL AND created_at > ?"
    case deleteOfJoining = "DELETE FROM link WHERE joining_id = ?"
    case deleteOfPerson = "DELETE FROM link WHERE person_id = ?"
    case countOfPerson = "SELECT COUNT(*) FROM link WHERE person_id = ? AND created_at > ?"

    case setCode = """
        INSERT INTO mailbox_code (joining_id, digest, created_at, tries) VALUES (?, ?, ?, 0)
        ON CONFLICT (joining_id) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at, tries = 0
        """
    case tryCode = """
        UPDATE mailbox_code SET tries = tries + 1 WHERE joining_id = ? AND tries < ? AND created_at > ?
        RETURNING digest
        """
    case deleteCode = "DELETE FROM mailbox_code WHERE joining_id = ?"
    case countCodes = "SELECT COUNT(*) FROM mail WHERE joining_id = ? AND template = 'mailboxCode' AND created_at > ?"
}

extension Storage {
    /// How long a link of a password reset works: an hour, in milliseconds.
    static let resetAge: Int64 = 3_600_000
    /// How long a mailbox code works: ten minutes, in milliseconds (decision D-19).
    static let codeAge: Int64 = 600_000
    /// How often a code may be tried, counted before it is compared.
    static let codeTriesMax: Int64 = 5
    /// How many reset mails, or code mails, one address gets in an hour.
    static let mailsPerHourMax: Int64 = 5

    /// Queues a reset mail for an address. Whether it has an identity is looked up when the mail is due, so that nobody
    /// can tell by the answer or its time.
    public func requestReset(_ address: EmailAddress) async throws {
        let now = runtime.now()
        let runtime = runtime
        try await engine.transaction { connection in
            try connection.queueMail(.passwordReset, to: address, .english, [:], at: now, runtime)
        }
    }

    /// Refuses a reset link that does not work, before anything is hashed for it.
    ///
    /// - Throws: `linkDead`.
    public func checkReset(_ secret: SecretToken) async throws {
        let after = SQLValue.integer(runtime.now().milliseconds - Self.resetAge)
        try await engine.snapshot { connection in
            guard try connection.rows(LinkSQL.reset, .bytes(secret.digest.bytes), after).first != nil else {
                throw Self.linkDead
            }
        }
    }

    /// Sets a new password by a link that was mailed; the link and all sessions end.
    ///
    /// - Throws: `linkDead`.
    public func reset(_ secret: SecretToken, passwordHash: String) async throws {
        let now = runtime.now()
        let runtime = runtime
        try await engine.transaction { connection in
            let row = try connection.rows(
                LinkSQL.reset,
                .bytes(secret.digest.bytes),
                .integer(now.milliseconds - Self.resetAge)
            ).first
            guard let row else { throw Self.linkDead }
            // Deletes the link too: of two that come at once, the second finds none.
            try connection.setPassword(of: try row.id(0), passwordHash, keeping: nil, at: now, runtime)
        }
    }

    /// One answer for every link that does not work: used, expired, withdrawn and unknown look the same.
    public static let linkDead = Refusal(
        .linkDead,
        "This link does not work any more. Ask whoever invited you to send it again, or ask for a new one."
    )
}

extension Connection {
    /// Makes a new mailbox code of an invitation: 8 digits.
    func setCode(_ joining: JoiningID, at now: Timestamp, _ runtime: Runtime) throws -> String {
        var number: UInt64 = 0
        for byte in runtime.random(8) { number = number << 8 | UInt64(byte) }
        let digits = String(number % 100_000_000)
        let code = String(repeating: "0", count: 8 - digits.count) + digits
        try execute(LinkSQL.setCode, .text(of: joining), .bytes(codeDigest(code, joining).bytes), .time(now))
        return code
    }

    /// Whether a code is the one that was mailed last; each look counts as a try, before it is compared.
    func tryCode(_ code: String, _ joining: JoiningID, at now: Timestamp) throws -> Bool {
        let row = try rows(
            LinkSQL.tryCode,
            .text(of: joining),
            .integer(Storage.codeTriesMax),
            .integer(now.milliseconds - Storage.codeAge)
        ).first
        return try row?.digest(0) == codeDigest(code, joining)
    }

    private func codeDigest(_ code: String, _ joining: JoiningID) -> Digest {
        Digest(of: Array("\(joining)/\(code)".utf8))
    }
}
