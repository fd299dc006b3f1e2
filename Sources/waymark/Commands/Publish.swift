import ArgumentParser
import Domain
import Publishing
import Store

/// `waymark publish`
struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publishes a client's own content: a release made of a folder of items, live at once.",
        discussion: """
            Example:
              waymark publish items --partner tessera --client "Nordwind Logistik" --environment production
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var target: ClientOptions

    @Argument(help: ArgumentHelp("A folder with a .json file for each item.", valueName: "dir-of-items"))
    var path: String

    @Option(help: "The environment to publish into; a new name makes it.")
    var environment = "production"

    func run() async throws {
        let files = try ContentFolder.files(below: path)
        _ = try ContentFormat().items(files)
        let operation = PublishItems(
            files: files.map { WireFile($0) },
            partner: target.partner,
            client: target.client,
            environment: environment
        )
        try await common.directory().perform(operation).show(target.client)
    }
}

/// Publishes a client's own content.
struct PublishItems: Operation {
    var files: [WireFile]
    var partner: String
    var client: String
    var environment: String

    func run(in services: Services) async throws -> ReleaseAnswer {
        let system = try await services.system(client, of: partner)
        let environment = try EnvironmentName(environment)
        let items = try services.format.items(files.map(\.file))
        let release = try await services.releases.publish(.operator, items, for: system, environment: environment)
        return ReleaseAnswer(release, environment)
    }
}

/// What a moved live pointer points at.
struct ReleaseAnswer: Codable {
    var environment: String
    var environmentKey: String
    var release: Int64
    var snippet: String
    var generation: Int64

    init(_ live: LiveRelease, _ environment: EnvironmentName) {
        self.environment = environment.text
        environmentKey = live.environmentKey.text
        release = live.number
        snippet = live.snippet.description
        generation = live.generation
    }

    func show(_ whose: String) {
        Terminal.line("release \(release) is live in \(environment) for \(whose) (generation \(generation))")
        Terminal.line("snippet \(snippet)")
        Terminal.line("environment key \(environmentKey)")
    }
}
