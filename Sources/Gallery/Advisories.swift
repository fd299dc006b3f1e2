import Authorization
public import Domain
public import Store

/// Warnings of faulty versions: by the partner, to exactly the clients that hold something of them.
public struct Advisories: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// Warns of a version.
    public func add(
        _ caller: Caller,
        _ severity: AdvisorySeverity,
        _ text: String,
        fixedIn: Int64?,
        about number: Int64,
        of solution: SolutionID,
        _ partner: PartnerID
    ) async throws -> Advisory {
        try await access.partner(caller, partner, .editSolutions)
        return try await storage.addAdvisory(
            severity,
            text,
            fixedIn: fixedIn,
            about: number,
            of: solution,
            partner,
            by: caller
        )
    }

    /// The warnings of a version, and how many clients still show something of it.
    public func list(
        _ caller: Caller,
        about number: Int64,
        of solution: SolutionID,
        _ partner: PartnerID
    ) async throws -> (advisories: [Advisory], showing: Int64) {
        try await access.partner(caller, partner, .readSolutions)
        return try await storage.advisories(about: number, of: solution, partner)
    }

    /// The warnings that concern a client, and what it has of the versions in systems that the caller reaches.
    public func list(_ caller: Caller, of client: ClientID) async throws -> [ClientAdvisory] {
        let relation = try await access.client(caller, client, .readGallery)
        return try await storage.advisories(of: client).compactMap { advisory in
            var seen = advisory
            if let relation {
                seen.drafts.removeAll { !relation.reaches($0.system) }
                seen.releases.removeAll { !relation.reaches($0.system) }
            }
            return seen.drafts.isEmpty && seen.releases.isEmpty ? nil : seen
        }
    }
}
