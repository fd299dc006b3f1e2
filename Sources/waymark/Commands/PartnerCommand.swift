import Accounts
import ArgumentParser
import Domain
import Store

/// `waymark partner`
struct PartnerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partner",
        abstract: "Manages partners.",
        discussion: """
            Example:
              waymark partner add "Tessera Software" --system-variable sapUserId
            """,
        subcommands: [Add.self, List.self, Suspend.self, Resume.self, Close.self]
    )

    /// `waymark partner add`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a partner and prints its key; the first one becomes the default partner.",
            discussion: """
                Example:
                  waymark partner add "Tessera Software" --system-variable sapUserId --key tessera \
                    --admin ada@tessera.example
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "The partner's name.")
        var name: String

        @Option(help: ArgumentHelp("The page variable that names the client, such as sapUserId.", valueName: "var"))
        var systemVariable: String

        @Option(help: "The partner's public key in URLs, 3 to 32 of a-z 0-9 -; made from the name if not given.")
        var key: String?

        @Option(
            help: ArgumentHelp("Whom to invite as its first admin; without one nobody is invited.", valueName: "email")
        )
        var admin: String?

        func run() async throws {
            let operation = AddPartner(name: name, systemVariable: systemVariable, key: key, admin: admin)
            Terminal.line(try await common.directory().perform(operation).key)
        }
    }
}

/// Adds a partner.
struct AddPartner: Operation {
    var name: String
    var systemVariable: String
    var key: String?
    var admin: String?

    struct Answer: Codable {
        var key: String
        var isDefault: Bool
    }

    func run(in services: Services) async throws -> Answer {
        let partner = try await services.partners.add(
            .operator,
            name: try OrganisationName(name),
            variable: try SystemVariable(systemVariable),
            key: try key.map { try PartnerKey($0) },
            admin: try admin.map { try EmailAddress($0, field: "admin") }
        )
        return Answer(key: partner.key.text, isDefault: partner.isDefault)
    }
}
