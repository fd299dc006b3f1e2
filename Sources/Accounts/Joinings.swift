import Authorization
public import Domain
public import Store

/// What the holder of a mailed link does: looks, proves the mailbox, accepts, declines. Links of every kind, activations
/// included, go one way; a dead one gets one answer, whatever it died of.
public struct Joinings: Sendable {
    private let storage: Storage
    private let passwords: Passwords
    private let sessions: Sessions

    /// Makes the operations over a store.
    public init(storage: Storage, passwords: Passwords, sessions: Sessions) {
        self.storage = storage
        self.passwords = passwords
        self.sessions = sessions
    }

    /// What a new person gives to sign up (rule F-123).
    public struct NewPerson: Sendable {
        /// The first name.
        public var firstName: PersonName
        /// The last name.
        public var lastName: PersonName
        /// The password.
        public var password: String
        /// The mailbox code, for a link older than a day (decision D-19).
        public var code: String?
        /// The language of mails and pages.
        public var language: Language

        /// Puts it together.
        public init(
            firstName: PersonName,
            lastName: PersonName,
            password: String,
            code: String?,
            language: Language
        ) {
            self.firstName = firstName
            self.lastName = lastName
            self.password = password
            self.code = code
            self.language = language
        }
    }

    /// What came of accepting.
    public struct Joined: Sendable {
        /// Who joined.
        public let person: PersonID
        /// What they are now.
        public let seat: Seat
        /// A new session of the person.
        public let session: SecretToken
    }

    /// What a link leads to; has no effect.
    ///
    /// - Throws: `linkDead`.
    public func open(_ link: String) async throws -> OpenJoining {
        try await storage.openJoining(try Self.secret(link))
    }

    /// Mails a code to the address that a link was sent to.
    ///
    /// - Throws: `linkDead`; `tooMany`.
    public func sendCode(_ link: String) async throws {
        try await storage.sendCode(try Self.secret(link))
    }

    /// Says no.
    ///
    /// - Throws: `linkDead`.
    public func decline(_ link: String) async throws {
        try await storage.declineInvitation(try Self.secret(link))
    }

    /// Accepts as a new person, who is signed in by it (rules F-123 to F-125).
    ///
    /// - Throws: `linkDead`; `conflict` where the address has an identity; `invalid` for a password or a code.
    public func signUp(
        _ link: String,
        _ person: NewPerson,
        from origin: Origin,
        agent: String?
    ) async throws -> Joined {
        let secret = try Self.secret(link)
        let open = try await storage.openJoining(secret)
        let password = try NewPassword(
            person.password,
            context: [
                person.firstName.text, person.lastName.text, open.joining.address.text, open.organisation.text,
                open.partnerName,
            ]
        )
        var isProved = false
        if open.needsCode, let code = person.code {
            isProved = try await storage.proveCode(code, secret)
            guard isProved else {
                throw Refusal(.invalid, "This code is not the one that was mailed last, or too old.", field: "code")
            }
        }
        let signUp = SignUp(
            firstName: person.firstName,
            lastName: person.lastName,
            passwordHash: try await passwords.hash(password.text),
            language: person.language
        )
        let accepted = try await storage.accept(secret, .signUp(signUp, codeProved: isProved), origin: origin)
        let (id, seat) = try Self.joined(accepted)
        return Joined(person: id, seat: seat, session: try await sessions.begin(id, from: origin, agent: agent))
    }

    /// Accepts as the person who is signed in.
    ///
    /// - Throws: `linkDead`; `unauthenticated`; `forbidden` where the invitation is for another address.
    public func accept(_ caller: Caller, _ link: String, agent: String? = nil) async throws -> Joined {
        guard case .person(let signedIn) = caller.identity, case .session(let session) = signedIn.credential else {
            throw Access.unauthenticated
        }
        let accepted = try await storage.accept(
            try Self.secret(link),
            .signIn(signedIn.person),
            origin: caller.origin,
            idempotency: caller.idempotency
        )
        let (id, seat) = try Self.joined(accepted)
        // More rights, another session (`trust.md`, Sessions).
        let secret = try await sessions.begin(id, from: caller.origin, agent: agent)
        try? await storage.endSession(session, of: id)
        return Joined(person: id, seat: seat, session: secret)
    }

    private static func secret(_ link: String) throws(Refusal) -> SecretToken {
        guard let secret = SecretToken(link) else { throw Storage.linkDead }
        return secret
    }

    private static func joined(_ accepted: Accepted) throws(Refusal) -> (PersonID, Seat) {
        switch accepted {
        case .joined(let person, let seat): (person, seat)
        case .regularAlready:
            throw Refusal(
                .conflict,
                "You are a regular user of this client, and cannot be its partner user too. Its admins have been told."
            )
        }
    }
}
