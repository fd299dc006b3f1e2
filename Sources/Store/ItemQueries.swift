public import Domain

enum ItemSQL: String, StatementSet {
    case workspaceOfSystem = "SELECT id FROM workspace WHERE system_id = ?"
    case workspaceOfPartner = "SELECT id FROM workspace WHERE partner_id = ? AND system_type = ?"
    case typeOfItem = """
        SELECT workspace.system_type FROM item JOIN workspace ON workspace.id = item.workspace_id
        WHERE item.id = ? AND workspace.partner_id = ?
        """
    case one = """
        SELECT id, folder, slug, content, revision, origin_version_id, origin_item, created_at, changed_at, changed_by,
            deleted_at
        FROM item WHERE workspace_id = ? AND id = ?
        """
    case list = """
        SELECT id, folder, slug, content, revision, origin_version_id, origin_item, created_at, changed_at, changed_by,
            deleted_at
        FROM item WHERE workspace_id = ? AND id > ? AND (deleted_at IS NULL) = (? = 0)
            AND (? = '' OR folder = ?) AND (? = '' OR kind = ?) AND words LIKE ? ESCAPE '\\'
        ORDER BY id LIMIT ?
        """
    case sizes = """
        SELECT id, folder, length(content) FROM item WHERE workspace_id = ? AND deleted_at IS NULL ORDER BY folder, slug
        """
    case count = """
        SELECT COUNT(*), COALESCE(SUM(length(content)), 0) FROM item WHERE workspace_id = ? AND deleted_at IS NULL
        """
    case taken = "SELECT id FROM item WHERE workspace_id = ? AND folder = ? AND slug = ? AND deleted_at IS NULL"
    case insert = """
        INSERT INTO item (id, workspace_id, folder, slug, kind, name, words, content, revision, origin_version_id,
            origin_item, created_at, changed_at, changed_by)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?)
        """
    case update = """
        UPDATE item SET folder = ?, slug = ?, kind = ?, name = ?, words = ?, content = ?, revision = ?,
            origin_version_id = ?, origin_item = ?, changed_at = ?, changed_by = ?, deleted_at = ?
        WHERE id = ?
        """
    case insertRevision = """
        INSERT INTO item_revision (item_id, number, change, folder, slug, content, made_at, made_by)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    case revisions = """
        SELECT number, change, folder, slug, content, made_at, made_by FROM item_revision
        WHERE item_id = ? AND number < ? ORDER BY number DESC LIMIT ?
        """
    case revision = """
        SELECT number, change, folder, slug, content, made_at, made_by FROM item_revision
        WHERE item_id = ? AND number = ?
        """
    case forgetOldRevisions = "DELETE FROM item_revision WHERE item_id = ? AND number <= ?"
    case longDeleted = "SELECT id FROM item WHERE deleted_at <= ? LIMIT 1000"
    case forgetRevisions = "DELETE FROM item_revision WHERE item_id = ?"
    case forget = "DELETE FROM item WHERE id = ?"
}

/// An item of a workspace: a draft, whatever was published of it.
public struct ItemRecord: Hashable, Sendable {
    /// Its id, and what is published of it.
    public var item: ContentItem
    /// The folder that it stands in; nil for none.
    public var folder: Slug?
    /// The name of its file within the folder.
    public var slug: Slug
    /// Which of its states this is, from 1; every change makes another.
    public var revision: Int64
    /// Where it was copied from, for information only.
    public var origin: ItemOrigin?
    /// When it was made.
    public let createdAt: Timestamp
    /// When it was changed last.
    public var changedAt: Timestamp
    /// By whom, as the audit names people.
    public var changedBy: String
    /// Since when it is deleted; nil for one that is not.
    public var deletedAt: Timestamp?

    /// Its id.
    public let id: ItemID

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        folder = try row.slug(1)
        guard let slug = try row.slug(2) else { throw row.damaged(2) }
        self.slug = slug
        item = try ContentItem(stored: try row.bytes(3), id: id.description)
        revision = try row.integer(4)
        origin = try row.optional(5) { column in
            ItemOrigin(version: try row.id(column), item: try row.text(column + 1))
        }
        createdAt = try row.time(7)
        changedAt = try row.time(8)
        changedBy = try row.text(9)
        deletedAt = try row.optional(10, row.time)
    }

    init(_ new: NewItem, id: ItemID, slug: Slug, by caller: Caller, at now: Timestamp) {
        self.id = id
        item = new.item
        folder = new.folder
        self.slug = slug
        revision = 1
        origin = new.origin
        createdAt = now
        changedAt = now
        changedBy = caller.auditName
    }
}

/// Where a copy came from: information only, nothing follows it.
public struct ItemOrigin: Hashable, Sendable {
    /// The version of a solution.
    public var version: SolutionVersionID
    /// The item's id within it.
    public var item: String

    /// Puts it together.
    public init(version: SolutionVersionID, item: String) {
        self.version = version
        self.item = item
    }
}

/// One of an item's states.
public struct ItemRevision: Hashable, Sendable {
    /// What made it.
    public enum Change: String, Sendable, CaseIterable {
        /// The item was made.
        case created
        /// It was copied from the gallery.
        case downloaded
        /// It came with an archive.
        case imported
        /// It was edited.
        case edited
        /// An earlier state was taken again, or the item was undeleted.
        case restored
        /// Changes of the version that it was copied from were taken over.
        case taken
        /// It was deleted.
        case deleted
    }

    /// Its number, from 1.
    public let number: Int64
    /// What made it.
    public let change: Change
    /// The folder.
    public let folder: Slug?
    /// The name of its file.
    public let slug: Slug
    /// The content.
    public let item: ContentItem
    /// When.
    public let madeAt: Timestamp
    /// By whom, as the audit names people.
    public let madeBy: String

    init(_ row: SQLRow, of item: ItemID) throws {
        number = try row.integer(0)
        guard let change = Change(rawValue: try row.text(1)), let slug = try row.slug(3) else { throw row.damaged(1) }
        self.change = change
        folder = try row.slug(2)
        self.slug = slug
        self.item = try ContentItem(stored: try row.bytes(4), id: item.description)
        madeAt = try row.time(5)
        madeBy = try row.text(6)
    }
}

/// Which items a list shows.
public struct ItemFilter: Hashable, Sendable {
    /// Those of a folder.
    public var folder: Slug?
    /// Those of a kind.
    public var kind: ItemKind?
    /// Those whose name or texts contain this, in any case.
    public var words = ""
    /// Those that are deleted and can be restored, rather than those that are there.
    public var deleted = false

    /// All items that are there.
    public init() {}
}

/// Which items of a workspace.
public enum ItemChoice: Sendable {
    /// All.
    case all
    /// Those of a folder.
    case folder(Slug)
    /// Those of these ids; each must be there.
    case ids([ItemID])

    /// Those of some ids, or all.
    public init(_ ids: [ItemID]?) {
        self = ids.map(ItemChoice.ids) ?? .all
    }
}

extension Storage {
    /// Items, in the order they were made.
    public func items(
        of scope: EditorScope,
        _ filter: ItemFilter,
        _ page: Page<ItemID>
    ) async throws -> [ItemRecord] {
        let pattern = filter.words.lowercased().replacing("\\", with: "\\\\").replacing("%", with: "\\%")
            .replacing("_", with: "\\_")
        return try await engine.snapshot { connection in
            guard let workspace = try connection.workspace(of: scope) else { return [] }
            return try connection.rows(
                ItemSQL.list,
                .text(of: workspace),
                page.after,
                .flag(filter.deleted),
                .text(filter.folder?.text ?? ""),
                .text(filter.folder?.text ?? ""),
                .text(filter.kind?.rawValue ?? ""),
                .text(filter.kind?.rawValue ?? ""),
                .text("%\(pattern)%"),
                page.count
            ).map(ItemRecord.init)
        }
    }

    /// Items that are not deleted, as they are at one moment, in the order of folders and names.
    ///
    /// - Parameters:
    ///   - scope: Whose.
    ///   - chosen: Which.
    ///   - bytesMax: The most bytes that they may have together; nothing is read where they have more.
    /// - Returns: The items.
    /// - Throws: `invalid` for an id that is not among them, `tooLong`.
    public func items(
        of scope: EditorScope,
        _ chosen: ItemChoice,
        bytesMax: Int = Storage.workspaceBytesMax
    ) async throws -> [ItemRecord] {
        try await engine.snapshot { connection in
            guard let workspace = try connection.workspace(of: scope) else { return [] }
            var wanted: [SQLRow]
            let all = try connection.rows(ItemSQL.sizes, .text(of: workspace))
            switch chosen {
            case .all: wanted = all
            case .folder(let folder): wanted = all.filter { $0[1] == .text(of: folder) }
            case .ids(let ids):
                let named = Set(ids.map { SQLValue.text(of: $0) })
                wanted = all.filter { named.contains($0[0]) }
                guard wanted.count == named.count else {
                    throw Refusal(.invalid, "One of the items is not in this Editor.", field: "items")
                }
            }
            let bytes = try wanted.reduce(0) { $0 + Int(clamping: try $1.integer(2)) }
            guard bytes <= bytesMax else {
                throw Refusal(
                    .tooLong,
                    "The items have \(bytes) bytes together; at most \(bytesMax) can be taken at once.",
                    field: "items"
                )
            }
            return try wanted.compactMap {
                try connection.rows(ItemSQL.one, .text(of: workspace), $0[0]).first.map(ItemRecord.init)
            }
        }
    }

    /// One item, deleted or not.
    public func item(_ id: ItemID, of scope: EditorScope) async throws -> ItemRecord {
        try await engine.snapshot { try $0.item(id, of: scope).record }
    }

    /// An item's states, the newest first.
    public func revisions(
        of id: ItemID,
        _ scope: EditorScope,
        before number: Int64?,
        limit: Int
    ) async throws -> [ItemRevision] {
        try await engine.snapshot { connection in
            _ = try connection.item(id, of: scope)
            return try connection.rows(
                ItemSQL.revisions,
                .text(of: id),
                .integer(number ?? .max),
                .integer(Int64(limit) + 1)
            ).map { try ItemRevision($0, of: id) }
        }
    }

    /// One of an item's states.
    public func revision(_ number: Int64, of id: ItemID, _ scope: EditorScope) async throws -> ItemRevision {
        try await engine.snapshot { connection in
            _ = try connection.item(id, of: scope)
            guard let row = try connection.rows(ItemSQL.revision, .text(of: id), .integer(number)).first else {
                throw Refusal(.notFound, "The item has no revision \(number).", field: "restore")
            }
            return try ItemRevision(row, of: id)
        }
    }

    /// The scope of one of a partner's own items.
    public func scope(of item: ItemID, of partner: PartnerID) async throws -> EditorScope {
        try await engine.snapshot { connection in
            guard let row = try connection.rows(ItemSQL.typeOfItem, .text(of: item), .text(of: partner)).first else {
                throw Storage.noItem
            }
            return .partner(partner, try SystemType(try row.text(0)))
        }
    }

    static let noItem = Refusal(.notFound, "There is no such item.")
}

extension Connection {
    /// The workspace of a scope; nil where nothing was ever made in it.
    ///
    /// - Throws: `notFound` for a system that is not the client's, or that is deleted.
    func workspace(of scope: EditorScope) throws -> WorkspaceID? {
        switch scope {
        case .client(let client, let system):
            _ = try self.system(system, of: client)
            return try rows(ItemSQL.workspaceOfSystem, .text(of: system)).first?.id(0)
        case .partner(let partner, let type):
            return try rows(ItemSQL.workspaceOfPartner, .text(of: partner), .text(of: type)).first?.id(0)
        }
    }

    /// One item, deleted or not, and its workspace.
    func item(_ id: ItemID, of scope: EditorScope) throws -> (record: ItemRecord, workspace: WorkspaceID) {
        guard let workspace = try workspace(of: scope),
            let row = try rows(ItemSQL.one, .text(of: workspace), .text(of: id)).first
        else { throw Storage.noItem }
        return (try ItemRecord(row), workspace)
    }
}

extension SQLRow {
    /// A name in files and URLs; nil where it is empty.
    func slug(_ column: Int) throws -> Slug? {
        let text = try text(column)
        return text.isEmpty ? nil : try Slug(text, field: "slug")
    }
}
