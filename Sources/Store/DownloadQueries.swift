public import Domain

enum DownloadSQL: String, StatementSet {
    case insert = """
        INSERT INTO download (id, workspace_id, solution_version_id, folder, items, made_at, made_by)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    case list = """
        SELECT download.id, download.folder, download.items, download.made_at, download.made_by, solution.id,
            solution.slug, solution_version.number, solution_version.digest
        FROM download JOIN solution_version ON solution_version.id = download.solution_version_id
        JOIN solution ON solution.id = solution_version.solution_id
        WHERE download.workspace_id = ? AND download.id > ? ORDER BY download.id LIMIT ?
        """
    case anyInFolder = "SELECT 1 FROM item WHERE workspace_id = ? AND folder = ? AND deleted_at IS NULL LIMIT 1"
    case copies = """
        SELECT item.id, item.origin_item, item.folder FROM item
        JOIN solution_version ON solution_version.id = item.origin_version_id
        WHERE item.workspace_id = ? AND solution_version.solution_id = ? AND item.deleted_at IS NULL
        ORDER BY item.id
        """
}

/// What a client took from a gallery, and when.
public struct DownloadRecord: Hashable, Sendable {
    /// Names the act.
    public let id: DownloadID
    /// The solution.
    public let solution: SolutionID
    /// The solution's name in files and URLs.
    public let slug: String
    /// The version's number.
    public let version: Int64
    /// The version's digest.
    public let digest: Digest
    /// The folder that the copies were put in.
    public let folder: Slug
    /// How many copies.
    public let items: Int64
    /// When.
    public let madeAt: Timestamp
    /// By whom, as the audit names people.
    public let madeBy: String
}

extension Storage {
    /// Copies versions' items into a client's workspace, as drafts with ids of their own and an origin (rules F-080, F-089;
    /// D-9). Nothing is published by it, and nothing of the original is touched.
    ///
    /// - Parameters:
    ///   - choices: Solutions that the client sees, and their versions; nil for the newest one that is not withdrawn.
    ///   - client: Whose.
    ///   - system: Into which of its systems.
    ///   - evenWithdrawn: Take versions that were withdrawn too: who has them live may correct them.
    ///   - copies: The drafts of a version's content, without folder and origin.
    ///   - caller: Who.
    /// - Returns: What was taken; all or none.
    /// - Throws: `notFound` for a solution that the client does not see, `conflict` for a version that is withdrawn, or
    ///   for a system of another type.
    public func download(
        _ choices: [(solution: SolutionID, version: Int64?)],
        to client: ClientID,
        _ system: SystemID,
        evenWithdrawn: Bool,
        copies: @escaping @Sendable (_ content: [UInt8]) throws -> [ContentItem],
        by caller: Caller
    ) async throws -> [DownloadRecord] {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            let workspace = try connection.lockWorkspace(.client(client, system), runtime).id
            let type = try connection.system(system, of: client).type
            let downloads = try choices.map { choice in
                let record = try connection.solution(choice.solution, seenBy: client)
                guard record.system == type else {
                    throw Refusal(.conflict, "The solution is for '\(record.system)', this system is another.")
                }
                guard
                    let version = try choice.version.map({ try connection.version($0, of: record.id) })
                        ?? connection.newestVersion(of: record.id)
                else { throw Storage.noSolution }
                guard version.withdrawnAt == nil || evenWithdrawn else {
                    throw Refusal(.conflict, "Version \(version.number) was withdrawn; take another.", field: "version")
                }
                return try connection.download(
                    record,
                    version,
                    into: workspace,
                    try copies(try connection.content(of: version.id)),
                    by: caller,
                    at: now,
                    runtime
                )
            }
            for download in downloads {
                try connection.audit(
                    .client(client),
                    "solution.downloaded",
                    "system/\(system)",
                    [
                        "solution": .string("\(download.solution)"), "version": .integer(download.version),
                        "digest": .string("\(download.digest)"),
                    ],
                    by: caller,
                    at: now
                )
            }
            try connection.keepAnswer(to: caller, downloads, at: now)
            return downloads
        }
    }

    /// What was taken from galleries into a client's system, the oldest first.
    public func downloads(
        of client: ClientID,
        _ system: SystemID,
        _ page: Page<DownloadID>
    ) async throws -> [DownloadRecord] {
        try await engine.snapshot { connection in
            guard let workspace = try connection.workspace(of: .client(client, system)) else { return [] }
            return try connection.rows(DownloadSQL.list, .text(of: workspace), page.after, page.count).map { row in
                DownloadRecord(
                    id: try row.id(0),
                    solution: try row.id(5),
                    slug: try row.text(6),
                    version: try row.integer(7),
                    digest: try row.digest(8),
                    folder: try Slug(try row.text(1), field: "folder"),
                    items: try row.integer(2),
                    madeAt: try row.time(3),
                    madeBy: try row.text(4)
                )
            }
        }
    }

    /// Everything that is known of where a copy came from.
    public func origin(of item: ItemID, _ client: ClientID, _ system: SystemID) async throws -> OriginRecord {
        try await engine.snapshot { connection in
            let (record, workspace) = try connection.item(item, of: .client(client, system))
            guard let origin = record.origin else {
                throw Refusal(.notFound, "The item is no copy: nothing is known of an origin.")
            }
            let (solution, number) = try connection.solution(ofVersion: origin.version)
            let isSeen = (try? connection.solution(solution.id, seenBy: client)) != nil
            let later =
                try isSeen
                ? connection.versions(of: solution.id, before: nil, limit: Int(clamping: solution.lastVersion))
                    .filter { $0.number > number } : []
            let newest = later.first { $0.withdrawnAt == nil }
            let copies = try connection.rows(DownloadSQL.copies, .text(of: workspace), .text(of: solution.id))
            return OriginRecord(
                item: record,
                solution: solution,
                version: try connection.version(number, of: solution.id),
                later: later,
                content: try connection.content(of: origin.version),
                newestContent: try newest.map { try connection.content(of: $0.id) },
                copies: try copies.map { (id: try $0.id(0), item: try $0.text(1), folder: try $0.slug(2)) }
            )
        }
    }
}

/// Where a copy came from, and what has become of that since.
public struct OriginRecord: Sendable {
    /// The copy.
    public let item: ItemRecord
    /// The solution that it came from.
    public let solution: SolutionRecord
    /// The version that it came from.
    public let version: VersionRecord
    /// The versions since, the newest first; none where the client sees the solution no more.
    public let later: [VersionRecord]
    /// The canonical content of the version that it came from.
    public let content: [UInt8]
    /// That of the newest version since that is not withdrawn; nil where there is none.
    public let newestContent: [UInt8]?
    /// All copies from that solution in the workspace.
    public let copies: [(id: ItemID, item: String, folder: Slug?)]

    /// The newest version since that is not withdrawn.
    public var newest: VersionRecord? { later.first { $0.withdrawnAt == nil } }
}

extension Connection {
    fileprivate func download(
        _ solution: SolutionRecord,
        _ version: VersionRecord,
        into workspace: WorkspaceID,
        _ items: [ContentItem],
        by caller: Caller,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> DownloadRecord {
        let folder = try freeFolder(Slug(from: solution.slug, else: "solution"), workspace)
        let new = items.map { item in
            NewItem(
                item: item,
                folder: folder,
                slug: Slug(from: item.id, else: "item"),
                origin: ItemOrigin(version: version.id, item: item.id)
            )
        }
        let made = try insert(new, into: workspace, .downloaded, by: caller, at: now, runtime)
        let download = DownloadRecord(
            id: DownloadID(runtime),
            solution: solution.id,
            slug: solution.slug,
            version: version.number,
            digest: version.digest,
            folder: folder,
            items: Int64(made.count),
            madeAt: now,
            madeBy: caller.auditName
        )
        try execute(
            DownloadSQL.insert,
            .text(of: download.id),
            .text(of: workspace),
            .text(of: version.id),
            .text(of: folder),
            .integer(download.items),
            .time(now),
            .text(download.madeBy)
        )
        return download
    }

    fileprivate func freeFolder(_ slug: Slug, _ workspace: WorkspaceID) throws -> Slug {
        var free = slug
        var number = 1
        while try !rows(DownloadSQL.anyInFolder, .text(of: workspace), .text(of: free)).isEmpty {
            number += 1
            free = slug.numbered(number)
        }
        return free
    }
}
