import Accounts
import Authorization
import Domain
import HTTPTypes

/// The values of `api.mustache`: the API for people to read, made of the endpoints that are routed.
struct APIDocs {
    struct Group {
        let name: String
        let anchor: String
        let operations: [Operation]
    }

    struct Parameter {
        let name: String
        let about: String
    }

    struct Operation {
        let method: String
        let path: String
        let summary: String
        let who: String
        let parameters: [Parameter]
        let body: String?
        let example: String?
        let status: String
        let answer: String?
        let isList: Bool
        let hasCSV: Bool
    }

    struct Shape {
        let name: String
        let fields: String
    }

    let version: String
    let groups: [Group]
    let shapes: [Shape]

    init(_ endpoints: [Endpoint], version: String) {
        self.version = version
        var names: [String] = []
        var members: [String: [Operation]] = [:]
        for endpoint in endpoints {
            let name = Self.group(endpoint)
            if members[name] == nil { names.append(name) }
            members[name, default: []].append(Operation(endpoint))
        }
        groups = names.map { name in
            Group(name: name, anchor: name.lowercased().replacing(" ", with: "-"), operations: members[name] ?? [])
        }
        shapes = APISchemas.answers.sorted { $0.key < $1.key }.map {
            Shape(name: $0.key, fields: Self.fields($0.value))
        }
    }

    private static func group(_ endpoint: Endpoint) -> String {
        let steps = endpoint.path.split(separator: "/").map(String.init)
        switch (steps.first, steps.dropFirst(2).first) {
        case ("sessions", _), ("password-resets", _): return "Signing in"
        case ("me", _), ("api-tokens", _): return "Oneself"
        case ("activations", _), ("invitations", _): return "Mailed links"
        case ("partners", "clients"?), ("partners", "client-imports"?): return "Clients of a partner"
        case ("partners", _): return "A partner"
        case ("clients", "partner-invitations"?), ("clients", "partner-accounts"?): return "Partners of a client"
        case ("clients", _): return "A client account"
        default: return "Catalogue"
        }
    }

    /// A schema's members in a line each: `name: type`, with a question mark where it may be absent.
    static func fields(_ schema: JSONValue, indent: String = "") -> String {
        guard case .object(let properties)? = schema["properties"] else { return indent + type(schema) }
        var required: Set<String> = []
        if case .array(let names)? = schema["required"] { required = Set(names.compactMap(\.text)) }
        return properties.sorted { $0.key < $1.key }.map { name, value in
            let line = "\(indent)\(name)\(required.contains(name) ? "" : "?"): \(type(value))"
            let inner = value["items"] ?? value
            guard inner["properties"] != nil else { return line }
            return line + "\n" + fields(inner, indent: indent + "  ")
        }.joined(separator: "\n")
    }

    private static func type(_ schema: JSONValue) -> String {
        if case .array(let choices)? = schema["enum"] {
            return choices.map { $0.text ?? "null" }.joined(separator: " | ")
        }
        var name = schema["format"]?.text ?? ""
        switch schema["type"] {
        case .string(let type)?: if name.isEmpty { name = type }
        case .array(let types)?:
            let others = types.compactMap(\.text).filter { $0 != "null" }.joined(separator: " | ")
            name = (name.isEmpty ? others : name) + " | null"
        default: break
        }
        if name == "array", let items = schema["items"] {
            return items["properties"] == nil ? "[\(type(items))]" : "[object]"
        }
        return name
    }
}

extension APIDocs.Operation {
    init(_ endpoint: Endpoint) {
        method = endpoint.method.rawValue
        path = endpoint.path
        summary = endpoint.summary
        who = Self.who(endpoint.action.requirement)
        var parameters = endpoint.query.map { APIDocs.Parameter(name: "?\($0.name)", about: $0.about) }
        if endpoint.needsMatch {
            parameters.append(.init(name: "If-Match", about: "The ETag of the state that was seen, or *."))
        }
        if endpoint.kept != nil {
            parameters.append(.init(name: "Idempotency-Key", about: "Repeats within a day get the same answer."))
        }
        self.parameters = parameters
        body =
            endpoint.body.map { APIDocs.fields($0) }
            ?? (endpoint.mediaTypes.isEmpty ? nil : endpoint.mediaTypes.joined(separator: " or "))
        example = endpoint.example.map { String(decoding: $0.canonical, as: UTF8.self) }
        status = "\(endpoint.status.code)"
        answer = endpoint.answer
        isList = endpoint.isList
        hasCSV = endpoint.hasCSV
    }

    private static func who(_ requirement: Requirement) -> String {
        switch requirement {
        case .anyone: "anybody"
        case .signedIn: "whoever is signed in, by session or token"
        case .session: "whoever is signed in, by session"
        case .sessionWith(let right): "whoever is signed in, by session, and has the right \(right.rawValue) somewhere"
        case .staff(nil): "staff of the partner"
        case .staff(let right?): "staff of the partner with the right \(right.rawValue)"
        case .member(let rights) where rights.isEmpty: "members of the client"
        case .member(let rights):
            "members of the client with the right \(rights.map(\.rawValue).sorted().joined(separator: " or "))"
        }
    }
}
