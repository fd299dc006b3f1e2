public import Domain

/// A release to be published, its objects stored already.
public struct NewRelease: Sendable {
    /// Its id, which its signature is also of.
    public var id: ReleaseID
    /// Whose content it is.
    public var owner: ContentOwner
    /// Where it is to be live.
    public var environment: EnvironmentName
    /// The canonical content.
    public var content: [UInt8]
    /// The snippet's object.
    public var snippet: Digest
    /// The bundle's object, where the content is too large for the snippet.
    public var bundle: Digest?
    /// The player's object.
    public var player: Digest
    /// Ed25519 over id, owner, environment and digests.
    public var signature: [UInt8] = []
    /// What it holds.
    public var items: [ReleasedItem] = []
    /// For standard content: the solution versions it was made from, in order.
    public var solutions: [SolutionVersionID] = []
    /// What it was made from, which must still be live when it goes live; nil for what was made from anything else.
    public var basis: PublicationBasis?
    /// What its publisher says of it.
    public var notes: String?

    /// Makes a request for a release.
    public init(
        id: ReleaseID,
        owner: ContentOwner,
        environment: EnvironmentName,
        content: [UInt8],
        snippet: Digest,
        bundle: Digest?,
        player: Digest
    ) {
        self.id = id
        self.owner = owner
        self.environment = environment
        self.content = content
        self.snippet = snippet
        self.bundle = bundle
        self.player = player
    }

    /// What is to be signed.
    public var statement: SignedStatement { .release(id, stored(number: 0, generation: 0).entry(owner, environment)) }

    func stored(number: Int64, generation: Int64) -> StoredRelease {
        StoredRelease(
            id: id,
            number: number,
            generation: generation,
            snippet: snippet,
            bundle: bundle,
            player: player,
            signature: signature
        )
    }
}

/// Another release went live, or another version was made, while this one was put together; do that anew.
public struct StaleBasis: Error, Sendable {}

/// An object that was stored for a release was deleted again, with the last other release that had the same; store it
/// anew.
public struct MissingObjects: Error, Sendable {}

/// Where a live pointer went, or is to go.
public struct LiveRelease: Hashable, Sendable {
    /// The release.
    public var id: ReleaseID
    /// Its number within its workspace, from 1.
    public var number: Int64
    /// Its snippet.
    public var snippet: Digest
    /// Its bundle, where it has one.
    public var bundle: Digest?
    /// Its player.
    public var player: Digest
    /// The generation of the feed in which the pointer moved; 0 for one that waits for approval.
    public var generation: Int64
    /// The environment.
    public var environment: EnvironmentName
    /// The environment's key.
    public var environmentKey: EnvironmentKey

    /// Whether it waits for a second person's approval.
    public var isProposed: Bool { generation == 0 }
}

