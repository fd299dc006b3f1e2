import Authorization
public import Domain
public import Store

/// What has become of the version that a copy came from. A copy never changes by itself: its owner may look, and take.
public struct Origins: Sendable {
    private let storage: Storage
    private let access: Access
    private let format: ContentFormat

    /// Makes the operations over a store.
    public init(storage: Storage, format: ContentFormat) {
        self.storage = storage
        self.format = format
        access = Access(storage: storage)
    }

    /// A copy beside the version that it came from, and the newest one.
    public struct Report: Sendable {
        /// What is known of the origin.
        public let origin: OriginRecord
        /// How many versions since are not withdrawn.
        public let versionsBehind: Int
        /// Whether the newest version holds the item no more.
        public let isRemoved: Bool
        /// Every field that is not the same in all three.
        public let fields: [FieldComparison]
    }

    /// Compares a copy with its origin and with the newest version, field by field.
    ///
    /// - Throws: `notFound` for an item that is no copy.
    public func report(
        _ caller: Caller,
        _ item: ItemID,
        of client: ClientID,
        _ system: SystemID
    ) async throws -> Report {
        try await access.client(caller, client, at: system, .readItems)
        return try await report(item, of: client, system)
    }

    /// Takes changes of the newest version into the draft; what is published stays as it is.
    ///
    /// - Parameters:
    ///   - caller: Who.
    ///   - pointers: The fields to take; nil for all that the copy's owner has not changed.
    ///   - item: The copy.
    ///   - client: Whose.
    ///   - system: In which of its systems.
    /// - Returns: The copy, its origin the newest version from now on.
    /// - Throws: `conflict` where there is nothing newer, `invalid` for a field that is not one of the report's.
    public func take(
        _ caller: Caller,
        _ pointers: [String]?,
        into item: ItemID,
        of client: ClientID,
        _ system: SystemID
    ) async throws -> ItemRecord {
        try await access.client(caller, client, at: system, .editItems)
        let report = try await report(item, of: client, system)
        guard let newest = report.origin.newest, !report.isRemoved else {
            throw Refusal(.conflict, "There is no newer version of this item.")
        }
        let fields = Dictionary(report.fields.map { ($0.pointer, $0) }) { first, _ in first }
        let wanted = pointers ?? report.fields.filter { $0.change == .theirs }.map(\.pointer)
        let names = report.origin.names
        var content = report.origin.item.item.content.renamingReferences { names[$0] }
        for pointer in wanted {
            guard let field = fields[pointer] else {
                throw Refusal(.invalid, "'\(pointer.prefix(80))' is no field that differs.", field: "take")
            }
            content = content.setting(pointer, to: field.newest)
        }
        let copies = report.origin.ids
        content = content.renamingReferences { copies[$0] }
        var edit = ItemEdit(report.origin.item)
        edit.item = try format.item(content, id: report.origin.item.item.id, at: "/content")
        edit.origin?.version = newest.id
        return try await storage.changeItem(
            item,
            of: .client(client, system),
            from: report.origin.item.revision,
            edit,
            .taken,
            by: caller
        )
    }

    private func report(_ item: ItemID, of client: ClientID, _ system: SystemID) async throws -> Report {
        let origin = try await storage.origin(of: item, client, system)
        func content(in version: [UInt8]) throws -> JSONValue? {
            try Solution.items(ofVersion: version).first { $0.id == origin.item.origin?.item }?.content
        }
        let old = try content(in: origin.content)
        let new = try origin.newestContent.map { try content(in: $0) }
        let names = origin.names
        let own = origin.item.item.content.renamingReferences { names[$0] }
        let isRemoved = new == .some(nil)
        return Report(
            origin: origin,
            versionsBehind: origin.later.count { $0.withdrawnAt == nil },
            isRemoved: isRemoved,
            fields: FieldComparison.all(origin: old, newest: isRemoved ? old : new ?? old, own: own)
        )
    }
}

extension OriginRecord {
    /// The ids of copies, and what the solution calls the items: in those words copies are compared.
    fileprivate var names: [String: String] {
        Dictionary(copies.map { ($0.id.description, $0.item) }) { first, _ in first }
    }

    /// What the solution calls its items, and their copies' ids: of several, the one in the same folder.
    fileprivate var ids: [String: String] {
        let ordered = copies.sorted { $0.folder == item.folder && $1.folder != item.folder }
        return Dictionary(ordered.map { ($0.item, $0.id.description) }) { first, _ in first }
    }
}
