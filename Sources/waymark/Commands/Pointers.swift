import Accounts
import ArgumentParser
import Domain
import Publishing
import Store

/// Whose live pointer a command moves.
struct PointerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The partner's key or name.", valueName: "key|name"))
    var partner: String

    @Option(help: ArgumentHelp("The client's name, its id or its System Client ID.", valueName: "name|id"))
    var client: String?

    @Flag(help: "The partner's standard content rather than a client's own.")
    var standard = false

    @Option(help: "The environment.")
    var environment = "production"

    func validate() throws {
        guard (client == nil) == standard else {
            throw ValidationError("Say either --client NAME|ID or --standard.")
        }
    }

    var target: PointerTarget { PointerTarget(partner: partner, client: client, environment: environment) }

    var whose: String { client ?? "the standard content of \(partner)" }
}

/// A live pointer: a client's, or without one, that of a partner's standard content for SAP Concur.
struct PointerTarget: Codable {
    var partner: String
    var client: String?
    var environment: String

    func resolve(_ services: Services) async throws -> (owner: ContentOwner, environment: EnvironmentName) {
        let environment = try EnvironmentName(environment)
        if let client { return (.system(try await services.system(client, of: partner).id), environment) }
        return (.standard(try await services.partners.find(.operator, partner).id, .sapConcur), environment)
    }
}

/// `waymark rollback`
struct Rollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Moves a live pointer back to an earlier release.",
        discussion: """
            Without --to, back to the release before the live one in the same environment.

            Example:
              waymark rollback --partner tessera --client "Nordwind Logistik" --to 3
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var pointer: PointerOptions

    @Option(help: ArgumentHelp("The release's number.", valueName: "n"))
    var to: Int64?

    func run() async throws {
        try await common.directory().perform(RollBack(target: pointer.target, to: to)).show(pointer.whose)
    }
}

/// Moves a live pointer back.
struct RollBack: Operation {
    var target: PointerTarget
    var to: Int64?

    func run(in services: Services) async throws -> ReleaseAnswer {
        let (owner, environment) = try await target.resolve(services)
        let release = try await services.releases.rollBack(.operator, owner, environment: environment, to: to)
        return ReleaseAnswer(release, environment)
    }
}

/// `waymark unpublish`
struct Unpublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes a live pointer away: a client gets its partner's standard content again.",
        discussion: """
            Example:
              waymark unpublish --partner tessera --client "Nordwind Logistik"
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var pointer: PointerOptions

    func run() async throws {
        let answer = try await common.directory().perform(TakeDown(target: pointer.target))
        Terminal.line(
            "nothing is live in \(pointer.environment) for \(pointer.whose) (generation \(answer.generation))"
        )
    }
}

/// Takes a live pointer away.
struct TakeDown: Operation {
    var target: PointerTarget

    struct Answer: Codable {
        var generation: Int64
    }

    func run(in services: Services) async throws -> Answer {
        let (owner, environment) = try await target.resolve(services)
        return Answer(generation: try await services.releases.unpublish(.operator, owner, environment: environment))
    }
}