extension Storage {
    /// Makes a release and moves the live pointer to it, or proposes it where its environment asks for a second person.
    ///
    /// - Throws: `conflict` for a client that is suspended or closing; ``StaleBasis``; ``MissingObjects``.
    public func publish(_ new: NewRelease, by caller: Caller = .operator) async throws -> LiveRelease {
        let now = runtime.now()
        let runtime = runtime
        return try await writing { connection in
            let tenant = try connection.lockTenant(of: new.owner, for: caller)
            let workspace = try Workspace.lockOrMake(new.owner, next: 1, connection, runtime)
            let isNew = try workspace.addEnvironment(new.environment, connection, at: now, runtime)
            let environment = try workspace.environment(new.environment, connection)
            guard environment.archivedAt == nil else {
                throw Refusal(.conflict, "The environment '\(new.environment)' is archived.", field: "environment")
            }
            let previous = try environment.live(connection)
            if let basis = new.basis, basis.release != previous?.id { throw StaleBasis() }
            try connection.refuseWithdrawn(new.solutions, insteadOf: previous)
            for digest in [new.snippet, new.player] + (new.bundle.map { [$0] } ?? []) {
                guard try !connection.rows(FeedSQL.hasObject, .bytes(digest.bytes)).isEmpty else {
                    throw MissingObjects()
                }
            }
            let isProposed = environment.needsApproval && caller.person != nil
            let event = try connection.audit(
                tenant,
                isProposed ? "release.proposed" : "release.published",
                "release/\(new.id)",
                [
                    "owner": .string("\(new.owner)"), "environment": .string(new.environment.text),
                    "number": .integer(workspace.lastRelease), "snippet": .string("\(new.snippet)"),
                    "bundle": new.bundle.map { .string("\($0)") } ?? .null, "player": .string("\(new.player)"),
                ],
                by: caller,
                at: now
            )
            if isProposed {
                let release = new.stored(number: workspace.lastRelease, generation: 0)
                try connection.insert(new, release, workspace.id, environment.id, by: caller, at: now)
                try connection.execute(
                    ReleaseSQL.setProposedInsteadOf,
                    previous.map { .text(of: $0.id) } ?? .null,
                    .text(of: new.id)
                )
                let answer = environment.live(release, 0)
                try connection.keepAnswer(to: caller, answer, at: now)
                return answer
            }
            return try FeedWriter.write(connection, at: now) { feed in
                if isNew {
                    let entry = EnvironmentEntry(owner: new.owner, name: new.environment)
                    try feed.set(.environment(environment.key), entry)
                }
                let release = new.stored(number: workspace.lastRelease, generation: feed.generation)
                try connection.insert(new, release, workspace.id, environment.id, by: caller, at: now)
                try environment.point(at: release, insteadOf: previous, connection, &feed, by: caller, event, at: now)
                let answer = environment.live(release, feed.generation)
                try connection.keepAnswer(to: caller, answer, at: now)
                return answer
            }
        }
    }

    /// Approves a proposed release, which goes live, or rejects it.
    ///
    /// - Throws: `forbidden` for the person who proposed it, `conflict` for one that is not proposed, or that would replace
    ///   something else than its proposer saw live.
    public func decide(
        _ number: Int64,
        of scope: EditorScope,
        approve: Bool,
        by caller: Caller
    ) async throws -> ReleaseRecord {
        let now = runtime.now()
        return try await writing { connection in
            let tenant = try connection.lockTenant(of: scope.owner, for: caller)
            guard let workspace = try Workspace.lock(scope.owner, next: 0, connection) else {
                throw Refusal(.notFound, "There is no release \(number).")
            }
            let proposed = try connection.release(number, of: scope)
            guard proposed.state == .proposed else {
                throw Refusal(.conflict, "Release \(number) does not wait for approval.")
            }
            // The same person by a session and by a token is the same person.
            let maker = proposed.madeBy?.split(separator: " ").first.map(String.init)
            guard !approve || caller.person.map({ "person/\($0)" }) != maker else {
                throw Refusal(.forbidden, "Another person than the one who proposed it approves a release.")
            }
            let environment = try workspace.environment(proposed.environment, connection)
            guard !approve || environment.archivedAt == nil else {
                throw Refusal(.conflict, "The environment '\(environment.name)' is archived.")
            }
            if approve {
                let live = try environment.live(connection)
                let seen: ReleaseID? = try connection.rows(ReleaseSQL.proposedInsteadOf, .text(of: proposed.id)).first
                    .flatMap { row in try row.optional(0) { try row.id($0) } }
                guard seen == live?.id else {
                    throw Refusal(
                        .conflict,
                        "Something else is live there than when release \(number) was proposed. Reject it, and publish anew."
                    )
                }
                try connection.refuseWithdrawn(try connection.versions(of: proposed.id), insteadOf: live)
            }
            let event = try connection.audit(
                tenant,
                approve ? "release.approved" : "release.rejected",
                "release/\(proposed.id)",
                [
                    "owner": .string("\(scope.owner)"), "environment": .string(proposed.environment.text),
                    "number": .integer(number), "snippet": .string("\(proposed.snippet)"),
                ],
                by: caller,
                at: now
            )
            func decide(_ state: ReleaseRecord.State, _ generation: Int64) throws {
                try connection.execute(
                    ReleaseSQL.decide,
                    .text(state.rawValue),
                    .integer(generation),
                    .text(caller.auditName),
                    .time(now),
                    .text(of: proposed.id)
                )
            }
            if approve {
                let previous = try environment.live(connection)
                try FeedWriter.write(connection, at: now) { feed in
                    let release = StoredRelease(proposed, generation: feed.generation)
                    try feed.set(
                        .environment(environment.key),
                        EnvironmentEntry(owner: scope.owner, name: proposed.environment)
                    )
                    try decide(.published, feed.generation)
                    try environment.point(
                        at: release,
                        insteadOf: previous,
                        connection,
                        &feed,
                        by: caller,
                        event,
                        at: now
                    )
                }
            } else {
                try decide(.rejected, 0)
            }
            return try connection.release(number, of: scope)
        }
    }

