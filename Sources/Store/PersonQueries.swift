public import Domain

enum PersonSQL: String, StatementSet {
    case byID = """
        SELECT id, address, first_name, last_name, language, disabled_at, erased_at FROM person WHERE id = ?
        """
    case byAddress = """
        SELECT id, address, first_name, last_name, language, disabled_at, erased_at FROM person WHERE address = ?
        """
    case password = "SELECT id, password FROM person WHERE address = ? AND disabled_at IS NULL"
    case passwordOf = "SELECT password FROM person WHERE id = ?"
    case insert = """
        INSERT INTO person (id, address, first_name, last_name, language, password, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO NOTHING
        """
    case setNames = "UPDATE person SET first_name = ?, last_name = ?, language = ? WHERE id = ?"
    case setPassword = "UPDATE person SET password = ? WHERE id = ?"
    case setDisabled = "UPDATE person SET disabled_at = ? WHERE id = ?"
}

/// A person, as stored: one identity, whatever accounts it belongs to.
public struct PersonRecord: Hashable, Sendable {
    /// Its id.
    public let id: PersonID
    /// The address that was proved; nil once erased.
    public var address: EmailAddress?
    /// The first name; nil where none was given yet, or erased.
    public var firstName: String?
    /// The last name.
    public var lastName: String?
    /// The language of mails and pages.
    public var language: Language
    /// Since when the person may not sign in, if so.
    public var disabledAt: Timestamp?

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        address = try row.optional(1) { try EmailAddress(try row.text($0)) }
        firstName = try row.optional(2, row.text)
        lastName = try row.optional(3, row.text)
        language = Language(rawValue: try row.text(4)) ?? .english
        disabledAt = try row.optional(5, row.time)
    }

    /// The whole name, or the address of one who gave none.
    public var displayName: String {
        let names = [firstName, lastName].compactMap { $0 }
        return names.isEmpty ? address?.text ?? "\(id)" : names.joined(separator: " ")
    }
}

/// What a person who signs up gives.
public struct SignUp: Hashable, Sendable {
    /// The first name.
    public var firstName: PersonName
    /// The last name.
    public var lastName: PersonName
    /// The password's hash, as ``Storage`` keeps it.
    public var passwordHash: String
    /// The language of mails and pages.
    public var language: Language

    /// Puts it together.
    public init(firstName: PersonName, lastName: PersonName, passwordHash: String, language: Language) {
        self.firstName = firstName
        self.lastName = lastName
        self.passwordHash = passwordHash
        self.language = language
    }
}

extension Storage {
    /// The person of that id.
    ///
    /// - Throws: `notFound`.
    public func person(_ id: PersonID) async throws -> PersonRecord {
        try await engine.snapshot { try $0.person(id) }
    }

    /// The person of an address, and the hash of the password; nil where nobody of that address may sign in.
    public func password(of address: EmailAddress) async throws -> (person: PersonID, hash: String?)? {
        try await engine.snapshot { connection in
            try connection.rows(PersonSQL.password, .text(of: address)).first.map { row in
                (try row.id(0), try row.optional(1, row.text))
            }
        }
    }

    /// The hash of a person's password.
    public func passwordHash(of person: PersonID) async throws -> String? {
        try await engine.snapshot { connection in
            guard let row = try connection.rows(PersonSQL.passwordOf, .text(of: person)).first else { return nil }
            return try row.optional(0, row.text)
        }
    }

    /// Changes what a person says of themselves.
    ///
    /// - Parameters:
    ///   - person: Whom.
    ///   - expecting: Throws where the present state is not the one that the caller saw.
    ///   - change: Makes the new state.
    /// - Returns: The new state.
    /// - Throws: What `expecting` and `change` throw.
    public func changePerson(
        _ person: PersonID,
        expecting: @escaping Expectation<PersonRecord>,
        _ change: @escaping @Sendable (inout PersonRecord) throws -> Void
    ) async throws -> PersonRecord {
        try await engine.transaction { connection in
            var record = try connection.person(person)
            try expecting(record)
            try change(&record)
            try connection.execute(
                PersonSQL.setNames,
                record.firstName.map(SQLValue.text) ?? .null,
                record.lastName.map(SQLValue.text) ?? .null,
                .text(record.language.rawValue),
                .text(of: person)
            )
            return record
        }
    }

    /// Sets a person's password: ends all other sessions and all reset links, and tells the person.
    ///
    /// - Parameters:
    ///   - person: Whose.
    ///   - hash: The new password's hash.
    ///   - session: The session that stays.
    /// - Throws: `notFound`.
    public func setPassword(of person: PersonID, _ hash: String, keeping session: SessionID?) async throws {
        let now = runtime.now()
        try await engine.transaction { connection in
            try connection.setPassword(of: person, hash, keeping: session, at: now, runtime)
        }
    }
}

/// Throws `stale` where a present state is not the one that the caller saw.
public typealias Expectation<Record> = @Sendable (Record) throws -> Void

extension Connection {
    func person(_ id: PersonID) throws -> PersonRecord {
        guard let row = try rows(PersonSQL.byID, .text(of: id)).first else {
            throw Refusal(.notFound, "There is no such person.")
        }
        return try PersonRecord(row)
    }

    func person(_ address: EmailAddress) throws -> PersonRecord? {
        try rows(PersonSQL.byAddress, .text(of: address)).first.map(PersonRecord.init)
    }

    func setPassword(
        of person: PersonID,
        _ hash: String,
        keeping session: SessionID?,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws {
        let record = try self.person(person)
        try execute(PersonSQL.setPassword, .text(hash), .text(of: person))
        try execute(SessionSQL.endOthers, .text(of: person), .text(session?.description ?? ""))
        try execute(LinkSQL.deleteOfPerson, .text(of: person))
        try queueMail(.passwordChanged, to: record, ["changedAt": now.description], at: now, runtime)
    }
}
