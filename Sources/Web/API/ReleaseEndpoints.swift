import Accounts
import Authorization
import Domain
import HTTPTypes
import Publishing
import Store

/// Releases of a client's system and of a partner's standard content, their live pointers and environments.
extension API {
    var releaseEndpoints: [Endpoint] {
        let client = ReleasePaths(
            api: self,
            root: "/clients/{client}/systems/{system}",
            read: .readReleases,
            publish: .publishTest,
            readEnvironments: .readEnvironments,
            changeEnvironments: .changeEnvironments
        ) { call in .client(try call.id("client"), try call.id("system")) }
        let standard = ReleasePaths(
            api: self,
            root: "/partners/{partner}/standard-content/{type}",
            read: .readStandardReleases,
            publish: .publishStandard,
            readEnvironments: .readPartnerEnvironments,
            changeEnvironments: .changePartnerEnvironments
        ) { call in .partner(try await partner(call), try call.systemType()) }
        return [publishEndpoint, publishStandardEndpoint] + forClientEndpoints + client.endpoints + standard.endpoints
            + [
                .get(
                    "/clients/{client}/standard-content",
                    .readStandardContent,
                    "The standard content that is live for a client's systems, and whether they have it switched off.",
                    answer: "StandardContent"
                ) { call in
                    Representation.standardContent(
                        try await standardContent.get(call.caller, of: try call.id("client"))
                    )
                },
                Endpoint(
                    method: .put,
                    path: "/clients/{client}/standard-content",
                    action: .switchStandardContent,
                    summary: "Switches standard content off, or on again, for one system, or for all.",
                    body: APISchemas.object(["off": APISchemas.flag, "system": APISchemas.id], optional: ["system"]),
                    example: ["off": true],
                    answer: "StandardContent"
                ) { call in
                    let client: ClientID = try call.id("client")
                    call.effect.note(try await releases.secondsToKill(of: client))
                    let now = try await standardContent.switchOff(
                        call.caller,
                        call.flag("off") ?? false,
                        of: client,
                        call.text("system").flatMap { SystemID($0) }
                    )
                    return .ok(Representation.standardContent(now))
                },
                .get(
                    "/explanations",
                    .readExplanation,
                    "What pages get for a System Client ID, and why: now, or at a moment of the past.",
                    answer: "Explanation",
                    query: Endpoint.QueryParameter.key
                ) { call in
                    let explanation = try await explanations.explain(
                        call.caller,
                        partner: try await partners.id(try call.parameter("partner")),
                        variable: try SystemVariable(try call.parameter("systemVariable")),
                        client: try SystemClientID(try call.parameter("systemClientId")),
                        environment: try call.query["environment"].map { try EnvironmentName($0) },
                        at: call.query["at"].flatMap { Timestamp($0) }
                    )
                    return Representation.explanation(explanation)
                },
                .get(
                    "/generations/{number}",
                    .readGeneration,
                    "Which edges serve a generation; with `wait`, as soon as all do, or when that time is over.",
                    answer: "Generation",
                    query: [.wait]
                ) { call in
                    try await generation(try call.numberInPath("number"), call)
                },
            ]
    }

    private var publishEndpoint: Endpoint {
        Endpoint(
            method: .post,
            path: "/clients/{client}/systems/{system}/releases",
            action: .publishTest,
            summary: """
                Publishes drafts: they replace what is live there, and the standard content, as a whole. With `dryRun`, \
                tells what would change, and changes nothing.
                """,
            query: [.wait],
            body: APISchemas.object(
                [
                    "environment": APISchemas.environmentName, "notes": APISchemas.notes, "dryRun": APISchemas.flag,
                    "items": APISchemas.list(APISchemas.id, 1...Int64(ContentFormat.itemsMax)),
                ],
                optional: ["notes", "dryRun", "items"]
            ),
            example: ["environment": "test", "notes": "The rates of 2027"],
            answer: "Publishing",
            kept: { ($0 as? LiveRelease).map { .ok(Representation.publishing($0)) } },
            // Whoever repeats it must still be allowed to do it there.
            repeated: { $0["environment"] == "production" ? .publishProduction : .publishTest }
        ) { call in
            let (client, system): (ClientID, SystemID) = (try call.id("client"), try call.id("system"))
            let environment = try call.environment()
            let items = call.array("items")?.compactMap { $0.text.flatMap { ItemID($0) } }
            if call.flag("dryRun") == true {
                let plan = try await releases.plan(call.caller, items: items, of: client, system, into: environment)
                return .ok(Representation.plan(plan, environment, reach: nil))
            }
            let live = try await releases.publish(
                call.caller,
                items: items,
                of: client,
                system,
                into: environment,
                notes: call.text("notes")
            )
            call.effect.note(try await releases.secondsToKill(.client(client, system), in: environment))
            try await wait(live.generation, call)
            return .ok(Representation.publishing(live))
        }
    }

    private var publishStandardEndpoint: Endpoint {
        Endpoint(
            method: .post,
            path: "/partners/{partner}/standard-content/{type}/releases",
            action: .publishStandard,
            summary: """
                Publishes solution versions, in this order, as standard content. Where that reaches more than 100 \
                clients, `confirm` repeats the partner's key.
                """,
            query: [.wait],
            body: APISchemas.object(
                [
                    "environment": APISchemas.environmentName, "notes": APISchemas.notes, "dryRun": APISchemas.flag,
                    "solutions": APISchemas.solutionVersions, "confirm": ["type": "string", "maxLength": 64],
                ],
                optional: ["notes", "dryRun", "confirm"]
            ),
            answer: "Publishing",
            kept: { ($0 as? LiveRelease).map { .ok(Representation.publishing($0)) } }
        ) { call in
            let partner = try await partner(call)
            let type = try call.systemType()
            let environment = try call.environment()
            let choices = call.solutionVersions
            if call.flag("dryRun") == true {
                let (plan, reach) = try await releases.planStandard(
                    call.caller,
                    choices,
                    of: partner,
                    type: type,
                    environment: environment
                )
                return .ok(Representation.plan(plan, environment, reach: reach))
            }
            let live = try await releases.publishStandard(
                call.caller,
                choices,
                of: partner,
                type: type,
                environment: environment,
                notes: call.text("notes"),
                confirm: call.text("confirm")
            )
            call.effect.note(try await releases.secondsToKill(.partner(partner, type), in: environment))
            try await wait(live.generation, call)
            return .ok(Representation.publishing(live))
        }
    }

