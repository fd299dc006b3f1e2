import Authorization
import Domain
import Gallery
import HTTPTypes
import Store

/// A partner's gallery: its solutions and their versions.
extension API {
    var solutionEndpoints: [Endpoint] {
        [
            .list(
                "/partners/{partner}/solutions",
                .readSolutions,
                "A partner's solutions, in the order they were made.",
                answer: "Solution"
            ) { call in
                let page: Page<SolutionID> = try call.page()
                let list = try await versions.solutions(call.caller, of: try await partner(call), page)
                return .list(list, limit: page.limit, cursor: { "\($0.id)" }, Representation.solution)
            },
            .post(
                "/partners/{partner}/solutions",
                .editSolutions,
                "Makes a solution; its clients see it from its first version on.",
                body: APISchemas.object(
                    [
                        "slug": APISchemas.slug, "system": ["type": "string", "maxLength": 64],
                        "name": APISchemas.line, "summary": APISchemas.text,
                    ],
                    optional: ["system"]
                ),
                example: [
                    "slug": "travel-policy", "system": "sap-concur", "name": ["en": "Travel policy"],
                    "summary": ["en": "What may be booked, and how."],
                ],
                answer: "Solution",
                render: { (solution: SolutionRecord) in
                    .created(
                        Representation.solution(solution),
                        at: "/partners/\(solution.partner)/solutions/\(solution.id)"
                    )
                }
            ) { call in
                try await versions.addSolution(
                    call.caller,
                    try Slug(try call.required("slug"), field: "slug"),
                    for: try call.text("system").map { try SystemType($0) } ?? .sapConcur,
                    about: ["name": call.body["name"] ?? [:], "summary": call.body["summary"] ?? [:]],
                    of: try await partner(call)
                )
            },
            .get("/partners/{partner}/solutions/{solution}", .readSolutions, "One solution.", answer: "Solution") {
                call in
                let partner = try await partner(call)
                return Representation.solution(
                    try await versions.solution(call.caller, try call.id("solution"), of: partner)
                )
            },
            .patch(
                "/partners/{partner}/solutions/{solution}",
                .editSolutions,
                "Changes what the gallery says of a solution; versions stay as they are.",
                body: APISchemas.object(
                    ["name": APISchemas.linePatch, "summary": APISchemas.textPatch],
                    optional: ["name", "summary"]
                ),
                example: ["name": ["en": "Travel policy 2027"]],
                answer: "Solution"
            ) { call in
                let solution = try await versions.changeSolution(
                    call.caller,
                    try call.id("solution"),
                    of: try await partner(call),
                    about: call.body,
                    expecting: call.expecting(Representation.solution)
                )
                return Representation.solution(solution)
            },
            .post(
                "/partners/{partner}/publications",
                .editSolutions,
                "Puts items of the partner's Editor into the solutions of their folders' names, and makes their versions.",
                body: APISchemas.object(
                    [
                        "items": APISchemas.list(APISchemas.id, 1...Int64(ContentFormat.itemsMax)),
                        "notes": APISchemas.notes, "system": ["type": "string", "maxLength": 64],
                    ],
                    optional: ["notes", "system"]
                ),
                answer: "Publication",
                render: { (published: [PublishedVersion]) in
                    .created(["versions": .array(published.map(Representation.published))], at: "")
                }
            ) { call in
                try await versions.publish(
                    call.caller,
                    items: call.items() ?? [],
                    notes: call.text("notes"),
                    of: try await partner(call),
                    try call.text("system").map { try SystemType($0) } ?? .sapConcur
                )
            },
        ] + versionEndpoints
    }

