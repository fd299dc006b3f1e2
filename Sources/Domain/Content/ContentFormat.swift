/// The file format of items and solutions: bytes in, values out, checked against the embedded JSON Schemas.
public struct ContentFormat: Sendable {
    private let items: [ItemKind: Schema]
    private let solution: Schema

    /// The largest file of an item or a solution, in bytes.
    public static let fileBytesMax = 256 * 1024
    /// The most items of a solution, or of a release.
    public static let itemsMax = 500

    /// The most bytes that a version's or a release's content has, as canonical JSON.
    public static let contentBytesMax = 4 << 20

    /// Reads the embedded schemas.
    ///
    /// - Throws: ``Schema/Unsupported`` where one of them says what the evaluator does not know.
    public init() throws(Schema.Unsupported) {
        var items: [ItemKind: Schema] = [:]
        let common = try Self.document("common")
        for kind in ItemKind.allCases { items[kind] = try Schema(try Self.document(kind.rawValue), common: common) }
        self.items = items
        solution = try Schema(try Self.document("solution"), common: common)
    }

    /// The bytes of an embedded schema: an item kind's name, `solution`, or `common` for what they share.
    public static func schemaFile(_ name: String) -> [UInt8]? {
        EmbeddedFiles.bytes("schemas/\(name).json")
    }