    /// Moves the live pointer back: to release `number`, else to the one before the live one, of that environment.
    ///
    /// - Parameters:
    ///   - owner: Whose content.
    ///   - environment: Where.
    ///   - number: The release; nil for the one before.
    ///   - scope: Whose the owner must be; nil for the operator, who has found it otherwise.
    ///   - caller: Who.
    /// - Returns: Where the pointer went.
    /// - Throws: `notFound` where there is no such release, `conflict` where it is live already.
    public func rollBack(
        _ owner: ContentOwner,
        _ environment: EnvironmentName,
        to number: Int64?,
        within scope: EditorScope? = nil,
        by caller: Caller = .operator
    ) async throws -> LiveRelease {
        let now = runtime.now()
        return try await writing { connection in
            if let scope { _ = try connection.workspace(of: scope) }
            let tenant = try connection.lockTenant(of: owner, for: caller)
            let place = try Self.environment(owner, environment, connection)
            let present = try place.live(connection)
            let row: SQLRow?
            if let number {
                row = try connection.rows(ReleaseSQL.numbered, .text(of: place.id), .integer(number)).first
            } else {
                guard let present else {
                    throw Refusal(.conflict, "Nothing is live in '\(environment)'; name the release to go back to.")
                }
                row = try connection.rows(ReleaseSQL.before, .text(of: place.id), .integer(present.number)).first
            }
            guard let row else {
                let which = number.map { "no release \($0)" } ?? "no release before the live one"
                throw Refusal(.notFound, "There is \(which) in '\(environment)'.", field: "to")
            }
            let release = try StoredRelease(row)
            guard release.id != present?.id else {
                throw Refusal(.conflict, "Release \(release.number) is live in '\(environment)' already.", field: "to")
            }
            let event = try connection.audit(
                tenant,
                "release.restored",
                "release/\(release.id)",
                [
                    "owner": .string("\(owner)"), "environment": .string(environment.text),
                    "number": .integer(release.number), "snippet": .string("\(release.snippet)"),
                ],
                by: caller,
                at: now
            )
            return try FeedWriter.write(connection, at: now) { feed in
                try place.point(at: release, insteadOf: present, connection, &feed, by: caller, event, at: now)
                return place.live(release, feed.generation)
            }
        }
    }

    /// Takes the live pointer away: standard content again for a client, nothing for standard content itself.
    ///
    /// - Parameters:
    ///   - owner: Whose content.
    ///   - environment: Where.
    ///   - scope: Whose the owner must be; nil for the operator, who has found it otherwise.
    ///   - caller: Who.
    /// - Returns: The generation in which it went.
    /// - Throws: `conflict` where nothing is live.
    public func unpublish(
        _ owner: ContentOwner,
        _ environment: EnvironmentName,
        within scope: EditorScope? = nil,
        by caller: Caller = .operator
    ) async throws -> Int64 {
        let now = runtime.now()
        return try await writing { connection in
            if let scope { _ = try connection.workspace(of: scope) }
            let tenant = try connection.lockTenant(of: owner, for: caller)
            let place = try Self.environment(owner, environment, connection)
            guard let present = try place.live(connection) else {
                throw Refusal(.conflict, "Nothing is live in '\(environment)'.", field: "environment")
            }
            let event = try connection.audit(
                tenant,
                "release.unpublished",
                "release/\(present.id)",
                ["owner": .string("\(owner)"), "environment": .string(environment.text)],
                by: caller,
                at: now
            )
            return try FeedWriter.write(connection, at: now) { feed in
                try place.point(at: nil, insteadOf: present, connection, &feed, by: caller, event, at: now)
                return feed.generation
            }
        }
    }

