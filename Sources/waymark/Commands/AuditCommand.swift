import ArgumentParser
import Domain
import Foundation
import Store

/// `waymark audit`
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Checks and exports who did what.",
        discussion: """
            Example:
              waymark audit verify
              waymark audit export > audit.ndjson
            """,
        subcommands: [Verify.self, Export.self]
    )

    /// `waymark audit verify`
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follows every chain of audit events, and names the first event that does not follow.",
            discussion: """
                The exit code is 2 where a chain is broken.

                Example:
                  waymark audit verify
                """
        )

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let answer = try await common.directory().perform(VerifyAudit())
            for fault in answer.faults { Terminal.error("broken at \(fault)") }
            Terminal.line("\(answer.events) events in \(answer.chains) chains, \(answer.faults.count) broken")
            if !answer.faults.isEmpty { throw ExitCode(2) }
        }
    }

    /// `waymark audit export`
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the audit events of a partner or a client as NDJSON, the oldest first.",
            discussion: """
                Example:
                  waymark audit export partner/0190c7a8-0000-7000-8000-000000000001 > audit.ndjson
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: ArgumentHelp("partner/ID or client/ID; all if not given.", valueName: "tenant"))
        var tenant: String?

        func run() async throws {
            let directory = try await common.directory()
            var after: ExportAudit.Place?
            repeat {
                let answer = try await directory.perform(ExportAudit(tenant: tenant, after: after))
                for line in answer.lines { Terminal.line(line) }
                after = answer.last
            } while after != nil
        }
    }
}

/// Follows every audit chain.
struct VerifyAudit: Operation {
    struct Answer: Codable {
        var chains: Int
        var events: Int64
        var faults: [String]
    }

    func run(in services: Services) async throws -> Answer {
        let check = try await services.storage.checkAudit()
        return Answer(chains: check.chains, events: check.events, faults: check.faults)
    }
}

/// Reads audit events in order, some thousand at a time.
struct ExportAudit: Operation {
    struct Place: Codable {
        var tenant: String
        var sequence: Int64
    }

    struct Answer: Codable {
        var lines: [String]
        /// nil at the end.
        var last: Place?
    }

    var tenant: String?
    var after: Place?

    func run(in services: Services) async throws -> Answer {
        let events = try await services.storage.exportAudit(
            tenant: tenant,
            after: after.map { ($0.tenant, $0.sequence) }
        )
        let lines = events.map { tenant, event in
            let value: JSONValue = [
                "tenant": .string(tenant), "sequence": .integer(event.sequence), "at": .string("\(event.at)"),
                "actor": .string(event.actor), "action": .string(event.action), "subject": .string(event.subject),
                "details": (try? JSONValue(parsing: Array(event.details.utf8))) ?? [:],
                "address": event.origin.map(JSONValue.string) ?? .null,
                "requestId": event.requestID.map(JSONValue.string) ?? .null,
            ]
            return String(decoding: value.canonical, as: UTF8.self)
        }
        return Answer(lines: lines, last: events.last.map { Place(tenant: $0.tenant, sequence: $0.event.sequence) })
    }
}
