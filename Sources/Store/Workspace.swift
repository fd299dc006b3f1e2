import Domain

/// What the content of one owner is published from. Its row is the lock that its releases are numbered under.
struct Workspace {
    let id: WorkspaceID
    let owner: ContentOwner
    let lastRelease: Int64

    /// Locks the workspace and counts `next` further releases; nil where it was never made.
    static func lock(_ owner: ContentOwner, next: Int64, _ connection: any Connection) throws -> Workspace? {
        let rows =
            switch owner {
            case .system(let system):
                try connection.rows(ReleaseSQL.lockSystemWorkspace, .integer(next), .text(of: system))
            case .standard(let partner, let type):
                try connection.rows(
                    ReleaseSQL.lockStandardWorkspace,
                    .integer(next),
                    .text(of: partner),
                    .text(of: type)
                )
            }
        return try rows.first.map { Workspace(id: try $0.id(0), owner: owner, lastRelease: try $0.integer(1)) }
    }

    /// Locks the workspace and counts `next` further releases; makes it where it was not there.
    static func lockOrMake(
        _ owner: ContentOwner,
        next: Int64,
        _ connection: any Connection,
        _ runtime: Runtime
    ) throws -> Workspace {
        if let present = try lock(owner, next: next, connection) { return present }
        try insert(owner, connection, runtime)
        guard let made = try lock(owner, next: next, connection) else {
            throw Refusal(.notFound, "There is no such system.")
        }
        return made
    }

    private static func insert(_ owner: ContentOwner, _ connection: any Connection, _ runtime: Runtime) throws {
        let id = SQLValue.text(of: WorkspaceID(runtime))
        switch owner {
        case .system(let system):
            try connection.execute(ReleaseSQL.insertWorkspace, id, .text(of: system), .null, .null)
        case .standard(let partner, let type):
            try connection.execute(ReleaseSQL.insertWorkspace, id, .null, .text(of: partner), .text(of: type))
        }
    }

    func environment(_ name: EnvironmentName, _ connection: any Connection) throws -> EnvironmentRecord {
        guard let row = try connection.rows(EnvironmentSQL.one, .text(of: id), .text(of: name)).first else {
            throw Refusal(
                .notFound,
                "There is no environment '\(name)'; publishing into it makes it.",
                field: "environment"
            )
        }
        return try EnvironmentRecord(row, of: owner)
    }

    /// Makes an environment where there is none of that name; its entry is the caller's to write.
    ///
    /// - Returns: Whether it was made.
    /// - Throws: `conflict` where there are too many.
    func addEnvironment(
        _ name: EnvironmentName,
        _ connection: any Connection,
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> Bool {
        let isNew =
            try connection.execute(
                EnvironmentSQL.insert,
                .text(of: EnvironmentID(runtime)),
                .text(of: id),
                .text(of: name),
                .text(of: EnvironmentKey(runtime)),
                .time(now)
            ) == 1
        if isNew, !name.isFixed, try connection.environments(of: id, owner).count > Storage.environmentsMax {
            throw Refusal(
                .conflict,
                "There are \(Storage.environmentsMax) environments already; delete one first.",
                field: "environment"
            )
        }
        return isNew
    }
}

extension EnvironmentRecord {
    /// What is live in it.
    func live(_ connection: any Connection) throws -> StoredRelease? {
        try connection.rows(ReleaseSQL.live, .text(of: id)).first.map(StoredRelease.init)
    }

    /// Moves the live pointer, in rows and entries. A release is live in its own environment only, so the entry of the
    /// one that is no longer pointed at goes; its rows and objects stay, and so does the record of what was live when.
    func point(
        at release: StoredRelease?,
        insteadOf previous: StoredRelease?,
        _ connection: any Connection,
        _ feed: inout FeedWriter,
        by caller: Caller,
        _ event: AuditPlace,
        at now: Timestamp
    ) throws {
        try connection.execute(
            ReleaseSQL.insertLiveChange,
            .text(of: id),
            .integer(feed.generation),
            .time(now),
            release.map { .text(of: $0.id) } ?? .null,
            .text(caller.auditName),
            .text(of: event.tenant),
            .integer(event.sequence)
        )
        if case .standard(let partner, let type) = owner, name == .production {
            try connection.noteStandardChange(of: partner, type, at: now)
        }
        if let previous { try feed.set(.release(previous.id), nil) }
        guard let release else {
            try connection.execute(ReleaseSQL.deleteLive, .text(of: id))
            try feed.set(.pointer(owner, name), nil)
            return
        }
        try connection.execute(ReleaseSQL.setLive, .text(of: id), .text(of: release.id))
        try feed.set(.release(release.id), release.entry(owner, name))
        try feed.set(.pointer(owner, name), ReleasePointer(release: release.id))
    }

    func live(_ release: StoredRelease, _ generation: Int64) -> LiveRelease {
        LiveRelease(
            id: release.id,
            number: release.number,
            snippet: release.snippet,
            bundle: release.bundle,
            player: release.player,
            generation: generation,
            environment: name,
            environmentKey: key
        )
    }
}

/// The part of a release's row that its entry is made of.
struct StoredRelease {
    let id: ReleaseID
    let number: Int64
    let generation: Int64
    let snippet: Digest
    let bundle: Digest?
    let player: Digest
    let signature: [UInt8]

    init(
        id: ReleaseID,
        number: Int64,
        generation: Int64,
        snippet: Digest,
        bundle: Digest?,
        player: Digest,
        signature: [UInt8]
    ) {
        self.id = id
        self.number = number
        self.generation = generation
        self.snippet = snippet
        self.bundle = bundle
        self.player = player
        self.signature = signature
    }

    init(_ record: ReleaseRecord, generation: Int64) {
        self.init(
            id: record.id,
            number: record.number,
            generation: generation,
            snippet: record.snippet,
            bundle: record.bundle,
            player: record.player,
            signature: record.signature
        )
    }

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        number = try row.integer(1)
        generation = try row.integer(2)
        snippet = try row.digest(3)
        bundle = try row.optional(4, row.digest)
        player = try row.digest(5)
        signature = try row.optional(6, row.bytes) ?? []
    }

    func entry(_ owner: ContentOwner, _ environment: EnvironmentName) -> ReleaseEntry {
        ReleaseEntry(
            owner: owner,
            environment: environment,
            number: number,
            generation: generation,
            snippet: snippet,
            bundle: bundle,
            player: player,
            signature: signature
        )
    }
}
