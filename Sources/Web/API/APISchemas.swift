import Accounts
import Authorization
import Domain

/// JSON Schemas of what the API takes and gives.
enum APISchemas {
    static let id: JSONValue = ["type": "string", "format": "uuid"]
    static let time: JSONValue = ["type": "string", "format": "date-time"]
    static let email: JSONValue = ["type": "string", "format": "email", "maxLength": 254]
    static let name: JSONValue = ["type": "string", "minLength": 1, "maxLength": 200]
    static let personName: JSONValue = ["type": "string", "minLength": 1, "maxLength": 100]
    static let password: JSONValue = ["type": "string", "minLength": 1, "maxLength": 1024]
    static let reason: JSONValue = ["type": "string", "minLength": 1, "maxLength": 2000]
    static let systemClientID: JSONValue = ["type": "string", "minLength": 1, "maxLength": 128]
    static let systemVariable: JSONValue = ["type": "string", "minLength": 1, "maxLength": 128]
    static let linkHosts = list(["type": "string", "minLength": 1, "maxLength": 253], 0...50)
    static let flag: JSONValue = ["type": "boolean"]
    static let words: JSONValue = ["type": "string"]
    static let count: JSONValue = ["type": "integer", "minimum": 0]
    static let clientRole = choice(ClientRole.allCases.map(\.rawValue))
    static let staffRole = choice(StaffRole.allCases.map(\.rawValue))
    static let language = choice(Language.allCases.map(\.rawValue))
    static let cacheClass = choice(CacheClass.allCases.map(\.rawValue))
    static let right = choice(Right.allCases.map(\.rawValue))

    static func choice(_ values: [String]) -> JSONValue {
        ["type": "string", "enum": .array(values.map(JSONValue.string))]
    }

    static func list(_ items: JSONValue, _ bounds: ClosedRange<Int64>? = nil) -> JSONValue {
        var members: [String: JSONValue] = ["type": "array", "items": items]
        if let bounds {
            members["minItems"] = .integer(bounds.lowerBound)
            members["maxItems"] = .integer(bounds.upperBound)
        }
        return .object(members)
    }

    /// An object of these members and no others.
    static func object(_ properties: [String: JSONValue], optional: Set<String> = []) -> JSONValue {
        let required = properties.keys.filter { !optional.contains($0) }.sorted()
        var members: [String: JSONValue] = [
            "type": "object", "properties": .object(properties), "additionalProperties": false,
        ]
        if !required.isEmpty { members["required"] = .array(required.map(JSONValue.string)) }
        return .object(members)
    }

    /// The same, or null.
    static func nullable(_ schema: JSONValue) -> JSONValue {
        guard case .object(var members) = schema, let type = members["type"] else { return schema }
        members["type"] = .array([type, "null"])
        if case .array(let values)? = members["enum"] { members["enum"] = .array(values + [.null]) }
        return .object(members)
    }

    /// The schemas of answers, by the names that ``Endpoint/answer`` has.
    static let answers: [String: JSONValue] = accountAnswers.merging(contentAnswers) { $1 }

