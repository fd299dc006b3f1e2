public import Domain
public import Store

/// The Solutions Gallery's versions: published content that never changes (rules F-076 to F-079).
public struct Versions: Sendable {
    private let storage: Storage

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
    }

    /// Makes the next version of each solution for a partner, all or none. A solution whose newest version has the very
    /// same content keeps it.
    public func publish(
        _ caller: Caller,
        _ solutions: [Solution],
        of partner: PartnerRecord
    ) async throws -> [PublishedVersion] {
        try caller.requireOperator()
        let versions = solutions.map { solution in
            let content = solution.canonical
            return (solution: solution, content: content, digest: Digest(of: content))
        }
        return try await storage.publishVersions(versions, of: partner.id)
    }
}
