import Authorization
public import Domain
public import Store

/// What clients see of galleries and take from them: copies that nothing links to the original (rules F-078, F-080,
/// F-089 to F-091; decision D-20).
public struct Downloads: Sendable {
    private let storage: Storage
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage) {
        self.storage = storage
        access = Access(storage: storage)
    }

    /// The solutions that a client sees, each with its newest version that is not withdrawn.
    public func gallery(
        _ caller: Caller,
        of client: ClientID,
        _ page: Page<SolutionID>
    ) async throws -> [(solution: SolutionRecord, newest: VersionRecord)] {
        _ = try await access.client(caller, client, .readGallery)
        return try await storage.gallery(of: client, page)
    }

    /// One solution that a client sees: its versions, and the items of its newest one that is not withdrawn.
    public func gallery(
        _ caller: Caller,
        of client: ClientID,
        _ solution: SolutionID
    ) async throws -> (solution: SolutionRecord, versions: [VersionRecord], items: [ContentItem]) {
        _ = try await access.client(caller, client, .readGallery)
        let (record, versions, content) = try await storage.gallery(of: client, solution)
        return (record, versions, try Solution.items(ofVersion: content))
    }

    /// What was taken from galleries into a client's system, the oldest first.
    public func list(
        _ caller: Caller,
        of client: ClientID,
        _ system: SystemID,
        _ page: Page<DownloadID>
    ) async throws -> [DownloadRecord] {
        try await access.client(caller, client, at: system, .readItems)
        return try await storage.downloads(of: client, system, page)
    }

    /// Copies a version's items into a client's Editor, as drafts in a folder of their own.
    public func download(
        _ caller: Caller,
        _ solution: SolutionID,
        version: Int64?,
        to client: ClientID,
        _ system: SystemID
    ) async throws -> [DownloadRecord] {
        try await access.client(caller, client, at: system, .downloadSolution)
        return try await download([(solution, version)], to: client, system, evenWithdrawn: false, by: caller)
    }

    /// Copies all that the standard content which is live in production was made from, in one act (decision D-3); also
    /// what was withdrawn since, as it is what pages show.
    ///
    /// - Throws: `conflict` where nothing is live.
    public func downloadStandard(
        _ caller: Caller,
        to client: ClientID,
        _ system: SystemID
    ) async throws -> [DownloadRecord] {
        try await access.client(caller, client, at: system, .downloadSolution)
        let live = try await storage.standardContent(of: client).first { $0.system.id == system }?.live ?? []
        guard let production = live.first(where: { $0.environment == .production }) else {
            throw Refusal(.conflict, "No standard content is live in production.")
        }
        return try await download(
            production.solutions.map { ($0.solution, $0.version) },
            to: client,
            system,
            evenWithdrawn: true,
            by: caller
        )
    }

    private func download(
        _ choices: [(solution: SolutionID, version: Int64?)],
        to client: ClientID,
        _ system: SystemID,
        evenWithdrawn: Bool,
        by caller: Caller
    ) async throws -> [DownloadRecord] {
        try await storage.download(
            choices,
            to: client,
            system,
            evenWithdrawn: evenWithdrawn,
            copies: { try Solution.items(ofVersion: $0) },
            by: caller
        )
    }
}
