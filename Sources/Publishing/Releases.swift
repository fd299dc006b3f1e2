import Dispatch
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
        return try await publish(items, owner: .system(system.id), environment, solutions: [], basis: nil)
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
        for _ in 1..<Self.triesMax {
            do {
                return try await publishStandardOnce(versions, of: partner, type: type, environment: environment)
            } catch is StaleBasis {
                // Somebody else published standard content meanwhile: theirs must not be lost.
            }
        }
        return try await publishStandardOnce(versions, of: partner, type: type, environment: environment)
    }

    /// How often standard content is put together before a publisher who always comes second is told.
    private static let triesMax = 10

    private func publishStandardOnce(
        _ versions: [PublishedVersion],
        of partner: PartnerRecord,
        type: SystemType,
        environment: EnvironmentName
    ) async throws -> LiveRelease {
        let basis = try await storage.standardBasis(of: partner.id, type, environment)
        var list = basis.solutions
        for version in versions {
            if let position = list.firstIndex(where: { $0.solution == version.solution }) {
                list[position].version = version.id
            } else {
                list.append(.init(solution: version.solution, version: version.id))
            }
        }
        let solutions = list.map(\.version)
        let items = try await storage.contents(of: solutions).flatMap {
            try Solution.items(ofVersion: $0.content, solution: $0.slug)
        }
        let owner = ContentOwner.standard(partner.id, type)
        return try await publish(items, owner: owner, environment, solutions: solutions, basis: basis)
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
        solutions: [SolutionVersionID],
        basis: StandardBasis?
    ) async throws -> LiveRelease {
        let content = try ReleaseContent(items)
        let made = await scripts(content)
        // A generation of their own: no edge may see an entry that names an object which it cannot have yet.
        try await storage.putObjects([player, made.snippet] + (made.bundle.map { [$0] } ?? []))
        return try await storage.publish(
            NewRelease(
                owner: owner,
                environment: environment,
                content: content.canonical,
                snippet: made.snippet.digest,
                bundle: made.bundle?.digest,
                player: player.digest,
                solutions: solutions,
                basis: basis
            )
        )
    }

    /// The release's scripts, in all codings. Made on a thread apart: compressing takes seconds for large content, and
    /// the threads of tasks have an edge to feed.
    private func scripts(_ content: ReleaseContent) async -> (snippet: StoredObject, bundle: StoredObject?) {
        let player = player.digest
        return await withCheckedContinuation { continuation in
            Self.encoding.async {
                func object(_ body: [UInt8]) -> StoredObject {
                    StoredObject(mediaType: PlayerScripts.mediaType, body: body)
                }
                // Text that is far too large does not become small enough: that is not worth a try.
                if content.canonical.count <= Self.inlineBytesMax {
                    let snippet = object(PlayerScripts.snippet(content: content, player: player))
                    if (snippet.brotli ?? snippet.body).count <= Self.inlineBrotliBytesMax {
                        continuation.resume(returning: (snippet, nil))
                        return
                    }
                }
                let bundle = object(PlayerScripts.bundle(content))
                let snippet = PlayerScripts.snippet(bundle: bundle.digest, of: content, player: player)
                continuation.resume(returning: (object(snippet), bundle))
            }
        }
    }

    /// One at a time, however many publish.
    private static let encoding = DispatchQueue(label: "waymark.encoding")

    /// The most bytes of content that are tried inside a snippet.
    private static let inlineBytesMax = 20 * inlineBrotliBytesMax
}
