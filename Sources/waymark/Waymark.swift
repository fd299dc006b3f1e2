import ArgumentParser
import Domain
import Foundation

/// The one executable: its commands, and the only place where the parts are put together.
@main
struct Waymark: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "waymark",
        abstract: "Serves each client of a partner app its own guidance.",
        discussion: """
            Start with 'waymark demo': it shows everything working, on temporary data.

            Example:
              waymark partner add "Tessera Software" --system-variable sapUserId
              waymark import clients.ndjson
              waymark gallery publish gallery --partner "Tessera Software" --standard
              waymark serve
            """,
        version: version,
        subcommands: [
            Demo.self, Serve.self, PartnerCommand.self, Import.self, GalleryCommand.self, Publish.self, LinkHosts.self,
            Rollback.self, Unpublish.self, Republish.self, Suspend.self, Resume.self, Resolve.self, PersonCommand.self,
            TokenCommand.self,
            MailCommand.self, AuditCommand.self, Verify.self, Evidence.self, Backup.self, Restore.self, Config.self,
            Doctor.self,
        ]
    )

    static func main() async {
        // A reader that has gone is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Everything made here is its owner's alone: addresses and environment keys are in it.
        umask(0o077)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let refusal as Refusal {
            Terminal.error(refusal.description)
            Foundation.exit(1)
        } catch {
            exit(withError: error)
        }
    }
}
