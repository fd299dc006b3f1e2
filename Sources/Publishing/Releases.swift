public import Domain
import Player
public import Store

/// Publications: releases of a client's own content and of standard content, and their live pointers.
///
/// Everything that costs time (scripts, digests, codings) is done before the storage call; edges only make heads.
public struct Releases: Sendable {
    private let storage: Storage
    private let player: StoredObject

    /// The most bytes of Brotli that a snippet with its content inside may have; a larger content goes in a bundle.
    public static let inlineBrotliBytesMax = 10 * 1024

    /// Makes the operations over a store. Encodes this version's player, which takes some tens of milliseconds.
    public init(storage: Storage) {
        self.storage = storage
        player = StoredObject(mediaType: PlayerScripts.mediaType, body: PlayerScripts.player)
    }

    /// The object of a partner's loader.
    public static func loader(variables: [SystemVariable]) -> StoredObject {
        StoredObject(mediaType: PlayerScripts.mediaType, body: PlayerScripts.loader(variables: variables))
    }

    /// Publishes a client's own content into an environment of its system (rules F-082, F-083; decision D-23).
    public func publish(
        _ caller: Caller,
        _ items: [ContentItem],
        for system: SystemRecord,
        environment: EnvironmentName
    ) async throws -> LiveRelease {
        try caller.requireOperator()
        return try await publish(items, owner: .system(system.id), environment, solutions: [])
    }

    /// Publishes a partner's standard content from solution versions (rule F-085, decision D-9): what is live now, with
    /// each of `versions` in the place of its solution's earlier version, or behind it all.
    public func publishStandard(
        _ caller: Caller,
        _ versions: [PublishedVersion],
        of partner: PartnerRecord,
        type: SystemType,
        environment: EnvironmentName
    ) async throws -> LiveRelease {
        try caller.requireOperator()
        var list = try await storage.standardSolutions(of: partner.id, type, environment)
        for version in versions {
            if let position = list.firstIndex(where: { $0.solution == version.solution }) {
                list[position].version = version.id
            } else {
                list.append((version.solution, version.id))
            }
        }
        let solutions = list.map(\.version)
        let items = try await storage.contents(of: solutions).flatMap {
            try Solution.items(ofVersion: $0.content, solution: $0.slug)
        }
        return try await publish(items, owner: .standard(partner.id, type), environment, solutions: solutions)
    }

    /// Moves a live pointer back, to release `number` or to the one before the live one.
    public func rollBack(
        _ caller: Caller,
        _ owner: ContentOwner,
        environment: EnvironmentName,
        to number: Int64?
    ) async throws -> LiveRelease {
        try caller.requireOperator()
        return try await storage.rollBack(owner, environment, to: number)
    }

    /// Takes a live pointer away; returns the generation in which it went.
    public func unpublish(
        _ caller: Caller,
        _ owner: ContentOwner,
        environment: EnvironmentName
    ) async throws -> Int64 {
        try caller.requireOperator()
        return try await storage.unpublish(owner, environment)
    }

    private func publish(
        _ items: [ContentItem],
        owner: ContentOwner,
        _ environment: EnvironmentName,
        solutions: [SolutionVersionID]
    ) async throws -> LiveRelease {
        let content = try ReleaseContent(items)
        var objects = [player]
        var bundle: StoredObject?
        var snippet = script(PlayerScripts.snippet(content: content, player: player.digest))
        if (snippet.brotli ?? snippet.body).count > Self.inlineBrotliBytesMax {
            let own = script(PlayerScripts.bundle(content))
            snippet = script(PlayerScripts.snippet(bundle: own.digest, of: content, player: player.digest))
            objects.append(own)
            bundle = own
        }
        objects.append(snippet)
        // A generation of their own: no edge may see an entry that names an object which it cannot have yet.
        try await storage.putObjects(objects)
        return try await storage.publish(
            NewRelease(
                owner: owner,
                environment: environment,
                content: content.canonical,
                snippet: snippet.digest,
                bundle: bundle?.digest,
                player: player.digest,
                solutions: solutions
            )
        )
    }

    private func script(_ body: [UInt8]) -> StoredObject {
        StoredObject(mediaType: PlayerScripts.mediaType, body: body)
    }
}
