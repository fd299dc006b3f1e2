import Domain
import EdgeProperties
import Logging
import NIOCore
import Publishing
import Synchronization
import TestSupport
import Testing

@testable import Edge

struct FollowerTests {
    @Test("publish, roll back, unpublish: the index follows, and drops what nobody uses")
    func follows() async throws {
        let deployment = try Deployment()
        let system = SystemID(deployment.runtime)
        let owner = ContentOwner.system(system)
        let client = try SystemClientID("ACME")
        deployment.feed.append([(.mapping(deployment.partner, client), deployment.mapping(system))])
        let steps = Steps(deployment.feed)
        #expect(Deployment.live(await steps.turn(), owner) == nil)
        let one = deployment.release("one", owner)
        deployment.feed.append([
            (.release(one.0), one.1), (.pointer(owner, .production), ReleasePointer(release: one.0)),
        ])
        #expect(Deployment.live(await steps.turn(), owner) == "one")
        let two = deployment.release("two", owner, number: 2)
        deployment.feed.append([
            (.release(one.0), nil), (.pointer(owner, .production), ReleasePointer(release: two.0)),
            (.release(two.0), two.1),
        ])
        let second = await steps.turn()
        #expect(Deployment.live(second, owner) == "two")
        // The loader, the snippet and the player; the first snippet is gone.
        #expect(second?.objects.count == 3)
        #expect(second?.objects[one.1.snippet] == nil)
        deployment.feed.append([(.release(two.0), nil), (.pointer(owner, .production), nil)])
        let third = await steps.turn()
        #expect(Deployment.live(third, owner) == nil)
        #expect(third?.objects.count == 1)
        #expect(third?.head == (try await deployment.feed.head()))
    }

    @Test("a release is live only when its objects are there; until then the last good one is")
    func waitsForObjects() async throws {
        let deployment = try Deployment()
        let owner = ContentOwner.standard(deployment.partnerID, .sapConcur)
        let steps = Steps(deployment.feed)
        let one = deployment.release("one", owner)
        deployment.feed.append([
            (.pointer(owner, .production), ReleasePointer(release: one.0)), (.release(one.0), one.1),
        ])
        #expect(Deployment.live(await steps.turn(), owner) == "one")
        let two = deployment.release("two", owner, withObjects: false)
        deployment.feed.append([
            (.release(one.0), nil), (.pointer(owner, .production), ReleasePointer(release: two.0)),
            (.release(two.0), two.1),
        ])
        let waiting = await steps.turn()
        #expect(Deployment.live(waiting, owner) == "one")
        #expect(waiting?.unsettledCount == 1)
        deployment.feed.add(TestContent.objects("two"))
        let settled = await steps.turn()
        #expect(Deployment.live(settled, owner) == "two")
        #expect(settled?.unsettledCount == 0)
    }

    @Test("a gap, another epoch, a log that went backwards: resync, while the old state serves")
    func resyncs() async throws {
        let deployment = try Deployment()
        let owner = ContentOwner.standard(deployment.partnerID, .sapConcur)
        let steps = Steps(deployment.feed)
        let one = deployment.release("one", owner)
        deployment.feed.append([
            (.release(one.0), one.1), (.pointer(owner, .production), ReleasePointer(release: one.0)),
        ])
        _ = await steps.turn()
        let two = deployment.release("two", owner)
        deployment.feed.append([
            (.release(two.0), two.1), (.pointer(owner, .production), ReleasePointer(release: two.0)),
        ])
        deployment.feed.trim()
        #expect(Deployment.live(await steps.turn(), owner) == "two")
        deployment.feed.restart(
            epoch: "second",
            [(.release(one.0), one.1), (.pointer(owner, .production), ReleasePointer(release: one.0))]
        )
        let restored = await steps.turn()
        #expect(Deployment.live(restored, owner) == "one")
        #expect(restored?.head.epoch == "second")
        guard case .missing = restored?.partner(nil) else {
            Issue.record("an entry of the other history is still there")
            return
        }
    }

