import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// A partner, its settings and its staff.
extension API {
    /// The partner that the path names, by id or key.
    func partner(_ call: APICall) async throws -> PartnerID {
        try await partners.id(call.parameters["partner"] ?? "")
    }

    var partnerEndpoints: [Endpoint] {
        [
            .get("/partners/{partner}", .readPartner, "A partner.", answer: "Partner") { call in
                let (record, hasAdmin) = try await partners.get(call.caller, try await partner(call))
                return Representation.partner(record, hasAdmin: hasAdmin)
            },
            .get("/partners/{partner}/settings", .readSettings, "A partner's settings.", answer: "Settings") { call in
                Representation.settings(try await partners.settings(call.caller, try await partner(call)))
            },
            .patch(
                "/partners/{partner}/settings",
                .changeSettings,
                "Changes a partner's settings; in force at once.",
                body: APISchemas.object(
                    [
                        "systemVariable": APISchemas.systemVariable, "cacheClass": APISchemas.cacheClass,
                        "retiringVariables": APISchemas.list(
                            APISchemas.object(["systemVariable": APISchemas.systemVariable, "until": APISchemas.time]),
                            0...10
                        ), "linkHosts": APISchemas.linkHosts,
                    ],
                    optional: ["systemVariable", "cacheClass", "retiringVariables", "linkHosts"]
                ),
                example: ["systemVariable": "sapUserId"],
                answer: "Settings"
            ) { call in
                let settings = try await partners.changeSettings(
                    call.caller,
                    try await partner(call),
                    variable: try call.text("systemVariable").map { try SystemVariable($0) },
                    retiring: try retiring(call),
                    cacheClass: call.text("cacheClass").flatMap(CacheClass.init(rawValue:)),
                    linkHosts: try call.linkHosts(),
                    expecting: call.expectingSettings()
                )
                return Representation.settings(settings)
            },
        ]
    }

    var unknownEndpoints: [Endpoint] {
        [
            .get(
                "/partners/{partner}/unknown-ids",
                .readUnknownIDs,
                "The commonest System Client IDs that pages ask for and that are no client's.",
                answer: "UnknownIDs"
            ) { call in
                let (keys, warnings) = try await unknown.list(call.caller, of: try await partner(call))
                return [
                    "warnings": .array(warnings.map { .string($0.rawValue) }),
                    "items": .array(
                        keys.map { key in
                            [
                                "systemVariable": .string(key.variable.text),
                                "systemClientId": .string(key.client.description),
                                "count": .integer(Int64(key.count)),
                                "lastSeen": Representation.time(
                                    Timestamp(milliseconds: Int64(key.lastSeen) * 1000)
                                ),
                            ]
                        }
                    ),
                ]
            }
        ]
    }

    private func retiring(_ call: APICall) throws(Refusal) -> [SystemVariable: Timestamp]? {
        guard let values = call.array("retiringVariables") else { return nil }
        var retiring: [SystemVariable: Timestamp] = [:]
        for value in values {
            guard let end = value["until"]?.text.flatMap({ Timestamp($0) }) else { continue }
            retiring[try SystemVariable(value["systemVariable"]?.text ?? "")] = end
        }
        return retiring
    }

    var staffEndpoints: [Endpoint] {
        [
            .list("/partners/{partner}/staff", .readStaff, "Those who belong to a partner.", answer: "Staff") { call in
                let page: Page<PersonID> = try call.page()
                let list = try await staff.list(call.caller, of: try await partner(call), page)
                return .list(list, limit: page.limit, cursor: { "\($0.person.id)" }, Representation.staff)
            },
            .invite(
                "/partners/{partner}/staff",
                .inviteStaff,
                "Invites somebody to a partner's staff.",
                body: APISchemas.object(["email": APISchemas.email, "role": APISchemas.staffRole]),
                example: ["email": "sam@tessera.example", "role": "clientManager"]
            ) { call in
                try await staff.invite(
                    call.caller,
                    try EmailAddress(try call.required("email"), field: "email"),
                    StaffRole(rawValue: try call.required("role")) ?? .partnerViewer,
                    to: try await partner(call)
                )
            },
            .list(
                "/partners/{partner}/staff/invitations",
                .readStaff,
                "Those who are invited to a partner's staff.",
                answer: "Invitation"
            ) { call in
                let page: Page<JoiningID> = try call.page()
                let list = try await staff.invitations(call.caller, to: try await partner(call), page)
                return .list(list, limit: page.limit, cursor: { "\($0.id)" }, Representation.invitation)
            },
            .delete("/partners/{partner}/staff/invitations/{id}", .removeStaff, "Takes an invitation back.") { call in
                try await staff.withdraw(call.caller, try call.id("id"), to: try await partner(call))
            },
            .invite(
                "/partners/{partner}/staff/invitations/{id}/mails",
                .inviteStaff,
                "Sends an invitation again; the old link dies."
            ) { call in
                try await staff.mail(call.caller, try call.id("id"), to: try await partner(call))
            },
            .get("/partners/{partner}/staff/{person}", .readStaff, "One of a partner's staff.", answer: "Staff") {
                call in
                Representation.staff(
                    try await staff.get(call.caller, try call.id("person"), of: try await partner(call))
                )
            },
            .patch(
                "/partners/{partner}/staff/{person}",
                .changeStaff,
                "Changes somebody's role; a partner admin stays.",
                body: APISchemas.object(["role": APISchemas.staffRole]),
                example: ["role": "partnerBuilder"],
                answer: "Staff"
            ) { call in
                let record = try await staff.change(
                    call.caller,
                    try call.id("person"),
                    of: try await partner(call),
                    StaffRole(rawValue: try call.required("role")) ?? .partnerViewer,
                    expecting: call.expecting(Representation.staff)
                )
                return Representation.staff(record)
            },
            .delete(
                "/partners/{partner}/staff/{person}",
                .removeStaff,
                "Ends somebody's place, and every membership held through the partner.",
                needsMatch: true
            ) { call in
                try await staff.remove(
                    call.caller,
                    try call.id("person"),
                    of: try await partner(call),
                    expecting: call.expecting(Representation.staff)
                )
            },
        ]
    }
}

extension APICall {
    /// Expects the settings that the caller saw, and notes how long what they led to will still be shown.
    fileprivate func expectingSettings() -> Expectation<PartnerRecord> {
        let expects = expecting(Representation.settings)
        return { [effect] record in
            try expects(record)
            effect.note(record.cacheClass.secondsToKill)
        }
    }
}