    /// What the owner partner publishes for a client.
    private var forClientEndpoints: [Endpoint] {
        let root = "/partners/{partner}/clients/{client}/systems/{system}"
        return [
            Endpoint(
                method: .post,
                path: root + "/releases",
                action: .publishForClient,
                summary: """
                    Publishes solution versions, in this order, as a client's content in production, activated or not: \
                    they replace what is live there. The client's drafts stay as they are.
                    """,
                query: [.wait],
                body: APISchemas.object(
                    ["notes": APISchemas.notes, "solutions": APISchemas.solutionVersions],
                    optional: ["notes"]
                ),
                answer: "Publishing",
                kept: { ($0 as? LiveRelease).map { .ok(Representation.publishing($0)) } }
            ) { call in
                let (client, system): (ClientID, SystemID) = (try call.id("client"), try call.id("system"))
                let live = try await releases.publish(
                    call.caller,
                    call.solutionVersions,
                    for: client,
                    of: try await partner(call),
                    system,
                    notes: call.text("notes")
                )
                call.effect.note(try await releases.secondsToKill(.client(client, system), in: live.environment))
                try await wait(live.generation, call)
                return .ok(Representation.publishing(live))
            },
            .delete(
                root + "/live",
                .publishForClient,
                "Takes a client's own content in production away: the standard content again."
            ) { call in
                let (client, system): (ClientID, SystemID) = (try call.id("client"), try call.id("system"))
                _ = try await releases.unpublish(call.caller, for: client, of: try await partner(call), system)
                call.effect.note(try await releases.secondsToKill(of: client))
            },
        ]
    }

    /// Waits until every edge serves a generation, where the request asks for that.
    func wait(_ generation: Int64, _ call: APICall) async throws {
        guard generation > 0, let seconds = call.waitSeconds else { return }
        _ = await edges.wait(for: generation, atMost: .seconds(seconds))
    }

    private func generation(_ number: Int64, _ call: APICall) async throws -> JSONValue {
        _ = try access.person(call.caller, .readGeneration)
        let states = await edges.wait(for: number, atMost: .seconds(call.waitSeconds ?? 0))
        return [
            "generation": .integer(number), "served": .bool(states.allSatisfy { $0.generation >= number }),
            "edges": .array(
                states.map { state in
                    [
                        "edge": .string(state.name), "generation": .integer(state.generation),
                        "serves": .bool(state.generation >= number),
                    ]
                }
            ),
        ]
    }
}

extension APICall {
    /// The environment that the body names.
    fileprivate func environment() throws(Refusal) -> EnvironmentName {
        try EnvironmentName(try required("environment"))
    }

    /// The solution versions that the body names, in their order.
    fileprivate var solutionVersions: [(solution: SolutionID, version: Int64)] {
        (array("solutions") ?? []).compactMap { value in
            guard let id = value["solution"]?.text.flatMap({ SolutionID($0) }),
                case .integer(let number)? = value["version"]
            else { return nil }
            return (id, number)
        }
    }

    /// The environment's name in the path; one that cannot be is like one that does not exist.
    func environmentInPath() throws(Refusal) -> EnvironmentName {
        guard let name = try? EnvironmentName(parameters["environment"] ?? "") else {
            throw Refusal(.notFound, "There is nothing at this address.")
        }
        return name
    }

    /// The system type in the path; one that is not supported is like one that does not exist.
    fileprivate func systemType() throws(Refusal) -> SystemType {
        guard let type = try? SystemType(parameters["type"] ?? "") else {
            throw Refusal(.notFound, "There is nothing at this address.")
        }
        return type
    }

    /// A parameter of the query that must be there.
    fileprivate func parameter(_ name: String) throws(Refusal) -> String {
        guard let value = query[name] else { throw Refusal(.invalid, "Say '\(name)' in the query.", field: name) }
        return value
    }

    /// How long to wait for edges, in seconds.
    fileprivate var waitSeconds: Int? { query["wait"].flatMap { Int($0.dropLast()) } }
}

extension Endpoint.QueryParameter {
    fileprivate static let key: [Self] = [
        Self(
            name: "partner",
            about: "The partner's id or key.",
            schema: ["type": "string", "minLength": 1, "maxLength": 64],
            isRequired: true
        ),
        Self(name: "systemVariable", about: "The page variable.", schema: APISchemas.systemVariable, isRequired: true),
        Self(name: "systemClientId", about: "Its value.", schema: APISchemas.systemClientID, isRequired: true),
        Self(name: "environment", about: "An environment's name.", schema: APISchemas.environmentName),
        Self(name: "at", about: "A moment of the past.", schema: APISchemas.time),
    ]

    /// How long to wait for edges.
    static let wait = Self(
        name: "wait",
        about: "Answer when every edge serves the change, or after this time: 5s, at most 30s.",
        schema: ["type": "string", "enum": .array((1...30).map { .string("\($0)s") })]
    )
}
