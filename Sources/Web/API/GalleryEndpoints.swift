import Authorization
import Domain
import Gallery
import Store

/// The gallery as a client sees it, its copies, and where they came from.
extension API {
    var galleryEndpoints: [Endpoint] {
        [
            .list(
                "/clients/{client}/gallery",
                .readGallery,
                "The solutions that a client can download, each with its newest version.",
                answer: "GallerySolution"
            ) { call in
                let page: Page<SolutionID> = try call.page()
                let list = try await downloads.gallery(call.caller, of: try call.id("client"), page)
                return .list(list, limit: page.limit, cursor: { "\($0.solution.id)" }) {
                    Representation.offered($0.solution, $0.newest)
                }
            },
            .get(
                "/clients/{client}/gallery/{solution}",
                .readGallery,
                "One of them: its versions, and the items of the newest.",
                answer: "GalleryContent"
            ) { call in
                let (solution, versions, items) = try await downloads.gallery(
                    call.caller,
                    of: try call.id("client"),
                    try call.id("solution")
                )
                return [
                    "solution": Representation.solution(solution),
                    "versions": .array(versions.map(Representation.version)), "items": Representation.items(items),
                ]
            },
            .list(
                "/clients/{client}/advisories",
                .readGallery,
                "Warnings of versions that the client has copies of, or releases from such, edited or not.",
                answer: "ClientAdvisory",
                query: []
            ) { call in
                let list = try await advisories.list(call.caller, of: try call.id("client"))
                return .list(list, limit: list.count, cursor: { "\($0.advisory.id)" }, Representation.clientAdvisory)
            },
            .list(
                "/clients/{client}/systems/{system}/downloads",
                .readItems,
                "What was downloaded into a system's Editor.",
                answer: "Download"
            ) { call in
                let page: Page<DownloadID> = try call.page()
                let list = try await downloads.list(call.caller, of: try call.id("client"), try call.id("system"), page)
                return .list(list, limit: page.limit, cursor: { "\($0.id)" }, Representation.download)
            },
            .post(
                "/clients/{client}/systems/{system}/downloads",
                .downloadSolution,
                """
                Copies a version's items into the Editor, as drafts in a folder of their own; nothing is published by it. \
                With `standard`, does so for every version that the live standard content was made from.
                """,
                body: APISchemas.object(
                    ["solution": APISchemas.id, "version": APISchemas.number, "standard": APISchemas.flag],
                    optional: ["solution", "version", "standard"]
                ),
                answer: "Downloads",
                render: { (downloads: [DownloadRecord]) in
                    .created(["items": .array(downloads.map(Representation.download))], at: "")
                }
            ) { call in
                if call.flag("standard") == true {
                    guard call.body["solution"] == nil, call.body["version"] == nil else {
                        throw Refusal(.invalid, "Send either 'standard' or a solution.", field: "standard")
                    }
                    return try await downloads.downloadStandard(
                        call.caller,
                        to: try call.id("client"),
                        try call.id("system")
                    )
                }
                return try await downloads.download(
                    call.caller,
                    try call.solution(),
                    version: call.number("version"),
                    to: try call.id("client"),
                    try call.id("system")
                )
            },
            .get(
                "/clients/{client}/systems/{system}/items/{item}/origin",
                .readItems,
                "Where a copy came from, what has changed there since, and who changed which field.",
                answer: "Origin"
            ) { call in
                Representation.origin(
                    try await origins.report(
                        call.caller,
                        try call.id("item"),
                        of: try call.id("client"),
                        try call.id("system")
                    )
                )
            },
            .post(
                "/clients/{client}/systems/{system}/items/{item}/origin",
                .editItems,
                "Takes changes of the newest version into the draft: the fields named, else all that were not edited here.",
                body: APISchemas.object(
                    ["take": APISchemas.list(["type": "string", "maxLength": 1000], 0...1000)],
                    optional: ["take"]
                ),
                example: ["take": ["/title/en"]],
                answer: "Item",
                render: { (item: ItemRecord) in .created(Representation.item(item), at: "") }
            ) { call in
                try await origins.take(
                    call.caller,
                    call.array("take")?.compactMap(\.text),
                    into: try call.id("item"),
                    of: try call.id("client"),
                    try call.id("system")
                )
            },
        ]
    }
}

extension APICall {
    fileprivate func solution() throws(Refusal) -> SolutionID {
        guard let id = SolutionID(try required("solution")) else {
            throw Refusal(.invalid, "This is no id.", field: "solution")
        }
        return id
    }
}
