import Accounts
import Authorization
import Domain
import Gallery
import HTTPTypes
import Publishing
import Store

/// Items in the Editor: of a client's system, and of a partner.
extension API {
    var itemEndpoints: [Endpoint] {
        [ItemPaths.client(self), .partner(self)].flatMap { $0.endpoints(drafts) + $0.archiveEndpoints(archives) }
    }
}

/// The two places where items are, with the same endpoints.
private struct ItemPaths: Sendable {
    let list: String
    let archive: String
    let query: [Endpoint.QueryParameter]
    let actions: (read: Action, edit: Action, change: Action)
    /// Members of the body that make an item, beside those that both have.
    let more: [String: JSONValue]
    let scope: @Sendable (APICall) async throws -> EditorScope
    let scopeOfItem: @Sendable (APICall) async throws -> EditorScope

    static func client(_ api: API) -> ItemPaths {
        let scope = { @Sendable (call: APICall) in EditorScope.client(try call.id("client"), try call.id("system")) }
        return ItemPaths(
            list: "/clients/{client}/systems/{system}/items",
            archive: "/clients/{client}/systems/{system}/archive",
            query: [],
            actions: (.readItems, .editItems, .editItemTexts),
            more: [:],
            scope: scope,
            scopeOfItem: scope
        )
    }

    static func partner(_ api: API) -> ItemPaths {
        ItemPaths(
            list: "/partners/{partner}/items",
            archive: "/partners/{partner}/archive",
            query: [.systemType],
            actions: (.readPartnerItems, .editPartnerItems, .editPartnerItems),
            more: ["system": ["type": "string", "maxLength": 64]],
            scope: { call in
                let type = try (call.query["system"] ?? call.text("system")).map { try SystemType($0) } ?? .sapConcur
                return .partner(try await api.partner(call), type)
            },
            scopeOfItem: { call in
                try await api.drafts.scope(call.caller, try call.id("item"), of: try await api.partner(call))
            }
        )
    }

    func archiveEndpoints(_ archives: Archives) -> [Endpoint] {
        [
            Endpoint(
                method: .get,
                path: archive,
                action: actions.read,
                summary: "Everything of the Editor that is not deleted, as files in a ZIP archive.",
                query: query,
                answer: "Archive",
                fileType: "application/zip"
            ) { call in
                let bytes = try await archives.export(call.caller, of: try await scope(call))
                return APIAnswer(file: ("application/zip", bytes))
            },
            Endpoint(
                method: .post,
                path: archive,
                action: actions.edit,
                summary: "Makes drafts of a ZIP archive's items, all or none, beside what is there.",
                query: query,
                mediaTypes: ["application/zip"],
                status: .created,
                answer: "ItemList",
                kept: { ($0 as? [ItemRecord]).map { .created(Representation.made($0), at: "") } }
            ) { call in
                let items = try await archives.import(call.caller, call.bytes, into: try await scope(call))
                return .created(Representation.made(items), at: "")
            },
        ]
    }

