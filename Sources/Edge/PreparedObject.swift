import Domain
import NIOCore

/// An object as it is sent: a body and an entity tag for each coding.
struct PreparedObject: Sendable {
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

    init(_ object: StoredObject) {
        digest = object.digest
        mediaType = object.mediaType
        let variants =
            [Variant(.identity, object.body)] + (object.gzip.map { [Variant(.gzip, $0)] } ?? [])
            + (object.brotli.map { [Variant(.brotli, $0)] } ?? [])
        self.variants = variants.sorted { $0.body.readableBytes < $1.body.readableBytes }
    }

    /// The bytes of all variants.
    var byteCount: Int { variants.reduce(0) { $0 + $1.body.readableBytes } }

    /// The smallest variant that is accepted; identity where none is.
    func variant(_ accepted: AcceptedCodings) -> Variant {
        for variant in variants {
            switch variant.coding {
            case .identity where accepted.identity: return variant
            case .gzip where accepted.gzip: return variant
            case .brotli where accepted.brotli: return variant
            default: continue
            }
        }
        return variants.first { $0.coding == .identity } ?? variants[0]
    }
}

/// A live release, ready to be sent.
struct LiveContent: Sendable {
    let id: ReleaseID
    let entry: ReleaseEntry
    let snippet: PreparedObject

    /// The value of `Waymark-Release`.
    var label: String { "\(entry.number); \(entry.snippet.start)" }

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
        ]
        members["bundle"] = entry.bundle.map(reference)
        return JSONValue.object(members).canonical
    }
}