    private var versionEndpoints: [Endpoint] {
        [
            .list(
                "/partners/{partner}/solutions/{solution}/versions",
                .readSolutions,
                "A solution's versions, the newest first.",
                answer: "Version",
                query: Endpoint.QueryParameter.numbered
            ) { call in
                let limit = call.query["limit"].flatMap { Int($0) } ?? APICall.limitStandard
                let list = try await versions.list(
                    call.caller,
                    of: try call.id("solution"),
                    try await partner(call),
                    before: call.query["cursor"].flatMap { Int64($0) },
                    limit: limit
                )
                return .list(list, limit: limit, cursor: { "\($0.number)" }, Representation.version)
            },
            .post(
                "/partners/{partner}/solutions/{solution}/versions",
                .editSolutions,
                "Makes the next version of items in the partner's Editor: those named, else all of the solution's folder.",
                body: APISchemas.object(
                    [
                        "items": APISchemas.list(APISchemas.id, 1...Int64(ContentFormat.itemsMax)),
                        "notes": APISchemas.notes,
                    ],
                    optional: ["items", "notes"]
                ),
                example: ["notes": "Rates of 2027"],
                answer: "PublishedVersion",
                render: { (published: PublishedVersion) in .created(Representation.published(published), at: "") }
            ) { call in
                try await versions.publish(
                    call.caller,
                    try call.id("solution"),
                    of: try await partner(call),
                    items: call.items(),
                    notes: call.text("notes")
                )
            },
            .get(
                "/partners/{partner}/solutions/{solution}/versions/{number}",
                .readSolutions,
                "One version, with its items.",
                answer: "VersionContent"
            ) { call in
                let (version, items) = try await versions.get(
                    call.caller,
                    try call.numberInPath("number"),
                    of: try call.id("solution"),
                    try await partner(call)
                )
                return ["version": Representation.version(version), "items": Representation.items(items)]
            },
            .get(
                "/partners/{partner}/solutions/{solution}/versions/{number}/advisories",
                .readSolutions,
                "The warnings of a version, and how many clients still show something of it.",
                answer: "VersionAdvisories"
            ) { call in
                let (list, showing) = try await advisories.list(
                    call.caller,
                    about: try call.numberInPath("number"),
                    of: try call.id("solution"),
                    try await partner(call)
                )
                return ["advisories": .array(list.map(Representation.advisory)), "showing": .integer(showing)]
            },
            .post(
                "/partners/{partner}/solutions/{solution}/versions/{number}/advisories",
                .editSolutions,
                "Warns of a version: the clients that hold copies of it, or releases from such, are told by mail.",
                body: APISchemas.object(
                    [
                        "severity": APISchemas.choice(AdvisorySeverity.allCases.map(\.rawValue)),
                        "text": ["type": "string", "minLength": 1, "maxLength": 2000, "format": "lines"],
                        "fixedIn": APISchemas.number,
                    ],
                    optional: ["fixedIn"]
                ),
                example: ["severity": "high", "text": "The rates are those of last year.", "fixedIn": 4],
                answer: "Advisory",
                render: { (advisory: Advisory) in .created(Representation.advisory(advisory), at: "") }
            ) { call in
                try await advisories.add(
                    call.caller,
                    AdvisorySeverity(rawValue: try call.required("severity")) ?? .low,
                    try call.required("text"),
                    fixedIn: call.number("fixedIn"),
                    about: try call.numberInPath("number"),
                    of: try call.id("solution"),
                    try await partner(call)
                )
            },
            Endpoint(
                method: .put,
                path: "/partners/{partner}/solutions/{solution}/versions/{number}/withdrawal",
                action: .editSolutions,
                summary: "Withdraws a version: no new downloads or standard content of it; what was made of it stays.",
                answer: "Version"
            ) { call in
                let version = try await versions.withdraw(
                    call.caller,
                    try call.numberInPath("number"),
                    of: try call.id("solution"),
                    try await partner(call)
                )
                return .ok(Representation.version(version))
            },
        ]
    }
}

extension APICall {
    /// The ids of items in the body; the schema has seen that they are ids.
    fileprivate func items() -> [ItemID]? {
        array("items")?.compactMap { $0.text.flatMap { ItemID($0) } }
    }

    /// A number in the path; one that cannot be is like one that does not exist.
    func numberInPath(_ name: String) throws(Refusal) -> Int64 {
        guard let number = Int64(parameters[name] ?? ""), number > 0 else {
            throw Refusal(.notFound, "There is nothing at this address.")
        }
        return number
    }
}
