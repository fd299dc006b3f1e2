import Domain
import Gallery
import Publishing
import Store

/// JSON Schemas of content in the Editor, in the gallery and in releases.
extension APISchemas {
    static let slug: JSONValue = ["type": "string", "minLength": 1, "maxLength": .integer(Int64(Slug.bytesMax))]
    static let number: JSONValue = ["type": "integer", "minimum": 1, "maximum": .integer(JSONValue.integerMax)]
    static let itemKind = choice(ItemKind.allCases.map(\.rawValue))
    static let digest: JSONValue = ["type": "string", "minLength": 64, "maxLength": 64]
    /// An item as its kind's schema has it; that is checked by ``ContentFormat``.
    static let content: JSONValue = ["type": "object", "description": "An item, valid by the schema of its kind."]
    static let notes: JSONValue = ["type": "string", "maxLength": 2000, "format": "lines"]
    static let environmentName: JSONValue = ["type": "string", "minLength": 1, "maxLength": 32]
    static let solutionVersions = list(object(["solution": id, "version": number]), 1...100)
    static let line = perLanguage(120, "line", optional: ["fr", "de"])
    static let text = perLanguage(4000, "markup", optional: ["fr", "de"])
    static let linePatch = perLanguage(120, "line", optional: ["en", "fr", "de"], or: "null")
    static let textPatch = perLanguage(4000, "markup", optional: ["en", "fr", "de"], or: "null")

    private static func perLanguage(
        _ most: Int64,
        _ format: String,
        optional: Set<String>,
        or other: JSONValue? = nil
    ) -> JSONValue {
        let one: JSONValue = [
            "type": .array(["string"] + (other.map { [$0] } ?? [])), "minLength": 1, "maxLength": .integer(most),
            "format": .string(format),
        ]
        let languages = Language.allCases.map { ($0.rawValue, one) }
        return object(Dictionary(uniqueKeysWithValues: languages), optional: optional)
    }

    /// What makes an item.
    static let newItem: [String: JSONValue] = ["content": content, "folder": slug, "slug": slug, "copyOf": id]

