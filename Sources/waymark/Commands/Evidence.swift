import Accounts
import ArgumentParser
import Domain
import Store

/// `waymark evidence`
struct Evidence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells which scripts a client's pages got, from when to when, and who authorized them.",
        discussion: """
            Example:
              waymark evidence export --partner tessera --client "Nordwind Logistik" --edge https://edge.example
            """,
        subcommands: [Export.self]
    )

    /// `waymark evidence export`
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a client's script inventory as NDJSON, a line for each period, the oldest first.",
            discussion: """
                For audits of pages that take payments: each script's URL, SHA-256 and integrity, and the authorization: who \
                made the release, who put it live, and the event of the audit chain that says so (`waymark audit verify` \
                follows that chain). Each line holds the hash of the one before, so that none can be left out. A deleted \
                system is named by its id.

                Example:
                  waymark evidence export --partner tessera --client ACME --edge https://edge.example > evidence.ndjson
                """
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var target: ClientOptions

        @Option(help: "The environment.")
        var environment = "production"

        @Option(help: ArgumentHelp("The edge's origin, to print whole URLs.", valueName: "url"))
        var edge = ""

        func run() async throws {
            let operation = ExportEvidence(
                partner: target.partner,
                client: target.client,
                environment: environment,
                edge: edge.hasSuffix("/") ? String(edge.dropLast()) : edge
            )
            for line in try await common.directory().perform(operation).lines { Terminal.line(line) }
        }
    }
}

/// Puts a client's script inventory together.
struct ExportEvidence: Operation {
    var partner: String
    var client: String
    var environment: String
    var edge: String

    struct Answer: Codable {
        var lines: [String]
    }

    func run(in services: Services) async throws -> Answer {
        let partner = try await services.partners.find(.operator, partner)
        let system: SystemRecord
        do {
            system = try await services.system(client, of: partner.key.text)
        } catch let refusal as Refusal {
            guard let id = SystemID(client) else { throw refusal }
            system = try await services.storage.system(ever: id, of: partner.id)
        }
        let periods = try await services.storage.livePeriods(
            of: system,
            partner: partner,
            in: try EnvironmentName(environment)
        )
        var previous = Digest(of: [])
        var lines: [String] = []
        for (number, period) in periods.enumerated() {
            var line = line(period, system, partner)
            line["line"] = .integer(Int64(number + 1))
            line["previous"] = .string("\(previous)")
            previous = Digest(of: JSONValue.object(line).canonical)
            line["hash"] = .string("\(previous)")
            lines.append(String(decoding: JSONValue.object(line).canonical, as: UTF8.self))
        }
        return Answer(lines: lines)
    }

    private func line(_ period: LivePeriod, _ system: SystemRecord, _ partner: PartnerRecord) -> [String: JSONValue] {
        var line: [String: JSONValue] = [
            "client": .string("\(system.client)"), "clientName": .string(system.clientName.text),
            "system": .string("\(system.id)"), "environment": .string(environment),
            "from": .string("\(period.from)"), "until": period.until.map { .string("\($0)") } ?? .null,
            "outcome": .string(period.served.outcome.rawValue),
        ]
        guard let key = period.served.key else { return line }
        line["systemClientId"] = .string("\(key.client)")
        guard let release = period.served.release, let place = period.served.place else { return line }
        func script(_ role: String, _ path: String, _ digest: Digest) -> JSONValue {
            [
                "role": .string(role), "url": .string(edge + path), "sha256": .string("\(digest)"),
                "integrity": .string(digest.integrity),
            ]
        }
        func object(_ role: String, _ digest: Digest) -> JSONValue {
            script(role, "/v1/objects/\(digest).js", digest)
        }
        line["content"] = .string(place.owner == .system(system.id) ? "client" : "standard")
        line["servedEnvironment"] = .string(place.environment.text)
        line["release"] = .integer(release.number)
        line["scripts"] = .array(
            [
                script(
                    "snippet",
                    ExplainKey.path(partner.key, key.environment, key.variable, key.client),
                    release.snippet
                ), object("player", release.player),
            ] + (release.bundle.map { [object("bundle", $0)] } ?? [])
        )
        line["authorization"] = [
            "madeBy": release.madeBy.map(JSONValue.string) ?? .null,
            "approvedBy": release.approvedBy.map(JSONValue.string) ?? .null, "liveBy": .string(release.liveBy),
            "liveAt": .string("\(release.liveAt)"), "generation": .integer(release.generation),
            "audit": release.audit.map { audit in
                [
                    "tenant": .string(audit.tenant), "sequence": .integer(audit.sequence),
                    "hash": .string(hexadecimal(audit.hash)),
                ]
            } ?? .null,
        ]
        return line
    }
}
