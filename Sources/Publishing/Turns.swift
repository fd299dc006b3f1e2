import Domain

/// Lets each owner's publications, and rehearsals of them, be put together one after the other: whoever asks for many at
/// once waits for themselves, and holds no one else up.
actor Turns {
    /// Those who wait, by owner; an owner with an empty list has one at work.
    private var waiting: [ContentOwner: [CheckedContinuation<Void, Never>]] = [:]

    /// How many may wait for one owner.
    static let waitingMax = 16

    /// Whether an owner's turn is taken.
    func isAtWork(_ owner: ContentOwner) -> Bool { waiting[owner] != nil }

    /// Does something when it is the owner's turn.
    ///
    /// - Throws: `tooMany` where too many wait already; what `body` throws.
    nonisolated func take<Result: Sendable>(
        _ owner: ContentOwner,
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await begin(owner)
        do {
            try Task.checkCancellation()
            let result = try await body()
            await end(owner)
            return result
        } catch {
            await end(owner)
            throw error
        }
    }

    private func begin(_ owner: ContentOwner) async throws(Refusal) {
        guard let others = waiting[owner] else {
            waiting[owner] = []
            return
        }
        guard others.count < Self.waitingMax else {
            throw Refusal(.tooMany, "Too many publications of this content are under way.", retrySeconds: 1)
        }
        await withCheckedContinuation { waiting[owner, default: []].append($0) }
    }

    private func end(_ owner: ContentOwner) {
        guard var others = waiting[owner], !others.isEmpty else {
            waiting[owner] = nil
            return
        }
        let next = others.removeFirst()
        waiting[owner] = others
        next.resume()
    }
}
