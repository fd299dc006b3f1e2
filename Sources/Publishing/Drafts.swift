import Authorization
public import Domain
public import Store

/// The Editor's drafts: what clients and partners write, for their own eyes until it is published (rules F-070, F-071,
/// F-081; decision D-9).
public struct Drafts: Sendable {
    private let storage: Storage
    private let access: Access
    private let format: ContentFormat

    /// Makes the operations over a store.
    public init(storage: Storage, format: ContentFormat) {
        self.storage = storage
        self.format = format
        access = Access(storage: storage)
    }

    /// Items, in the order they were made.
    public func list(
        _ caller: Caller,
        of scope: EditorScope,
        _ filter: ItemFilter,
        _ page: Page<ItemID>
    ) async throws -> [ItemRecord] {
        try await requireReader(caller, scope)
        return try await storage.items(of: scope, filter, page)
    }

    /// One item, deleted or not.
    public func get(_ caller: Caller, _ item: ItemID, of scope: EditorScope) async throws -> ItemRecord {
        try await requireReader(caller, scope)
        return try await storage.item(item, of: scope)
    }

    /// The scope of one of a partner's own items.
    public func scope(_ caller: Caller, _ item: ItemID, of partner: PartnerID) async throws -> EditorScope {
        try await access.partner(caller, partner, .readPartnerItems)
        return try await storage.scope(of: item, of: partner)
    }

    /// Makes an item.
    ///
    /// - Parameters:
    ///   - caller: Who.
    ///   - content: The item, checked against its kind's schema.
    ///   - scope: Whose.
    ///   - folder: The folder that it is to stand in.
    ///   - slug: The name of its file; nil for one made of its name.
    /// - Returns: The item; where another of the folder has the name, with a number behind its own.
    /// - Throws: `invalid` with a fault for each place at fault.
    public func add(
        _ caller: Caller,
        _ content: JSONValue,
        to scope: EditorScope,
        folder: Slug?,
        slug: Slug?
    ) async throws -> ItemRecord {
        try await requireEditor(caller, scope)
        let item = try format.item(content, id: "new", at: "/content")
        return try await add(item, to: scope, folder, slug ?? Slug(from: item.name, else: "item"), by: caller)
    }

    /// Makes a second item like one that is there, its history its own.
    public func duplicate(_ caller: Caller, _ item: ItemID, of scope: EditorScope) async throws -> ItemRecord {
        try await requireEditor(caller, scope)
        let present = try await storage.item(item, of: scope)
        return try await add(present.item, to: scope, present.folder, present.slug, by: caller)
    }

    private func add(
        _ item: ContentItem,
        to scope: EditorScope,
        _ folder: Slug?,
        _ slug: Slug,
        by caller: Caller
    ) async throws -> ItemRecord {
        let new = NewItem(item: item, folder: folder, slug: slug)
        guard let made = try await storage.addItems([new], to: scope, .created, by: caller).first else {
            throw Refusal(.notFound, "There is no such item.")
        }
        return made
    }

    /// What is to become of an item; nil leaves a thing as it is.
    public struct Change: Sendable {
        /// A JSON Merge Patch of its content.
        public var content: JSONValue?
        /// Another folder, or none.
        public var folder: Slug??
        /// Another name of its file.
        public var slug: Slug?

        /// A change that leaves everything as it is.
        public init() {}
    }

    /// Changes an item; a translator changes nothing but texts.
    ///
    /// - Throws: `stale` where it is not in the state that the caller saw; `invalid` with a fault for each place at fault.
    public func change(
        _ caller: Caller,
        _ item: ItemID,
        of scope: EditorScope,
        _ change: Change,
        expecting: Expectation<ItemRecord>
    ) async throws -> ItemRecord {
        try await access.editor(caller, scope, client: .editItemTexts, partner: .editPartnerItems)
        let present = try await storage.item(item, of: scope)
        guard present.deletedAt == nil else {
            throw Refusal(.conflict, "The item is deleted; restore one of its revisions first.")
        }
        try expecting(present)
        var edit = ItemEdit(present)
        if let patch = change.content {
            let content = present.item.content.merging(patch)
            edit.item = try format.item(content, id: present.item.id, at: "/content")
        }
        if let folder = change.folder { edit.folder = folder }
        if let slug = change.slug { edit.slug = slug }
        let isText =
            edit.folder == present.folder && edit.slug == present.slug
            && edit.item.content.differsOnlyInText(from: present.item.content)
        if !isText { try await requireEditor(caller, scope) }
        return try await storage.changeItem(item, of: scope, from: present.revision, edit, .edited, by: caller)
    }

    /// Deletes an item; for 30 days it can be restored.
    public func delete(
        _ caller: Caller,
        _ item: ItemID,
        of scope: EditorScope,
        expecting: Expectation<ItemRecord>
    ) async throws {
        try await requireEditor(caller, scope)
        let present = try await storage.item(item, of: scope)
        try expecting(present)
        var edit = ItemEdit(present)
        edit.isDeleted = true
        _ = try await storage.changeItem(item, of: scope, from: present.revision, edit, .deleted, by: caller)
    }

    /// An item's states, the newest first.
    public func history(
        _ caller: Caller,
        _ item: ItemID,
        of scope: EditorScope,
        before number: Int64?,
        limit: Int
    ) async throws -> [ItemRevision] {
        try await requireReader(caller, scope)
        return try await storage.revisions(of: item, scope, before: number, limit: limit)
    }

    /// Takes an earlier state again, as a new one; a deleted item is there again.
    public func restore(
        _ caller: Caller,
        _ number: Int64,
        of item: ItemID,
        _ scope: EditorScope
    ) async throws -> ItemRecord {
        try await requireEditor(caller, scope)
        let present = try await storage.item(item, of: scope)
        let revision = try await storage.revision(number, of: item, scope)
        var edit = ItemEdit(present)
        // What an earlier version of the program took may no longer be valid.
        edit.item = try format.item(revision.item.content, id: present.item.id, at: "/content")
        edit.folder = revision.folder
        edit.slug = revision.slug
        edit.isDeleted = false
        return try await storage.changeItem(item, of: scope, from: present.revision, edit, .restored, by: caller)
    }

    private func requireReader(_ caller: Caller, _ scope: EditorScope) async throws {
        try await access.editor(caller, scope, client: .readItems, partner: .readPartnerItems)
    }

    private func requireEditor(_ caller: Caller, _ scope: EditorScope) async throws {
        try await access.editor(caller, scope, client: .editItems, partner: .editPartnerItems)
    }
}
