import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// Signing in and out, the caller's own affairs, API tokens, the catalogue.
extension API {
    var sessionEndpoints: [Endpoint] {
        [
            Endpoint(
                method: .post,
                path: "/sessions",
                action: .signIn,
                summary: "Signs in; the session is a cookie.",
                body: APISchemas.object(["email": APISchemas.email, "password": APISchemas.password]),
                example: ["email": "ada@nordwind.example", "password": "seven green lanterns at dusk"],
                status: .created,
                answer: "Person"
            ) { call in
                let (secret, person) = try await sessions.signIn(
                    try call.required("email"),
                    try call.required("password"),
                    from: call.caller.origin,
                    agent: call.fields[.userAgent]
                )
                return APIAnswer(status: .created, body: Representation.person(person), session: secret.text)
            },
            Endpoint(
                method: .delete,
                path: "/sessions/current",
                action: .signOut,
                summary: "Signs out.",
                status: .noContent
            ) { call in
                try await sessions.signOut(call.caller)
                return APIAnswer(status: .noContent, session: "")
            },
            Endpoint(
                method: .post,
                path: "/password-resets",
                action: .requestPasswordReset,
                summary: "Asks for a mail by which a password can be set anew; the same answer for every address.",
                body: APISchemas.object(["email": APISchemas.email]),
                example: ["email": "ada@nordwind.example"],
                status: .accepted
            ) { call in
                try await sessions.requestReset(try call.required("email"), from: call.caller.origin)
                return APIAnswer(status: .accepted)
            },
            Endpoint(
                method: .post,
                path: "/password-resets/{token}",
                action: .resetPassword,
                summary: "Sets a password by a mailed link; all sessions end.",
                body: APISchemas.object(["password": APISchemas.password]),
                example: ["password": "seven green lanterns at dusk"],
                status: .noContent
            ) { call in
                try await sessions.reset(call.parameters["token"] ?? "", password: try call.required("password"))
                return .done
            },
        ]
    }

    var meEndpoints: [Endpoint] {
        [
            .get("/me", .readMe, "Who the caller is.", answer: "Person") { call in
                Representation.person(try await people.me(call.caller))
            },
            .patch(
                "/me",
                .changeMe,
                "Changes the caller's names or language.",
                body: APISchemas.object(
                    [
                        "firstName": APISchemas.personName, "lastName": APISchemas.personName,
                        "language": APISchemas.language,
                    ],
                    optional: ["firstName", "lastName", "language"]
                ),
                example: ["language": "fr"],
                answer: "Person"
            ) { call in
                let person = try await people.change(
                    call.caller,
                    firstName: try call.text("firstName").map { try PersonName($0, field: "firstName") },
                    lastName: try call.text("lastName").map { try PersonName($0, field: "lastName") },
                    language: call.text("language").flatMap(Language.init(rawValue:)),
                    expecting: call.expecting(Representation.person)
                )
                return Representation.person(person)
            },
            Endpoint(
                method: .put,
                path: "/me/password",
                action: .changePassword,
                summary: "Changes the caller's password; all other sessions end.",
                body: APISchemas.object([
                    "currentPassword": APISchemas.password, "password": APISchemas.password,
                ]),
                status: .noContent
            ) { call in
                try await sessions.changePassword(
                    call.caller,
                    from: try call.required("currentPassword"),
                    to: try call.required("password")
                )
                return .done
            },
            .list("/me/sessions", .readSessions, "The caller's sessions.", answer: "Session", query: []) { call in
                let list = try await sessions.list(call.caller)
                var current: SessionID?
                if case .person(let signedIn) = call.caller.identity, case .session(let id) = signedIn.credential {
                    current = id
                }
                return .list(list, limit: list.count, cursor: { "\($0.id)" }) {
                    Representation.session($0, current: current)
                }
            },
            .delete("/me/sessions/{id}", .endSession, "Ends one of the caller's sessions.") { call in
                try await sessions.end(call.caller, try call.id("id"))
            },
            .get("/me/accounts", .readAccounts, "Every account that the caller belongs to.", answer: "Accounts") {
                Representation.accounts(try await people.accounts($0.caller))
            },
        ]
    }

    var tokenEndpoints: [Endpoint] {
        [
            .list("/api-tokens", .readTokens, "The caller's API tokens.", answer: "APIToken") { call in
                let page: Page<APITokenID> = try call.page()
                let tokens = try await sessions.tokens(call.caller, page)
                return .list(tokens, limit: page.limit, cursor: { "\($0.id)" }, Representation.token)
            },
            Endpoint(
                method: .post,
                path: "/api-tokens",
                action: .addToken,
                summary: "Makes an API token; its secret is told this once.",
                body: APISchemas.object([
                    "name": APISchemas.name, "scopes": APISchemas.list(APISchemas.right, 1...20),
                    "expiresAt": APISchemas.time,
                ]),
                example: ["name": "nightly import", "scopes": ["clients"], "expiresAt": "2027-06-30T00:00:00Z"],
                status: .created,
                answer: "NewAPIToken",
                kept: { result in
                    (result as? APITokenRecord).map { token in
                        var answer = APIAnswer.created(Representation.token(token), at: "/api-tokens/\(token.id)")
                        answer.isSecret = true
                        return answer
                    }
                },
                run: { call in
                    let scopes = (call.array("scopes") ?? []).compactMap { $0.text.flatMap(Right.init(rawValue:)) }
                    guard let end = Timestamp(try call.required("expiresAt")) else {
                        throw Refusal(.invalid, "This is no time in RFC 3339, UTC.", field: "expiresAt")
                    }
                    let (token, secret) = try await sessions.addToken(
                        call.caller,
                        name: try call.required("name"),
                        scopes: Set(scopes),
                        expiresAt: end
                    )
                    guard case .object(var members) = Representation.token(token) else { return .done }
                    members["token"] = .string(secret)
                    var answer = APIAnswer.created(.object(members), at: "/api-tokens/\(token.id)")
                    answer.isSecret = true
                    return answer
                }
            ),
            .delete("/api-tokens/{id}", .deleteToken, "Revokes an API token.") { call in
                try await sessions.deleteToken(call.caller, try call.id("id"))
            },
        ]
    }

    var catalogueEndpoints: [Endpoint] {
        [
            .list("/systems", .readCatalogue, "The supported types of systems.", answer: "SystemType", query: []) { _ in
                .list(SystemType.supported, limit: SystemType.supported.count, cursor: \.text) { type in
                    ["id": .string(type.text), "name": .string(type.name)]
                }
            }
        ]
    }
}
