import Domain
import Publishing
import Store

/// JSON Schemas and JSON of content in the Editor and in the gallery.
extension APISchemas {
    static let slug: JSONValue = ["type": "string", "minLength": 1, "maxLength": .integer(Int64(Slug.bytesMax))]
    static let number: JSONValue = ["type": "integer", "minimum": 1, "maximum": .integer(JSONValue.integerMax)]
    static let itemKind = choice(ItemKind.allCases.map(\.rawValue))
    static let digest: JSONValue = ["type": "string", "minLength": 64, "maxLength": 64]
    /// An item as its kind's schema has it; that is checked by ``ContentFormat``.
    static let content: JSONValue = ["type": "object", "description": "An item, valid by the schema of its kind."]
    static let notes: JSONValue = ["type": "string", "maxLength": 2000, "format": "lines"]
    /// What makes an item.
    static let newItem: [String: JSONValue] = ["content": content, "folder": slug, "slug": slug, "copyOf": id]

    static let contentAnswers: [String: JSONValue] = [
        "Item": object([
            "id": id, "kind": itemKind, "name": name, "folder": nullable(slug), "slug": slug, "content": content,
            "revision": number,
            "origin": nullable(object(["version": id, "item": text])), "createdAt": time, "changedAt": time,
            "changedBy": text, "deletedAt": nullable(time),
        ]),
        "ItemRevision": object([
            "number": number, "change": choice(ItemRevision.Change.allCases.map(\.rawValue)),
            "folder": nullable(slug), "slug": slug, "content": content, "madeAt": time, "madeBy": text,
        ]),
    ]
}

extension Representation {
    static func item(_ item: ItemRecord) -> JSONValue {
        [
            "id": id(item.id), "kind": .string(item.item.kind.rawValue), "name": .string(item.item.name),
            "folder": text(item.folder), "slug": .string(item.slug.text), "content": item.item.content,
            "revision": .integer(item.revision),
            "origin": item.origin.map { ["version": id($0.version), "item": .string($0.item)] } ?? .null,
            "createdAt": time(item.createdAt), "changedAt": time(item.changedAt),
            "changedBy": .string(item.changedBy), "deletedAt": time(item.deletedAt),
        ]
    }

    static func revision(_ revision: ItemRevision) -> JSONValue {
        [
            "number": .integer(revision.number), "change": .string(revision.change.rawValue),
            "folder": text(revision.folder), "slug": .string(revision.slug.text), "content": revision.item.content,
            "madeAt": time(revision.madeAt), "madeBy": .string(revision.madeBy),
        ]
    }
}
