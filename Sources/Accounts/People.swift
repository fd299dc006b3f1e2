import Authorization
public import Domain
public import Store

/// What a person sees and says of themselves.
public struct People: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// The caller.
    public func me(_ caller: Caller) async throws -> PersonRecord {
        try await storage.person(try access.person(caller, .readMe))
    }

    /// Changes the caller's names or language; nil leaves one.
    public func change(
        _ caller: Caller,
        firstName: PersonName?,
        lastName: PersonName?,
        language: Language?,
        expecting: @escaping Expectation<PersonRecord>
    ) async throws -> PersonRecord {
        try await storage.changePerson(try access.person(caller, .changeMe), expecting: expecting) { person in
            if let firstName { person.firstName = firstName.text }
            if let lastName { person.lastName = lastName.text }
            if let language { person.language = language }
        }
    }

    /// A person by address, for the operator.
    public func find(_ caller: Caller, _ address: EmailAddress) async throws -> (PersonRecord, PersonAccounts) {
        try caller.requireOperator()
        let person = try await storage.person(address)
        return (person, try await storage.accounts(of: person.id))
    }

    /// Lets a person sign in no more, or again.
    public func setDisabled(_ caller: Caller, _ person: PersonID, _ isDisabled: Bool) async throws {
        try caller.requireOperator()
        try await storage.setDisabled(person, isDisabled, by: caller)
    }

    /// Erases a person; only the audit keeps the id.
    public func erase(_ caller: Caller, _ person: PersonID) async throws {
        try caller.requireOperator()
        try await storage.erase(person, by: caller)
    }

    /// Every account that the caller belongs to: the Partner Hub (rules F-007, F-031 to F-033).
    public func accounts(_ caller: Caller) async throws -> PersonAccounts {
        try await storage.accounts(of: try access.person(caller, .readAccounts))
    }
}
