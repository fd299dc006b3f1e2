import Authorization
public import Domain
public import Store

/// Signing in and out, passwords, API tokens: what shows who somebody is.
public struct Sessions: Sendable {
    private let storage: Storage
    private let passwords: Passwords
    private let runtime: Runtime
    private let tries: RateLimit
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage, passwords: Passwords, runtime: Runtime) {
        self.storage = storage
        self.passwords = passwords
        self.runtime = runtime
        tries = RateLimit(burst: 10, secondsPerTry: 30, runtime: runtime)
        access = Access(storage: storage)
    }

    /// Signs a person in (rule F-007). An unknown address, a wrong password and a disabled person get the same answer,
    /// after the same work.
    ///
    /// - Returns: The session's secret, for a cookie, and its person.
    /// - Throws: `unauthenticated`; `tooMany` after ten tries for one address, one more every 30 s; `busy`.
    public func signIn(
        _ address: String,
        _ password: String,
        from origin: Origin,
        agent: String?
    ) async throws -> (secret: SecretToken, person: PersonRecord) {
        let wrong = Refusal(.unauthenticated, "The address or the password is not right.")
        guard let address = try? EmailAddress(address, field: "email"), password.utf8.count <= NewPassword.bytesMax
        else {
            throw wrong
        }
        try tries.take(address.text)
        let known = try await storage.password(of: address)
        let isRight: Bool
        do {
            isRight = try await passwords.matches(password, known?.hash)
        } catch {
            // Nothing was compared: whoever is told to come again later must not run out of tries by that.
            tries.giveBack(address.text)
            throw error
        }
        guard isRight, let person = known?.person else { throw wrong }
        tries.giveBack(address.text)
        return (try await begin(person, from: origin, agent: agent), try await storage.person(person))
    }

    /// Begins a session of a person who has just shown who they are.
    public func begin(_ person: PersonID, from origin: Origin, agent: String?) async throws -> SecretToken {
        let secret = SecretToken(runtime)
        _ = try await storage.beginSession(of: person, secret, origin: origin, agent: agent)
        return secret
    }

    /// Who a session's secret, or an API token's, belongs to; nil where it is worth nothing.
    public func signedIn(session: String) async throws -> SignedIn? {
        guard let secret = SecretToken(session) else { return nil }
        return try await storage.signedIn(session: secret)
    }

    /// Who owns an API token `wmk_…`; nil where it is worth nothing.
    public func signedIn(token: String) async throws -> SignedIn? {
        guard token.hasPrefix(Self.tokenPrefix), let secret = SecretToken(token.dropFirst(Self.tokenPrefix.count))
        else {
            return nil
        }
        return try await storage.signedIn(token: secret)
    }

    /// The answer that was given to the caller's earlier request of that key, and the digest of that request.
    public func keptAnswer(
        to key: String,
        _ caller: Caller
    ) async throws -> (request: Digest, answer: IdempotentRequest.Answer)? {
        guard let person = caller.person else { return nil }
        return try await storage.answer(to: key, of: person)
    }

    /// Ends the caller's session.
    public func signOut(_ caller: Caller) async throws {
        let person = try access.person(caller, .signOut)
        guard case .person(let signedIn) = caller.identity, case .session(let session) = signedIn.credential else {
            return
        }
        try await storage.endSession(session, of: person)
    }

    /// The caller's sessions.
    public func list(_ caller: Caller) async throws -> [SessionRecord] {
        try await storage.sessions(of: try access.person(caller, .readSessions))
    }

    /// Ends a session of the caller.
    ///
    /// - Throws: `notFound`.
    public func end(_ caller: Caller, _ session: SessionID) async throws {
        try await storage.endSession(session, of: try access.person(caller, .endSession))
    }

    /// Asks for a mail by which the password of an address can be set anew; whether the address is known stays unsaid.
    public func requestReset(_ address: String, from origin: Origin) async throws {
        let address = try EmailAddress(address, field: "email")
        try tries.take("reset " + address.text)
        try await storage.requestReset(address)
    }

    /// Sets a password by a mailed link; all sessions of the person end.
    ///
    /// - Throws: `linkDead`; `invalid` for a password that is too easy.
    public func reset(_ link: String, password: String) async throws {
        guard let secret = SecretToken(link) else { throw Storage.linkDead }
        let new = try NewPassword(password, context: [])
        try await storage.checkReset(secret)
        try await storage.reset(secret, passwordHash: try await passwords.hash(new.text))
    }

    /// Changes the caller's password; all other sessions end.
    ///
    /// - Throws: `invalid` where the present password is another, or the new one too easy.
    public func changePassword(_ caller: Caller, from present: String, to password: String) async throws {
        let id = try access.person(caller, .changePassword)
        guard case .person(let signedIn) = caller.identity, case .session(let session) = signedIn.credential else {
            throw Access.unauthenticated
        }
        try tries.take("password \(id)")
        guard try await passwords.matches(present, try await storage.passwordHash(of: id)) else {
            throw Refusal(.invalid, "This is not your present password.", field: "currentPassword")
        }
        let person = try await storage.person(id)
        let context = [person.firstName, person.lastName, person.address?.text].compactMap { $0 }
        let new = try NewPassword(password, context: context)
        try await storage.setPassword(of: id, try await passwords.hash(new.text), keeping: session)
    }

    /// Makes an API token; its secret is told this once.
    ///
    /// - Throws: `invalid` without scopes, or where it would live longer than a year.
    public func addToken(
        _ caller: Caller,
        name: String,
        scopes: Set<Right>,
        expiresAt: Timestamp
    ) async throws -> (token: APITokenRecord, secret: String) {
        try await make(
            of: try await access.person(caller, withAny: .addToken),
            name: name,
            scopes: scopes,
            expiresAt: expiresAt,
            by: caller
        )
    }

    private func make(
        of person: PersonID,
        name: String,
        scopes: Set<Right>,
        expiresAt: Timestamp,
        by caller: Caller
    ) async throws -> (token: APITokenRecord, secret: String) {
        let now = runtime.now()
        guard !scopes.isEmpty else { throw Refusal(.invalid, "A token needs at least one scope.", field: "scopes") }
        guard expiresAt > now, expiresAt.milliseconds - now.milliseconds <= Self.tokenAgeMax else {
            throw Refusal(.invalid, "A token ends within a year from now.", field: "expiresAt")
        }
        let secret = SecretToken(runtime)
        let token = try await storage.addToken(
            of: person,
            secret,
            name: try OrganisationName(name).text,
            scopes: scopes,
            expiresAt: expiresAt,
            by: caller
        )
        return (token, Self.tokenPrefix + secret.text)
    }

    /// Makes an API token for a person, by the operator; its secret is told this once.
    public func addToken(
        _ caller: Caller,
        for person: PersonID,
        name: String,
        scopes: Set<Right>,
        days: Int
    ) async throws -> (token: APITokenRecord, secret: String) {
        try caller.requireOperator()
        guard (1...365).contains(days) else { throw Refusal(.invalid, "A token lives 1 to 365 days.", field: "days") }
        // A second less, as the clock goes on until it is compared.
        let end = Timestamp(milliseconds: runtime.now().milliseconds + Int64(days) * 86_400_000 - 1000)
        return try await make(of: person, name: name, scopes: scopes, expiresAt: end, by: caller)
    }

    /// A person's API tokens, for the operator.
    public func tokens(_ caller: Caller, of person: PersonID) async throws -> [APITokenRecord] {
        try caller.requireOperator()
        return try await storage.tokens(of: person, Page(limit: Int(Storage.tokensMax)))
    }

    /// Revokes a person's API token, by the operator.
    public func deleteToken(_ caller: Caller, _ token: APITokenID, of person: PersonID) async throws {
        try caller.requireOperator()
        try await storage.deleteToken(token, of: person)
    }

    /// The caller's API tokens.
    public func tokens(_ caller: Caller, _ page: Page<APITokenID>) async throws -> [APITokenRecord] {
        try await storage.tokens(of: try access.person(caller, .readTokens), page)
    }

    /// Revokes an API token of the caller.
    ///
    /// - Throws: `notFound`.
    public func deleteToken(_ caller: Caller, _ token: APITokenID) async throws {
        try await storage.deleteToken(token, of: try access.person(caller, .deleteToken))
    }

    /// What API tokens begin with, so that a leaked one is recognised.
    private static let tokenPrefix = "wmk_"
    /// How long a token lives at most: a year, in milliseconds.
    private static let tokenAgeMax: Int64 = 365 * 86_400_000
}
