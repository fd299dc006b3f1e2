import ArgumentParser
import Configuration
import Domain
import SystemPackage

/// The settings of a process: each from its flag, else `WAYMARK_…`, else the configuration file, else its default.
struct Settings: Sendable {
    /// One setting that exists.
    enum Key: String, CaseIterable {
        case data, edge, control, ops
        case edgeThreads = "edge-threads"
        case logLevel = "log-level"
        case tlsCertificate = "tls-certificate"
        case tlsKey = "tls-key"
        case edgeConnections = "edge-connections"
        case edgeRequestLineBytes = "edge-request-line-bytes"
        case edgeHeadBytes = "edge-head-bytes"
        case edgeFields = "edge-fields"
        case edgeBodyBytes = "edge-body-bytes"
        case edgeHandshakeSeconds = "edge-handshake-seconds"
        case edgeHeadSeconds = "edge-head-seconds"
        case edgeBodySeconds = "edge-body-seconds"
        case edgeIdleSeconds = "edge-idle-seconds"
        case edgeWriteSeconds = "edge-write-seconds"
        case edgeDrainSeconds = "edge-drain-seconds"
        case apiRate = "api-rate"
        case controlOrigin = "control-origin"
        case mailFrom = "mail-from"
        case smtp
        case smtpSecurity = "smtp-security"
        case smtpUser = "smtp-user"
        case smtpPassword = "smtp-password"
        case smtpCA = "smtp-ca"

        var standard: String {
            switch self {
            case .data: "waymark-data"
            case .edge: "127.0.0.1:8080"
            case .control: "127.0.0.1:8081"
            case .ops: "127.0.0.1:9090"
            case .edgeThreads: "1"
            case .logLevel: "info"
            case .tlsCertificate, .tlsKey: ""
            case .edgeConnections: "10000"
            case .edgeRequestLineBytes: "4096"
            case .edgeHeadBytes, .edgeBodyBytes: "16384"
            case .edgeFields: "100"
            case .edgeHandshakeSeconds, .edgeHeadSeconds, .edgeBodySeconds, .edgeDrainSeconds: "10"
            case .edgeIdleSeconds: "75"
            case .edgeWriteSeconds: "30"
            case .apiRate: "50"
            case .controlOrigin, .smtp, .smtpUser, .smtpPassword, .smtpCA: ""
            case .mailFrom: "waymark@localhost"
            case .smtpSecurity: "startTLS"
            }
        }

        var flag: String { "--\(rawValue)" }

        /// Whether it is never shown.
        var isSecret: Bool { self == .smtpPassword }
    }

    private let providers: [(name: String, provider: any ConfigProvider)]

    /// - Parameters:
    ///   - flags: What the command line says.
    ///   - file: A YAML file; nil for none.
    /// - Throws: `invalid` where the file cannot be read.
    init(flags: [Key: String], file: String?) async throws {
        let environment = EnvironmentVariablesProvider().prefixKeys(with: "waymark")
        var providers: [(String, any ConfigProvider)] = [
            ("flag", Self.memory("flag", flags)), ("environment", environment),
        ]
        if let file {
            do {
                providers.append((file, try await FileProvider<YAMLSnapshot>(filePath: .init(file))))
            } catch {
                throw Refusal(.invalid, "The configuration file '\(file)' cannot be read: \(error)", field: "config")
            }
        }
        let defaults = Dictionary(uniqueKeysWithValues: Key.allCases.map { ($0, $0.standard) })
        providers.append(("default", Self.memory("default", defaults)))
        self.providers = providers
    }

    private static func memory(_ name: String, _ values: [Key: String]) -> InMemoryProvider {
        InMemoryProvider(
            name: name,
            values: Dictionary(
                uniqueKeysWithValues: values.map { key, value in
                    (AbsoluteConfigKey([key.rawValue]), ConfigValue(.string(value), isSecret: key.isSecret))
                }
            )
        )
    }

    /// A setting's effective value.
    func value(_ key: Key) -> String {
        ConfigReader(providers: providers.map(\.provider)).string(
            forKey: ConfigKey([key.rawValue]),
            default: key.standard
        )
    }

    /// Where a setting's effective value comes from.
    func source(_ key: Key) -> String {
        let absolute = AbsoluteConfigKey([key.rawValue])
        let holder = providers.first { (try? $0.provider.value(forKey: absolute, type: .string))?.value != nil }
        return holder?.name ?? "default"
    }

    /// The origin that links to the control listener begin with; nil where it is not configured.
    func controlOrigin() throws -> String? {
        let origin = value(.controlOrigin)
        guard !origin.isEmpty else { return nil }
        guard origin.firstMatch(of: /^https?:\/\/[A-Za-z0-9.\-\[\]:]+$/) != nil else {
            throw Refusal(
                .invalid,
                "control-origin must be an origin such as https://control.example, is '\(origin)'.",
                field: Key.controlOrigin.rawValue
            )
        }
        return origin
    }

    /// The data directory.
    func directory() throws -> DataDirectory {
        let path = value(.data)
        guard !path.isEmpty else {
            throw Refusal(.invalid, "--data (or WAYMARK_DATA) must name a directory.", field: "data")
        }
        return DataDirectory(path: path)
    }

    /// A setting that is `HOST:PORT`.
    func address(_ key: Key) throws -> Address {
        try Address(value(key), flag: key.flag)
    }

    /// A setting that is a number within bounds.
    func number(_ key: Key, _ bounds: ClosedRange<Int>) throws -> Int {
        guard let number = Int(value(key)), bounds.contains(number) else {
            throw Refusal(
                .invalid,
                "\(key.flag) must be \(bounds.lowerBound) to \(bounds.upperBound), is '\(value(key))'.",
                field: key.rawValue
            )
        }
        return number
    }
}

/// An address to listen on.
struct Address: Hashable, Sendable, CustomStringConvertible {
    let host: String
    let port: Int

    /// Reads `HOST:PORT`, `[IPv6]:PORT`; port 0 is any free one.
    init(_ text: String, flag: String) throws(Refusal) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port), colon != text.startIndex
        else {
            throw Refusal(.invalid, "\(flag) must be HOST:PORT, such as 127.0.0.1:8080; it is '\(text)'.")
        }
        host = String(text[..<colon]).trimmingPrefix("[").description.replacing("]", with: "")
        self.port = port
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The options that every command takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The data directory; made if missing. (default: waymark-data)", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp("A YAML file of settings; flags and WAYMARK_… variables come before it.", valueName: "file")
    )
    var config: String?

    func settings(_ flags: [Settings.Key: String?] = [:]) async throws -> Settings {
        var values = flags.compactMapValues { $0 }
        values[.data] = data
        return try await Settings(flags: values, file: config)
    }

    func directory() async throws -> DataDirectory {
        try await settings().directory()
    }
}

/// The options of commands that name a partner's client.
struct ClientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The partner's key or name.", valueName: "key|name"))
    var partner: String

    @Option(help: ArgumentHelp("The client's name, its id or its System Client ID.", valueName: "name|id"))
    var client: String
}
