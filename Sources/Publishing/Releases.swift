import Authorization
public import Domain
public import Store

/// Publications: releases of a client's own content and of standard content, and their live pointers.
///
/// Everything that costs time (scripts, digests, codings, signatures) is done before the storage call; edges only make
/// heads.
public struct Releases: Sendable {
    let storage: Storage
    let access: Access
    let runtime: Runtime
    let scripts: ReleaseScripts
    let turns = Turns()

    /// The most bytes of Brotli that a snippet with its content inside may have; a larger content goes in a bundle.
    public static let inlineBrotliBytesMax = 10 * 1024

    /// Makes the operations over a store. Encodes this version's player, which takes some tens of milliseconds.
    public init(storage: Storage, runtime: Runtime, key: SigningKey) {
        self.storage = storage
        self.runtime = runtime
        access = Access(storage: storage)
        scripts = ReleaseScripts(key: key)
    }

    /// The object of a partner's loader.
    public func loader(variables: [SystemVariable]) -> StoredObject {
        scripts.loader(variables: variables)
    }

    // MARK: A client's own content

    /// Publishes items from outside the Editor into an environment of a client's system, as the operator does (decision
    /// D-23; rules F-082, F-083).
    public func publish(
        _ caller: Caller,
        _ items: [ContentItem],
        for system: SystemRecord,
        environment: EnvironmentName
    ) async throws -> LiveRelease {
        try caller.requireOperator()
        try Self.check(items, linkHosts: system.linkHosts)
        let released = items.map { ReleasedItem($0, origin: nil) }
        let new = Publication(owner: .system(system.id), environment: environment, items: items, released: released)
        return try await publish(caller, new)
    }

    /// Publishes drafts of a client's Editor into an environment of its system (rules F-082 to F-084, decision D-3).
    ///
    /// - Parameters:
    ///   - caller: Who may publish there.
    ///   - items: Which drafts; nil for all. They replace what was live, and the standard content, as a whole.
    ///   - client: Whose.
    ///   - system: Which of its systems.
    ///   - environment: Where.
    ///   - notes: What the publisher says of it.
    /// - Returns: The release; proposed, where the environment asks for a second person.
    /// - Throws: `invalid` with a fault for each place at fault; `conflict` for a client that is suspended.
    public func publish(
        _ caller: Caller,
        items: [ItemID]?,
        of client: ClientID,
        _ system: SystemID,
        into environment: EnvironmentName,
        notes: String?
    ) async throws -> LiveRelease {
        try await access.client(caller, client, at: system, environment.publishing)
        try await requireEnvironment(caller, environment, of: .client(client, system))
        return try await turns.take(.system(system)) {
            let new = try await publication(items, of: client, system, into: environment, notes: notes)
            return try await publish(caller, new)
        }
    }

    /// Tells what publishing would change, and changes nothing.
    public func plan(
        _ caller: Caller,
        items: [ItemID]?,
        of client: ClientID,
        _ system: SystemID,
        into environment: EnvironmentName
    ) async throws -> PublicationPlan {
        try await access.client(caller, client, at: system, environment.publishing)
        return try await turns.take(.system(system)) {
            let new = try await publication(items, of: client, system, into: environment, notes: nil)
            let served = try await storage.served(client, system, in: environment)
            return try await plan(
                new,
                of: .client(client, system),
                insteadOf: served.map { ($0.content, $0.owner == new.owner) }
            )
        }
    }

    func plan(
        _ new: Publication,
        of scope: EditorScope,
        insteadOf served: (content: [UInt8], isOwn: Bool)?
    ) async throws -> PublicationPlan {
        let content = try ReleaseContent(new.items)
        let made = await scripts.make(content)
        return try PublicationPlan(
            content: content.canonical,
            insteadOf: served,
            scripts: (made.snippet, made.bundle, scripts.player),
            environment: try await storage.environments(of: scope).first { $0.name == new.environment }
        )
    }

    private func publication(
        _ items: [ItemID]?,
        of client: ClientID,
        _ system: SystemID,
        into environment: EnvironmentName,
        notes: String?
    ) async throws -> Publication {
        // Stored they are hardly larger than published: what is far too large is not read.
        let chosen = try await storage.items(
            of: .client(client, system),
            ItemChoice(items),
            bytesMax: 2 * ContentFormat.contentBytesMax
        )
        guard !chosen.isEmpty else {
            throw Refusal(
                .invalid,
                "There is no item to publish. To show nothing, switch the standard content off and unpublish.",
                field: "items"
            )
        }
        try Self.check(chosen.map(\.item), linkHosts: try await storage.system(system, of: client).linkHosts)
        return Publication(
            owner: .system(system),
            environment: environment,
            items: chosen.map(\.item),
            released: chosen.map { ReleasedItem($0.item, origin: $0.origin) },
            notes: notes
        )
    }

    /// Checks that an environment is there, or may be made: publishing makes it, which is a matter of settings.
    func requireEnvironment(_ caller: Caller, _ name: EnvironmentName, of scope: EditorScope) async throws {
        let isThere = try await storage.environments(of: scope).contains { $0.name == name }
        if name.isFixed || isThere { return }
        try await access.editor(caller, scope, client: .changeEnvironments, partner: .changePartnerEnvironments)
    }

    static func check(_ items: [ContentItem], linkHosts: [HostName]) throws(Refusal) {
        let faults = ContentRules.faults(in: items, linkHosts: Set(linkHosts))
        guard faults.isEmpty else { throw Refusal.content(faults) }
    }

