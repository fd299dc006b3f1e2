import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// Clients from a file.
extension API {
    var importEndpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                path: "/partners/{partner}/client-imports",
                action: .importClients,
                summary: "Adds clients from NDJSON or CSV; bad rows do not hold up the others.",
                query: [
                    .init(
                        name: "dryRun",
                        about: "Tell what would become of the rows, and change nothing.",
                        schema: APISchemas.flag
                    ),
                    .init(
                        name: "sendActivation",
                        about: "When their admins are mailed; `no` if not said.",
                        schema: APISchemas.choice(ActivationMails.allCases.map(\.rawValue))
                    ),
                ],
                mediaTypes: ["application/x-ndjson", "text/csv"],
                status: .created,
                answer: "ClientImport",
                run: importClients
            ),
            .get(
                "/partners/{partner}/client-imports/{import}",
                .readClientImport,
                "What became of each row of an import; kept for 30 days.",
                answer: "ClientImport"
            ) { call in
                let id: ImportID = try call.id("import")
                let report = try await imports.report(call.caller, id, of: try await partner(call))
                return Self.report((try? JSONValue(parsing: report)) ?? [:], id)
            },
        ]
    }

    private func importClients(_ call: APICall) async throws -> APIAnswer {
        let id = try await partner(call)
        let record = try await partners.get(call.caller, id).partner
        let isTable = call.fields[.contentType]?.lowercased().hasPrefix("text/csv") == true
        let rows = isTable ? try ImportTable.rows(call.bytes) : Self.lines(call.bytes)
        let dryRun = call.query["dryRun"] == "true"
        let outcomes = try await imports.run(
            call.caller,
            rows,
            of: record,
            mails: call.query["sendActivation"].flatMap(ActivationMails.init(rawValue:)) ?? .no,
            dryRun: dryRun
        )
        func count(_ status: ClientImports.Outcome.Status) -> JSONValue {
            .integer(Int64(outcomes.count { $0.status == status }))
        }
        let report: JSONValue = [
            "dryRun": .bool(dryRun), "added": count(.added), "unchanged": count(.unchanged),
            "refused": count(.refused),
            "rows": .array(
                outcomes.map { outcome in
                    [
                        "row": .integer(Int64(outcome.row)), "status": .string(outcome.status.rawValue),
                        "client": outcome.client.map { Representation.id($0) } ?? .null,
                        "reason": outcome.reason.map(JSONValue.string) ?? .null,
                    ]
                }
            ),
        ]
        let kept = try await imports.keep(call.caller, report.canonical, of: id)
        return .created(Self.report(report, kept), at: "/partners/\(id)/client-imports/\(kept)")
    }

    private static func report(_ report: JSONValue, _ id: ImportID) -> JSONValue {
        guard case .object(var members) = report else { return report }
        members["id"] = Representation.id(id)
        return .object(members)
    }

    /// The lines of NDJSON that are not blank, numbered.
    private static func lines(_ bytes: [UInt8]) -> [ClientImports.Row] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().compactMap {
            number,
            line in
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return nil }
            return ClientImports.Row(number: number + 1, text: String(validating: line, as: UTF8.self))
        }
    }
}
