import ArgumentParser

/// `waymark config`
struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the effective settings, and where each comes from.",
        discussion: """
            A setting is taken from its flag, else from WAYMARK_… (such as WAYMARK_EDGE_THREADS), else from the file of \
            --config, else it is the default. Secrets are not shown.

            Example:
              waymark config --config waymark.yaml --edge-threads 4
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var listeners: ListenerOptions

    func run() async throws {
        let settings = try await common.settings(listeners.flags)
        let width = Settings.Key.allCases.map(\.rawValue.count).max() ?? 0
        for key in Settings.Key.allCases {
            let name = key.rawValue + String(repeating: " ", count: width - key.rawValue.count)
            let value = settings.value(key)
            let shown = key.isSecret && !value.isEmpty ? "(secret)" : value
            Terminal.line("\(name)  \(shown)  (\(settings.source(key)))")
        }
    }
}