    /// For how long, in seconds, pages of a client may go on showing what was live before a change; 0 where there is none.
    public func secondsToKill(of client: ClientID) async throws -> Int64 {
        (try? await storage.client(client).secondsToKill) ?? 0
    }

    /// For how long, in seconds, pages may go on showing what was live before a change; nothing else than production is
    /// kept by anybody.
    public func secondsToKill(_ scope: EditorScope, in environment: EnvironmentName) async throws -> Int64 {
        guard environment == .production else { return 0 }
        switch scope {
        case .client(let client, _): return try await secondsToKill(of: client)
        case .partner(let partner, let type): return try await storage.secondsToKill(of: partner, type)
        }
    }

    // MARK: Live pointers

    /// Moves a live pointer back, to release `number` or to the one before the live one.
    public func rollBack(
        _ caller: Caller,
        _ owner: ContentOwner,
        environment: EnvironmentName,
        to number: Int64?
    ) async throws -> LiveRelease {
        try caller.requireOperator()
        return try await storage.rollBack(owner, environment, to: number, by: caller)
    }

    /// Moves a live pointer to an earlier release of its environment.
    public func rollBack(
        _ caller: Caller,
        _ scope: EditorScope,
        environment: EnvironmentName,
        to number: Int64
    ) async throws -> LiveRelease {
        try await requirePublisher(caller, scope, environment)
        return try await storage.rollBack(scope.owner, environment, to: number, within: scope, by: caller)
    }

    /// Takes a live pointer away; returns the generation in which it went.
    public func unpublish(
        _ caller: Caller,
        _ owner: ContentOwner,
        environment: EnvironmentName
    ) async throws -> Int64 {
        try caller.requireOperator()
        return try await storage.unpublish(owner, environment, by: caller)
    }

    /// Takes a live pointer away: a client gets standard content again.
    public func unpublish(
        _ caller: Caller,
        _ scope: EditorScope,
        environment: EnvironmentName
    ) async throws -> Int64 {
        try await requirePublisher(caller, scope, environment)
        return try await storage.unpublish(scope.owner, environment, within: scope, by: caller)
    }

    /// Approves a proposed release, which then is live, or rejects it; who proposed it may only reject.
    public func decide(
        _ caller: Caller,
        _ number: Int64,
        of scope: EditorScope,
        approve: Bool
    ) async throws -> ReleaseRecord {
        try await requireReader(caller, scope)
        try await requirePublisher(caller, scope, try await storage.environment(ofRelease: number, of: scope))
        return try await storage.decide(number, of: scope, approve: approve, by: caller)
    }

    // MARK: Reading

    /// The releases of a workspace, the newest first.
    public func list(
        _ caller: Caller,
        of scope: EditorScope,
        before number: Int64?,
        limit: Int
    ) async throws -> [ReleaseRecord] {
        try await requireReader(caller, scope)
        return try await storage.releases(of: scope, before: number, limit: limit)
    }

    /// One release, what it holds, and what it was made from.
    public func get(
        _ caller: Caller,
        _ number: Int64,
        of scope: EditorScope
    ) async throws -> (release: ReleaseRecord, items: [ReleasedItem], solutions: [ReleasedSolution], content: [UInt8]) {
        try await requireReader(caller, scope)
        return try await storage.release(number, of: scope)
    }

    private func requireReader(_ caller: Caller, _ scope: EditorScope) async throws {
        try await access.editor(caller, scope, client: .readReleases, partner: .readStandardReleases)
    }

    private func requirePublisher(
        _ caller: Caller,
        _ scope: EditorScope,
        _ environment: EnvironmentName
    ) async throws {
        try await access.editor(caller, scope, client: environment.publishing, partner: .publishStandard)
    }

    // MARK: Putting together

    /// What is to become a release.
    struct Publication {
        var owner: ContentOwner
        var environment: EnvironmentName
        var items: [ContentItem] = []
        var released: [ReleasedItem]
        var solutions: [SolutionVersionID] = []
        var basis: PublicationBasis?
        var notes: String?
    }

    func publish(_ caller: Caller, _ publication: Publication) async throws -> LiveRelease {
        try await publish(caller, publication, try ReleaseContent(publication.items))
    }

    func publish(
        _ caller: Caller,
        _ publication: Publication,
        _ content: ReleaseContent
    ) async throws -> LiveRelease {
        let made = await scripts.make(content)
        var new = NewRelease(
            id: ReleaseID(runtime),
            owner: publication.owner,
            environment: publication.environment,
            content: content.canonical,
            snippet: made.snippet.digest,
            bundle: made.bundle?.digest,
            player: scripts.player.digest
        )
        new.items = publication.released
        new.solutions = publication.solutions
        new.basis = publication.basis
        new.notes = publication.notes
        new.signature = scripts.key.sign(new.statement)
        // A generation of their own: no edge may see an entry that names an object which it cannot have yet.
        let objects = [scripts.player, made.snippet] + (made.bundle.map { [$0] } ?? [])
        try await storage.putObjects(objects)
        do {
            return try await storage.publish(new, by: caller)
        } catch is MissingObjects {
            try await storage.putObjects(objects)
            return try await storage.publish(new, by: caller)
        }
    }
}

extension EnvironmentName {
    /// What publishing into it asks for.
    var publishing: Action { self == .production ? .publishProduction : .publishTest }
}
