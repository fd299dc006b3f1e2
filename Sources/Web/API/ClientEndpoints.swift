import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// A partner's clients, and the admins that it names for them.
extension API {
    var clientEndpoints: [Endpoint] {
        [
            .list(
                "/partners/{partner}/clients",
                .readClients,
                "A partner's clients, in the order they were made.",
                answer: "Client",
                query: Endpoint.QueryParameter.list + [
                    .init(
                        name: "name",
                        about: "Only those whose name contains this.",
                        schema: ["type": "string", "maxLength": 200]
                    )
                ]
            ) { call in
                let page: Page<ClientID> = try call.page()
                let name = call.query["name"] ?? ""
                let list = try await clients.list(call.caller, of: try await partner(call), containing: name, page)
                return .list(list, limit: page.limit, cursor: { "\($0.id)" }, Representation.client)
            },
            .post(
                "/partners/{partner}/clients",
                .createClient,
                "Makes a client with its first system, and mails its admins.",
                body: APISchemas.object(
                    [
                        "name": APISchemas.name, "system": ["type": "string", "maxLength": 64],
                        "systemClientId": APISchemas.systemClientID, "reuseKey": APISchemas.flag,
                        "admins": APISchemas.list(APISchemas.email, 0...20),
                        "sendActivation": APISchemas.choice(ActivationMails.allCases.map(\.rawValue)),
                    ],
                    optional: ["reuseKey", "sendActivation"]
                ),
                example: [
                    "name": "Nordwind Logistik", "system": "sap-concur",
                    "systemClientId": "f947ccba-6eca-424a-a097-7114278effd4", "admins": ["it@nordwind.example"],
                ],
                answer: "Client",
                render: { (client: ClientRecord) in
                    .created(Representation.client(client), at: "/partners/\(client.partner)/clients/\(client.id)")
                }
            ) { call in
                let new = try NewClient(
                    name: try OrganisationName(try call.required("name")),
                    system: try SystemType(try call.required("system")),
                    systemClientID: try SystemClientID(try call.required("systemClientId")),
                    admins: try (call.array("admins") ?? []).map { try EmailAddress($0.text ?? "") },
                    reusesKey: call.flag("reuseKey") ?? false
                )
                let mails = call.text("sendActivation").flatMap(ActivationMails.init(rawValue:)) ?? .now
                return try await clients.create(call.caller, new, of: try await partner(call), mails: mails)
            },
            .get("/partners/{partner}/clients/{client}", .readClient, "A client of a partner.", answer: "Client") {
                Representation.client(try await clients.get($0.caller, try $0.id("client"), of: try await partner($0)))
            },
            .patch(
                "/partners/{partner}/clients/{client}",
                .changeClient,
                "Changes a client's first system; everything but the Client Name can be edited.",
                body: APISchemas.object(
                    [
                        "systemClientId": APISchemas.systemClientID, "reuseKey": APISchemas.flag,
                        "system": ["type": "string", "maxLength": 64],
                        "cacheClass": APISchemas.nullable(APISchemas.cacheClass),
                    ],
                    optional: ["systemClientId", "reuseKey", "system", "cacheClass"]
                ),
                readOnly: ["/name": "the Client Name cannot be edited once the client is made"],
                example: ["systemClientId": "0b6f8f6e-2f0c-4a7d-8c55-6a1d3f7f9b21"],
                answer: "Client"
            ) { call in
                let client = try await clients.edit(
                    call.caller,
                    try call.id("client"),
                    of: try await partner(call),
                    try SystemEdit(call),
                    expecting: call.expectingClient()
                )
                call.effect.note(client.secondsToKill)
                return Representation.client(client)
            },
            .delete(
                "/partners/{partner}/clients/{client}",
                .removeClient,
                "Removes a client that is not activated.",
                needsMatch: true
            ) { call in
                try await clients.remove(
                    call.caller,
                    try call.id("client"),
                    of: try await partner(call),
                    expecting: call.expectingClient()
                )
            },
            .putReason(
                "/partners/{partner}/clients/{client}/suspension",
                .suspendClient,
                "Suspends a client: its keys answer the no-op at once.",
                example: "The contract is under review."
            ) { call, reason in
                try await clients.suspend(
                    call.caller,
                    try call.id("client"),
                    of: try await partner(call),
                    reason: reason
                )
            },
            .deleteState("/partners/{partner}/clients/{client}/suspension", .resumeClient, "Resumes a client.") {
                call in
                try await clients.resume(call.caller, try call.id("client"), of: try await partner(call))
            },
            .putReason(
                "/partners/{partner}/clients/{client}/closing",
                .closeClientAsPartner,
                "Has a client closed, with 30 days' notice.",
                example: "The contract ends."
            ) { call, reason in
                try await clients.close(
                    call.caller,
                    try call.id("client"),
                    of: try await partner(call),
                    reason: reason
                )
            },
            .deleteState(
                "/partners/{partner}/clients/{client}/closing",
                .cancelClosingAsPartner,
                "Cancels a client's closing."
            ) { call in
                try await clients.cancelClosing(call.caller, try call.id("client"), of: try await partner(call))
            },
        ]
    }

