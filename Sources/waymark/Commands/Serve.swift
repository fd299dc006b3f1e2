import ArgumentParser
import Domain

/// `waymark serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves every role from one data directory: edge, control and ops.",
        discussion: """
            The edge answers pages and may be public; control is for signed-in people (a landing page so far); ops is \
            never public. Other commands that name the same directory work through this server while it runs. Logs go \
            to standard error as JSON.

            Example:
              waymark serve --data /var/lib/waymark --edge 127.0.0.1:8080 --edge-threads 2
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var listeners: ListenerOptions

    func run() async throws {
        let settings = try await common.settings(listeners.flags)
        let directory = try settings.directory()
        try await Server.with(directory, settings: settings) { server in
            try await server.run { bound in
                for listener in ["edge", "control", "ops"] {
                    Terminal.line("\(listener) http://\(bound.address(listener) ?? "")")
                }
            }
        }
    }
}

/// Where a server listens.
struct ListenerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where pages ask for snippets. (default: 127.0.0.1:8080)", valueName: "host:port"))
    var edge: String?

    @Option(help: ArgumentHelp("Where people manage. (default: 127.0.0.1:8081)", valueName: "host:port"))
    var control: String?

    @Option(help: ArgumentHelp("Health and metrics; never public. (default: 127.0.0.1:9090)", valueName: "host:port"))
    var ops: String?

    @Option(help: ArgumentHelp("Event loops of the edge, 1 to 64. (default: 1)", valueName: "n"))
    var edgeThreads: Int?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info)",
            valueName: "level"
        )
    )
    var logLevel: String?

    var flags: [Settings.Key: String?] {
        [.edge: edge, .control: control, .ops: ops, .edgeThreads: edgeThreads.map(String.init), .logLevel: logLevel]
    }
}
