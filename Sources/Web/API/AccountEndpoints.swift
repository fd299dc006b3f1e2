import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// A client account, as its own people see it: the account, its systems, its regular users.
extension API {
    var accountEndpoints: [Endpoint] {
        [
            .get("/clients/{client}", .readAccount, "A client account.", answer: "Client") { call in
                Representation.client(try await clients.get(call.caller, try call.id("client")))
            },
            .putReason(
                "/clients/{client}/closing",
                .closeClient,
                "Has the client account closed in a week; its keys answer the no-op meanwhile.",
                example: "We move to another application."
            ) { call, reason in
                try await clients.close(call.caller, try call.id("client"), reason: reason)
            },
            .deleteState("/clients/{client}/closing", .cancelClosing, "Cancels the closing.") { call in
                try await clients.cancelClosing(call.caller, try call.id("client"))
            },
            .list("/clients/{client}/systems", .readSystems, "The client's systems.", answer: "System", query: []) {
                let list = try await systems.list($0.caller, of: try $0.id("client"))
                return .list(list, limit: list.count, cursor: { "\($0.id)" }, Representation.system)
            },
            .post(
                "/clients/{client}/systems",
                .addSystem,
                "Adds a system.",
                body: APISchemas.object(
                    [
                        "system": ["type": "string", "maxLength": 64], "name": APISchemas.name,
                        "systemClientId": APISchemas.systemClientID, "reuseKey": APISchemas.flag,
                    ],
                    optional: ["reuseKey"]
                ),
                example: ["system": "sap-concur", "name": "Concur, Switzerland", "systemClientId": "nordwind-ch"],
                answer: "System",
                render: { (system: SystemRecord) in
                    .created(Representation.system(system), at: "/clients/\(system.client)/systems/\(system.id)")
                }
            ) { call in
                let new = NewSystem(
                    type: try SystemType(try call.required("system")),
                    name: try OrganisationName(try call.required("name")),
                    systemClientID: try SystemClientID(try call.required("systemClientId"))
                )
                let reuse = call.flag("reuseKey") ?? false
                return try await systems.add(call.caller, new, reusesKey: reuse, to: try call.id("client"))
            },
            .get("/clients/{client}/systems/{system}", .readSystems, "One system.", answer: "System") { call in
                let id: SystemID = try call.id("system")
                let list = try await systems.list(call.caller, of: try call.id("client"))
                guard let system = list.first(where: { $0.id == id }) else {
                    throw Refusal(.notFound, "There is no such system.")
                }
                return Representation.system(system)
            },
            .patch(
                "/clients/{client}/systems/{system}",
                .changeSystem,
                "Changes a system; another System Client ID works at once, the old one stops.",
                body: APISchemas.object(
                    [
                        "systemClientId": APISchemas.systemClientID, "reuseKey": APISchemas.flag,
                        "name": APISchemas.name, "cacheClass": APISchemas.nullable(APISchemas.cacheClass),
                        "linkHosts": APISchemas.linkHosts,
                    ],
                    optional: ["systemClientId", "reuseKey", "name", "cacheClass", "linkHosts"]
                ),
                example: ["name": "Concur, Switzerland"],
                answer: "System"
            ) { call in
                call.effect.note(try await clients.get(call.caller, try call.id("client")).secondsToKill)
                let system = try await systems.change(
                    call.caller,
                    try call.id("system"),
                    of: try call.id("client"),
                    try SystemEdit(call),
                    expecting: call.expecting(Representation.system)
                )
                return Representation.system(system)
            },
            .delete(
                "/clients/{client}/systems/{system}",
                .deleteSystem,
                "Deletes a system; users and invitations lose it.",
                query: [.init(name: "confirm", about: "Take live content away.", schema: APISchemas.flag)],
                needsMatch: true
            ) { call in
                call.effect.note(try await clients.get(call.caller, try call.id("client")).secondsToKill)
                try await systems.delete(
                    call.caller,
                    try call.id("system"),
                    of: try call.id("client"),
                    confirmed: call.query["confirm"] == "true",
                    expecting: call.expecting(Representation.system)
                )
            },
        ]
    }

    var userEndpoints: [Endpoint] {
        [
            .list("/clients/{client}/users", .readUsers, "The client's regular users.", answer: "Member") { call in
                let page: Page<PersonID> = try call.page()
                let list = try await users.list(call.caller, of: try call.id("client"), page)
                return .list(list, limit: page.limit, cursor: { "\($0.person.id)" }, Representation.member)
            },
            .invite(
                "/clients/{client}/users",
                .inviteUser,
                "Invites a regular user. Partner users are invited by partner-invitations.",
                body: APISchemas.object(
                    [
                        "email": APISchemas.email, "role": APISchemas.clientRole,
                        "systems": APISchemas.list(APISchemas.id, 0...200),
                    ],
                    optional: ["systems"]
                ),
                example: ["email": "kim@nordwind.example", "role": "builder", "systems": []]
            ) { call in
                try await users.invite(
                    call.caller,
                    try EmailAddress(try call.required("email"), field: "email"),
                    ClientRole(rawValue: try call.required("role")) ?? .analyst,
                    systems: call.systems() ?? [],
                    to: try call.id("client")
                )
            },
            .list(
                "/clients/{client}/users/invitations",
                .readUsers,
                "Those who are invited as regular users.",
                answer: "Invitation"
            ) { call in
                let page: Page<JoiningID> = try call.page()
                let list = try await users.invitations(call.caller, to: try call.id("client"), page)
                return .list(list, limit: page.limit, cursor: { "\($0.id)" }, Representation.invitation)
            },
            .delete("/clients/{client}/users/invitations/{id}", .removeUser, "Takes an invitation back.") { call in
                try await users.withdraw(call.caller, try call.id("id"), to: try call.id("client"))
            },
            .invite(
                "/clients/{client}/users/invitations/{id}/mails",
                .mailUser,
                "Sends an invitation again; the old link dies."
            ) { call in
                try await users.mail(call.caller, try call.id("id"), to: try call.id("client"))
            },
            .get("/clients/{client}/users/{person}", .readUsers, "One regular user.", answer: "Member") { call in
                Representation.member(
                    try await users.get(call.caller, try call.id("person"), of: try call.id("client"))
                )
            },
            .patch(
                "/clients/{client}/users/{person}",
                .changeUser,
                "Changes a user's role or systems; an admin stays.",
                body: APISchemas.member,
                example: ["role": "contentManager"],
                answer: "Member"
            ) { call in
                let member = try await users.change(
                    call.caller,
                    try call.id("person"),
                    of: try call.id("client"),
                    role: call.text("role").flatMap(ClientRole.init(rawValue:)),
                    systems: call.systems(),
                    expecting: call.expecting(Representation.member)
                )
                return Representation.member(member)
            },
            .delete(
                "/clients/{client}/users/{person}",
                .removeUser,
                "Removes a user; an admin stays.",
                needsMatch: true
            ) {
                try await users.remove(
                    $0.caller,
                    try $0.id("person"),
                    of: try $0.id("client"),
                    expecting: $0.expecting(Representation.member)
                )
            },
        ]
    }
}

extension APISchemas {
    /// What can be changed of a member.
    static let member = object(
        ["role": clientRole, "systems": list(id, 0...200)],
        optional: ["role", "systems"]
    )
}

extension APICall {
    /// The ids of systems in the body; the schema has seen that they are ids.
    func systems(in value: JSONValue? = nil) -> [SystemID]? {
        guard case .array(let values)? = (value ?? body)["systems"] else { return nil }
        return values.compactMap { $0.text.flatMap { SystemID($0) } }
    }
}
