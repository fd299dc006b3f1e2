import Accounts
import ArgumentParser
import Domain
import Foundation
import Gallery
import Publishing
import Store
import Web

/// `waymark demo`
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Shows everything working: a partner, four clients, the gallery, and a partner app that carries the tag.",
        discussion: """
            The data is temporary, and gone when the demo ends (with --data DIR it stays; DIR must hold no partner yet). \
            The addresses are printed, and written to demo.txt in the data directory, or to the file of --addresses.

            Example:
              waymark demo
              waymark demo --app 127.0.0.1:0 --edge 127.0.0.1:0 --control 127.0.0.1:0 --ops 127.0.0.1:0
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var listeners: ListenerOptions

    @Option(help: ArgumentHelp("Where the partner app listens.", valueName: "host:port"))
    var app = "127.0.0.1:8082"

    @Option(help: ArgumentHelp("A file to write the addresses to.", valueName: "file"))
    var addresses: String?

    func run() async throws {
        var flags = listeners.flags
        if flags[.logLevel] == .some(nil) { flags[.logLevel] = "warning" }
        let settings = try await common.settings(flags)
        let isTemporary = common.data == nil
        let path =
            isTemporary
            ? FileManager.default.temporaryDirectory.path + "/waymark-demo-" + hexadecimal(Runtime.system.random(6))
            : settings.value(.data)
        defer { if isTemporary { try? FileManager.default.removeItem(atPath: path) } }
        let directory = DataDirectory(path: path)
        let file = addresses ?? directory.path + "/demo.txt"
        let appAddress = try Address(app, flag: "--app")
        try await Server.with(directory, settings: settings) { server in
            let partner = try await DemoData.fill(server.services)
            try await server.run(
                further: { bound in
                    [
                        try WebServer.demo(
                            clients: DemoData.visitors,
                            loader: {
                                let origin = "http://\(bound.address("edge") ?? "")"
                                return (origin, "\(origin)/v1/\(partner)/loader.js")
                            },
                            host: appAddress.host,
                            port: appAddress.port,
                            runtime: server.services.runtime,
                            logger: server.logger,
                            isBound: { bound.set("app", $0, $1) }
                        )
                    ]
                },
                listeners: ["edge", "control", "ops", "app"],
                ready: { bound in
                    let text = Self.text(bound, partner, directory)
                    try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
                    Terminal.line(text)
                }
            )
        }
    }

    private static func text(_ bound: Server.Bound, _ partner: PartnerKey, _ directory: DataDirectory) -> String {
        func url(_ listener: String) -> String { "http://\(bound.address(listener) ?? "")" }
        let snippet =
            "\(url("edge"))/v1/\(partner)/snippets/\(DemoData.variable)/\(DemoData.visitors[0].systemClientID).js"
        return """
            app      \(url("app"))/  (the partner app: open it, and switch the signed-in client)
            edge     \(url("edge"))/v1/\(partner)/loader.js
            control  \(url("control"))/
            ops      \(url("ops"))/statusz
            data     \(directory.path)
            curl     curl -i --compressed \(snippet)
            """
    }
}

/// What the demo is filled with.
enum DemoData {
    static let variable = "sapUserId"

    /// Who the partner app's visitor can be signed in as; all but the last are clients.
    static let visitors = [
        WebServer.DemoClient(
            name: "Nordwind Logistik",
            note: "own content",
            systemClientID: "f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10"
        ),
        WebServer.DemoClient(
            name: "Bellerive Santé",
            note: "standard content",
            systemClientID: "0b6f8f6e-2f0c-4a7d-8c55-6a1d3f7f9b21"
        ),
        WebServer.DemoClient(
            name: "Harbour & Pine",
            note: "suspended",
            systemClientID: "7c9e2b44-9f3d-4d0a-b1ce-3e5b8f0a6c32"
        ),
        WebServer.DemoClient(
            name: "Kestrel Bau",
            note: "not activated",
            systemClientID: "d25a7e93-84c6-4f1b-a7e0-9b4c2d6f8e43"
        ),
        WebServer.DemoClient(
            name: "A stranger",
            note: "unknown to Waymark",
            systemClientID: "5e8d1f70-3b2a-4c96-8d4e-1a7f0c9b5d54"
        ),
    ]

    /// Makes the partner, its four clients and all content, through the operations that commands use.
    static func fill(_ services: Services) async throws -> PartnerKey {
        guard try await services.storage.partners().isEmpty else {
            throw Refusal(
                .conflict,
                "This data directory holds partners already; the demo needs a new one.",
                field: "data"
            )
        }
        let partner = try await services.partners.add(
            .operator,
            name: try OrganisationName("Tessera Software"),
            variable: try SystemVariable(variable),
            key: try PartnerKey("tessera")
        )
        let clients = try visitors.dropLast().enumerated().map { number, visitor in
            try NewClient(
                name: try OrganisationName(visitor.name),
                system: .sapConcur,
                systemClientID: try SystemClientID(visitor.systemClientID),
                admins: [try EmailAddress("admin@client\(number + 1).example")]
            )
        }
        _ = try await services.clients.add(.operator, clients, of: partner)
        var systems: [SystemRecord] = []
        for client in clients {
            systems.append(try await services.clients.find(.operator, "\(client.systemClientID)", of: partner))
        }
        for system in systems.prefix(3) { try await services.clients.activate(.operator, system.client) }
        let solutions = try SolutionFolders.read(SolutionFolders.shipped, format: services.format)
        let versions = try await services.versions.publish(.operator, solutions, of: partner)
        _ = try await services.releases.publishStandard(
            .operator,
            versions,
            of: partner,
            type: .sapConcur,
            environment: .production
        )
        let own = EmbeddedFiles.all.map { file in
            ContentFile(path: file.path, bytes: file.text.withUTF8Buffer { Array($0) })
        }
        let items = try services.format.items(own)
        _ = try await services.releases.publish(.operator, items, for: systems[0], environment: .production)
        let reason = "The demo shows a suspended client."
        try await services.clients.suspend(.operator, systems[2].client, of: partner.id, reason: reason)
        return partner.key
    }
}
