public import Domain

enum ExplanationSQL: String, StatementSet {
    case historyFrom = "SELECT history_from FROM head"
    case liveSince = """
        SELECT live_change.generation, live_change.at, live_change.made_by, release.made_by FROM release
        JOIN live_change ON live_change.environment_id = release.environment_id AND live_change.release_id = release.id
        WHERE release.id = ? AND live_change.at <= ? ORDER BY live_change.generation DESC LIMIT 1
        """
}

/// What a key leads to and why, with what people call the things on the way.
public struct Explanation: Sendable {
    /// The answer, by the rule that edges follow.
    public var resolution: Resolution
    /// The partner, where the key leads to one.
    public var partner: PartnerRecord?
    /// The client's system, where the key leads to one.
    public var system: SystemRecord?
    /// The release that is served, where one is.
    public var release: ReleaseEntry?
    /// How the release came to be live, where one is served.
    public var publication: LiveSince?
    /// The environments that can be asked for with a key of their own: whose, its name, its key.
    public var environments: [(owner: String, name: EnvironmentName, key: EnvironmentKey)]
    /// Where the feed stood.
    public var head: FeedHead
}

/// Whose environments an explanation is about: an environment's key opens it for its owner alone.
public enum ExplanationSide: Sendable {
    /// Those of the client's system.
    case client
    /// Those of its partner's standard content.
    case partner
}

/// How a release came to be live.
public struct LiveSince: Hashable, Sendable {
    /// The generation in which the pointer moved to it.
    public let generation: Int64
    /// When.
    public let at: Timestamp
    /// Who moved it, as the audit names people; nil for those whom that does not concern.
    public var by: String?
    /// Who made the release; nil where that was not kept, too.
    public var madeBy: String?
}

extension Storage {
    /// The loader that edges serve for a partner.
    public func loader(of partner: PartnerKey) async throws -> Digest? {
        try await engine.snapshot { connection in
            guard case .value(let found) = try StoreLookup(connection: connection).partner(partner) else { return nil }
            return found.entry.loader
        }
    }

    /// Explains what is served for a System Client ID, now or at a moment of the past, all as of one view of the store.
    ///
    /// - Parameters:
    ///   - partner: The partner's key; nil for the default partner.
    ///   - variable: The page variable.
    ///   - client: Its value.
    ///   - environment: The name of an environment of the client's system, else of its partner's standard content; nil
    ///     for production.
    ///   - sides: Whose environments the asker may know of.
    ///   - moment: When; nil for now.
    /// - Returns: What a page gets, and why.
    /// - Throws: `notFound` for an environment that neither had then, and for a time before history was kept.
    public func explain(
        partner: PartnerKey?,
        variable: SystemVariable,
        client: SystemClientID,
        environment: EnvironmentName?,
        of sides: Set<ExplanationSide> = [.client, .partner],
        at moment: Timestamp? = nil
    ) async throws -> Explanation {
        try await engine.snapshot { connection in
            let kept = try connection.rows(ExplanationSQL.historyFrom).first?.time(0)
            if let moment, let kept, moment < kept {
                throw Refusal(.notFound, "What pages got is known from \(kept) on.", field: "at")
            }
            let lookup = StoreLookup(connection: connection, moment: moment)
            let key = ResolutionKey(partner: partner, variable: variable, client: client)
            var record: PartnerRecord?
            var system: SystemRecord?
            var environments: [(owner: String, name: EnvironmentName, key: EnvironmentKey)] = []
            var resolution = try Resolution(of: key, in: lookup)
            if case .value(let found) = try lookup.partner(partner) {
                record = try Self.partner(found.key.text, connection)
                if case .value(let mapping) = try lookup.mapping(found.key, client) {
                    system = try connection.rows(
                        ClientSQL.bySystem,
                        .text(of: mapping.system),
                        .text(of: found.entry.id)
                    )
                    .first.map(SystemRecord.init)
                    let owners: [ContentOwner] =
                        (sides.contains(.client) ? [.system(mapping.system)] : [])
                        + (sides.contains(.partner) ? [.standard(found.entry.id, mapping.terms.type)] : [])
                    for owner in owners { environments += try Self.environments(of: owner, connection) }
                    if let environment, environment != .production, resolution.outcome != .unknown {
                        resolution = try Resolution(
                            of: mapping.system,
                            terms: mapping.terms,
                            partner: found.entry,
                            wanted: try Self.wanted(environment, owners, lookup, environments),
                            live: lookup.liveRelease
                        )
                    }
                }
            }
            var release: ReleaseEntry?
            if let id = resolution.release, case .value(let entry) = try lookup.value(.release(id), ReleaseEntry.self) {
                release = entry
            }
            return Explanation(
                resolution: resolution,
                partner: record,
                system: system,
                release: release,
                publication: try resolution.release.flatMap { try Self.liveSince($0, at: moment, connection) },
                environments: environments,
                head: try Self.head(connection)
            )
        }
    }

    /// The environment that a name means, the client's, else its partner's: one that pages could ask for at that moment.
    private static func wanted(
        _ name: EnvironmentName,
        _ owners: [ContentOwner],
        _ lookup: StoreLookup,
        _ present: [(owner: String, name: EnvironmentName, key: EnvironmentKey)]
    ) throws -> EnvironmentEntry {
        for entry in owners.map({ EnvironmentEntry(owner: $0, name: name) }) {
            let keys = try lookup.connection.keys(ever: entry)
            if try keys.contains(where: { try lookup.environment($0) == .value(entry) }) { return entry }
        }
        let names = Set(present.map(\.name.text)).sorted().joined(separator: ", ")
        throw Refusal(
            .notFound,
            """
            There is, or was then, no environment '\(name)' whose key leads anywhere. Now there is: \(names).
            """,
            field: "environment"
        )
    }

    private static func liveSince(
        _ release: ReleaseID,
        at moment: Timestamp?,
        _ connection: any Connection
    ) throws -> LiveSince? {
        let before = moment.map(SQLValue.time) ?? .integer(.max)
        return try connection.rows(ExplanationSQL.liveSince, .text(of: release), before).first.map { row in
            LiveSince(
                generation: try row.integer(0),
                at: try row.time(1),
                by: try row.text(2),
                madeBy: try row.optional(3, row.text)
            )
        }
    }

    private static func environments(
        of owner: ContentOwner,
        _ connection: any Connection
    ) throws -> [(owner: String, name: EnvironmentName, key: EnvironmentKey)] {
        let rows: [SQLRow]
        let label: String
        switch owner {
        case .system(let system):
            label = "client"
            rows = try connection.rows(EnvironmentSQL.keys, .text(of: system), .null, .null)
        case .standard(let partner, let type):
            label = "standard"
            rows = try connection.rows(EnvironmentSQL.keys, .null, .text(of: partner), .text(of: type))
        }
        return try rows.map { (label, try EnvironmentName(try $0.text(0)), try EnvironmentKey(try $0.text(1))) }
    }
}
