/// A JSON Schema (draft 2020-12) of the subset that this project's schemas use.
///
/// Keywords: `type` (one name or several), `properties`, `required`, `additionalProperties` (false), `enum`, `const`,
/// `items`, `minItems`, `maxItems`, `minLength`, `maxLength`, `minimum`, `maximum`, `format` (``Format``), `oneOf` where
/// each branch is an object with another constant `kind`, and `$ref` to `#/$defs/…` or `common.json#/$defs/…`. Any other
/// keyword is refused when the schema is read, so that none is silently without effect.
public struct Schema: Sendable {
    private let root: JSONValue
    private let common: JSONValue

    /// The named formats.
    enum Format: String {
        /// A pattern of page paths: `/` or `*` first; `*` stands for any run of characters.
        case pagePath = "page-path"
        /// A UUID, 8-4-4-4-12.
        case uuid
        /// What ``EmailAddress`` takes.
        case email
        /// What ``Timestamp/init(_:)`` takes.
        case dateTime = "date-time"
        /// One line of plain text.
        case line
        /// Lines of plain text.
        case lines
        /// Text in ``Markup``.
        case markup
        /// A ``WebAddress``.
        case httpsURL = "https-url"
        /// A path of the page's own origin: `/` first, then none of `/` and `\`.
        case localPath = "local-path"
        /// What ``SystemVariable`` takes.
        case systemVariable = "system-variable"
        /// The id of an item: what names a file of one, or a UUID.
        case itemID = "item-id"

        /// What is wrong with a text; nil for nothing.
        func fault(in text: String) -> String? {
            let isRight =
                switch self {
                case .uuid: uuidBits(text.utf8) != nil
                case .email: (try? EmailAddress(text)) != nil
                case .dateTime: Timestamp(text) != nil
                case .pagePath:
                    (text.utf8.first == UInt8(ascii: "/") || text.utf8.first == UInt8(ascii: "*"))
                        && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
                case .httpsURL: WebAddress(text) != nil
                case .localPath:
                    text.utf8.first == UInt8(ascii: "/") && text.utf8.dropFirst().first != UInt8(ascii: "/")
                        && text.utf8.allSatisfy(WebAddress.isURL)
                case .systemVariable: (try? SystemVariable(text)) != nil
                case .itemID: Slug.accepts(text)
                case .line: Markup.faultInLine(text) == nil
                case .lines: Markup.faultInLines(text) == nil
                case .markup: Markup.fault(in: text) == nil
                }
            if isRight { return nil }
            switch self {
            case .line: return Markup.faultInLine(text)
            case .lines: return Markup.faultInLines(text)
            case .markup: return Markup.fault(in: text)
            case .httpsURL: return "is no address of the form https://host/path"
            case .localPath: return "is no path of the application, such as /expense/new"
            default: return "is no \(rawValue)"
            }
        }
    }

    private static let keywords: Set<String> = [
        "type", "properties", "required", "additionalProperties", "enum", "const", "items", "minItems", "maxItems",
        "minLength", "maxLength", "minimum", "maximum", "format", "$ref", "oneOf",
    ]
    private static let annotations: Set<String> = ["$schema", "$id", "$defs", "title", "description"]
    private static let types: Set<String> = ["object", "array", "string", "integer", "boolean", "null"]

    /// Reads a schema, and the definitions that it shares with others.
    ///
    /// - Throws: ``Unsupported`` where it says what this evaluator does not know.
    public init(_ root: JSONValue, common: JSONValue = [:]) throws(Unsupported) {
        self.root = root
        self.common = common
        try check(root, at: "#")
    }

    /// A schema, or a part of one, that this evaluator does not know.
    public struct Unsupported: Error, Hashable, Sendable {
        /// Where in the schema, as a JSON pointer.
        public let place: String
        /// What it is.
        public let reason: String
    }

    /// Where `value` breaks the schema: JSON pointers and reasons, in the order of the document; empty if it is valid.
    public func faults(in value: JSONValue) -> [(pointer: String, reason: String)] {
        var faults: [(pointer: String, reason: String)] = []
        evaluate(root, value, at: "") { faults.append(($0, $1)) }
        return faults
    }

    private func check(_ schema: JSONValue, at place: String) throws(Unsupported) {
        guard case .object(let members) = schema else {
            throw Unsupported(place: place, reason: "a schema must be an object")
        }
        for (keyword, value) in members.sorted(by: { $0.key < $1.key }) {
            let inside = "\(place)/\(keyword)"
            switch (keyword, value) {
            case ("properties", .object(let children)), ("$defs", .object(let children)):
                for (name, child) in children { try check(child, at: "\(inside)/\(name)") }
            case ("items", _): try check(value, at: inside)
            case ("$ref", .string(let reference)):
                guard definition(reference) != nil else {
                    throw Unsupported(place: inside, reason: "there is no definition '\(reference)'")
                }
            case ("oneOf", .array(let branches)):
                for (position, branch) in branches.enumerated() { try check(branch, at: "\(inside)/\(position)") }
                let kinds = branches.map(kind)
                guard !kinds.isEmpty, !kinds.contains(nil), Set(kinds).count == kinds.count else {
                    throw Unsupported(
                        place: inside,
                        reason: "each branch must be an object with another constant 'kind'"
                    )
                }
            case ("format", .string(let name)):
                guard Format(rawValue: name) != nil else {
                    throw Unsupported(place: inside, reason: "unknown format '\(name)'")
                }
            case ("type", .string), ("type", .array):
                for name in value.typeNames where !Self.types.contains(name) {
                    throw Unsupported(place: inside, reason: "unknown type '\(name)'")
                }
            case ("additionalProperties", .bool(false)), ("required", .array), ("enum", .array), ("const", _): break
            case ("minItems", .integer), ("maxItems", .integer), ("minLength", .integer), ("maxLength", .integer),
                ("minimum", .integer), ("maximum", .integer):
                break
            case (_, _) where Self.annotations.contains(keyword) && keyword != "$defs": break
            case (_, _) where Self.keywords.contains(keyword) || keyword == "$defs":
                throw Unsupported(place: inside, reason: "this form of '\(keyword)' is not supported")
            default:
                throw Unsupported(place: inside, reason: "unknown keyword '\(keyword)'")
            }
        }
    }

