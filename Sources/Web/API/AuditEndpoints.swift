import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// Who did what, of a client and of a partner.
extension API {
    var auditEndpoints: [Endpoint] {
        [
            events("/clients/{client}/audit-events", .readClientAudit) { .client(try $0.id("client")) },
            events("/partners/{partner}/audit-events", .readPartnerAudit) { .partner(try await partner($0)) },
        ]
    }

    private func events(
        _ path: String,
        _ action: Action,
        _ tenant: @escaping @Sendable (APICall) async throws -> Tenant
    ) -> Endpoint {
        var endpoint = Endpoint.list(
            path,
            action,
            "Who did what, when, from where; newest first.",
            answer: "AuditEvent",
            query: [
                Endpoint.QueryParameter.list[0],
                .init(
                    name: "cursor",
                    about: "What `next` of the part before says.",
                    schema: ["type": "integer", "minimum": 1, "maximum": .integer(JSONValue.integerMax)]
                ),
            ]
        ) { call in
            let limit = call.query["limit"].flatMap { Int($0) } ?? APICall.limitStandard
            var before: Int64?
            if let cursor = call.query["cursor"] {
                guard let sequence = Int64(cursor), sequence > 0 else {
                    throw Refusal(.invalid, "This is no cursor that a list gave.", field: "cursor")
                }
                before = sequence
            }
            let events = try await audit.events(call.caller, of: try await tenant(call), before: before, limit: limit)
            var answer = APIAnswer.list(events, limit: limit, cursor: { "\($0.sequence)" }, Representation.event)
            if call.fields[.accept]?.lowercased().hasPrefix("text/csv") == true {
                let table = CSV.table(
                    ["sequence", "at", "actor", "action", "subject", "details", "address", "requestId"],
                    events.prefix(limit).map { event in
                        [
                            "\(event.sequence)", "\(event.at)", event.actor, event.action, event.subject,
                            event.details, event.origin ?? "", event.requestID ?? "",
                        ]
                    }
                )
                answer.file = ("text/csv; charset=utf-8; header=present", table)
            }
            return answer
        }
        endpoint.hasCSV = true
        return endpoint
    }
}
