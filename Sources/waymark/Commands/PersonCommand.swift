import Accounts
import ArgumentParser
import Domain
import Store

/// `waymark person`
struct PersonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "person",
        abstract: "Looks at a person, disables or erases one.",
        discussion: """
            Example:
              waymark person show ada@tessera.example
            """,
        subcommands: [Show.self, Disable.self, Enable.self, Erase.self]
    )

    /// The person that a command is about.
    struct Target: ParsableArguments {
        @OptionGroup var common: CommonOptions
        @Argument(help: "The person's e-mail address.") var address: String

        /// Changes the person, and says what they are now.
        func perform(_ change: ChangePerson.Change, _ state: String) async throws {
            _ = try await common.directory().perform(ChangePerson(address: address, change: change))
            Terminal.line("\(address) is \(state)")
        }
    }

    /// `waymark person show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a person belongs to.",
            discussion: """
                Example:
                  waymark person show ada@tessera.example
                """
        )

        @OptionGroup var target: Target

        func run() async throws {
            let answer = try await target.common.directory().perform(ShowPerson(address: target.address))
            for line in answer.lines { Terminal.line(line) }
        }
    }

    /// `waymark person disable`
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a person sign in no more; sessions and tokens stop at once.",
            discussion: """
                Example:
                  waymark person disable ada@tessera.example
                """
        )

        @OptionGroup var target: Target

        func run() async throws {
            try await target.perform(.disable, "disabled")
        }
    }

    /// `waymark person enable`
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a disabled person sign in again.",
            discussion: """
                Example:
                  waymark person enable ada@tessera.example
                """
        )

        @OptionGroup var target: Target

        func run() async throws {
            try await target.perform(.enable, "enabled")
        }
    }

    /// `waymark person erase`
    struct Erase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erases a person: address, names and password go, memberships end, the audit keeps the id.",
            discussion: """
                There is no way back, so the address is repeated.

                Example:
                  waymark person erase ada@tessera.example --confirm ada@tessera.example
                """
        )

        @OptionGroup var target: Target
        @Option(help: "The address again.") var confirm: String

        func run() async throws {
            guard confirm == target.address else {
                throw Refusal(
                    .invalid,
                    "Erasing cannot be undone: repeat the address with --confirm.",
                    field: "confirm"
                )
            }
            try await target.perform(.erase, "erased")
        }
    }
}

/// Shows what a person belongs to.
struct ShowPerson: Operation {
    struct Answer: Codable {
        var lines: [String]
    }

    var address: String

    func run(in services: Services) async throws -> Answer {
        let address = try EmailAddress(address, field: "person")
        let (person, accounts) = try await services.people.find(.operator, address)
        var lines = ["\(person.id)  \(person.displayName)  \(address)\(person.disabledAt == nil ? "" : "  disabled")"]
        if let home = accounts.home { lines.append("staff of \(home.name) (\(home.key)): \(home.role.rawValue)") }
        lines += accounts.clients.map { one in
            let through = one.account.map { ", through the partner account \($0.name)" } ?? ""
            return "user of \(one.client.name): \(one.role.rawValue)\(through)"
        }
        return Answer(lines: lines)
    }
}

/// Disables, enables or erases a person.
struct ChangePerson: Operation {
    enum Change: String, Codable {
        case disable, enable, erase
    }

    struct Answer: Codable {}

    var address: String
    var change: Change

    func run(in services: Services) async throws -> Answer {
        let person = try await services.people.find(.operator, try EmailAddress(address, field: "person")).0.id
        switch change {
        case .disable: try await services.people.setDisabled(.operator, person, true)
        case .enable: try await services.people.setDisabled(.operator, person, false)
        case .erase: try await services.people.erase(.operator, person)
        }
        return Answer()
    }
}