    @Test("an upstream that fails changes nothing; it is followed again when it is back")
    func upstreamLost() async throws {
        let deployment = try Deployment()
        let owner = ContentOwner.standard(deployment.partnerID, .sapConcur)
        let steps = Steps(deployment.feed)
        let one = deployment.release("one", owner)
        deployment.feed.append([
            (.release(one.0), one.1), (.pointer(owner, .production), ReleasePointer(release: one.0)),
        ])
        _ = await steps.turn()
        deployment.feed.setBroken(true)
        let two = deployment.release("two", owner)
        deployment.feed.append([
            (.release(two.0), two.1), (.pointer(owner, .production), ReleasePointer(release: two.0)),
        ])
        #expect(Deployment.live(await steps.turn(), owner) == "one")
        deployment.feed.setBroken(false)
        #expect(Deployment.live(await steps.turn(), owner) == "two")
    }

    @Test(
        "entries that cannot be understood: keys answer empty, content keeps its last good release, nothing else stops"
    )
    func unreadableEntries() async throws {
        let deployment = try Deployment()
        let system = SystemID(deployment.runtime)
        let owner = ContentOwner.system(system)
        let client = try SystemClientID("ACME")
        let key = ResolutionKey(partner: deployment.partner, variable: deployment.variable, client: client)
        let one = deployment.release("one", owner)
        deployment.feed.append([
            (.mapping(deployment.partner, client), deployment.mapping(system)), (.release(one.0), one.1),
            (.pointer(owner, .production), ReleasePointer(release: one.0)),
        ])
        let steps = Steps(deployment.feed)
        _ = await steps.turn()
        let two = deployment.release("two", owner)
        deployment.feed.appendRaw([
            FeedChange(key: .release(two.0), value: [99, 1, 2]),
            FeedChange(key: .pointer(owner, .production), value: ReleasePointer(release: two.0).encoded),
            FeedChange(key: EntryKey(kind: 200, key: [1, 2]), value: [1]),
            FeedChange(key: EntryKey(kind: 4, key: Array("odd key".utf8)), value: [1]),
        ])
        let later = try #require(await steps.turn())
        #expect(Deployment.live(later, owner) == "one")
        #expect(Resolution(of: key, in: later).outcome == .release)
        #expect(later.setAside.count == 3)
        deployment.feed.appendRaw([
            FeedChange(key: .pointer(owner, .production), value: [99]),
            FeedChange(key: .mapping(deployment.partner, client), value: [99]),
        ])
        let odd = try #require(await steps.turn())
        #expect(Resolution(of: key, in: odd).outcome == .empty)
        #expect(Deployment.live(odd, owner) == "one")
        deployment.feed.append([(.mapping(deployment.partner, client), deployment.mapping(system))])
        let mended = try #require(await steps.turn())
        #expect(Resolution(of: key, in: mended).outcome == .release)
        #expect(mended.setAside.count == 4)
    }

    @Test("a pointer that leads to another's release shows nothing of it")
    func foreignRelease() async throws {
        let deployment = try Deployment()
        let mine = ContentOwner.system(SystemID(deployment.runtime))
        let theirs = ContentOwner.system(SystemID(deployment.runtime))
        let one = deployment.release("mine", mine)
        let two = deployment.release("theirs", theirs)
        deployment.feed.append([
            (.release(one.0), one.1), (.pointer(mine, .production), ReleasePointer(release: one.0)),
        ])
        let steps = Steps(deployment.feed)
        _ = await steps.turn()
        deployment.feed.append([
            (.release(two.0), two.1), (.pointer(mine, .production), ReleasePointer(release: two.0)),
            (.pointer(theirs, .test), ReleasePointer(release: two.0)),
        ])
        let index = try #require(await steps.turn())
        #expect(Deployment.live(index, mine) == "mine")
        #expect(index.live[.init(owner: theirs, environment: .test)] == nil)
        #expect(index.unsettledCount == 2)
    }

    @Test("a read of an object that fails is tried again: nothing stays stale, at boot or later")
    func objectReadFails() async throws {
        let deployment = try Deployment()
        let owner = ContentOwner.standard(deployment.partnerID, .sapConcur)
        let one = deployment.release("one", owner)
        deployment.feed.append([
            (.release(one.0), one.1), (.pointer(owner, .production), ReleasePointer(release: one.0)),
        ])
        let steps = Steps(deployment.feed)
        deployment.feed.setObjectsBroken(true)
        #expect(await steps.turn() == nil)
        deployment.feed.setObjectsBroken(false)
        #expect(Deployment.live(await steps.turn(), owner) == "one")
        deployment.feed.setObjectsBroken(true)
        deployment.feed.append([(.release(one.0), nil), (.pointer(owner, .production), nil)])
        let two = deployment.release("two", owner)
        deployment.feed.append([
            (.release(two.0), two.1), (.pointer(owner, .production), ReleasePointer(release: two.0)),
        ])
        #expect(Deployment.live(await steps.turn(), owner) == "one")
        deployment.feed.setObjectsBroken(false)
        #expect(Deployment.live(await steps.turn(), owner) == "two")
    }

