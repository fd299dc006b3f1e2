import Accounts
import ArgumentParser
import Domain
import Store

/// What an edge is to serve, as control has it: written by `waymark verify expected`, read by `waymark verify edge`.
enum ExpectedLine {
    /// The partner's loader.
    case loader(Digest)
    /// What pages of a System Client ID get; owner and release as signatures name them, nil where nothing is to show.
    case client(SystemClientID, outcome: String, owner: String?, release: String?)

    var text: String {
        switch self {
        case .loader(let digest):
            String(decoding: JSONValue.object(["loader": .string("\(digest)")]).canonical, as: UTF8.self)
        case .client(let id, let outcome, let owner, let release):
            String(
                decoding: JSONValue.object([
                    "systemClientId": .string("\(id)"), "outcome": .string(outcome),
                    "owner": owner.map(JSONValue.string) ?? .null, "release": release.map(JSONValue.string) ?? .null,
                ]).canonical,
                as: UTF8.self
            )
        }
    }

    /// Reads a line.
    ///
    /// - Throws: `invalid` for one that `text` did not make.
    init(_ line: String) throws(Refusal) {
        let value = try? JSONValue(parsing: Array(line.utf8))
        if let loader = value?["loader"]?.text.flatMap(Digest.init(hexadecimal:)) {
            self = .loader(loader)
        } else if let id = value?["systemClientId"]?.text, let outcome = value?["outcome"]?.text {
            self = .client(
                try SystemClientID(id),
                outcome: outcome,
                owner: value?["owner"]?.text,
                release: value?["release"]?.text
            )
        } else {
            throw Refusal(.invalid, "'\(line.prefix(80))' is no line of `waymark verify expected`.", field: "expected")
        }
    }
}

extension Verify {
    /// `waymark verify expected`
    struct Expected: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints what an edge is to serve for each client of a partner, a line of JSON each.",
            discussion: """
                For `waymark verify edge --expected`, which then finds another client's content, an older release and \
                content that is held back, too. What is published afterwards differs from it.

                Example:
                  waymark verify expected --partner tessera > expected.ndjson
                """
        )

        @OptionGroup var common: CommonOptions

        @Option(help: ArgumentHelp("The partner's key or name.", valueName: "key|name"))
        var partner: String

        func run() async throws {
            let directory = try await common.directory()
            var next: String?
            repeat {
                let part = try await directory.perform(ListExpected(partner: partner, after: next))
                for line in part.lines { Terminal.line(line) }
                next = part.next
            } while next != nil
        }
    }
}

/// Lists what some clients of a partner are to get.
struct ListExpected: Operation {
    var partner: String
    /// The client behind which the part begins; nil for the first part, which names the loader.
    var after: String?

    struct Answer: Codable {
        var lines: [String]
        var next: String?
    }

    private static let partSize = 200

    func run(in services: Services) async throws -> Answer {
        let partner = try await services.partners.find(.operator, partner)
        guard let variable = partner.variables.first else { return Answer(lines: []) }
        let page = Page<ClientID>(after: after.flatMap { ClientID($0) }, limit: Self.partSize)
        let clients = try await services.clients.list(.operator, of: partner.id, containing: "", page)
        var lines: [String] = []
        if after == nil, let digest = try await services.storage.loader(of: partner.key) {
            lines.append(ExpectedLine.loader(digest).text)
        }
        for system in clients.prefix(Self.partSize).flatMap(\.systems) {
            let resolution = try await services.storage.explain(
                partner: partner.key,
                variable: variable,
                client: system.systemClientID,
                environment: nil
            ).resolution
            lines.append(
                ExpectedLine.client(
                    system.systemClientID,
                    outcome: resolution.outcome.rawValue,
                    owner: resolution.release == nil ? nil : resolution.served.map { "\($0.owner)" },
                    release: resolution.release.map { "\($0)" }
                ).text
            )
        }
        let next = clients.count > Self.partSize ? clients[Self.partSize - 1].id : nil
        return Answer(lines: lines, next: next.map { "\($0)" })
    }
}
