public import Domain

enum FeedSQL: String, StatementSet {
    case lockHead = "UPDATE head SET generation = generation + 1 RETURNING generation, state_hash"
    case closeHead = "UPDATE head SET state_hash = ?"
    case head = "SELECT epoch, generation, state_hash FROM head"
    case present = "SELECT value, since, since_at FROM edge_entry WHERE kind = ? AND key = ?"
    case past = """
        SELECT value FROM entry_history WHERE kind = ? AND key = ? AND until_at > ? AND since_at <= ?
        ORDER BY until DESC LIMIT 1
        """
    case keepPast = """
        INSERT INTO entry_history (kind, key, until, until_at, since, since_at, value) VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    case putEntry = """
        INSERT INTO edge_entry (kind, key, value, since, since_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (kind, key)
        DO UPDATE SET value = excluded.value, since = excluded.since, since_at = excluded.since_at
        """
    case deleteEntry = "DELETE FROM edge_entry WHERE kind = ? AND key = ?"
    case entries = "SELECT kind, key, value FROM edge_entry"
    case appendGeneration = "INSERT INTO generation (generation, state_hash, at) VALUES (?, ?, ?)"
    case closeGeneration = "UPDATE generation SET state_hash = ? WHERE generation = ?"
    case appendChange = "INSERT INTO change (generation, position, kind, key, value) VALUES (?, ?, ?, ?, ?)"
    case generations = """
        SELECT generation, state_hash FROM generation WHERE generation > ? ORDER BY generation LIMIT ?
        """
    case changes = """
        SELECT generation, kind, key, value FROM change
        WHERE generation > ? AND generation <= ? ORDER BY generation, position
        """
    case putObject = """
        INSERT INTO object (digest, media_type, body, gzip, brotli, signature, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (digest) DO UPDATE SET media_type = excluded.media_type, body = excluded.body, gzip = excluded.gzip,
            brotli = excluded.brotli, signature = excluded.signature, created_at = excluded.created_at
        """
    // One without bytes was erased; its row stays for the releases that name it.
    case hasObject = "SELECT 1 FROM object WHERE digest = ? AND length(body) > 0"
    case object = """
        SELECT digest, media_type, body, gzip, brotli, signature FROM object WHERE digest = ? AND length(body) > 0
        """
}

/// Writes one generation of the feed, inside the transaction that changes the rows behind it.
struct FeedWriter {
    private let connection: any Connection
    private let now: Timestamp
    /// The generation being written.
    let generation: Int64
    private var hash: StateHash
    private var position: Int64 = 0

    /// Takes the head's lock, runs `body`, and closes the generation.
    static func write<Result>(
        _ connection: any Connection,
        at now: Timestamp,
        _ body: (inout FeedWriter) throws -> Result
    ) throws -> Result {
        var writer = try FeedWriter(connection, at: now)
        let result = try body(&writer)
        try connection.execute(FeedSQL.closeHead, .bytes(writer.hash.bytes))
        try connection.execute(FeedSQL.closeGeneration, .bytes(writer.hash.bytes), .integer(writer.generation))
        return result
    }

    private init(_ connection: any Connection, at now: Timestamp) throws {
        guard let row = try connection.rows(FeedSQL.lockHead).first, let hash = StateHash(bytes: try row.bytes(1))
        else {
            throw MissingHead()
        }
        self.connection = connection
        self.now = now
        self.hash = hash
        generation = try row.integer(0)
        try connection.execute(
            FeedSQL.appendGeneration,
            .integer(generation),
            .bytes(hash.bytes),
            .integer(now.milliseconds)
        )
    }

    /// Sets an entry's complete value, or deletes it; an entry that stays as it is makes no row. What it was before is kept
    /// with the time that it held, so that the past can be explained.
    mutating func set(_ key: EntryKey, _ value: (any EntryValue)?) throws {
        let new = value?.encoded
        let kind = SQLValue.integer(Int64(key.kind))
        let present = try connection.rows(FeedSQL.present, kind, .bytes(key.key)).first
        let old = try present?.bytes(0)
        guard old != new else { return }
        if let present {
            try connection.execute(
                FeedSQL.keepPast,
                kind,
                .bytes(key.key),
                .integer(generation),
                .time(now),
                present[1],
                present[2],
                present[0]
            )
        }
        if let new {
            try connection.execute(
                FeedSQL.putEntry,
                kind,
                .bytes(key.key),
                .bytes(new),
                .integer(generation),
                .time(now)
            )
        } else {
            try connection.execute(FeedSQL.deleteEntry, kind, .bytes(key.key))
        }
        try connection.execute(
            FeedSQL.appendChange,
            .integer(generation),
            .integer(position),
            kind,
            .bytes(key.key),
            new.map(SQLValue.bytes) ?? .null
        )
        position += 1
        hash.replace(key, old: old, new: new)
    }
}

/// The head row is absent: the schema was never made, or the file is damaged.
public struct MissingHead: Error, Sendable {}

extension Storage: Feed {
    /// Where the log stands now.
    public func head() async throws -> FeedHead {
        try await engine.snapshot(Self.head)
    }

    /// The generations after `generation`, oldest first, at most `limit`.
    public func generations(after generation: Int64, limit: Int) async throws -> [FeedGeneration] {
        try await engine.snapshot { connection in
            let rows = try connection.rows(FeedSQL.generations, .integer(generation), .integer(Int64(limit)))
            guard let last = try rows.last?.integer(0) else { return [] }
            var changes: [Int64: [FeedChange]] = [:]
            for row in try connection.rows(FeedSQL.changes, .integer(generation), .integer(last)) {
                let key = EntryKey(kind: UInt8(clamping: try row.integer(1)), key: try row.bytes(2))
                let change = FeedChange(key: key, value: try row.optional(3, row.bytes))
                changes[try row.integer(0), default: []].append(change)
            }
            return try rows.map { row in
                let number = try row.integer(0)
                guard let hash = StateHash(bytes: try row.bytes(1)) else { throw row.damaged(1) }
                return FeedGeneration(generation: number, stateHash: hash, changes: changes[number] ?? [])
            }
        }
    }

    /// Every entry and the head, as of one moment.
    public func snapshot() async throws -> FeedSnapshot {
        try await engine.snapshot { connection in
            let head = try Self.head(connection)
            let entries = try connection.rows(FeedSQL.entries).map { row in
                FeedChange(
                    key: EntryKey(kind: UInt8(clamping: try row.integer(0)), key: try row.bytes(1)),
                    value: try row.bytes(2)
                )
            }
            return FeedSnapshot(head: head, entries: entries)
        }
    }

    /// The object of that digest, or nil.
    public func object(_ digest: Digest) async throws -> StoredObject? {
        try await engine.snapshot { try Self.object(digest, $0) }
    }

    static func object(_ digest: Digest, _ connection: any Connection) throws -> StoredObject? {
        try connection.rows(FeedSQL.object, .bytes(digest.bytes)).first.map { row in
            StoredObject(
                digest: try row.digest(0),
                mediaType: try row.text(1),
                body: try row.bytes(2),
                gzip: try row.optional(3, row.bytes),
                brotli: try row.optional(4, row.bytes),
                signature: try row.optional(5, row.bytes) ?? []
            )
        }
    }

    /// Stores objects and their entries, in a generation of their own: entries that name them come later. Objects that
    /// are there already cost a look-up each and no generation.
    public func putObjects(_ objects: [StoredObject]) async throws {
        let now = runtime.now()
        try await writing { connection in
            let missing = try objects.filter {
                try connection.rows(FeedSQL.hasObject, .bytes($0.digest.bytes)).isEmpty
            }
            guard !missing.isEmpty else { return }
            try FeedWriter.write(connection, at: now) { feed in
                for object in missing {
                    try connection.execute(
                        FeedSQL.putObject,
                        .bytes(object.digest.bytes),
                        .text(object.mediaType),
                        .bytes(object.body),
                        object.gzip.map(SQLValue.bytes) ?? .null,
                        object.brotli.map(SQLValue.bytes) ?? .null,
                        .bytes(object.signature),
                        .time(now)
                    )
                    try feed.set(.object(object.digest), object.entry)
                }
            }
        }
    }

    static func head(_ connection: any Connection) throws -> FeedHead {
        guard let row = try connection.rows(FeedSQL.head).first else { throw MissingHead() }
        guard let hash = StateHash(bytes: try row.bytes(2)) else { throw row.damaged(2) }
        return FeedHead(epoch: try row.text(0), generation: try row.integer(1), stateHash: hash)
    }
}