    private static let accountAnswers: [String: JSONValue] = [
        "Person": object([
            "id": id, "email": nullable(email), "firstName": nullable(words), "lastName": nullable(words),
            "language": language,
        ]),
        "Session": object([
            "id": id, "createdAt": time, "usedAt": time, "address": nullable(words), "agent": nullable(words),
            "current": flag,
        ]),
        "APIToken": object([
            "id": id, "name": name, "scopes": list(right), "createdAt": time, "expiresAt": time,
        ]),
        "NewAPIToken": object([
            "id": id, "name": name, "scopes": list(right), "createdAt": time, "expiresAt": time, "token": words,
        ]),
        "SystemType": object(["id": words, "name": words]),
        "Partner": object([
            "id": id, "key": words, "name": name, "state": choice(["pending", "active", "suspended"]),
        ]),
        "Settings": object([
            "systemVariable": systemVariable, "cacheClass": cacheClass,
            "retiringVariables": list(object(["systemVariable": systemVariable, "until": time])),
            "linkHosts": list(words),
        ]),
        "Staff": object([
            "id": id, "email": nullable(email), "firstName": nullable(words), "lastName": nullable(words),
            "role": staffRole, "createdAt": time,
        ]),
        "System": system,
        "Client": object([
            "id": id, "partner": id, "name": name,
            "state": choice(["notActivated", "activated", "suspended", "closing"]), "activatedAt": nullable(time),
            "suspension": nullable(object(["since": time, "reason": nullable(words)])),
            "closing": nullable(object(["at": time, "reason": nullable(words)])), "createdAt": time,
            "systems": list(system),
        ]),
        "Member": object([
            "id": id, "email": nullable(email), "firstName": nullable(words), "lastName": nullable(words),
            "role": clientRole, "systems": list(id), "partnerAccount": nullable(id), "createdAt": time,
        ]),
        "Invitation": object([
            "id": id, "email": email, "role": words,
            "status": choice(["pending", "pendingApproval", "expired", "declined", "accepted", "withdrawn"]),
            "systems": list(id), "invitedBy": nullable(id), "createdAt": time, "sentAt": nullable(time),
            "expiresAt": nullable(time), "partnerAccount": nullable(id), "label": nullable(words),
        ]),
        "PartnerAccount": object([
            "id": id, "name": name, "status": choice(["active", "noUsersOrSystems"]), "verified": flag,
            "galleryOn": flag, "users": ["type": "integer", "minimum": 0], "createdAt": time,
        ]),
        "Accounts": object([
            "partner": nullable(object(["id": id, "key": words, "name": name, "role": staffRole])),
            "clients": list(
                object([
                    "id": id, "name": name, "state": words, "partnerName": words,
                    "partnerAccountStatus": nullable(choice(["active", "noUsersOrSystems"])), "role": clientRole,
                    "products": list(choice(Product.allCases.map(\.rawValue))),
                    "systems": list(object(["id": id, "name": name])),
                ])
            ),
        ]),
        "Link": object([
            "mode": choice(["signUp", "signIn"]), "kind": choice(["activation", "user", "partnerUser", "staff"]),
            "role": words, "email": email, "organisation": name, "partnerName": words, "needsCode": flag,
            "expiresAt": nullable(time),
        ]),
        "Joined": object(["person": id, "client": nullable(id), "partner": nullable(id)]),
        "AuditEvent": object([
            "sequence": ["type": "integer", "minimum": 1], "at": time, "actor": words, "action": words,
            "subject": words, "details": ["type": "object"], "address": nullable(words), "requestId": nullable(words),
        ]),
        "UnknownIDs": object([
            "warnings": list(choice(UnknownIDs.Warning.allCases.map(\.rawValue))),
            "items": list(
                object([
                    "systemVariable": systemVariable, "systemClientId": words, "count": count, "lastSeen": time,
                ])
            ),
        ]),
        "ClientImport": object([
            "id": id, "dryRun": flag, "added": count, "unchanged": count, "refused": count,
            "rows": list(
                object([
                    "row": count, "status": choice(["added", "unchanged", "refused"]), "client": nullable(id),
                    "reason": nullable(words),
                ])
            ),
        ]),
        "Problem": [
            "type": "object", "required": ["type", "title", "status", "code", "detail"],
            "properties": [
                "type": words, "title": words, "status": ["type": "integer"], "code": words, "detail": words,
                "errors": list(object(["pointer": words, "detail": words])),
            ],
        ],
    ]

    private static let system = object([
        "id": id, "system": words, "name": name, "systemClientId": systemClientID, "cacheClass": nullable(cacheClass),
        "standardContentOff": flag, "createdAt": time, "linkHosts": list(words),
    ])
}

extension Endpoint.QueryParameter {
    /// What every list takes.
    static let list: [Self] = [
        Self(
            name: "limit",
            about: "How many at most.",
            schema: ["type": "integer", "minimum": 1, "maximum": .integer(Int64(APICall.limitMax))]
        ),
        Self(name: "cursor", about: "What `next` of the part before says.", schema: APISchemas.id),
    ]
}
