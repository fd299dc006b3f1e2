import Accounts
import ArgumentParser
import Domain
import Store

/// `waymark token`
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Makes, lists and revokes API tokens of people.",
        discussion: """
            A token reaches what its scopes name and its owner's rights allow at that moment.

            Example:
              waymark token add --person ada@tessera.example --name "nightly import" --scopes clients --days 90
            """,
        subcommands: [Add.self, List.self, Revoke.self]
    )

    /// `waymark token add`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token and prints it, this once.",
            discussion: """
                Scopes: \(Right.allCases.map(\.rawValue).joined(separator: ", ")).

                Example:
                  waymark token add --person ada@tessera.example --name import --scopes clients,insights --days 30
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("Whose token it is.", valueName: "email")) var person: String
        @Option(help: "What to call it.") var name: String
        @Option(help: ArgumentHelp("What it may do, with commas.", valueName: "scope,…")) var scopes: String
        @Option(help: "How many days it lives, at most 365.") var days = 90

        func run() async throws {
            let names = scopes.split(separator: ",").map { $0.trimmingPrefix(" ").description }
            let operation = AddToken(address: person, name: name, scopes: names, days: days)
            Terminal.line(try await common.directory().perform(operation).secret)
        }
    }

    /// `waymark token list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists a person's tokens, without their secrets.",
            discussion: """
                Example:
                  waymark token list --person ada@tessera.example
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("Whose tokens.", valueName: "email")) var person: String

        func run() async throws {
            for line in try await common.directory().perform(ListTokens(address: person)).lines { Terminal.line(line) }
        }
    }

    /// `waymark token revoke`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revokes a token; it stops at once.",
            discussion: """
                Example:
                  waymark token revoke 0190c7a8-0000-7000-8000-000000000001 --person ada@tessera.example
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The token's id, as `waymark token list` tells it.") var id: String
        @Option(help: ArgumentHelp("Whose token it is.", valueName: "email")) var person: String

        func run() async throws {
            _ = try await common.directory().perform(RevokeToken(address: person, id: id))
            Terminal.line("\(id) is revoked")
        }
    }
}

/// Makes an API token of a person.
struct AddToken: Operation {
    struct Answer: Codable {
        var secret: String
    }

    var address: String
    var name: String
    var scopes: [String]
    var days: Int

    func run(in services: Services) async throws -> Answer {
        let rights = try scopes.map { name in
            guard let right = Right(rawValue: name) else {
                let names = Right.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(.invalid, "'\(name)' is no scope. Scopes: \(names).", field: "scopes")
            }
            return right
        }
        let made = try await services.sessions.addToken(
            .operator,
            for: try await services.person(address),
            name: name,
            scopes: Set(rights),
            days: days
        )
        return Answer(secret: made.secret)
    }
}

/// Lists a person's API tokens.
struct ListTokens: Operation {
    struct Answer: Codable {
        var lines: [String]
    }

    var address: String

    func run(in services: Services) async throws -> Answer {
        let tokens = try await services.sessions.tokens(.operator, of: try await services.person(address))
        return Answer(
            lines: tokens.map { token in
                let scopes = token.scopes.map(\.rawValue).sorted().joined(separator: ",")
                return "\(token.id)  \(token.name)  \(scopes)  until \(token.expiresAt)"
            }
        )
    }
}

/// Revokes an API token of a person.
struct RevokeToken: Operation {
    struct Answer: Codable {}

    var address: String
    var id: String

    func run(in services: Services) async throws -> Answer {
        guard let token = APITokenID(id) else { throw Refusal(.invalid, "'\(id.prefix(80))' is no id.", field: "id") }
        try await services.sessions.deleteToken(.operator, token, of: try await services.person(address))
        return Answer()
    }
}

extension Services {
    /// The person of an address.
    fileprivate func person(_ address: String) async throws -> PersonID {
        try await people.find(.operator, try EmailAddress(address, field: "person")).0.id
    }
}
