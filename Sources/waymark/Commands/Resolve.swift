import Accounts
import ArgumentParser
import Domain
import Store

/// `waymark resolve`
struct Resolve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explains what pages get for a system variable and a System Client ID, and why, as JSON.",
        discussion: """
            Example:
              waymark resolve sapUserId f947ccba-6eca-424a-a097-7114278effd4 --partner tessera
              waymark resolve sapUserId f947ccba-6eca-424a-a097-7114278effd4 --at 2026-11-02T08:30:00Z
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: ArgumentHelp("The page variable.", valueName: "var"))
    var variable: String

    @Argument(help: ArgumentHelp("Its value, the System Client ID.", valueName: "id"))
    var id: String

    @Option(help: ArgumentHelp("The partner's key or name; the default partner if not given.", valueName: "key|name"))
    var partner: String?

    @Option(
        help: ArgumentHelp("The name of an environment of the client or of its partner's content.", valueName: "name")
    )
    var environment: String?

    @Option(help: ArgumentHelp("What pages got at a moment of the past, in UTC.", valueName: "time"))
    var at: String?

    func run() async throws {
        let operation = ExplainKey(variable: variable, id: id, partner: partner, environment: environment, at: at)
        try Terminal.json(try await common.directory().perform(operation))
    }
}

/// Explains one resolution.
struct ExplainKey: Operation {
    var variable: String
    var id: String
    var partner: String?
    var environment: String?
    var at: String?

    struct Served: Codable {
        var content: String
        var environment: String
        var release: Int64
        var publishedInGeneration: Int64
        var snippet: String
        var bundle: String?
        var player: String
        var liveSince: String?
        var liveBy: String?
        var madeBy: String?
    }

    struct Client: Codable {
        var name: String
        var id: String
        var system: String
        var systemClientId: String
        var activated: Bool
        var suspended: Bool
    }

    struct Environment: Codable {
        var content: String
        var name: String
        var key: String
    }

    struct Answer: Codable {
        var outcome: String
        var reason: String
        var partner: String?
        var client: Client?
        var served: Served?
        var cacheControl: String?
        var environments: [Environment]
        var path: String
        var generation: Int64
    }

    func run(in services: Services) async throws -> Answer {
        let variable = try SystemVariable(variable)
        let id = try SystemClientID(id)
        var key: PartnerKey?
        if let partner { key = try await services.partners.find(.operator, partner).key }
        let explanation = try await services.storage.explain(
            partner: key,
            variable: variable,
            client: id,
            environment: try environment.map { try EnvironmentName($0) },
            at: try at.map { text throws(Refusal) in
                guard let time = Timestamp(text) else {
                    throw Refusal(.invalid, "'\(text)' is no time such as 2026-11-02T08:30:00Z.", field: "at")
                }
                return time
            }
        )
        let resolution = explanation.resolution
        var served: Served?
        if let release = explanation.release, let place = resolution.served {
            let isOwn = if case .system = place.owner { true } else { false }
            served = Served(
                content: isOwn ? "client" : "standard",
                environment: place.environment.text,
                release: release.number,
                publishedInGeneration: release.generation,
                snippet: release.snippet.description,
                bundle: release.bundle?.description,
                player: release.player.description,
                liveSince: explanation.publication?.at.description,
                liveBy: explanation.publication?.by,
                madeBy: explanation.publication?.madeBy
            )
        }
        let client = explanation.system.map { system in
            Client(
                name: system.clientName.text,
                id: system.client.description,
                system: system.type.text,
                systemClientId: system.systemClientID.description,
                activated: system.activatedAt != nil,
                suspended: system.suspendedAt != nil
            )
        }
        let asked = environment.flatMap { name in
            name == EnvironmentName.production.text ? nil : explanation.environments.first { $0.name.text == name }
        }
        let kept = asked == nil ? resolution.cacheClass?.cacheControl : "private, no-cache"
        return Answer(
            outcome: resolution.outcome.rawValue,
            reason: resolution.reason,
            partner: explanation.partner?.key.text,
            client: client,
            served: served,
            cacheControl: resolution.served == nil ? "max-age=15" : kept,
            environments: explanation.environments.map {
                Environment(content: $0.owner, name: $0.name.text, key: $0.key.text)
            },
            path: Self.path(explanation.partner?.key, asked?.key, variable, id),
            generation: explanation.head.generation
        )
    }

    /// The snippet's path on the edge.
    static func path(
        _ partner: PartnerKey?,
        _ environment: EnvironmentKey?,
        _ variable: SystemVariable,
        _ id: SystemClientID
    ) -> String {
        let escaped = id.bytes.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
                ? String(Unicode.Scalar(byte)) : "%" + hexadecimal([byte]).uppercased()
        }.joined()
        let start = "/v1/" + (partner.map { "\($0)/" } ?? "") + (environment.map { "env/\($0)/" } ?? "")
        return "\(start)snippets/\(variable)/\(escaped).js"
    }
}
