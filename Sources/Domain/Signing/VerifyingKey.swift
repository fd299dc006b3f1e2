import Crypto

/// The public half of a deployment's signing key: it tells what was published here from what was not.
///
/// Ed25519 (RFC 8032). The private half is a file that only control reads; edges and the database never hold it, so that
/// neither can make another edge serve a byte that was not published.
public struct VerifyingKey: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the key.
    public let bytes: [UInt8]

    /// Reads a key; nil where these are no 32 bytes of one.
    public init?(bytes: [UInt8]) {
        guard (try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)) != nil else { return nil }
        self.bytes = bytes
    }

    /// Reads a key as ``description`` writes it.
    public init?(_ text: String) {
        guard let bytes = base64URLBytes(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// The key in base64url, 43 characters.
    public var description: String { base64URL(bytes) }

    /// Whether the private half signed this statement.
    public func vouches(for statement: SignedStatement, _ signature: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
        return key.isValidSignature(signature, for: statement.bytes)
    }

    /// Whether an object's bytes are what they are named by, and were signed, in every coding.
    public func vouches(for object: StoredObject) -> Bool {
        Digest(of: object.body) == object.digest && vouches(for: .object(object), object.signature)
    }

    /// Whether a release was signed as it stands.
    public func vouches(for entry: ReleaseEntry, _ id: ReleaseID) -> Bool {
        vouches(for: .release(id, entry), entry.signature)
    }
}

/// What is signed: one line that says what it is about, then canonical JSON.
public struct SignedStatement: Hashable, Sendable {
    /// The bytes that the signature is of.
    public let bytes: [UInt8]

    /// A release: whose it is, where it belongs, and its objects. Number and generation are not part of it: they are given
    /// when it goes live.
    public static func release(_ id: ReleaseID, _ entry: ReleaseEntry) -> SignedStatement {
        release(
            id: id.description,
            owner: entry.owner.description,
            environment: entry.environment.text,
            snippet: entry.snippet,
            bundle: entry.bundle,
            player: entry.player
        )
    }

    /// The same, of parts that came as text.
    public static func release(
        id: String,
        owner: String,
        environment: String,
        snippet: Digest,
        bundle: Digest?,
        player: Digest
    ) -> SignedStatement {
        SignedStatement(
            "release",
            [
                "id": .string(id), "owner": .string(owner), "environment": .string(environment),
                "snippet": .string("\(snippet)"), "bundle": bundle.map { .string("\($0)") } ?? .null,
                "player": .string("\(player)"),
            ]
        )
    }

    /// An object, with every coding that an edge may send: none can be exchanged for other bytes.
    public static func object(_ object: StoredObject) -> SignedStatement {
        func digest(_ bytes: [UInt8]?) -> JSONValue { bytes.map { .string("\(Digest(of: $0))") } ?? .null }
        return SignedStatement(
            "object",
            [
                "digest": .string("\(object.digest)"), "mediaType": .string(object.mediaType),
                "gzip": digest(object.gzip), "brotli": digest(object.brotli),
            ]
        )
    }

    private init(_ kind: String, _ members: [String: JSONValue]) {
        bytes = Array("waymark \(kind) 1\n".utf8) + JSONValue.object(members).canonical
    }
}

/// A feed whose objects are looked at before anybody sees them: one that was not signed is as good as absent.
public struct TrustedFeed: Feed {
    private let feed: any Feed
    private let key: VerifyingKey

    /// Wraps a feed.
    public init(_ feed: any Feed, key: VerifyingKey) {
        self.feed = feed
        self.key = key
    }

    /// Where the log stands now.
    public func head() async throws -> FeedHead { try await feed.head() }

    /// The generations after `generation`.
    public func generations(after generation: Int64, limit: Int) async throws -> [FeedGeneration] {
        try await feed.generations(after: generation, limit: limit)
    }

    /// Everything, as of one moment.
    public func snapshot() async throws -> FeedSnapshot { try await feed.snapshot() }

    /// The object of that digest; nil where there is none, or none that was signed.
    public func object(_ digest: Digest) async throws -> StoredObject? {
        guard let object = try await feed.object(digest), object.digest == digest, key.vouches(for: object) else {
            return nil
        }
        return object
    }
}
