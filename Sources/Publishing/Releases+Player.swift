public import Domain
import Store

/// How a new version's player reaches pages: a release names its player, so each live one is released anew.
extension Releases {
    /// What came of a part of the live releases.
    public struct Republished: Sendable {
        /// How many were released anew.
        public var done = 0
        /// Those that were not, and why.
        public var refused: [(owner: ContentOwner, environment: EnvironmentName, why: Refusal)] = []
        /// Where the next part begins; nil behind the last.
        public var next: EnvironmentID?
    }

    /// How many live releases ask for another player than this version's.
    public func countWithoutPlayer(_ caller: Caller) async throws -> Int64 {
        try caller.requireOperator()
        return try await storage.countLive(withoutPlayer: scripts.player.digest)
    }

    /// Releases the content of live releases anew, with this version's player. One that somebody else replaces meanwhile
    /// is left to them.
    ///
    /// - Parameters:
    ///   - caller: The operator.
    ///   - last: Where the part before ended; nil for the first.
    ///   - limit: How many.
    /// - Returns: What was done. A release that is refused, like one of a client that was just closed, hinders no other.
    /// - Throws: What storage throws.
    public func republish(_ caller: Caller, after last: EnvironmentID?, limit: Int) async throws -> Republished {
        try caller.requireOperator()
        let part = try await storage.live(withoutPlayer: scripts.player.digest, after: last, limit: limit)
        var answer = Republished()
        for live in part {
            do {
                var new = Publication(owner: live.owner, environment: live.environment, released: live.items)
                new.solutions = live.solutions
                new.basis = PublicationBasis(release: live.release)
                new.notes = "Release \(live.number) once more, with a newer player."
                _ = try await publish(caller, new, try ReleaseContent(released: live.content))
                answer.done += 1
            } catch let refusal as Refusal {
                answer.refused.append((live.owner, live.environment, refusal))
            } catch is StaleBasis {
                // Whatever went live there meanwhile has this player.
            }
        }
        answer.next = part.count < limit ? nil : part.last?.environmentID
        return answer
    }
}
