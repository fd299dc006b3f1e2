import Domain
import Gallery
import Publishing
import Store

/// The JSON of content in the Editor, in the gallery and in releases.
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

    static func made(_ items: [ItemRecord]) -> JSONValue {
        [
            "items": .array(
                items.map { ["id": id($0.id), "folder": text($0.folder), "slug": .string($0.slug.text)] }
            )
        ]
    }

    static func revision(_ revision: ItemRevision) -> JSONValue {
        [
            "number": .integer(revision.number), "change": .string(revision.change.rawValue),
            "folder": text(revision.folder), "slug": .string(revision.slug.text), "content": revision.item.content,
            "madeAt": time(revision.madeAt), "madeBy": .string(revision.madeBy),
        ]
    }

    static func items(_ items: [ContentItem]) -> JSONValue {
        .array(
            items.map {
                [
                    "id": .string($0.id), "kind": .string($0.kind.rawValue), "name": .string($0.name),
                    "content": $0.content,
                ]
            }
        )
    }

    static func solution(_ solution: SolutionRecord) -> JSONValue {
        [
            "id": id(solution.id), "partner": id(solution.partner), "partnerName": .string(solution.partnerName),
            "system": .string(solution.system.text), "slug": .string(solution.slug),
            "name": solution.about["name"] ?? [:], "summary": solution.about["summary"] ?? [:],
            "lastVersion": .integer(solution.lastVersion), "createdAt": time(solution.createdAt),
        ]
    }

    static func version(_ version: VersionRecord) -> JSONValue {
        [
            "id": id(version.id), "number": .integer(version.number), "digest": text(version.digest),
            "notes": text(version.notes), "madeBy": text(version.madeBy), "createdAt": time(version.createdAt),
            "withdrawnAt": time(version.withdrawnAt),
        ]
    }

    static func published(_ version: PublishedVersion) -> JSONValue {
        [
            "solution": id(version.solution), "slug": .string(version.slug), "number": .integer(version.number),
            "digest": text(version.digest), "unchanged": .bool(version.isUnchanged),
        ]
    }

    static func offered(_ solution: SolutionRecord, _ newest: VersionRecord) -> JSONValue {
        ["solution": Self.solution(solution), "newest": version(newest)]
    }

    static func download(_ download: DownloadRecord) -> JSONValue {
        [
            "id": id(download.id), "solution": id(download.solution), "slug": .string(download.slug),
            "version": .integer(download.version), "digest": text(download.digest), "folder": text(download.folder),
            "items": .integer(download.items), "madeAt": time(download.madeAt), "madeBy": .string(download.madeBy),
        ]
    }

    static func advisory(_ advisory: Advisory) -> JSONValue {
        [
            "id": id(advisory.id), "severity": .string(advisory.severity.rawValue), "text": .string(advisory.text),
            "fixedIn": advisory.fixedIn.map(JSONValue.integer) ?? .null, "told": .integer(advisory.told),
            "madeAt": time(advisory.madeAt), "madeBy": .string(advisory.madeBy),
        ]
    }

    static func clientAdvisory(_ one: ClientAdvisory) -> JSONValue {
        [
            // How many others were told is not this client's to know.
            "advisory": advisory(one.advisory).setting("/told", to: .null), "solution": id(one.solution),
            "slug": .string(one.slug),
            "version": .integer(one.version), "resolved": .bool(one.isResolved),
            "drafts": .array(one.drafts.map { ["system": id($0.system), "item": id($0.item)] }),
            "releases": .array(
                one.releases.map {
                    ["system": id($0.system), "release": .integer($0.number), "live": .bool($0.isLive)]
                }
            ),
        ]
    }

    static func release(_ release: ReleaseRecord) -> JSONValue {
        [
            "number": .integer(release.number), "environment": .string(release.environment.text),
            "state": .string(release.state.rawValue), "live": .bool(release.isLive),
            "generation": release.generation.map(JSONValue.integer) ?? .null, "snippet": text(release.snippet),
            "bundle": text(release.bundle), "player": text(release.player), "notes": text(release.notes),
            "madeBy": text(release.madeBy), "madeAt": time(release.madeAt), "decidedBy": text(release.decidedBy),
            "decidedAt": time(release.decidedAt),
        ]
    }

    static func releasedItem(_ item: ReleasedItem) -> JSONValue {
        [
            "id": .string(item.id), "digest": text(item.digest),
            "origin": item.origin.map { ["version": id($0.version), "item": .string($0.item)] } ?? .null,
        ]
    }

    static func releasedSolution(_ solution: ReleasedSolution) -> JSONValue {
        [
            "solution": id(solution.solution), "slug": .string(solution.slug), "version": .integer(solution.version),
            "withdrawnAt": time(solution.withdrawnAt),
        ]
    }

    static func explanation(_ explanation: Explanation) -> JSONValue {
        let resolution = explanation.resolution
        var served = JSONValue.null
        if let release = explanation.release, let place = resolution.served {
            let isOwn = if case .system = place.owner { true } else { false }
            served = [
                "content": isOwn ? "client" : "standard", "environment": .string(place.environment.text),
                "release": .integer(release.number), "snippet": text(release.snippet), "bundle": text(release.bundle),
                "player": text(release.player),
                "generation": explanation.publication.map { .integer($0.generation) } ?? .null,
                "liveSince": time(explanation.publication?.at), "liveBy": text(explanation.publication?.by),
                "madeBy": text(explanation.publication?.madeBy),
            ]
        }
        return [
            "outcome": .string(resolution.outcome.rawValue), "reason": .string(resolution.reason),
            "client": explanation.system.map { id($0.client) } ?? .null,
            "clientName": text(explanation.system?.clientName), "system": explanation.system.map { id($0.id) } ?? .null,
            "served": served, "generation": .integer(explanation.head.generation),
        ]
    }

    static func standardContent(_ content: [(system: SystemRecord, live: [StandardRelease])]) -> JSONValue {
        let systems = content.map { system, live -> JSONValue in
            let releases = live.map { release -> JSONValue in
                [
                    "environment": .string(release.environment.text), "release": .integer(release.number),
                    "generation": .integer(release.generation), "madeAt": time(release.madeAt),
                    "notes": text(release.notes), "solutions": .array(release.solutions.map(releasedSolution)),
                ]
            }
            return ["system": id(system.id), "off": .bool(system.standardContentOff), "live": .array(releases)]
        }
        return ["systems": .array(systems)]
    }

    static func environment(_ environment: EnvironmentRecord) -> JSONValue {
        [
            "name": .string(environment.name.text), "key": .string(environment.key.text),
            "needsApproval": .bool(environment.needsApproval), "archivedAt": time(environment.archivedAt),
            "live": environment.live.map(JSONValue.integer) ?? .null, "createdAt": time(environment.createdAt),
        ]
    }

    static func publishing(_ live: LiveRelease) -> JSONValue {
        [
            "environment": .string(live.environment.text), "environmentKey": .string(live.environmentKey.text),
            "release": .integer(live.number), "state": .string(live.isProposed ? "proposed" : "published"),
            "generation": live.isProposed ? .null : .integer(live.generation), "snippet": text(live.snippet),
            "plan": .null,
        ]
    }

    static func plan(_ plan: PublicationPlan, _ environment: EnvironmentName, reach: Int?) -> JSONValue {
        func items(_ items: [PublicationPlan.Item]) -> JSONValue {
            .array(
                items.map { ["id": .string($0.id), "kind": .string($0.kind), "title": .string($0.title)] }
            )
        }
        return [
            "environment": .string(environment.text), "environmentKey": text(plan.environment?.key.text),
            "release": .null, "state": "planned", "generation": .null, "snippet": .null,
            "plan": [
                "added": items(plan.added), "changed": items(plan.changed),
                "unchanged": .integer(Int64(plan.unchanged)), "noLongerSeen": items(plan.gone),
                "replacesStandardContent": .bool(plan.replacesStandard),
                "needsApproval": .bool(plan.environment?.needsApproval ?? false),
                "reaches": reach.map { .integer(Int64($0)) } ?? .null,
                "bytes": [
                    "snippet": .integer(Int64(plan.bytes.snippet)), "bundle": .integer(Int64(plan.bytes.bundle)),
                    "player": .integer(Int64(plan.bytes.player)),
                ],
            ],
        ]
    }

    static func origin(_ report: Origins.Report) -> JSONValue {
        let origin = report.origin
        return [
            "solution": solution(origin.solution), "version": version(origin.version),
            "versionsBehind": .integer(Int64(report.versionsBehind)), "newest": origin.newest.map(version) ?? .null,
            "later": .array(origin.later.map(version)), "removed": .bool(report.isRemoved),
            "fields": .array(report.fields.map(field)),
        ]
    }

    /// A field that differs; a state in which it is not there has no member.
    private static func field(_ field: FieldComparison) -> JSONValue {
        var members: [String: JSONValue] = [
            "pointer": .string(field.pointer), "change": .string(field.change.rawValue),
        ]
        members["origin"] = field.origin
        members["newest"] = field.newest
        members["own"] = field.own
        return .object(members)
    }
}