    var adminEndpoints: [Endpoint] {
        [
            .list(
                "/partners/{partner}/clients/{client}/admins",
                .readClientAdmins,
                "The admins that were named for a client and have not joined.",
                answer: "Invitation",
                query: []
            ) { call in
                let list = try await admins.list(call.caller, try call.id("client"), of: try await partner(call))
                return .list(list, limit: list.count, cursor: { "\($0.id)" }, Representation.invitation)
            },
            .invite(
                "/partners/{partner}/clients/{client}/admins",
                .addClientAdmin,
                "Names a further admin of a client, and mails the activation.",
                body: APISchemas.object(["email": APISchemas.email]),
                example: ["email": "ada@nordwind.example"]
            ) { call in
                try await admins.add(
                    call.caller,
                    try EmailAddress(try call.required("email"), field: "email"),
                    try call.id("client"),
                    of: try await partner(call)
                )
            },
            .delete(
                "/partners/{partner}/clients/{client}/admins/{person}",
                .removeClientAdmin,
                "Takes a named admin back; the link dies."
            ) { call in
                try await admins.remove(
                    call.caller,
                    try call.id("person"),
                    try call.id("client"),
                    of: try await partner(call)
                )
            },
            .invite(
                "/partners/{partner}/clients/{client}/admins/{person}/mails",
                .mailClientAdmin,
                "Mails an activation again; the old link dies."
            ) { call in
                try await admins.mail(
                    call.caller,
                    try call.id("person"),
                    try call.id("client"),
                    of: try await partner(call)
                )
            },
        ]
    }
}

extension APICall {
    /// Expects the state of a client that the caller saw, and notes how long it will still be shown.
    func expectingClient() -> Expectation<ClientRecord> {
        let expects = expecting(Representation.client)
        return { [effect] record in
            try expects(record)
            effect.note(record.secondsToKill)
        }
    }
}

extension APICall {
    /// The hosts that links may lead to; nil where the body says nothing of them.
    func linkHosts() throws(Refusal) -> [HostName]? {
        guard let values = array("linkHosts") else { return nil }
        var hosts: Set<HostName> = []
        for value in values { hosts.insert(try HostName(value.text ?? "")) }
        return hosts.sorted { $0.text < $1.text }
    }
}

extension SystemEdit {
    /// What the body of a change of a system asks for.
    init(_ call: APICall) throws(Refusal) {
        self.init()
        if let text = call.text("systemClientId") { systemClientID = try SystemClientID(text) }
        reusesKey = call.flag("reuseKey") ?? false
        if let text = call.text("system") { type = try SystemType(text) }
        if let text = call.text("name") { name = try OrganisationName(text) }
        linkHosts = try call.linkHosts()
        switch call.body["cacheClass"] {
        case .null?: cacheClass = .some(nil)
        case .string(let text)?: cacheClass = CacheClass(rawValue: text).map { .some($0) }
        default: break
        }
    }
}
