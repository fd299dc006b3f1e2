public import Domain

/// An item to be made.
public struct NewItem: Hashable, Sendable {
    /// What it is; its id is given when it is made.
    public var item: ContentItem
    /// The folder that it is to stand in.
    public var folder: Slug?
    /// The name of its file; where another has it, a number is put behind.
    public var slug: Slug
    /// Where it is copied from.
    public var origin: ItemOrigin?

    /// Puts it together.
    public init(item: ContentItem, folder: Slug?, slug: Slug, origin: ItemOrigin? = nil) {
        self.item = item
        self.folder = folder
        self.slug = slug
        self.origin = origin
    }
}

/// Another state of an item.
public struct ItemEdit: Hashable, Sendable {
    /// The content.
    public var item: ContentItem
    /// The folder.
    public var folder: Slug?
    /// The name of its file.
    public var slug: Slug
    /// Where it was copied from.
    public var origin: ItemOrigin?
    /// Whether it is deleted.
    public var isDeleted = false

    /// An edit that leaves everything as it is.
    public init(_ record: ItemRecord) {
        item = record.item
        folder = record.folder
        slug = record.slug
        origin = record.origin
        isDeleted = record.deletedAt != nil
    }
}

extension Storage {
    /// The most items of a workspace that are not deleted.
    public static let workspaceItemsMax = 2000
    /// The most bytes that its items may have together, as they are stored: an export reads them all.
    public static let workspaceBytesMax = 32 << 20
    /// How many states of an item are kept; older ones are forgotten.
    public static let revisionsMax: Int64 = 200
    /// How long a deleted item can be restored, in milliseconds: 30 days (`domain.md`, States, Draft item).
    public static let undoAge: Int64 = 30 * 86_400_000

    /// Makes items; all or none. References among them are to the ids that they came with, and are renamed to the new ones.
    public func addItems(
        _ new: [NewItem],
        to scope: EditorScope,
        _ change: ItemRevision.Change,
        by caller: Caller
    ) async throws -> [ItemRecord] {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            let workspace = try connection.lockWorkspace(scope, runtime).id
            let records = try connection.insert(new, into: workspace, change, by: caller, at: now, runtime)
            try connection.keepAnswer(to: caller, records, at: now)
            return records
        }
    }

    /// Gives an item another state.
    ///
    /// - Parameters:
    ///   - id: The item.
    ///   - scope: Whose.
    ///   - revision: The state that the edit was made from.
    ///   - edit: The new state; one that is the same makes no revision.
    ///   - change: What makes it.
    ///   - caller: Who.
    /// - Returns: The item as it is now.
    /// - Throws: `stale` where it has changed since, `conflict` where another item has the name.
    public func changeItem(
        _ id: ItemID,
        of scope: EditorScope,
        from revision: Int64,
        _ edit: ItemEdit,
        _ change: ItemRevision.Change,
        by caller: Caller
    ) async throws -> ItemRecord {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            let workspace = try connection.lockWorkspace(scope, runtime).id
            var (record, _) = try connection.item(id, of: scope)
            guard record.revision == revision else {
                throw Refusal(.stale, "This has changed since you read it: read it again, and decide anew.")
            }
            guard edit != ItemEdit(record) else {
                try connection.keepAnswer(to: caller, record, at: now)
                return record
            }
            let canonical = edit.item.content.canonical
            if !edit.isDeleted {
                let taken = try connection.itemNamed(edit.slug, in: edit.folder, workspace)
                guard taken == nil || taken == id else {
                    throw Refusal(.conflict, "Another item of the folder has this name.", field: "slug")
                }
                let old = record.item.content.canonical.count
                if record.deletedAt != nil {
                    try connection.checkRoom(for: 1, bytes: canonical.count, in: workspace)
                } else if canonical.count > old {
                    try connection.checkRoom(for: 0, bytes: canonical.count - old, in: workspace)
                }
            }
            record.item = edit.item
            record.folder = edit.folder
            record.slug = edit.slug
            record.origin = edit.origin
            record.revision += 1
            record.changedAt = now
            record.changedBy = caller.auditName
            record.deletedAt = edit.isDeleted ? record.deletedAt ?? now : nil
            let content = SQLValue.bytes(canonical)
            try connection.execute(
                ItemSQL.update,
                .text(record.folder?.text ?? ""),
                .text(of: record.slug),
                .text(record.item.kind.rawValue),
                .text(record.item.name),
                .text(record.item.words),
                content,
                .integer(record.revision),
                record.origin.map { .text(of: $0.version) } ?? .null,
                record.origin.map { .text($0.item) } ?? .null,
                .time(now),
                .text(record.changedBy),
                record.deletedAt.map(SQLValue.time) ?? .null,
                .text(of: id)
            )
            try connection.insertRevision(record, change, content)
            try connection.keepAnswer(to: caller, record, at: now)
            return record
        }
    }

    /// Forgets items that were deleted so long ago that nobody can restore them.
    ///
    /// - Returns: How many went.
    @discardableResult
    public func forgetDeletedItems() async throws -> Int {
        let before = SQLValue.integer(runtime.now().milliseconds - Self.undoAge)
        var count = 0
        while true {
            let forgotten = try await engine.transaction { connection in
                let rows = try connection.rows(ItemSQL.longDeleted, before)
                for row in rows {
                    try connection.execute(ItemSQL.forgetRevisions, row[0])
                    try connection.execute(ItemSQL.forget, row[0])
                }
                return rows.count
            }
            count += forgotten
            if forgotten == 0 { return count }
        }
    }
}