    static let contentAnswers: [String: JSONValue] = [
        "Item": object([
            "id": id, "kind": itemKind, "name": name, "folder": nullable(slug), "slug": slug, "content": content,
            "revision": number,
            "origin": nullable(object(["version": id, "item": words])), "createdAt": time, "changedAt": time,
            "changedBy": words, "deletedAt": nullable(time),
        ]),
        "Archive": ["type": "string"],
        "ItemList": object(["items": list(object(["id": id, "folder": nullable(slug), "slug": slug]))]),
        "ItemRevision": object([
            "number": number, "change": choice(ItemRevision.Change.allCases.map(\.rawValue)),
            "folder": nullable(slug), "slug": slug, "content": content, "madeAt": time, "madeBy": words,
        ]),
        "Solution": solution,
        "Version": version,
        "PublishedVersion": published,
        "Publication": object(["versions": list(published)]),
        "VersionContent": object(["version": version, "items": list(versionItem)]),
        "GallerySolution": object(["solution": solution, "newest": version]),
        "GalleryContent": object(["solution": solution, "versions": list(version), "items": list(versionItem)]),
        "Download": download,
        "Downloads": object(["items": list(download)]),
        "Origin": object([
            "solution": solution, "version": version, "versionsBehind": count, "newest": nullable(version),
            "later": list(version), "removed": flag,
            "fields": list(
                object(
                    [
                        "pointer": words, "change": choice(FieldComparison.Change.allCases.map(\.rawValue)),
                        "origin": [:], "newest": [:], "own": [:],
                    ],
                    optional: ["origin", "newest", "own"]
                )
            ),
        ]),
        "Advisory": advisory,
        "VersionAdvisories": object(["advisories": list(advisory), "showing": count]),
        "ClientAdvisory": object([
            "advisory": advisory, "solution": id, "slug": words, "version": number, "resolved": flag,
            "drafts": list(object(["system": id, "item": id])),
            "releases": list(object(["system": id, "release": number, "live": flag])),
        ]),
        "Release": release,
        "ReleaseContent": object([
            "release": release,
            "items": list(
                object([
                    "id": words, "digest": digest, "origin": nullable(object(["version": id, "item": words])),
                ])
            ),
            "solutions": list(releasedSolution),
            "content": ["type": "object"],
        ]),
        "Environment": object([
            "name": environmentName, "key": words, "needsApproval": flag, "archivedAt": nullable(time),
            "live": nullable(number), "createdAt": time,
        ]),
        "Publishing": object([
            "environment": environmentName, "environmentKey": nullable(words), "release": nullable(number),
            "state": choice(["published", "proposed", "planned"]), "generation": nullable(number),
            "snippet": nullable(digest), "plan": nullable(plan),
        ]),
        "StandardContent": object([
            "systems": list(
                object([
                    "system": id, "off": flag,
                    "live": list(
                        object([
                            "environment": environmentName, "release": number, "generation": number, "madeAt": time,
                            "notes": nullable(words),
                            "solutions": list(releasedSolution),
                        ])
                    ),
                ])
            )
        ]),
        "Explanation": object([
            "outcome": choice(Outcome.allCases.map(\.rawValue)), "reason": words, "client": nullable(id),
            "clientName": nullable(words), "system": nullable(id),
            "served": nullable(
                object([
                    "content": choice(["client", "standard"]), "environment": environmentName, "release": number,
                    "snippet": digest, "bundle": nullable(digest), "player": digest, "generation": nullable(number),
                    "liveSince": nullable(time), "liveBy": nullable(words), "madeBy": nullable(words),
                ])
            ), "generation": count,
        ]),
        "Generation": object([
            "generation": number, "served": flag,
            "edges": list(object(["edge": words, "generation": count, "serves": flag])),
        ]),
    ]

    private static let download = object([
        "id": id, "solution": id, "slug": slug, "version": number, "digest": digest, "folder": slug, "items": count,
        "madeAt": time, "madeBy": words,
    ])
    private static let advisory = object([
        "id": id, "severity": choice(AdvisorySeverity.allCases.map(\.rawValue)), "text": words,
        "fixedIn": nullable(number), "told": nullable(count), "madeAt": time, "madeBy": words,
    ])
    private static let plan = object([
        "added": list(planned), "changed": list(planned), "unchanged": count, "noLongerSeen": list(planned),
        "replacesStandardContent": flag, "needsApproval": flag, "reaches": nullable(count),
        "bytes": object(["snippet": count, "bundle": count, "player": count]),
    ])
    private static let planned = object(["id": words, "kind": itemKind, "title": words])
    private static let release = object([
        "number": number, "environment": environmentName,
        "state": choice(ReleaseRecord.State.allCases.map(\.rawValue)), "live": flag, "generation": nullable(number),
        "snippet": digest, "bundle": nullable(digest), "player": digest, "notes": nullable(words),
        "madeBy": nullable(words), "madeAt": time, "decidedBy": nullable(words), "decidedAt": nullable(time),
    ])
    private static let solution = object([
        "id": id, "partner": id, "partnerName": words, "system": words, "slug": words, "name": line, "summary": text,
        "lastVersion": count, "createdAt": nullable(time),
    ])
    private static let releasedSolution = object([
        "solution": id, "slug": words, "version": number, "withdrawnAt": nullable(time),
    ])
    private static let version = object([
        "id": id, "number": number, "digest": digest, "notes": nullable(words), "madeBy": nullable(words),
        "createdAt": time, "withdrawnAt": nullable(time),
    ])
    private static let published = object([
        "solution": id, "slug": words, "number": number, "digest": digest, "unchanged": flag,
    ])
    private static let versionItem = object(["id": words, "kind": itemKind, "name": name, "content": content])
}
