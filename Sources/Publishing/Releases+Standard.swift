import Authorization
public import Domain
public import Store

/// A partner's standard content: released like a client's own, from an ordered list of solution versions (rule F-085,
/// decision D-9).
extension Releases {
    /// Publishes a partner's standard content: what is live now, with each of `versions` in the place of its solution's
    /// earlier version, or behind it all.
    public func publishStandard(
        _ caller: Caller,
        _ versions: [PublishedVersion],
        of partner: PartnerRecord,
        type: SystemType,
        environment: EnvironmentName
    ) async throws -> LiveRelease {
        try caller.requireOperator()
        return try await Self.retrying {
            let basis = try await storage.standardBasis(of: partner.id, type, environment)
            var list = basis.solutions
            for version in versions {
                if let position = list.firstIndex(where: { $0.solution == version.solution }) {
                    list[position].version = version.id
                } else {
                    list.append(.init(solution: version.solution, version: version.id))
                }
            }
            var new = try await standard(list.map(\.version), of: partner, type, into: environment, notes: nil)
            new.basis = basis
            return try await publish(caller, new)
        }
    }

    /// Publishes exactly these versions, in this order, as a partner's standard content.
    ///
    /// - Parameters:
    ///   - caller: Who may.
    ///   - choices: The solutions and the numbers of their versions, in order.
    ///   - partner: Whose.
    ///   - type: For which system type.
    ///   - environment: Where.
    ///   - notes: What the publisher says of it.
    ///   - confirm: The partner's key, which somebody who reaches more than ``reachMax`` clients types.
    /// - Returns: The release.
    /// - Throws: `conflict` for a version that is withdrawn, or where the confirmation is missing.
    public func publishStandard(
        _ caller: Caller,
        _ choices: [(solution: SolutionID, version: Int64)],
        of partner: PartnerID,
        type: SystemType,
        environment: EnvironmentName,
        notes: String?,
        confirm: String?
    ) async throws -> LiveRelease {
        try await access.partner(caller, partner, .publishStandard)
        try await requireEnvironment(caller, environment, of: .partner(partner, type))
        let record = try await storage.partner(partner).partner
        if confirm != record.key.text {
            let reach = try await storage.reach(of: partner, type, atMost: Self.reachMax + 1)
            guard reach <= Self.reachMax else {
                let count = try await storage.reach(of: partner, type, atMost: .max)
                throw Refusal(
                    .conflict,
                    "This reaches \(count) clients. Repeat it with confirm: '\(record.key)', the partner's key.",
                    field: "confirm"
                )
            }
        }
        let versions = try await storage.choose(choices, of: partner, type)
        return try await turns.take(.standard(partner, type)) {
            let new = try await standard(versions, of: record, type, into: environment, notes: notes)
            return try await publish(caller, new)
        }
    }

    /// How many clients a publication of standard content reaches without a typed confirmation.
    public static let reachMax = 100

    /// Tells what publishing these versions as standard content would change, and changes nothing.
    public func planStandard(
        _ caller: Caller,
        _ choices: [(solution: SolutionID, version: Int64)],
        of partner: PartnerID,
        type: SystemType,
        environment: EnvironmentName
    ) async throws -> (plan: PublicationPlan, reach: Int) {
        try await access.partner(caller, partner, .publishStandard)
        let versions = try await storage.choose(choices, of: partner, type)
        let record = try await storage.partner(partner).partner
        let plan = try await turns.take(.standard(partner, type)) {
            let new = try await standard(versions, of: record, type, into: environment, notes: nil)
            let live = try await storage.liveContent(of: new.owner, in: environment)
            return try await self.plan(new, of: .partner(partner, type), insteadOf: live.map { ($0, true) })
        }
        return (plan, try await storage.reach(of: partner, type, atMost: .max))
    }

    private func standard(
        _ versions: [SolutionVersionID],
        of partner: PartnerRecord,
        _ type: SystemType,
        into environment: EnvironmentName,
        notes: String?
    ) async throws -> Publication {
        let owner = ContentOwner.standard(partner.id, type)
        return try await publication(versions, owner, into: environment, linkHosts: partner.linkHosts, notes: notes)
    }

    /// What solution versions hold, in their order.
    func publication(
        _ versions: [SolutionVersionID],
        _ owner: ContentOwner,
        into environment: EnvironmentName,
        linkHosts: [HostName],
        notes: String?
    ) async throws -> Publication {
        let contents = try await storage.contents(of: versions)
        var items: [ContentItem] = []
        var released: [ReleasedItem] = []
        for (version, content) in zip(versions, contents) {
            let own = try Solution.items(ofVersion: content.content)
            let named = own.map { $0.named(within: content.slug) }
            items += named
            released += zip(named, own).map { ReleasedItem($0, origin: ItemOrigin(version: version, item: $1.id)) }
        }
        try Self.check(items, linkHosts: linkHosts)
        return Publication(
            owner: owner,
            environment: environment,
            items: items,
            released: released,
            solutions: versions,
            notes: notes
        )
    }

    private static func retrying(_ body: () async throws -> LiveRelease) async throws -> LiveRelease {
        for _ in 1..<triesMax {
            do {
                return try await body()
            } catch is StaleBasis {
                // Somebody else published standard content meanwhile: theirs must not be lost.
            }
        }
        return try await body()
    }

    /// How often standard content is put together before a publisher who always comes second is told.
    private static let triesMax = 10
}