    func endpoints(_ drafts: Drafts) -> [Endpoint] {
        let one = list + "/{item}"
        return [
            .list(
                list,
                actions.read,
                "The Editor's items, in the order they were made, whatever is published of them.",
                answer: "Item",
                query: Endpoint.QueryParameter.list + Endpoint.QueryParameter.items + query
            ) { call in
                let page: Page<ItemID> = try call.page()
                let items = try await drafts.list(call.caller, of: try await scope(call), try call.itemFilter(), page)
                return .list(items, limit: page.limit, cursor: { "\($0.id)" }, Representation.item)
            },
            .post(
                list,
                actions.edit,
                "Makes an item, or with `copyOf` a second one like one that is there. Nothing is published by it.",
                body: APISchemas.object(
                    APISchemas.newItem.merging(more) { $1 },
                    optional: Set(APISchemas.newItem.keys).union(more.keys)
                ),
                example: [
                    "folder": "welcome",
                    "content": [
                        "kind": "shoutOut", "name": "Welcome", "title": ["en": "Welcome"],
                        "text": ["en": "Your expenses are **here** now."],
                    ],
                ],
                answer: "Item",
                render: { (item: ItemRecord) in .created(Representation.item(item), at: "") }
            ) { call in
                let scope = try await scope(call)
                if let copied = call.text("copyOf") {
                    guard call.body["content"] == nil, let item = ItemID(copied) else {
                        throw Refusal(.invalid, "Send content, or the id of an item to copy.", field: "copyOf")
                    }
                    return try await drafts.duplicate(call.caller, item, of: scope)
                }
                return try await drafts.add(
                    call.caller,
                    try call.content(),
                    to: scope,
                    folder: try call.text("folder").map { try Slug($0, field: "folder") },
                    slug: try call.text("slug").map { try Slug($0, field: "slug") }
                )
            },
            .get(one, actions.read, "One item, deleted or not.", answer: "Item") { call in
                let item = try await drafts.get(call.caller, try call.id("item"), of: try await scopeOfItem(call))
                return Representation.item(item)
            },
            .patch(
                one,
                actions.change,
                "Changes an item: a merge patch of its content, its folder, its file's name.",
                body: APISchemas.object(
                    [
                        "content": APISchemas.content, "folder": APISchemas.nullable(APISchemas.slug),
                        "slug": APISchemas.slug,
                    ],
                    optional: ["content", "folder", "slug"]
                ),
                example: ["content": ["title": ["fr": "Bienvenue"]]],
                answer: "Item"
            ) { call in
                var change = Drafts.Change()
                change.content = call.body["content"]
                change.slug = try call.text("slug").map { try Slug($0, field: "slug") }
                switch call.body["folder"] {
                case .null?: change.folder = .some(nil)
                case .string(let text)?: change.folder = try Slug(text, field: "folder")
                default: break
                }
                let item = try await drafts.change(
                    call.caller,
                    try call.id("item"),
                    of: try await scopeOfItem(call),
                    change,
                    expecting: call.expecting(Representation.item)
                )
                return Representation.item(item)
            },
            .delete(
                one,
                actions.edit,
                "Deletes an item; for 30 days one of its revisions can be restored.",
                needsMatch: true
            ) { call in
                try await drafts.delete(
                    call.caller,
                    try call.id("item"),
                    of: try await scopeOfItem(call),
                    expecting: call.expecting(Representation.item)
                )
            },
            .list(
                one + "/history",
                actions.read,
                "An item's revisions, the newest first: who made it what it was, and when.",
                answer: "ItemRevision",
                query: Endpoint.QueryParameter.numbered
            ) { call in
                let limit = call.query["limit"].flatMap { Int($0) } ?? APICall.limitStandard
                let revisions = try await drafts.history(
                    call.caller,
                    try call.id("item"),
                    of: try await scopeOfItem(call),
                    before: call.query["cursor"].flatMap { Int64($0) },
                    limit: limit
                )
                return .list(revisions, limit: limit, cursor: { "\($0.number)" }, Representation.revision)
            },
            .post(
                one + "/history",
                actions.edit,
                "Takes an earlier revision again, as a new one; a deleted item is there again.",
                body: APISchemas.object(["restore": APISchemas.number]),
                example: ["restore": 1],
                answer: "Item",
                render: { (item: ItemRecord) in .created(Representation.item(item), at: "") }
            ) { call in
                try await drafts.restore(
                    call.caller,
                    call.number("restore") ?? 0,
                    of: try call.id("item"),
                    try await scopeOfItem(call)
                )
            },
        ]
    }
}

extension APICall {
    /// The member `content`.
    func content() throws(Refusal) -> JSONValue {
        guard let content = body["content"] else {
            throw Refusal(.invalid, "Send the item as 'content', or 'copyOf' with the id of another.", field: "content")
        }
        return content
    }

    /// A member that is a whole number.
    func number(_ member: String) -> Int64? {
        guard case .integer(let value)? = body[member] else { return nil }
        return value
    }

    fileprivate func itemFilter() throws(Refusal) -> ItemFilter {
        var filter = ItemFilter()
        if let folder = query["folder"] { filter.folder = try Slug(folder, field: "folder") }
        filter.kind = query["kind"].flatMap(ItemKind.init)
        filter.words = query["words"] ?? ""
        filter.deleted = query["deleted"] == "true"
        return filter
    }
}

extension Endpoint.QueryParameter {
    /// The system type that a partner's content is for.
    static let systemType = Self(
        name: "system",
        about: "Those for this system type; sap-concur where nothing is said.",
        schema: APISchemas.choice(SystemType.supported.map(\.text))
    )

    fileprivate static let items: [Self] = [
        Self(name: "folder", about: "Only those of a folder.", schema: APISchemas.slug),
        Self(name: "kind", about: "Only those of a kind.", schema: APISchemas.itemKind),
        Self(
            name: "words",
            about: "Only those whose name or texts contain this.",
            schema: ["type": "string", "maxLength": 200]
        ),
        Self(name: "deleted", about: "Those that are deleted, and can be restored, instead.", schema: APISchemas.flag),
    ]

    /// What a list takes that goes down from the highest number.
    static let numbered: [Self] = [
        list[0],
        Self(
            name: "cursor",
            about: "What `next` of the part before says.",
            schema: ["type": "integer", "minimum": 1, "maximum": .integer(JSONValue.integerMax)]
        ),
    ]
}