    private static func environment(
        _ owner: ContentOwner,
        _ name: EnvironmentName,
        _ connection: any Connection
    ) throws -> EnvironmentRecord {
        guard let workspace = try Workspace.lock(owner, next: 0, connection) else {
            throw Refusal(.conflict, "Nothing was ever published there.", field: "environment")
        }
        return try workspace.environment(name, connection)
    }
}

extension Connection {
    /// Locks whoever the content belongs to: first of all locks, so that suspension and publishing come one after the
    /// other.
    ///
    /// - Throws: `conflict` where a person would publish for a client that is suspended or closing (domain.md, States).
    func lockTenant(of owner: ContentOwner, for caller: Caller) throws -> Tenant {
        switch owner {
        case .standard(let partner, _):
            try lockPartner(partner)
            return .partner(partner)
        case .system(let system):
            guard let row = try rows(SystemSQL.client, .text(of: system)).first else {
                throw Refusal(.notFound, "There is no such system.")
            }
            let client: ClientID = try row.id(0)
            try lockClient(client)
            let record = try self.client(client)
            guard caller.person == nil || (record.suspendedAt == nil && record.closingAt == nil) else {
                let state = record.suspendedAt != nil ? "suspended" : "closing"
                throw Refusal(.conflict, "The client is \(state): nothing can be published.")
            }
            return .client(client)
        }
    }

    /// Refuses solution versions that were withdrawn, but for those that are live there already.
    fileprivate func refuseWithdrawn(_ versions: [SolutionVersionID], insteadOf live: StoredRelease?) throws {
        let kept = try live.map { Set(try self.versions(of: $0.id)) } ?? []
        for version in versions where !kept.contains(version) {
            guard let row = try rows(ReleaseSQL.withdrawnVersion, .text(of: version)).first else { continue }
            throw Refusal(
                .conflict,
                "Version \(try row.integer(0)) of '\(try row.text(1))' was withdrawn.",
                field: "solutions"
            )
        }
    }

    /// The solution versions that a release was made from, in order.
    func versions(of release: ReleaseID) throws -> [SolutionVersionID] {
        try rows(ReleaseSQL.versions, .text(of: release)).map { try $0.id(0) }
    }

    fileprivate func insert(
        _ new: NewRelease,
        _ release: StoredRelease,
        _ workspace: WorkspaceID,
        _ environment: EnvironmentID,
        by caller: Caller,
        at now: Timestamp
    ) throws {
        let state: ReleaseRecord.State = release.generation == 0 ? .proposed : .published
        let id = SQLValue.text(of: release.id)
        try execute(
            ReleaseSQL.insertRelease,
            id,
            .text(of: workspace),
            .text(of: environment),
            .integer(release.number),
            .integer(release.generation),
            .bytes(new.content),
            .bytes(release.snippet.bytes),
            release.bundle.map { .bytes($0.bytes) } ?? .null,
            .bytes(release.player.bytes),
            .time(now),
            .bytes(release.signature),
            new.notes.map(SQLValue.text) ?? .null,
            .text(caller.auditName),
            .text(state.rawValue)
        )
        for (position, version) in new.solutions.enumerated() {
            try execute(ReleaseSQL.insertSolution, id, .integer(Int64(position)), .text(of: version))
        }
        for (position, item) in new.items.enumerated() {
            try execute(
                ReleaseSQL.insertItem,
                id,
                .integer(Int64(position)),
                .text(item.id),
                .bytes(item.digest.bytes),
                item.origin.map { .text(of: $0.version) } ?? .null,
                item.origin.map { .text($0.item) } ?? .null
            )
        }
    }
}