extension Connection {
    /// Locks the workspace of a scope, made where it was not there: drafts and releases of one owner are written one after
    /// the other.
    func lockWorkspace(_ scope: EditorScope, _ runtime: Runtime) throws -> Workspace {
        if case .client(let client, let system) = scope {
            try lockClient(client)
            _ = try self.system(system, of: client)
        }
        return try Workspace.lockOrMake(scope.owner, next: 0, self, runtime)
    }

    func insert(
        _ new: [NewItem],
        into workspace: WorkspaceID,
        _ change: ItemRevision.Change,
        by caller: Caller,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> [ItemRecord] {
        let bytes = new.reduce(0) { $0 + $1.item.content.canonical.count }
        try checkRoom(for: new.count, bytes: bytes, in: workspace)
        let ids = new.map { (old: $0.item.id, new: ItemID(runtime)) }
        let renamed = Dictionary(ids.map { ($0.old, $0.new.description) }) { first, _ in first }
        return try zip(new, ids).map { new, id in
            var new = new
            new.item = new.item.copied(as: id.new.description) { renamed[$0] }
            let slug = try freeSlug(new.slug, in: new.folder, workspace)
            let record = ItemRecord(new, id: id.new, slug: slug, by: caller, at: now)
            let content = SQLValue.bytes(record.item.content.canonical)
            try execute(
                ItemSQL.insert,
                .text(of: record.id),
                .text(of: workspace),
                .text(record.folder?.text ?? ""),
                .text(of: record.slug),
                .text(record.item.kind.rawValue),
                .text(record.item.name),
                .text(record.item.words),
                content,
                record.origin.map { .text(of: $0.version) } ?? .null,
                record.origin.map { .text($0.item) } ?? .null,
                .time(now),
                .time(now),
                .text(record.changedBy)
            )
            try insertRevision(record, change, content)
            return record
        }
    }

    fileprivate func insertRevision(_ record: ItemRecord, _ change: ItemRevision.Change, _ content: SQLValue) throws {
        try execute(
            ItemSQL.insertRevision,
            .text(of: record.id),
            .integer(record.revision),
            .text(change.rawValue),
            .text(record.folder?.text ?? ""),
            .text(of: record.slug),
            content,
            .time(record.changedAt),
            .text(record.changedBy)
        )
        if record.revision > Storage.revisionsMax {
            try execute(
                ItemSQL.forgetOldRevisions,
                .text(of: record.id),
                .integer(record.revision - Storage.revisionsMax)
            )
        }
    }

    fileprivate func itemNamed(_ slug: Slug, in folder: Slug?, _ workspace: WorkspaceID) throws -> ItemID? {
        try rows(ItemSQL.taken, .text(of: workspace), .text(folder?.text ?? ""), .text(of: slug)).first?.id(0)
    }

    private func freeSlug(_ slug: Slug, in folder: Slug?, _ workspace: WorkspaceID) throws -> Slug {
        var free = slug
        var number = 1
        while try itemNamed(free, in: folder, workspace) != nil {
            number += 1
            free = slug.numbered(number)
        }
        return free
    }

    fileprivate func checkRoom(for count: Int, bytes: Int, in workspace: WorkspaceID) throws {
        guard let present = try rows(ItemSQL.count, .text(of: workspace)).first else { return }
        guard try present.integer(0) + Int64(count) <= Storage.workspaceItemsMax else {
            throw Refusal(.tooLong, "A workspace holds at most \(Storage.workspaceItemsMax) items.", field: "items")
        }
        guard try present.integer(1) + Int64(bytes) <= Storage.workspaceBytesMax else {
            throw Refusal(
                .tooLong,
                "A workspace's items have at most \(Storage.workspaceBytesMax >> 20) MiB together.",
                field: "items"
            )
        }
    }
}
