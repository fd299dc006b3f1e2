public import Domain

enum SessionSQL: String, StatementSet {
    case insert = """
        INSERT INTO session (id, digest, person_id, created_at, used_at, origin, agent) VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    case byDigest = """
        SELECT session.id, session.person_id, session.created_at, session.used_at FROM session
        JOIN person ON person.id = session.person_id
        WHERE session.digest = ? AND session.created_at > ? AND session.used_at > ? AND person.disabled_at IS NULL
        """
    case touch = "UPDATE session SET used_at = ? WHERE id = ?"
    case ofPerson = """
        SELECT id, created_at, used_at, origin, agent FROM session
        WHERE person_id = ? AND created_at > ? AND used_at > ? ORDER BY id
        """
    case end = "DELETE FROM session WHERE id = ? AND person_id = ?"
    case endOthers = "DELETE FROM session WHERE person_id = ? AND id <> ?"
    case endOld = "DELETE FROM session WHERE created_at <= ?"

    case insertToken = """
        INSERT INTO api_token (id, digest, person_id, name, scopes, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    case tokenByDigest = """
        SELECT api_token.id, api_token.person_id, api_token.scopes FROM api_token
        JOIN person ON person.id = api_token.person_id
        WHERE api_token.digest = ? AND api_token.expires_at > ? AND person.disabled_at IS NULL
        """
    case tokensOf = """
        SELECT id, name, scopes, created_at, expires_at FROM api_token WHERE person_id = ? AND id > ?
        ORDER BY id LIMIT ?
        """
    case deleteToken = "DELETE FROM api_token WHERE id = ? AND person_id = ?"
    case countTokens = "SELECT COUNT(*) FROM api_token WHERE person_id = ?"
}

/// A session, as its person sees it.
public struct SessionRecord: Hashable, Sendable {
    /// Its id.
    public let id: SessionID
    /// When it began.
    public let createdAt: Timestamp
    /// When it was last used, to the minute.
    public let usedAt: Timestamp
    /// The network address that it began from.
    public let origin: String?
    /// What the browser called itself.
    public let agent: String?
}

/// An API token, without its secret.
public struct APITokenRecord: Hashable, Sendable {
    /// Its id.
    public let id: APITokenID
    /// What its owner calls it.
    public let name: String
    /// What it may do at most.
    public let scopes: Set<Right>
    /// When it was made.
    public let createdAt: Timestamp
    /// When it ends.
    public let expiresAt: Timestamp
}

extension Storage {
    /// How long a session lives without use: an hour, in milliseconds (`trust.md`, Sessions).
    static let sessionIdle: Int64 = 3_600_000
    /// How long it lives at all: a day, in milliseconds.
    static let sessionAge: Int64 = 86_400_000
    /// How exactly its last use is kept: a read must not cost a write.
    private static let sessionUseStep: Int64 = 60_000
    /// How many tokens one person has at most.
    public static let tokensMax: Int64 = 100

    /// Begins a session of a person.
    public func beginSession(of person: PersonID, _ secret: SecretToken, origin: Origin, agent: String?) async throws
        -> SessionID
    {
        let now = runtime.now()
        let id = SessionID(runtime)
        try await engine.transaction { connection in
            try connection.execute(SessionSQL.endOld, .integer(now.milliseconds - Self.sessionAge))
            try connection.execute(
                SessionSQL.insert,
                .text(of: id),
                .bytes(secret.digest.bytes),
                .text(of: person),
                .time(now),
                .time(now),
                origin.address.map(SQLValue.text) ?? .null,
                agent.map {
                    .text(String($0.unicodeScalars.filter { $0.value >= 0x20 }.prefix(200).map(Character.init)))
                }
                    ?? .null
            )
        }
        return id
    }

    /// Who holds a session's secret, where it lives and its person may sign in; counts as use.
    public func signedIn(session secret: SecretToken) async throws -> SignedIn? {
        let now = runtime.now()
        let found: (session: SessionID, person: PersonID, usedAt: Int64)? = try await engine.snapshot { connection in
            try connection.rows(
                SessionSQL.byDigest,
                .bytes(secret.digest.bytes),
                .integer(now.milliseconds - Self.sessionAge),
                .integer(now.milliseconds - Self.sessionIdle)
            ).first.map { (try $0.id(0), try $0.id(1), try $0.integer(3)) }
        }
        guard let found else { return nil }
        if found.usedAt + Self.sessionUseStep <= now.milliseconds {
            try await engine.transaction { connection in
                try connection.execute(SessionSQL.touch, .time(now), .text(of: found.session))
            }
        }
        return SignedIn(person: found.person, credential: .session(found.session))
    }

