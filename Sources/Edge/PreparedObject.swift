package import Domain
import NIOCore

/// An object as it is sent: a body and an entity tag for each coding.
package struct PreparedObject: Sendable {
    /// One coding of it.
    struct Variant: Sendable {
        let coding: Coding
        let body: ByteBuffer
        /// A strong tag of exactly these bytes, with its quotes.
        let tag: [UInt8]

        init(_ coding: Coding, _ bytes: [UInt8]) {
            self.coding = coding
            body = ByteBuffer(bytes: bytes)
            tag = Array("\"\(base64URL(bigEndianBytes(xxHash128(bytes))))\"".utf8)
        }
    }

    let digest: Digest
    let mediaType: String
    /// The smallest first; always with identity.
    let variants: [Variant]
    /// The answers to requests for the object itself.
    let responses: ResponseSet

    package init(_ object: StoredObject) {
        digest = object.digest
        mediaType = object.mediaType
        let variants =
            [Variant(.identity, object.body)] + (object.gzip.map { [Variant(.gzip, $0)] } ?? [])
            + (object.brotli.map { [Variant(.brotli, $0)] } ?? [])
        self.variants = variants.sorted { $0.body.readableBytes < $1.body.readableBytes }
        responses = ResponseSet(self.variants, mediaType, outcome: nil, release: nil, isNegotiated: true)
    }

    /// The entity tags of all variants.
    package var tags: [String] { variants.map { String(decoding: $0.tag, as: UTF8.self) } }

    /// The bytes of all variants.
    var byteCount: Int { variants.reduce(0) { $0 + $1.body.readableBytes } }
}

/// Everything that can be answered with one object and one outcome: 200 and 304, in each coding. Made once, when the
/// object becomes part of the index or comes from upstream; requests only choose.
final class ResponseSet: Sendable {
    /// One coding of it. A class, since a request takes one reference rather than one for each part.
    final class Response: Sendable {
        let coding: Coding
        let tag: [UInt8]
        let body: ByteBuffer
        let full: FieldLines
        let notModified: FieldLines

        init(_ variant: PreparedObject.Variant, full: FieldLines, notModified: FieldLines) {
            coding = variant.coding
            tag = variant.tag
            body = variant.body
            self.full = full
            self.notModified = notModified
        }
    }

    let outcome: Outcome?
    /// The smallest first; always with identity.
    let responses: [Response]

    /// - Parameters:
    ///   - object: The bodies.
    ///   - outcome: What it is shown for.
    ///   - release: The value of `Waymark-Release`; nil for none.
    convenience init(_ object: PreparedObject, outcome: Outcome, release: String? = nil) {
        self.init(object.variants, object.mediaType, outcome: outcome, release: release, isNegotiated: true)
    }

    init(
        _ variants: [PreparedObject.Variant],
        _ mediaType: String,
        outcome: Outcome?,
        release: String?,
        isNegotiated: Bool
    ) {
        self.outcome = outcome
        responses = variants.map { variant in
            var both = [("ETag", String(decoding: variant.tag, as: UTF8.self))]
            if isNegotiated { both.append(("Vary", "Accept-Encoding")) }
            if let outcome { both.append(("Waymark-Outcome", outcome.rawValue)) }
            if let release { both.append(("Waymark-Release", release)) }
            var full = both
            full += [("Content-Type", mediaType), ("X-Content-Type-Options", "nosniff"), ("Accept-Ranges", "none")]
            if let coding = variant.coding.name { full.append(("Content-Encoding", coding.description)) }
            return Response(
                variant,
                full: FieldLines(full, bodyBytes: variant.body.readableBytes),
                notModified: FieldLines(both)
            )
        }
    }

    /// The position of the smallest response that is accepted; identity's where none is.
    func choose(_ accepted: AcceptedCodings) -> Int {
        for position in responses.indices where accepted.accepts(responses[position].coding) { return position }
        for position in responses.indices where responses[position].coding == .identity { return position }
        return 0
    }

    /// The answer in the accepted coding, or 304 where the client has that.
    ///
    /// - Parameters:
    ///   - accepted: The codings that the client takes.
    ///   - cache: For how long it may be kept.
    ///   - isKnown: Whether the client says to have the entity of this tag.
    /// - Returns: 200 or 304.
    @inline(__always)
    func answer(_ accepted: AcceptedCodings, cache: CachePolicy, isKnown: (_ tag: [UInt8]) -> Bool) -> Answer {
        let response = responses[choose(accepted)]
        if isKnown(response.tag) {
            return Answer(.notModified, outcome: outcome, cache: cache, response.notModified)
        }
        return Answer(.ok, outcome: outcome, cache: cache, body: response.body, response.full)
    }
}

/// A live release, ready to be sent.
struct LiveContent: Sendable {
    let id: ReleaseID
    let entry: ReleaseEntry
    let snippet: ResponseSet

    init(id: ReleaseID, entry: ReleaseEntry, snippet: PreparedObject) {
        self.id = id
        self.entry = entry
        let outcome: Outcome =
            switch entry.owner {
            case .system: .release
            case .standard: .standard
            }
        self.snippet = ResponseSet(snippet, outcome: outcome, release: Self.label(entry))
    }

    /// The value of `Waymark-Release`.
    var label: String { Self.label(entry) }

    private static func label(_ entry: ReleaseEntry) -> String { "\(entry.number); \(entry.snippet.start)" }

    /// The manifest's JSON; URLs are relative to its own.
    ///
    /// - Parameters:
    ///   - outcome: `release` or `standard`.
    ///   - hasPartner: Whether that URL has a partner key, and so a segment more.
    /// - Returns: Canonical JSON.
    func manifest(_ outcome: Outcome, hasPartner: Bool) -> [UInt8] {
        let objects = (hasPartner ? "../../../" : "../../") + "objects/"
        func reference(_ digest: Digest) -> JSONValue {
            .object(["url": .string("\(objects)\(digest).js"), "integrity": .string(digest.integrity)])
        }
        var members: [String: JSONValue] = [
            "outcome": .string(outcome.rawValue),
            "release": .integer(entry.number),
            "generation": .integer(entry.generation),
            "snippet": reference(entry.snippet),
            "player": reference(entry.player),
            // What the signature is of, beside the digests (``SignedStatement``).
            "signed": [
                "id": .string(id.description), "owner": .string(entry.owner.description),
                "environment": .string(entry.environment.text), "signature": .string(base64URL(entry.signature)),
            ],
        ]
        members["bundle"] = entry.bundle.map(reference)
        return JSONValue.object(members).canonical
    }
}