    @Test("the default partner follows the entry that says so")
    func defaultPartner() async throws {
        let deployment = try Deployment()
        let steps = Steps(deployment.feed)
        let first = try #require(await steps.turn())
        guard case .value(let found) = first.partner(nil) else {
            Issue.record("no default partner")
            return
        }
        #expect(found.key == deployment.partner)
        var entry = found.entry
        entry.isDefault = false
        deployment.feed.append([(.partner(deployment.partner), entry)])
        guard case .missing? = await steps.turn()?.partner(nil) else {
            Issue.record("the default partner is still there")
            return
        }
    }

    @Test("the machine: every event in every state leads to what the design says")
    func machine() {
        func head(_ generation: Int64, _ epoch: String = "e", _ hash: StateHash = .empty) -> FeedHead {
            FeedHead(epoch: epoch, generation: generation, stateHash: hash)
        }
        func generation(_ number: Int64) -> FeedGeneration {
            FeedGeneration(generation: number, stateHash: .empty, changes: [])
        }
        var other = StateHash.empty
        other.replace(EntryKey(kind: 1, key: []), old: nil, new: [])
        var machine = FollowerMachine()
        #expect(machine.handle(.woken) == [.readSnapshot])
        #expect(machine.handle(.snapshot(head(5), trial: other)) == [.discard, .alarm(.snapshotMismatch), .wait])
        #expect(machine.shown == nil && machine.failures == 1)
        #expect(machine.handle(.snapshot(head(5), trial: .empty)) == [.swap(head(5))])
        #expect(machine.shown == nil)
        #expect(machine.handle(.swapped(head(5))) == [.readHead])
        #expect(machine.shown == head(5) && machine.failures == 0)
        #expect(machine.handle(.woken) == [.readHead])
        #expect(machine.handle(.head(head(5))) == [.wait])
        #expect(machine.handle(.head(head(5, "e", other))) == [.alarm(.mismatch), .readSnapshot])
        #expect(machine.handle(.head(head(4))) == [.alarm(.wentBackwards), .readSnapshot])
        #expect(machine.handle(.head(head(9, "f"))) == [.alarm(.epochChanged), .readSnapshot])
        #expect(machine.handle(.head(head(7))) == [.readGenerations(after: 5)])
        #expect(
            machine.handle(.generations([generation(7)], trial: .empty)) == [.discard, .alarm(.gap), .readSnapshot]
        )
        #expect(machine.handle(.generations([], trial: .empty)) == [.discard, .alarm(.gap), .readSnapshot])
        #expect(
            machine.handle(.generations([generation(6)], trial: other)) == [.discard, .alarm(.mismatch), .readSnapshot]
        )
        #expect(
            machine.handle(.generations([generation(6), generation(7)], trial: .empty)) == [.swap(head(7))]
        )
        #expect(machine.shown == head(5))
        #expect(machine.handle(.swapped(head(7))) == [.readHead])
        #expect(machine.shown == head(7))
        #expect(machine.handle(.failed) == [.discard, .alarm(.upstreamLost), .wait])
        #expect(machine.handle(.failed) == [.discard, .wait])
        #expect(machine.pause <= .seconds(10))
    }

    /// How many of some keys the fast lane answers; each as the slow lane would, or an issue is recorded.
    private static func checkLanes(_ index: EdgeIndex, _ deployment: Deployment, _ comment: String) -> Int {
        let property = LaneProperty(index: index, noOp: deployment.noOp)
        var fast = 0
        for partner in ["tessera/", "", "lumen/"] {
            for client in 0..<6 {
                let path = "/v1/\(partner)snippets/sapUserId/client-\(client).js"
                let result = property.check(Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8), cuts: [])
                if case .broken(let difference) = result { Issue.record("\(comment) \(path): \(difference)") }
                if result == .fast { fast += 1 }
            }
        }
        return fast
    }

    /// A change of a partner: its terms, its end, its coming back, or a version that cannot be understood.
    private static func partnerChange(_ deployment: Deployment, _ generator: inout SplitMix) throws -> FeedChange {
        let isFirst = Bool.random(using: &generator)
        let key = EntryKey.partner(isFirst ? deployment.partner : try PartnerKey("lumen"))
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return FeedChange(key: key, value: nil)
        case 1: return FeedChange(key: key, value: [0xFF])
        default:
            var entry = deployment.entry(
                loader: TestContent.objects("loader")[0].digest,
                isSuspended: Int.random(in: 0..<4, using: &generator) == 0,
                cacheClass: CacheClass.allCases.randomElement(using: &generator) ?? .standard
            )
            entry.isDefault = isFirst
            if Bool.random(using: &generator) { entry.variables.append(try SystemVariable("other")) }
            return FeedChange(key: key, value: entry.encoded)
        }
    }

    @Test("random histories: the index always ends where a fresh one would, and both lanes answer alike at each turn")
    func histories() async throws {
        var fast = 0
        for seed in 0..<12 as Range<UInt64> {
            var generator = SplitMix(state: seed)
            let deployment = try Deployment()
            let steps = Steps(deployment.feed)
            let systems = (0..<4).map { _ in SystemID(deployment.runtime) }
            let owners = systems.map(ContentOwner.system) + [.standard(deployment.partnerID, .sapConcur)]
            var live: [ContentOwner: ReleaseID] = [:]
            for step in 0..<60 {
                let owner = owners.randomElement(using: &generator) ?? owners[0]
                var changes: [(EntryKey, (any EntryValue)?)] = []
                if let old = live[owner] { changes.append((.release(old), nil)) }
                switch Int.random(in: 0..<8, using: &generator) {
                case 6:
                    deployment.feed.appendRaw([try Self.partnerChange(deployment, &generator)])
                    changes = []
                case 7:
                    let client = try SystemClientID("client-\(Int.random(in: 0..<5, using: &generator))")
                    deployment.feed.appendRaw([
                        FeedChange(key: .mapping(deployment.partner, client), value: [0xFF])
                    ])
                    changes = []
                case 0:
                    live[owner] = nil
                    changes.append((.pointer(owner, .production), nil))
                case 1: deployment.feed.trim()
                case 2: deployment.feed.setBroken(Bool.random(using: &generator))
                case 3:
                    let client = try SystemClientID("client-\(Int.random(in: 0..<5, using: &generator))")
                    let system = systems.randomElement(using: &generator) ?? systems[0]
                    changes = [
                        (
                            .mapping(deployment.partner, client),
                            Bool.random(using: &generator) ? deployment.mapping(system) : nil
                        )
                    ]
                default:
                    let release = deployment.release("\(seed)-\(step)", owner)
                    live[owner] = release.0
                    changes += [
                        (.release(release.0), release.1),
                        (.pointer(owner, .production), ReleasePointer(release: release.0)),
                    ]
                }
                if case .some = live[owner], changes.count == 1, changes[0].1 == nil { continue }
                if !changes.isEmpty { deployment.feed.append(changes) }
                guard Int.random(in: 0..<3, using: &generator) == 0, let index = await steps.turn() else { continue }
                fast += Self.checkLanes(index, deployment, "seed \(seed), step \(step)")
            }
            deployment.feed.setBroken(false)
            let followed = try #require(await steps.turn())
            let fresh = try #require(await Steps(deployment.feed).turn())
            #expect(followed.head == fresh.head)
            #expect(Set(followed.objects.keys) == Set(fresh.objects.keys), "seed \(seed)")
            #expect(Self.live(followed) == Self.live(fresh), "seed \(seed)")
            #expect(followed.counts.filter { $0.value != 0 } == fresh.counts.filter { $0.value != 0 })
            fast += Self.checkLanes(followed, deployment, "seed \(seed), followed")
            fast += Self.checkLanes(fresh, deployment, "seed \(seed), fresh")
        }
        #expect(fast > 500, "\(fast)")
    }

    /// What is live where.
    private static func live(_ index: EdgeIndex) -> [EdgeIndex.Place: ReleaseID] {
        Dictionary(uniqueKeysWithValues: index.live.entries.map { ($0.key, $0.value.id) })
    }
}
