import Domain
import Publishing
import TestSupport
import Testing

@testable import Edge

/// An edge behind a feed that has every row and object, and can change them, but has not the key.
struct TrustTests {
    private let deployment: Deployment
    private let owner: ContentOwner
    private let system: SystemID

    init() throws {
        deployment = try Deployment()
        system = SystemID(deployment.runtime)
        owner = .system(system)
        let id = try SystemClientID("OWN")
        deployment.feed.append([(.mapping(deployment.partner, id), deployment.mapping(system))])
    }

    private func publish(_ release: (ReleaseID, ReleaseEntry), for owner: ContentOwner? = nil) {
        deployment.feed.append([
            (.release(release.0), release.1),
            (.pointer(owner ?? self.owner, .production), ReleasePointer(release: release.0)),
        ])
    }

    @Test("what was signed is served; unsigned and foreign releases are not, and what was live before stays")
    func releases() async throws {
        let steps = Steps(deployment.feed)
        publish(deployment.release("good", owner))
        let good = await steps.turn()
        #expect(Deployment.live(good, owner) == "good")
        #expect(good?.setAside.isEmpty == true)
        for forge in Forgery.allCases {
            var (id, entry) = deployment.release("evil \(forge)", owner, number: 2)
            entry.signature = TestKey.key.sign(.release(id, entry))
            forge.apply(to: &entry, id, deployment.runtime)
            publish((id, entry))
            let index = await steps.turn()
            #expect(Deployment.live(index, owner) == "good", "\(forge)")
            #expect(index?.setAside.contains(.release(id)) == true, "\(forge)")
        }
        publish(deployment.release("better", owner, number: 9))
        #expect(Deployment.live(await steps.turn(), owner) == "better")
    }

    /// What somebody without the key can do to a release.
    private enum Forgery: CaseIterable {
        case noSignature, ownKey, otherSnippet, otherPlayer, otherBundle, otherOwner, otherEnvironment, cutSignature

        func apply(to entry: inout ReleaseEntry, _ id: ReleaseID, _ runtime: Runtime) {
            switch self {
            case .noSignature: entry.signature = [0]
            case .ownKey: entry.signature = SigningKey().sign(.release(id, entry))
            case .otherSnippet: entry.snippet = Digest(of: [1])
            case .otherPlayer: entry.player = Digest(of: [1])
            case .otherBundle: entry.bundle = Digest(of: [1])
            case .otherOwner: entry.signature = Self.signed(entry, id) { $0.owner = .system(SystemID(runtime)) }
            case .otherEnvironment: entry.signature = Self.signed(entry, id) { $0.environment = .test }
            case .cutSignature: entry.signature.removeLast()
            }
        }

        /// The signature of the same release, had it been another's.
        private static func signed(
            _ entry: ReleaseEntry,
            _ id: ReleaseID,
            _ change: (inout ReleaseEntry) -> Void
        ) -> [UInt8] {
            var other = entry
            change(&other)
            return TestKey.key.sign(.release(id, other))
        }
    }

    @Test("a signed release is not served from an altered object, in whatever coding")
    func objects() async throws {
        let key = TestKey.key
        let (id, entry) = deployment.release("good", owner)
        let good = try #require(TestContent.objects("good").first)
        let evil = Array("evil".utf8)
        func altered(body: [UInt8]? = nil, gzip: [UInt8]? = nil, brotli: [UInt8]? = nil, type: String? = nil)
            -> StoredObject
        {
            StoredObject(
                digest: good.digest,
                mediaType: type ?? good.mediaType,
                body: body ?? good.body,
                gzip: gzip ?? good.gzip,
                brotli: brotli ?? good.brotli,
                signature: good.signature
            )
        }
        let forged = [
            altered(body: evil), altered(gzip: evil), altered(brotli: evil), altered(type: "text/html"),
            StoredObject(digest: good.digest, mediaType: good.mediaType, body: good.body, gzip: nil, brotli: nil),
            SigningKey().signed(good), key.signed(altered(body: evil)),
        ]
        for object in forged {
            #expect(!TestKey.trust.vouches(for: object))
            #expect(try await TrustedFeed(Bent(object), key: TestKey.trust).object(good.digest) == nil)
        }
        #expect(try await TrustedFeed(Bent(good), key: TestKey.trust).object(good.digest) == good)
        deployment.feed.replace(forged[2])
        let steps = Steps(deployment.feed)
        publish((id, entry))
        #expect(Deployment.live(await steps.turn(), owner) == nil)
        deployment.feed.replace(good)
        #expect(Deployment.live(await steps.turn(), owner) == "good")
    }

    /// Has one object for every digest.
    private struct Bent: Feed {
        let object: StoredObject

        init(_ object: StoredObject) {
            self.object = object
        }

        func head() async throws -> FeedHead { FeedHead(epoch: "", generation: 0, stateHash: .empty) }
        func generations(after generation: Int64, limit: Int) async throws -> [FeedGeneration] { [] }
        func snapshot() async throws -> FeedSnapshot { FeedSnapshot(head: try await head(), entries: []) }
        func object(_ digest: Digest) async throws -> StoredObject? { object }
    }

    @Test("a key reads what it writes, and nothing else")
    func keys() {
        let key = SigningKey()
        #expect(SigningKey(key.text)?.verifyingKey == key.verifyingKey)
        #expect(VerifyingKey(key.verifyingKey.description) == key.verifyingKey)
        for bad in ["", "A", key.text + "A", String(key.text.dropLast()), "é" + key.text.dropFirst(), "====="] {
            #expect(VerifyingKey(bad) == nil, "\(bad)")
            #expect(SigningKey(bad) == nil, "\(bad)")
        }
        for bytes in [[], [0], [0xFF, 0], Array(0...255)] as [[UInt8]] {
            #expect(base64URLBytes(base64URL(bytes)) == bytes)
        }
    }
}
