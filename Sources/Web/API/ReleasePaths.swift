import Authorization
import Domain
import HTTPTypes
import Publishing
import Store

/// The two places where releases are, with the same endpoints.
struct ReleasePaths: Sendable {
    let api: API
    let root: String
    let read: Action
    let publish: Action
    let readEnvironments: Action
    let changeEnvironments: Action
    let scope: @Sendable (APICall) async throws -> EditorScope

    var endpoints: [Endpoint] { releases + pointers + environments }

    private var releases: [Endpoint] {
        [
            .list(
                root + "/releases",
                read,
                "Releases, the newest first.",
                answer: "Release",
                query: Endpoint.QueryParameter.numbered
            ) { call in
                let limit = call.query["limit"].flatMap { Int($0) } ?? APICall.limitStandard
                let list = try await api.releases.list(
                    call.caller,
                    of: try await scope(call),
                    before: call.query["cursor"].flatMap { Int64($0) },
                    limit: limit
                )
                return .list(list, limit: limit, cursor: { "\($0.number)" }, Representation.release)
            },
            .get(
                root + "/releases/{number}",
                read,
                "One release: what it holds, and what it was made from.",
                answer: "ReleaseContent"
            ) { call in
                let found = try await api.releases.get(
                    call.caller,
                    try call.numberInPath("number"),
                    of: try await scope(call)
                )
                return [
                    "release": Representation.release(found.release),
                    "items": .array(found.items.map(Representation.releasedItem)),
                    "solutions": .array(found.solutions.map(Representation.releasedSolution)),
                    "content": try JSONValue(parsing: found.content),
                ]
            },
            Endpoint(
                method: .put,
                path: root + "/releases/{number}/approval",
                action: publish,
                summary: "Approves a proposed release, which goes live: another person than who proposed it.",
                query: [.wait],
                answer: "Release"
            ) { call in
                let scope = try await scope(call)
                let release = try await api.releases.decide(
                    call.caller,
                    try call.numberInPath("number"),
                    of: scope,
                    approve: true
                )
                call.effect.note(try await api.releases.secondsToKill(scope, in: release.environment))
                try await api.wait(release.generation ?? 0, call)
                return .ok(Representation.release(release))
            },
            .delete(root + "/releases/{number}/approval", publish, "Rejects a proposed release.") { call in
                _ = try await api.releases.decide(
                    call.caller,
                    try call.numberInPath("number"),
                    of: try await scope(call),
                    approve: false
                )
            },
        ]
    }

    private var pointers: [Endpoint] {
        [
            Endpoint(
                method: .put,
                path: root + "/environments/{environment}/live",
                action: publish,
                summary: "Makes an earlier release of the environment live again.",
                query: [.wait],
                body: APISchemas.object(["release": APISchemas.number]),
                example: ["release": 3],
                answer: "Publishing"
            ) { call in
                let scope = try await scope(call)
                let environment = try call.environmentInPath()
                let live = try await api.releases.rollBack(
                    call.caller,
                    scope,
                    environment: environment,
                    to: call.number("release") ?? 0
                )
                call.effect.note(try await api.releases.secondsToKill(scope, in: environment))
                try await api.wait(live.generation, call)
                return .ok(Representation.publishing(live))
            },
            .delete(
                root + "/environments/{environment}/live",
                publish,
                "Takes what is live there away: a client gets the standard content again."
            ) { call in
                let scope = try await scope(call)
                let environment = try call.environmentInPath()
                _ = try await api.releases.unpublish(call.caller, scope, environment: environment)
                call.effect.note(try await api.releases.secondsToKill(scope, in: environment))
            },
        ]
    }

    private var environments: [Endpoint] {
        let one = root + "/environments/{environment}"
        return [
            .list(
                root + "/environments",
                readEnvironments,
                "The environments that something was published into, or that were made.",
                answer: "Environment",
                query: []
            ) { call in
                let list = try await api.environments.list(call.caller, of: try await scope(call))
                return .list(list, limit: list.count, cursor: { $0.name.text }, Representation.environment)
            },
            .post(
                root + "/environments",
                changeEnvironments,
                "Makes an environment of one's own.",
                body: APISchemas.object(["name": APISchemas.environmentName]),
                example: ["name": "training"],
                answer: "Environment",
                render: { (environment: EnvironmentRecord) in
                    .created(Representation.environment(environment), at: "")
                }
            ) { call in
                try await api.environments.add(
                    call.caller,
                    try EnvironmentName(try call.required("name")),
                    to: try await scope(call)
                )
            },
            .get(one, readEnvironments, "One environment.", answer: "Environment") { call in
                Representation.environment(
                    try await api.environments.get(
                        call.caller,
                        try call.environmentInPath(),
                        of: try await scope(call)
                    )
                )
            },
            .patch(
                one,
                changeEnvironments,
                "Asks for a second person's approval of each release, or archives an environment: its key is unknown then.",
                body: APISchemas.object(
                    ["needsApproval": APISchemas.flag, "archived": APISchemas.flag],
                    optional: ["needsApproval", "archived"]
                ),
                example: ["needsApproval": true],
                answer: "Environment"
            ) { call in
                let environment = try await api.environments.change(
                    call.caller,
                    try call.environmentInPath(),
                    of: try await scope(call),
                    needsApproval: call.flag("needsApproval"),
                    isArchived: call.flag("archived"),
                    expecting: call.expecting(Representation.environment)
                )
                return Representation.environment(environment)
            },
            .delete(
                one,
                changeEnvironments,
                "Deletes an environment that nothing is live in; production and test stay.",
                needsMatch: true
            ) { call in
                try await api.environments.delete(
                    call.caller,
                    try call.environmentInPath(),
                    of: try await scope(call),
                    expecting: call.expecting(Representation.environment)
                )
            },
            .post(
                one + "/key",
                changeEnvironments,
                "Gives an environment another key; the old one is unknown at once.",
                answer: "Environment",
                render: { (environment: EnvironmentRecord) in
                    .created(Representation.environment(environment), at: "")
                }
            ) { call in
                try await api.environments.rotateKey(
                    call.caller,
                    of: try call.environmentInPath(),
                    try await scope(call)
                )
            },
        ]
    }
}
