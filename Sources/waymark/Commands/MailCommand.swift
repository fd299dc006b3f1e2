import ArgumentParser
import Domain
import Mail

/// `waymark mail`
struct MailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail",
        abstract: "Reads the mails that were delivered to the data directory, where no SMTP server is configured.",
        discussion: """
            Example:
              waymark mail list
              waymark mail show 1800000000000-0190c7a8-0000-7000-8000-000000000001-localhost
            """,
        subcommands: [List.self, Show.self]
    )

    /// `waymark mail list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the mails, the newest last.",
            discussion: """
                Example:
                  waymark mail list --to ada@nordwind.example
                """
        )

        @OptionGroup var common: CommonOptions

        @Option(help: ArgumentHelp("Only mails to this address.", valueName: "email"))
        var to: String?

        func run() async throws {
            let mailbox = try MailboxDirectory(path: try await common.directory().mailbox)
            let entries = try mailbox.list().filter { to == nil || $0.to == to }
            if entries.isEmpty { Terminal.error("There are no mails.") }
            for entry in entries { Terminal.line("\(entry.id)  \(entry.date)  \(entry.to)  \(entry.subject)") }
        }
    }

    /// `waymark mail show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a mail's text, or all of it.",
            discussion: """
                Example:
                  waymark mail show last
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "A mail of `waymark mail list`; `last` for the newest.")
        var mail: String

        @Flag(help: "Print the message as it was delivered, headers and all.")
        var raw = false

        func run() async throws {
            let mailbox = try MailboxDirectory(path: try await common.directory().mailbox)
            var id = mail
            if mail == "last" {
                guard let last = try mailbox.list().last else { throw Refusal(.notFound, "There are no mails.") }
                id = last.id
            }
            if raw {
                Terminal.line(String(decoding: try mailbox.show(id), as: UTF8.self))
            } else {
                Terminal.line(try mailbox.text(id))
            }
        }
    }
}