    private static func document(_ name: String) throws(Schema.Unsupported) -> JSONValue {
        guard let bytes = schemaFile(name) else {
            throw Schema.Unsupported(place: name, reason: "no such schema is embedded")
        }
        do throws(NotJSON) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Schema.Unsupported(place: name, reason: error.reason)
        }
    }

    /// Reads the files of one folder of items.
    ///
    /// - Parameter files: names and bytes; an item's id is its file's name without `.json`.
    /// - Returns: the items in order of their file names.
    /// - Throws: `invalid`, with a fault for each place at fault.
    public func items(_ files: [ContentFile]) throws(Refusal) -> [ContentItem] {
        var faults: [Refusal.Fault] = []
        var items: [ContentItem] = []
        for file in files.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            switch parse(file) {
            case .success(let item): items.append(item)
            case .failure(let refusal): faults += refusal.faults
            }
        }
        if items.isEmpty && faults.isEmpty {
            throw Refusal(.invalid, "There is no item: a folder of items holds a .json file for each.", field: "items")
        }
        if files.count > Self.itemsMax {
            throw Refusal(.tooLong, "There are \(files.count) items; at most \(Self.itemsMax) fit.", field: "items")
        }
        try Self.refuse(faults)
        return items
    }

    /// Reads a solution: `solution.json`, and the other files as its items.
    ///
    /// - Throws: `invalid` with a fault for each place at fault, or `unsupported` for the system type.
    public func solution(id: String, files: [ContentFile]) throws(Refusal) -> Solution {
        guard let head = files.first(where: { $0.name == "solution.json" }) else {
            throw Refusal(.invalid, "There is no solution.json in '\(id)'.", field: "solution")
        }
        guard Slug.accepts(id) else {
            throw Refusal(.invalid, "A solution's folder is named by 1 to 64 of a-z, 0-9 and '-': '\(id)'.")
        }
        var faults: [Refusal.Fault] = []
        var about: JSONValue?
        switch Self.read(head, solution) {
        case .success(let value): about = value
        case .failure(let refusal): faults += refusal.faults
        }
        var items: [ContentItem] = []
        do throws(Refusal) {
            items = try self.items(files.filter { $0.name != "solution.json" })
        } catch {
            guard !error.faults.isEmpty else { throw error }
            faults += error.faults
        }
        try Self.refuse(faults)
        guard let about, let system = about["system"]?.text else {
            throw Refusal(.invalid, "The solution '\(id)' names no system.")
        }
        do throws(Refusal) {
            return Solution(id: id, system: try SystemType(system), about: about, items: items)
        } catch {
            throw Refusal(
                error.code,
                "There is 1 fault in the content.",
                field: error.field,
                faults: [.init(place: "\(head.path)#/system", reason: error.message)]
            )
        }
    }

    /// Checks an item that came otherwise than as a file.
    ///
    /// - Parameters:
    ///   - value: The item.
    ///   - id: Its id.
    ///   - place: What stands before the JSON pointers of faults.
    /// - Returns: The item.
    /// - Throws: `invalid` with a fault for each place at fault.
    public func item(_ value: JSONValue, id: String, at place: String) throws(Refusal) -> ContentItem {
        let size = value.canonical.count
        guard size <= Self.fileBytesMax else {
            throw .content([.init(place: place, reason: "has \(size) bytes; at most \(Self.fileBytesMax) are taken")])
        }
        guard let kind = value["kind"]?.text.flatMap(ItemKind.init(rawValue:)), let schema = items[kind] else {
            throw .content([.init(place: place + "/kind", reason: Self.kinds)])
        }
        let faults = schema.faults(in: value).map { Refusal.Fault(place: place + $0.pointer, reason: $0.reason) }
        try Self.refuse(faults)
        return ContentItem(id: id, kind: kind, content: value)
    }

    /// Checks what a solution says of itself, as `solution.json` has it.
    ///
    /// - Throws: `invalid` with a fault for each place at fault.
    public func check(about: JSONValue) throws(Refusal) {
        try Self.refuse(solution.faults(in: about).map { Refusal.Fault(place: $0.pointer, reason: $0.reason) })
    }

    private static let kinds =
        "must be one of the kinds this version supports: " + ItemKind.allCases.map(\.rawValue).joined(separator: ", ")

    private func parse(_ file: ContentFile) -> Result<ContentItem, Refusal> {
        let id = String(file.name.dropLast(".json".count))
        guard file.name.hasSuffix(".json"), Slug.accepts(id) else {
            return .failure(Self.fault(file, "", "a file of items is named by 1 to 64 of a-z, 0-9 and '-', then .json"))
        }
        let value: JSONValue
        switch Self.read(file, nil) {
        case .success(let read): value = read
        case .failure(let refusal): return .failure(refusal)
        }
        return Result { () throws(Refusal) in try item(value, id: id, at: file.path + "#") }
    }

    private static func read(_ file: ContentFile, _ schema: Schema?) -> Result<JSONValue, Refusal> {
        guard file.bytes.count <= fileBytesMax else {
            return .failure(fault(file, "", "has \(file.bytes.count) bytes; at most \(fileBytesMax) are read"))
        }
        do throws(NotJSON) {
            let value = try JSONValue(parsing: file.bytes)
            return schema.map { faults(file, value, $0) } ?? .success(value)
        } catch {
            return .failure(fault(file, error.pointer, error.reason))
        }
    }

    private static func faults(_ file: ContentFile, _ value: JSONValue, _ schema: Schema) -> Result<JSONValue, Refusal>
    {
        let faults = schema.faults(in: value).map {
            Refusal.Fault(place: "\(file.path)#\($0.pointer)", reason: $0.reason)
        }
        return faults.isEmpty ? .success(value) : .failure(Refusal(.invalid, "", faults: faults))
    }

    private static func fault(_ file: ContentFile, _ pointer: String, _ reason: String) -> Refusal {
        Refusal(.invalid, "", faults: [.init(place: "\(file.path)#\(pointer)", reason: reason)])
    }

    private static func refuse(_ faults: [Refusal.Fault]) throws(Refusal) {
        guard faults.isEmpty else { throw Refusal.content(faults) }
    }
}

/// A file of content as its author named it.
public struct ContentFile: Hashable, Sendable {
    /// The path to show in faults.
    public let path: String
    /// What it holds.
    public let bytes: [UInt8]

    /// Makes a file of outside bytes.
    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    /// The path's last component.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? "" }
}
