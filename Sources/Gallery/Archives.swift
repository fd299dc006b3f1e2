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

    /// Everything of an Editor that is not deleted. Where an item names another of its folder, it does so by the name of
    /// the other's file.
    public func export(_ caller: Caller, of scope: EditorScope) async throws -> [UInt8] {
        try await access.editor(caller, scope, client: .readItems, partner: .readPartnerItems)
        let items = try await storage.allItems(of: scope)
        let folders = Dictionary(grouping: items, by: \.folder)
        return ZipArchive.archive(
            items.map { record in
                let near = folders[record.folder] ?? []
                let names = Dictionary(near.map { ($0.item.id, $0.slug.text) }) { first, _ in first }
                let content = record.item.content.renamingReferences { names[$0] }
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
        // Names are unique within a folder only: references of other folders' items must not lead here.
        let place = folder.map { "\($0)/" } ?? ""
        return NewItem(item: item.copied(as: place + slug.text) { place + $0 }, folder: folder, slug: slug)
    }
}