    /// The sessions of a person that live, oldest first.
    public func sessions(of person: PersonID) async throws -> [SessionRecord] {
        let now = runtime.now().milliseconds
        return try await engine.snapshot { connection in
            try connection.rows(
                SessionSQL.ofPerson,
                .text(of: person),
                .integer(now - Self.sessionAge),
                .integer(now - Self.sessionIdle)
            ).map { row in
                SessionRecord(
                    id: try row.id(0),
                    createdAt: try row.time(1),
                    usedAt: try row.time(2),
                    origin: try row.optional(3, row.text),
                    agent: try row.optional(4, row.text)
                )
            }
        }
    }

    /// Ends a session of a person.
    ///
    /// - Throws: `notFound`.
    public func endSession(_ session: SessionID, of person: PersonID) async throws {
        let ended = try await engine.transaction { connection in
            try connection.execute(SessionSQL.end, .text(of: session), .text(of: person))
        }
        guard ended == 1 else { throw Refusal(.notFound, "There is no such session.") }
    }

    /// Who owns an API token's secret, where it lives and its owner may sign in.
    public func signedIn(token secret: SecretToken) async throws -> SignedIn? {
        let now = runtime.now()
        return try await engine.snapshot { connection in
            try connection.rows(SessionSQL.tokenByDigest, .bytes(secret.digest.bytes), .time(now)).first.map { row in
                SignedIn(
                    person: try row.id(1),
                    credential: .token(try row.id(0), scopes: Self.rights(try row.text(2)))
                )
            }
        }
    }

    /// Makes an API token.
    ///
    /// - Throws: `conflict` where the person has ``tokensMax`` already.
    public func addToken(
        of person: PersonID,
        _ secret: SecretToken,
        name: String,
        scopes: Set<Right>,
        expiresAt: Timestamp,
        by caller: Caller
    ) async throws -> APITokenRecord {
        let now = runtime.now()
        let id = APITokenID(runtime)
        return try await changing(by: caller) { connection in
            let count = try connection.rows(SessionSQL.countTokens, .text(of: person)).first?.integer(0) ?? 0
            guard count < Self.tokensMax else {
                throw Refusal(.conflict, "One person has at most \(Self.tokensMax) API tokens; revoke one first.")
            }
            try connection.execute(
                SessionSQL.insertToken,
                .text(of: id),
                .bytes(secret.digest.bytes),
                .text(of: person),
                .text(name),
                .text(scopes.map(\.rawValue).sorted().joined(separator: " ")),
                .time(now),
                .time(expiresAt)
            )
            return APITokenRecord(id: id, name: name, scopes: scopes, createdAt: now, expiresAt: expiresAt)
        }
    }

    /// A person's API tokens after `cursor`, oldest first.
    public func tokens(of person: PersonID, _ page: Page<APITokenID>) async throws -> [APITokenRecord] {
        try await engine.snapshot { connection in
            try connection.rows(
                SessionSQL.tokensOf,
                .text(of: person),
                page.after,
                page.count
            ).map { row in
                APITokenRecord(
                    id: try row.id(0),
                    name: try row.text(1),
                    scopes: Self.rights(try row.text(2)),
                    createdAt: try row.time(3),
                    expiresAt: try row.time(4)
                )
            }
        }
    }

    /// Ends an API token of a person.
    ///
    /// - Throws: `notFound`.
    public func deleteToken(_ token: APITokenID, of person: PersonID) async throws {
        let ended = try await engine.transaction { connection in
            try connection.execute(SessionSQL.deleteToken, .text(of: token), .text(of: person))
        }
        guard ended == 1 else { throw Refusal(.notFound, "There is no such API token.") }
    }

    private static func rights(_ text: String) -> Set<Right> {
        Set(text.split(separator: " ").compactMap { Right(rawValue: String($0)) })
    }
}

/// A part of a list: what comes after an id, in the order of ids, which is that of making.
public struct Page<ID: CustomStringConvertible & Sendable>: Sendable {
    /// The last id of the part before; nil for the first part.
    public var last: ID?
    /// How many at most.
    public var limit: Int

    /// Makes a page.
    public init(after last: ID? = nil, limit: Int) {
        self.last = last
        self.limit = limit
    }

    var after: SQLValue { .text(last?.description ?? "") }
    /// One more than asked for, so that its reader knows whether something follows.
    var count: SQLValue { .integer(Int64(limit) + 1) }
}
