import Authorization
public import Domain
public import Store

/// The Editor's content as archives: the gallery's folder format in a ZIP file, a folder for each folder of the Editor and
/// a file for each item.
public struct Archives: Sendable {
    private let storage: Storage
    private let access: Access
    private let format: ContentFormat

    /// Makes the operations over a store.
    public init(storage: Storage, format: ContentFormat) {
        self.storage = storage
        self.format = format
        access = Access(storage: storage)
    }

    /// Everything of an Editor that is not deleted. Where an item names another, it does so by the name of the other's file:
    /// one of its own folder, else the only one of that name in the archive. Where that is not clear, the id stays.
    public func export(_ caller: Caller, of scope: EditorScope) async throws -> [UInt8] {
        try await access.editor(caller, scope, client: .readItems, partner: .readPartnerItems)
        let items = try await storage.items(of: scope, .all)
        let index = FileIndex(items.map { ($0.folder, $0.slug) })
        let places = Dictionary(items.map { ($0.item.id, ($0.folder, $0.slug)) }) { first, _ in first }
        return ZipArchive.archive(
            items.map { record in
                let content = record.item.content.renamingReferences { id in
                    guard let (folder, slug) = places[id] else { return nil }
                    return index.path(slug.text, from: record.folder) == FileIndex.path(folder, slug.text)
                        ? slug.text : nil
                }
                let folder = record.folder.map { "\($0)/" } ?? ""
                return ContentFile(path: "\(folder)\(record.slug).json", bytes: content.canonical)
            }
        )
    }

    /// Makes drafts of an archive's items, all or none, beside what is there. A `solution.json` is no item, and is left.
    ///
    /// - Returns: The items.
    /// - Throws: `invalid` with a fault for each place at fault.
    public func `import`(_ caller: Caller, _ archive: [UInt8], into scope: EditorScope) async throws -> [ItemRecord] {
        try await access.editor(caller, scope, client: .editItems, partner: .editPartnerItems)
        let files = try ZipArchive.files(in: archive, fileBytesMax: ContentFormat.fileBytesMax)
        var faults: [Refusal.Fault] = []
        var new: [NewItem] = []
        for file in files where file.name != "solution.json" {
            do throws(Refusal) {
                new.append(try self.item(file))
            } catch {
                faults += error.faults.isEmpty ? [.init(place: file.path, reason: error.message)] : error.faults
            }
        }
        guard faults.isEmpty else { throw Refusal.content(faults) }
        guard !new.isEmpty else { throw Refusal(.invalid, "There is no item in the archive.") }
        // What is named after no file may be an item that is there already; publishing looks whether it is.
        let index = FileIndex(new.map { ($0.folder, $0.slug) })
        for position in new.indices {
            let (folder, slug) = (new[position].folder, new[position].slug)
            new[position].item = new[position].item.copied(as: FileIndex.path(folder, slug.text)) {
                index.path($0, from: folder)
            }
        }
        return try await storage.addItems(new, to: scope, .imported, by: caller)
    }

    private func item(_ file: ContentFile) throws(Refusal) -> NewItem {
        let steps = file.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard steps.count <= 2, file.name.hasSuffix(".json") else {
            throw Refusal(.invalid, "A file of an archive is named FOLDER/ITEM.json, or ITEM.json.")
        }
        let folder = steps.count == 2 ? try Slug(steps[0], field: "folder") : nil
        let slug = try Slug(String(file.name.dropLast(".json".count)), field: "slug")
        guard let item = try format.items([file]).first else {
            throw Refusal(.invalid, "There is no item in it.")
        }
        return NewItem(item: item, folder: folder, slug: slug)
    }
}

/// Which file of an archive a name means.
private struct FileIndex {
    private let paths: Set<String>
    /// The folders that have a file of a name.
    private let folders: [String: [Slug?]]

    init(_ files: [(folder: Slug?, slug: Slug)]) {
        paths = Set(files.map { Self.path($0.folder, $0.slug.text) })
        folders = Dictionary(grouping: files, by: \.slug.text).mapValues { $0.map(\.folder) }
    }

    static func path(_ folder: Slug?, _ name: String) -> String { (folder.map { "\($0)/" } ?? "") + name }

    /// The file that an item of a folder means by a name: the folder's own, else the only one of that name; nil for none.
    func path(_ name: String, from folder: Slug?) -> String? {
        let near = Self.path(folder, name)
        if paths.contains(near) { return near }
        guard let found = folders[name], found.count == 1, let only = found.first else { return nil }
        return Self.path(only, name)
    }
}
