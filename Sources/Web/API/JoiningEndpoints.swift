import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// What the holder of a mailed link does. Activations and invitations have paths of their own and go one way.
extension API {
    var joiningEndpoints: [Endpoint] {
        ["/activations/{token}", "/invitations/{token}"].flatMap { path in
            [
                .get(path, .openLink, "What a link leads to; looking has no effect.", answer: "Link") { call in
                    Representation.link(try await joinings.open(call.parameters["token"] ?? ""))
                },
                Endpoint(
                    method: .post,
                    path: path + "/codes",
                    action: .sendCode,
                    summary: "Mails a code to the address that the link was sent to.",
                    status: .noContent
                ) { call in
                    try await joinings.sendCode(call.parameters["token"] ?? "")
                    return .done
                },
                Endpoint(
                    method: .post,
                    path: path + "/acceptance",
                    action: .acceptLink,
                    summary: "Accepts: as a new person with names and a password, or signed in with an empty object.",
                    body: APISchemas.object(
                        [
                            "firstName": APISchemas.personName, "lastName": APISchemas.personName,
                            "password": APISchemas.password, "code": ["type": "string", "maxLength": 20],
                            "language": APISchemas.language,
                        ],
                        optional: ["firstName", "lastName", "password", "code", "language"]
                    ),
                    example: [
                        "firstName": "Ada", "lastName": "Berger", "password": "seven green lanterns at dusk",
                    ],
                    answer: "Joined",
                    kept: { result in
                        guard case .joined(let person, let seat)? = result as? Accepted else { return nil }
                        return Self.joined(person, seat)
                    },
                    run: accept
                ),
                Endpoint(
                    method: .post,
                    path: path + "/refusal",
                    action: .declineLink,
                    summary: "Says no.",
                    status: .noContent
                ) { call in
                    try await joinings.decline(call.parameters["token"] ?? "")
                    return .done
                },
            ]
        }
    }

    private func accept(_ call: APICall) async throws -> APIAnswer {
        let link = call.parameters["token"] ?? ""
        let joined: Joinings.Joined
        if call.body == [:] {
            joined = try await joinings.accept(call.caller, link, agent: call.fields[.userAgent])
        } else {
            let person = Joinings.NewPerson(
                firstName: try PersonName(try call.required("firstName"), field: "firstName"),
                lastName: try PersonName(try call.required("lastName"), field: "lastName"),
                password: try call.required("password"),
                code: call.text("code"),
                language: call.text("language").flatMap(Language.init(rawValue:)) ?? .english
            )
            joined = try await joinings.signUp(
                link,
                person,
                from: call.caller.origin,
                agent: call.fields[.userAgent]
            )
        }
        var answer = Self.joined(joined.person, joined.seat)
        answer.session = joined.session.text
        return answer
    }

    private static func joined(_ person: PersonID, _ seat: Seat) -> APIAnswer {
        var client = JSONValue.null
        var partner = JSONValue.null
        switch seat {
        case .staff(let id, _): partner = Representation.id(id)
        case .regular(let id, _), .partner(let id, _, _): client = Representation.id(id)
        }
        return .ok(["person": Representation.id(person), "client": client, "partner": partner])
    }
}
