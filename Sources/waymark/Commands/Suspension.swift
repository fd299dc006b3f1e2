import Accounts
import ArgumentParser
import Domain
import Store

/// `waymark suspend`
struct Suspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Suspends a client: its keys answer the no-op at once.",
        discussion: """
            Example:
              waymark suspend --partner tessera --client "Nordwind Logistik" --reason "Contract ended on 30 June."
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var target: ClientOptions

    @Option(help: "The reason, for the client's admins.")
    var reason: String

    func run() async throws {
        let operation = SuspendClient(partner: target.partner, client: target.client, reason: reason)
        Terminal.line("\(try await common.directory().perform(operation).client) is suspended")
    }
}

/// `waymark resume`
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Resumes a suspended client to where it was.",
        discussion: """
            Example:
              waymark resume --partner tessera --client "Nordwind Logistik"
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var target: ClientOptions

    func run() async throws {
        let operation = ResumeClient(partner: target.partner, client: target.client)
        Terminal.line("\(try await common.directory().perform(operation).client) is resumed")
    }
}

/// The client that an operation was about.
struct ClientAnswer: Codable {
    var client: String
}

/// Suspends a client.
struct SuspendClient: Operation {
    var partner: String
    var client: String
    var reason: String

    func run(in services: Services) async throws -> ClientAnswer {
        let partner = try await services.partners.find(.operator, partner)
        let system = try await services.clients.find(.operator, client, of: partner)
        try await services.clients.suspend(.operator, system.client, of: partner.id, reason: reason)
        return ClientAnswer(client: system.clientName.text)
    }
}

/// Resumes a suspended client.
struct ResumeClient: Operation {
    var partner: String
    var client: String

    func run(in services: Services) async throws -> ClientAnswer {
        let partner = try await services.partners.find(.operator, partner)
        let system = try await services.clients.find(.operator, client, of: partner)
        try await services.clients.resume(.operator, system.client, of: partner.id)
        return ClientAnswer(client: system.clientName.text)
    }
}
