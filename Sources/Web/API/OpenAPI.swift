import Accounts
import Authorization
import Domain
import HTTPTypes

/// The description of the API (OpenAPI 3.1), made of the endpoints that are routed.
struct OpenAPI {
    let endpoints: [Endpoint]

    var document: JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for endpoint in endpoints {
            paths[endpoint.path, default: [:]][endpoint.method.rawValue.lowercased()] = operation(endpoint)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Waymark management API", "version": "1",
                "description": """
                Clients, people, invitations, partner accounts and their rights. Errors are problem+json; lists are \
                read in parts by `cursor`; changes of an editable thing need its ETag in `If-Match`; a POST with an \
                `Idempotency-Key` can be repeated for a day.
                """,
            ],
            "servers": [["url": "/api/v1"]],
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": [
                "schemas": .object(APISchemas.answers),
                "securitySchemes": [
                    "token": ["type": "http", "scheme": "bearer"],
                    "session": ["type": "apiKey", "in": "cookie", "name": .string(APIRouter.cookie)],
                ],
            ],
        ]
    }

    private func operation(_ endpoint: Endpoint) -> JSONValue {
        var members: [String: JSONValue] = [
            "operationId": .string(operationID(endpoint)),
            "summary": .string(endpoint.summary), "responses": responses(endpoint),
        ]
        let parameters = parameters(endpoint)
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let body = endpoint.body {
            var content: [String: JSONValue] = ["schema": body]
            if let example = endpoint.example { content["example"] = example }
            let type = endpoint.method == .patch ? "application/merge-patch+json" : "application/json"
            members["requestBody"] = ["required": true, "content": .object([type: .object(content)])]
        }
        if !endpoint.mediaTypes.isEmpty {
            let content = endpoint.mediaTypes.map { ($0, ["schema": ["type": "string", "minLength": 1]] as JSONValue) }
            members["requestBody"] = [
                "required": true, "content": .object(Dictionary(content) { first, _ in first }),
            ]
        }
        switch endpoint.action.requirement {
        case .anyone: members["security"] = []
        case .session, .sessionWith: members["security"] = [["session": []]]
        default: members["security"] = [["token": []], ["session": []]]
        }
        return .object(members)
    }

    /// The action's name, and what sets apart the endpoints that share one: activations and invitations are answered
    /// alike, and so are lists and their members, people and their invitations.
    private func operationID(_ endpoint: Endpoint) -> String {
        let name = actionName(endpoint)
        guard endpoints.count(where: { actionName($0) == name }) > 1 else { return name }
        // Several do one kind of thing: the address tells them apart.
        let words = endpoint.path.split(separator: "/").map { word in
            word.hasPrefix("{")
                ? "One" : word.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        }
        return endpoint.method.rawValue.lowercased() + words.joined()
    }

    private func actionName(_ endpoint: Endpoint) -> String {
        let path = endpoint.path
        let isShared = endpoints.contains { $0.action == endpoint.action && $0.path != path && $0.method == .get }
        let isMember = path.hasSuffix("}") && endpoint.method == .get && isShared && !path.hasSuffix("{token}")
        return endpoint.action.rawValue
            + (path.hasPrefix("/activations/") ? "AtActivation" : "")
            + (path.contains("/users/invitations") || path.contains("/staff/invitations") ? "Invitation" : "")
            + (path.hasSuffix("/mails") ? "Mail" : "") + (isMember ? "Member" : "")
    }

    private func parameters(_ endpoint: Endpoint) -> [JSONValue] {
        var parameters: [JSONValue] = endpoint.parameters.map { name in
            ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
        }
        for parameter in endpoint.query {
            parameters.append([
                "name": .string(parameter.name), "in": "query", "required": .bool(parameter.isRequired),
                "description": .string(parameter.about), "schema": parameter.schema,
            ])
        }
        if endpoint.needsMatch {
            parameters.append([
                "name": "If-Match", "in": "header", "required": true,
                "schema": ["type": "string", "pattern": #"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#],
                "description": "The ETag of the state that was seen, or `*`.",
            ])
        }
        if endpoint.kept != nil {
            parameters.append([
                "name": "Idempotency-Key", "in": "header", "required": false,
                "schema": ["type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"],
                "description": "Repeats of the request within a day get the same answer.",
            ])
        }
        return parameters
    }

    private func responses(_ endpoint: Endpoint) -> JSONValue {
        var success: [String: JSONValue] = ["description": .string(endpoint.status.reasonPhrase)]
        if let name = endpoint.answer {
            let one: JSONValue = ["$ref": .string("#/components/schemas/\(name)")]
            let schema =
                endpoint.isList
                ? APISchemas.object(["items": APISchemas.list(one), "next": APISchemas.nullable(APISchemas.words)])
                : one
            var content: [String: JSONValue] = ["application/json": ["schema": schema]]
            if let type = endpoint.fileType { content = [type: ["schema": ["type": "string", "format": "binary"]]] }
            if endpoint.hasCSV { content["text/csv"] = ["schema": ["type": "string"]] }
            success["content"] = .object(content)
        }
        if endpoint.changesKeys {
            success["headers"] = [
                "Waymark-Time-To-Kill": [
                    "schema": APISchemas.time,
                    "description": "By when no page shows any more what the key answered before.",
                ]
            ]
        }
        var responses: [String: JSONValue] = ["\(endpoint.status.code)": .object(success)]
        for (status, about) in problems(endpoint) {
            responses["\(status)"] = [
                "description": .string(about),
                "content": .object([
                    Problem.mediaType: ["schema": ["$ref": "#/components/schemas/Problem"]]
                ]),
            ]
        }
        if endpoint.method == .get { responses["304"] = ["description": "Not Modified"] }
        return .object(responses)
    }

    private func problems(_ endpoint: Endpoint) -> [(Int, String)] {
        var problems = [(422, "What is asked for breaks a rule."), (500, "A failure of ours.")]
        if endpoint.method != .get {
            problems += [
                (400, "The body cannot be read."), (409, "It contradicts something that exists."),
                (413, "The body is too long."), (415, "The body is of another type."),
                (429, "Too often; see Retry-After."), (503, "Too busy; see Retry-After."),
            ]
        }
        if endpoint.action.requirement != .anyone {
            problems += [(401, "Nobody has signed in."), (403, "The role, or the token, does not allow it.")]
        } else if endpoint.method == .post {
            problems += [(401, "The address or the password is not right."), (403, "It is meant for somebody else.")]
        }
        // What a query names may not be there either.
        if endpoint.action == .readExplanation { problems.append((404, "There is no such thing.")) }
        if !endpoint.parameters.isEmpty { problems += [(404, "There is no such thing."), (410, "The link is dead.")] }
        if endpoint.needsMatch { problems += [(412, "It has changed."), (428, "If-Match is missing.")] }
        return problems
    }
}
