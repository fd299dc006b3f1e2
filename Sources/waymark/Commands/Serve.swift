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

            With certificates the edge speaks TLS only, with HTTP/2 and HTTP/1.1 on the one port; it reads the files anew \
            on HUP and when they change:
              waymark serve --edge 0.0.0.0:443 --tls-certificate edge.pem --tls-key edge.key

            Limits of the edge's connections are set by WAYMARK_EDGE_… or in the configuration file; `waymark config` \
            lists them.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var listeners: ListenerOptions

    func run() async throws {
        let settings = try await common.settings(listeners.flags)
        let directory = try settings.directory()
        try await Server.with(directory, settings: settings) { server in
            try await server.run { bound in
                let isSecure = try !settings.certificateFiles().isEmpty
                for listener in ["edge", "control", "ops"] {
                    let scheme = isSecure && listener == "edge" ? "https" : "http"
                    Terminal.line("\(listener) \(scheme)://\(bound.address(listener) ?? "")")
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
            "The edge's certificate with its chain, PEM; several with commas, chosen by the name that is asked for.",
            valueName: "file"
        )
    )
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("Its private key, PEM; as many as certificates.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info)",
            valueName: "level"
        )
    )
    var logLevel: String?

    var flags: [Settings.Key: String?] {
        [
            .edge: edge, .control: control, .ops: ops, .edgeThreads: edgeThreads.map(String.init), .logLevel: logLevel,
            .tlsCertificate: tlsCertificate, .tlsKey: tlsKey,
        ]
    }
}