    private func definition(_ reference: String) -> JSONValue? {
        let step = "#/$defs/"
        guard let range = reference.firstRange(of: step) else { return nil }
        let file =
            switch reference[..<range.lowerBound] {
            case "": root
            case "common.json": common
            default: JSONValue.null
            }
        return file["$defs"]?[String(reference[range.upperBound...])]
    }

    /// The value of `kind` that a branch of a choice is for.
    private func kind(_ branch: JSONValue) -> String? {
        let schema = branch["$ref"]?.text.flatMap(definition) ?? branch
        return schema["properties"]?["kind"]?["const"]?.text
    }

    private func evaluate(
        _ schema: JSONValue,
        _ value: JSONValue,
        at pointer: String,
        report: (_ pointer: String, _ reason: String) -> Void
    ) {
        if let reference = schema["$ref"]?.text, let target = definition(reference) {
            evaluate(target, value, at: pointer, report: report)
        }
        if case .array(let branches) = schema["oneOf"] {
            guard case .object = value else {
                report(pointer, "must be an object, is \(Self.article(value.typeName))")
                return
            }
            guard let branch = branches.first(where: { kind($0).map(JSONValue.string) == value["kind"] }) else {
                let kinds = branches.compactMap(kind).joined(separator: ", ")
                report(pointer + "/kind", "must be one of: \(kinds)")
                return
            }
            evaluate(branch, value, at: pointer, report: report)
        }
        if let types = schema["type"]?.typeNames, !types.contains(value.typeName) {
            let wanted = types.map(Self.article).joined(separator: " or ")
            report(pointer, "must be \(wanted), is \(Self.article(value.typeName))")
            return
        }
        if let constant = schema["const"], constant != value {
            report(pointer, "must be \(String(decoding: constant.canonical, as: UTF8.self))")
        }
        if case .array(let choices) = schema["enum"], !choices.contains(value) {
            let names = choices.map { String(decoding: $0.canonical, as: UTF8.self) }.joined(separator: ", ")
            report(pointer, "must be one of \(names)")
        }
        switch value {
        case .string(let text):
            bounds(schema, "Length", text.unicodeScalars.count, "characters") { report(pointer, $0) }
            if let fault = schema["format"]?.text.flatMap(Format.init)?.fault(in: text) { report(pointer, fault) }
        case .integer(let number):
            if case .integer(let least) = schema["minimum"], number < least {
                report(pointer, "must be at least \(least)")
            }
            if case .integer(let most) = schema["maximum"], number > most { report(pointer, "must be at most \(most)") }
        case .array(let values):
            bounds(schema, "Items", values.count, "items") { report(pointer, $0) }
            guard let items = schema["items"] else { return }
            for (position, child) in values.enumerated() {
                evaluate(items, child, at: "\(pointer)/\(position)", report: report)
            }
        case .object(let members):
            if case .array(let names) = schema["required"] {
                for case .string(let name) in names where members[name] == nil {
                    report(pointer, "lacks the member '\(name)'")
                }
            }
            for (name, child) in members.sorted(by: { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }) {
                let inside = "\(pointer)/\(JSONPointer.escaped(name))"
                if let property = schema["properties"]?[name] {
                    evaluate(property, child, at: inside, report: report)
                } else if schema["additionalProperties"] == .bool(false) {
                    report(inside, "is not a known member")
                }
            }
        case .null, .bool: break
        }
    }

    private func bounds(
        _ schema: JSONValue,
        _ keyword: String,
        _ count: Int,
        _ unit: String,
        report: (String) -> Void
    ) {
        if case .integer(let least) = schema["min\(keyword)"], count < least {
            report("must have at least \(least) \(unit), has \(count)")
        }
        if case .integer(let most) = schema["max\(keyword)"], count > most {
            report("must have at most \(most) \(unit), has \(count)")
        }
    }

    private static func article(_ type: String) -> String {
        switch type {
        case "null": "null"
        case "object", "array", "integer": "an \(type)"
        default: "a \(type)"
        }
    }
}

extension JSONValue {
    /// The types that a schema's `type` names.
    fileprivate var typeNames: [String] {
        switch self {
        case .string(let name): [name]
        case .array(let names): names.map { $0.text ?? "" }
        default: [""]
        }
    }

    /// The name that JSON Schema has for this value's type.
    fileprivate var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
