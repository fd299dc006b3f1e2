import Domain
import Logging
import NIOCore
import Publishing
import Synchronization
import TestSupport

@testable import Edge

/// A small deployment in a memory feed: one partner, clients, releases.
struct Deployment {
    let feed = MemoryFeed()
    let runtime = Runtime.test()
    let partner: PartnerKey
    let partnerID: PartnerID
    let variable: SystemVariable
    let noOp = StoredObject(mediaType: "text/javascript", body: Array("/* nothing */".utf8))

    init() throws {
        partner = try PartnerKey("tessera")
        partnerID = PartnerID(runtime)
        variable = try SystemVariable("sapUserId")
        let loader = TestContent.objects("loader")[0]
        feed.add([loader])
        feed.append([(.partner(partner), entry(loader: loader.digest))])
    }

    func entry(loader: Digest, isSuspended: Bool = false, cacheClass: CacheClass = .standard) -> PartnerEntry {
        PartnerEntry(
            id: partnerID,
            variables: [variable],
            isDefault: true,
            isSuspended: isSuspended,
            cacheClass: cacheClass,
            loader: loader
        )
    }

    func mapping(_ system: SystemID, suspended: Bool = false) -> MappingEntry {
        MappingEntry(
            system: system,
            client: ClientID(runtime),
            type: .sapConcur,
            isSuspended: suspended,
            cacheClass: nil,
            standardContentOff: false
        )
    }

    /// A release of some text, with its objects in the feed unless they are to be missing.
    func release(_ text: String, _ owner: ContentOwner, number: Int64 = 1, withObjects: Bool = true) -> (
        ReleaseID, ReleaseEntry
    ) {
        let objects = TestContent.objects(text)
        if withObjects { feed.add(objects) }
        let entry = ReleaseEntry(
            owner: owner,
            environment: .production,
            number: number,
            generation: 1,
            snippet: objects[0].digest,
            bundle: nil,
            player: objects[1].digest,
            signature: []
        )
        return (ReleaseID(runtime), entry)
    }

    /// The text of what an index has live for an owner.
    static func live(_ index: EdgeIndex?, _ owner: ContentOwner) -> String? {
        let responses = index?.live[.init(owner: owner, environment: .production)]?.snippet.responses
        let body = responses?.first { $0.coding == .identity }?.body
        return body.map { String(buffer: $0) }?.split(separator: " ").dropFirst(2).first.map(String.init)
    }
}

/// A follower whose turns the test makes itself.
struct Steps {
    let follower: Follower
    private let box: Box

    private final class Box: Sendable {
        let shown = Mutex<EdgeIndex?>(nil)
        let count = Mutex(0)
    }

    init(_ feed: any Feed) {
        let box = Box()
        self.box = box
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let trusted = TrustedFeed(feed, key: TestKey.trust)
        follower = Follower(feed: trusted, trust: TestKey.trust, logger: logger) { index in
            box.shown.withLock { $0 = index }
            box.count.withLock { $0 += 1 }
        }
    }

    func turn() async -> EdgeIndex? {
        await follower.turn()
        return box.shown.withLock { $0 }
    }

    var swaps: Int { box.count.withLock { $0 } }
}
