import ArgumentParser
import Domain
import Foundation
import Store

/// `waymark verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Checks that what is stored, or served by an edge, is what was published here: by digests and signatures.",
        discussion: """
            Example:
              waymark verify key
              waymark verify store
              waymark verify edge https://edge.example --key 3q2-… --partner tessera --variable sapUserId ACME
            """,
        subcommands: [Key.self, Store.self, Expected.self, Edge.self, Object.self]
    )

    fileprivate static func bytes(of file: String, field: String) throws(Refusal) -> [UInt8] {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw Refusal(.notFound, "There is no file '\(file)' that can be read.", field: field)
        }
        return [UInt8](bytes)
    }

    /// `waymark verify key`
    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the public half of this deployment's signing key.",
            discussion: """
                Edges and auditors trust it; the private half stays in the file 'signing-key' of the data directory.

                Example:
                  waymark verify key --data /var/lib/waymark
                """
        )

        @OptionGroup var common: CommonOptions

        func run() async throws {
            Terminal.line(try await common.directory().perform(ShowVerifyingKey()).key)
        }
    }

    /// `waymark verify store`
    struct Store: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks every object and every live release of the data directory against the key.",
            discussion: """
                The exit code is 2 where anything is not what was signed.

                Example:
                  waymark verify store --data /var/lib/waymark
                """
        )

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let answer = try await common.directory().perform(VerifyStore())
            for fault in answer.faults { Terminal.error(fault) }
            Terminal.line(
                "\(answer.objects) objects, \(answer.releases) live releases, \(answer.faults.count) not signed"
            )
            if !answer.faults.isEmpty { throw ExitCode(2) }
        }
    }

    /// `waymark verify edge`
    struct Edge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks an edge as pages do, and checks all that it serves for some System Client IDs.",
            discussion: """
                For each id: the release's signature, the snippet, the bundle and the player; where nothing is served, that \
                the snippet does nothing. With --expected, also whose content it is, which release, and the loader; \
                without, it only tells whose content it is. What is amiss is looked at twice, since a publish may come in \
                between. The exit code is 2 where anything is not what was published.

                Example:
                  waymark verify edge https://edge.example --key 3q2-… --partner tessera --variable sapUserId \
                    --expected expected.ndjson
                  waymark verify edge https://edge.example --key 3q2-… --partner tessera --variable sapUserId ACME
                  waymark verify edge http://127.0.0.1:8080 --key 3q2-… --variable sapUserId < ids.txt
                """
        )

        @Argument(help: ArgumentHelp("The edge's origin.", valueName: "url"))
        var edge: String

        @Argument(
            help: ArgumentHelp("System Client IDs; read from the standard input where none is given.", valueName: "id")
        )
        var ids: [String] = []

        @Option(help: ArgumentHelp("What `waymark verify expected` printed, instead of ids.", valueName: "file"))
        var expected: String?

        @Option(help: ArgumentHelp("The public key, as `waymark verify key` prints it.", valueName: "key"))
        var key: String

        @Option(help: ArgumentHelp("The partner's key; the default partner if not given.", valueName: "key"))
        var partner: String?

        @Option(help: ArgumentHelp("The system variable.", valueName: "var"))
        var variable: String

        @Option(help: ArgumentHelp("PEM certificates to trust instead of the system's.", valueName: "file"))
        var caFile: String?

        func run() throws {
            guard let trusted = VerifyingKey(key) else {
                throw Refusal(.invalid, "'\(key)' is no public key: see `waymark verify key`.", field: "key")
            }
            var audit = EdgeAudit(
                edge: edge,
                partner: partner,
                variable: try SystemVariable(variable),
                key: trusted,
                caFile: caFile
            )
            var faults = 0
            var checked = 0
            func check(_ name: String, _ look: () throws -> String) throws {
                checked += 1
                do {
                    let told: String
                    do {
                        told = try look()
                    } catch is EdgeAudit.Fault {
                        // What was published between two of the requests is no fault.
                        told = try look()
                    }
                    Terminal.line("\(name)  \(told)")
                } catch let fault as EdgeAudit.Fault {
                    faults += 1
                    Terminal.error("\(name)  \(fault)")
                }
            }
            func check(_ text: String) throws {
                let id = try SystemClientID(text)
                try check(text) { try audit.check(id).told }
            }
            if let expected {
                let bytes = try Verify.bytes(of: expected, field: "expected")
                for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                    switch try ExpectedLine(String(line)) {
                    case .loader(let digest): try check("loader.js") { try audit.checkLoader(digest) }
                    case .client(let id, let outcome, let owner, let release):
                        try check("\(id)") {
                            let found = try audit.check(id)
                            try found.compare(outcome: outcome, owner: owner, release: release)
                            return found.told
                        }
                    }
                }
            } else if ids.isEmpty {
                while let line = readLine() {
                    if !line.isEmpty { try check(line) }
                }
            } else {
                for id in ids { try check(id) }
            }
            Terminal.line("\(checked) checked, \(faults) not as published")
            if faults > 0 { throw ExitCode(2) }
        }
    }

    /// `waymark verify object`
    struct Object: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks that a file is the object of a digest.",
            discussion: """
                Example:
                  waymark verify object player.js 7d1f…
                """
        )

        @Argument(help: "The file.")
        var file: String

        @Argument(help: ArgumentHelp("The SHA-256, as URLs name objects.", valueName: "sha256"))
        var digest: String

        func run() throws {
            guard let wanted = Digest(hexadecimal: digest) else {
                throw Refusal(.invalid, "'\(digest)' is no SHA-256 in hexadecimal digits.", field: "sha256")
            }
            let found = Digest(of: try Verify.bytes(of: file, field: "file"))
            guard found == wanted else {
                Terminal.error("'\(file)' is \(found)")
                throw ExitCode(2)
            }
            Terminal.line("'\(file)' is that object; integrity \(found.integrity)")
        }
    }
}

/// Tells the public half of the signing key.
struct ShowVerifyingKey: Operation {
    struct Answer: Codable {
        var key: String
    }

    func run(in services: Services) async throws -> Answer {
        Answer(key: services.verifyingKey.description)
    }
}

/// Checks every object and every live release against the key.
struct VerifyStore: Operation {
    struct Answer: Codable {
        var objects = 0
        var releases = 0
        var faults: [String] = []
    }

    func run(in services: Services) async throws -> Answer {
        let key = services.verifyingKey
        var answer = Answer()
        for entry in try await services.storage.snapshot().entries {
            let name = String(decoding: entry.key.key, as: UTF8.self)
            switch EntryKind(rawValue: entry.key.kind) {
            case .object:
                answer.objects += 1
                let digest = Digest(hexadecimal: name)
                let object = if let digest { try await services.storage.object(digest) } else { StoredObject?.none }
                if !(object.map { $0.digest == digest && key.vouches(for: $0) } ?? false) {
                    answer.faults.append("object \(name)")
                }
            case .release:
                answer.releases += 1
                let release = entry.value.flatMap { try? ReleaseEntry(encoded: $0) }
                if let id = ReleaseID(name), let release, key.vouches(for: release, id) { continue }
                answer.faults.append("release \(name)")
            default: break
            }
        }
        return answer
    }
}
