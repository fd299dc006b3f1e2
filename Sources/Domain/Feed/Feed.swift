/// Where a log stands.
public struct FeedHead: Hashable, Sendable {
    /// Names the log's history; another epoch is another history.
    public let epoch: String
    /// How many transactions have changed entries since the epoch began.
    public let generation: Int64
    /// The hash of all entries in this generation.
    public let stateHash: StateHash

    /// Makes a head.
    public init(epoch: String, generation: Int64, stateHash: StateHash) {
        self.epoch = epoch
        self.generation = generation
        self.stateHash = stateHash
    }
}

/// What one transaction changed; applied whole.
public struct FeedGeneration: Hashable, Sendable {
    /// Its number: one more than the one before.
    public let generation: Int64
    /// The hash of all entries after it.
    public let stateHash: StateHash
    /// Its changes in order.
    public let changes: [FeedChange]

    /// Makes a generation.
    public init(generation: Int64, stateHash: StateHash, changes: [FeedChange]) {
        self.generation = generation
        self.stateHash = stateHash
        self.changes = changes
    }
}

/// The present entries and the head they belong to, read as one snapshot.
public struct FeedSnapshot: Hashable, Sendable {
    /// Where the log stood.
    public let head: FeedHead
    /// Every entry, in no order; each with a value.
    public let entries: [FeedChange]

    /// Makes a snapshot.
    public init(head: FeedHead, entries: [FeedChange]) {
        self.head = head
        self.entries = entries
    }

    /// What the entries add up to: the head's state hash, unless something is damaged.
    public var stateHash: StateHash {
        var hash = StateHash.empty
        for entry in entries { hash.replace(entry.key, old: nil, new: entry.value) }
        return hash
    }
}

/// What lies behind an edge: a change log to follow, and the objects it names.
public protocol Feed: Sendable {
    /// Where the log stands now.
    func head() async throws -> FeedHead
    /// The generations after `generation`, oldest first, at most `limit`; empty where there is none, or where the log
    /// no longer reaches back so far.
    func generations(after generation: Int64, limit: Int) async throws -> [FeedGeneration]
    /// Everything, as of one moment.
    func snapshot() async throws -> FeedSnapshot
    /// The object of that digest, or nil where there is none.
    func object(_ digest: Digest) async throws -> StoredObject?
}

/// An object's bytes, in every coding that was made of it.
public struct StoredObject: Hashable, Sendable {
    /// SHA-256 of `body`.
    public let digest: Digest
    /// Its `Content-Type`.
    public let mediaType: String
    /// As decoded.
    public let body: [UInt8]
    /// In gzip, where that is smaller.
    public let gzip: [UInt8]?
    /// In Brotli, where that is smaller.
    public let brotli: [UInt8]?
    /// Ed25519 over what ``SignedStatement/object(_:)`` says; empty for one that is not signed.
    public var signature: [UInt8]

    /// Makes an object; `digest` must be that of `body`.
    public init(
        digest: Digest,
        mediaType: String,
        body: [UInt8],
        gzip: [UInt8]?,
        brotli: [UInt8]?,
        signature: [UInt8] = []
    ) {
        self.signature = signature
        self.digest = digest
        self.mediaType = mediaType
        self.body = body
        self.gzip = gzip
        self.brotli = brotli
    }

    /// What the feed says of it.
    public var entry: ObjectEntry {
        ObjectEntry(
            mediaType: mediaType,
            bodyBytes: UInt64(body.count),
            gzipBytes: UInt64(gzip?.count ?? 0),
            brotliBytes: UInt64(brotli?.count ?? 0)
        )
    }
}
