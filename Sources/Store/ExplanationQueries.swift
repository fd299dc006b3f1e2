public import Domain

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
    /// The environments that can be asked for with a key of their own: whose, its name, its key.
    public var environments: [(owner: String, name: EnvironmentName, key: EnvironmentKey)]
    /// Where the feed stood.
    public var head: FeedHead
}

extension Storage {
    /// Explains what is served for a System Client ID, as of one moment.
    ///
    /// - Parameters:
    ///   - partner: The partner's key; nil for the default partner.
    ///   - variable: The page variable.
    ///   - client: Its value.
    ///   - environment: The name of an environment of the client's system, else of its partner's standard content; nil
    ///     for production.
    /// - Returns: What a page gets, and why.
    /// - Throws: `notFound` for an environment that neither has.
    public func explain(
        partner: PartnerKey?,
        variable: SystemVariable,
        client: SystemClientID,
        environment: EnvironmentName?
    ) async throws -> Explanation {
        try await engine.snapshot { connection in
            let lookup = StoreLookup(connection: connection)
            var key = ResolutionKey(partner: partner, variable: variable, client: client)
            var record: PartnerRecord?
            var system: SystemRecord?
            var environments: [(owner: String, name: EnvironmentName, key: EnvironmentKey)] = []
            if case .value(let found) = try lookup.partner(partner) {
                record = try Self.partner(found.key.text, connection)
                if case .value(let mapping) = try lookup.mapping(found.key, client) {
                    system = try connection.rows(
                        ClientSQL.bySystem,
                        .text(of: mapping.system),
                        .text(of: found.entry.id)
                    )
                    .first.map(SystemRecord.init)
                    for owner in [ContentOwner.system(mapping.system), .standard(found.entry.id, mapping.terms.type)] {
                        environments += try Self.environments(of: owner, connection)
                    }
                }
            }
            if let environment, environment != .production {
                guard let found = environments.first(where: { $0.name == environment }) else {
                    let names = Set(environments.map(\.name.text)).sorted().joined(separator: ", ")
                    throw Refusal(
                        .notFound,
                        "Neither the client nor its partner has an environment '\(environment)'. There is: \(names).",
                        field: "environment"
                    )
                }
                key.environment = found.key
            }
            let resolution = try Resolution(of: key, in: lookup)
            var release: ReleaseEntry?
            if let id = resolution.release, case .value(let entry) = try lookup.value(.release(id), ReleaseEntry.self) {
                release = entry
            }
            return Explanation(
                resolution: resolution,
                partner: record,
                system: system,
                release: release,
                environments: environments,
                head: try Self.head(connection)
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
