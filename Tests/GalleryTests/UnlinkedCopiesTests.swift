import Domain
import Gallery
import Publishing
import Store
import TestSupport
import Testing

/// Nothing that a partner does after a download changes one byte of any copy or release of a client; nothing that a client
/// does changes the partner's (rules F-089 to F-091), whatever they do in whatever order.
struct UnlinkedCopiesTests {
    @Test("random histories: digests before and after", arguments: [1, 2, 3, 4])
    func histories(seed: UInt64) async throws {
        var generator = SplitMix(state: seed)
        let site = try await Site()
        var counts: [String: Int] = [:]
        for _ in 0..<120 {
            let isPartner = Bool.random(using: &generator)
            let before = isPartner ? try await site.clients() : try await site.partners()
            let act = isPartner ? try await site.actAsPartner(&generator) : try await site.actAsClient(&generator)
            counts[act, default: 0] += 1
            let after = isPartner ? try await site.clients() : try await site.partners()
            #expect(before == after, "after '\(act)'")
        }
        // The histories were of something.
        let all = try await site.clients()
        #expect(all.count > 8)
        for act in ["version", "download", "publish", "edit copy"] { #expect(counts[act, default: 0] > 0, "\(act)") }
    }

    @Test("the fingerprint notices a change of one letter")
    func fingerprint() async throws {
        let site = try await Site()
        var generator = SplitMix(state: 9)
        while try await site.actAsPartner(&generator) != "version" {}
        while try await site.actAsClient(&generator) != "download" {}
        let clients = try await site.clients()
        while try await site.actAsClient(&generator) != "edit copy" {}
        #expect(try await site.clients() != clients)
        let partners = try await site.partners()
        while try await site.actAsPartner(&generator) != "edit" {}
        #expect(try await site.partners() != partners)
    }
}

/// A partner with a gallery, and two clients of it.
private struct Site {
    let storage: Storage
    let drafts: Drafts
    let versions: Versions
    let downloads: Downloads
    let origins: Origins
    let releases: Releases
    let partner: PartnerID
    let systems: [SystemRecord]
    let solution: SolutionRecord
    let writing: EditorScope

    init() async throws {
        let format = try ContentFormat()
        storage = try await TestStore().storage
        let record = try await storage.makePartner()
        partner = record.id
        systems = [
            try await storage.makeClient("ONE", of: record, name: "One"),
            try await storage.makeClient("TWO", of: record, name: "Two"),
        ]
        drafts = Drafts(storage: storage, format: format)
        versions = Versions(storage: storage, format: format)
        downloads = Downloads(storage: storage)
        origins = Origins(storage: storage, format: format)
        releases = Releases(storage: storage, runtime: .system, key: TestKey.key)
        writing = .partner(partner, .sapConcur)
        solution = try await versions.addSolution(
            .operator,
            try Slug("hello", field: "slug"),
            for: .sapConcur,
            about: ["name": ["en": "Hello"], "summary": ["en": "Hello"]],
            of: partner
        )
    }

    private func item(_ generator: inout SplitMix) -> JSONValue {
        let word = "w\(UInt16.random(in: .min ... .max, using: &generator))"
        return ["kind": "shoutOut", "name": .string(word), "title": ["en": .string(word)], "text": ["en": "Text"]]
    }

    /// Does something as the partner; says what. What is refused changes nothing, which is looked at all the same.
    func actAsPartner(_ generator: inout SplitMix) async throws -> String {
        let items = try await storage.items(of: writing, .all)
        let own = items.randomElement(using: &generator)
        let number = try await storage.solution(solution.id, of: partner).lastVersion
        do {
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1:
                let folder = try Slug("hello", field: "folder")
                _ = try await drafts.add(.operator, item(&generator), to: writing, folder: folder, slug: nil)
                return "add"
            case 2:
                guard let own else { return "nothing" }
                var change = Drafts.Change()
                change.content = item(&generator)
                _ = try await drafts.change(.operator, own.id, of: writing, change, expecting: { _ in })
                return "edit"
            case 3:
                guard let own else { return "nothing" }
                try await drafts.delete(.operator, own.id, of: writing, expecting: { _ in })
                return "delete"
            case 4, 5:
                _ = try await versions.publish(.operator, solution.id, of: partner, items: nil, notes: "Notes")
                return "version"
            case 6:
                _ = try await versions.withdraw(
                    .operator,
                    Int64.random(in: 1...max(1, number), using: &generator),
                    of: solution.id,
                    partner
                )
                return "withdraw"
            default:
                _ = try await releases.publishStandard(
                    .operator,
                    [(solution.id, max(1, number))],
                    of: partner,
                    type: .sapConcur,
                    environment: .production,
                    notes: nil,
                    confirm: nil
                )
                return "standard"
            }
        } catch is Refusal {
            return "refused"
        }
    }

    /// Does something as one of the clients; says what.
    func actAsClient(_ generator: inout SplitMix) async throws -> String {
        let system = systems[Int.random(in: 0..<systems.count, using: &generator)]
        let scope = EditorScope.client(system.client, system.id)
        let own = try await storage.items(of: scope, .all).randomElement(using: &generator)
        let environment: EnvironmentName = Bool.random(using: &generator) ? .production : .test
        do {
            switch Int.random(in: 0..<8, using: &generator) {
            case 0:
                _ = try await downloads.download(.operator, solution.id, version: nil, to: system.client, system.id)
                return "download"
            case 1, 2:
                guard let own else { return "nothing" }
                var change = Drafts.Change()
                change.content = item(&generator)
                _ = try await drafts.change(.operator, own.id, of: scope, change, expecting: { _ in })
                return own.origin == nil ? "edit" : "edit copy"
            case 3:
                guard let own else { return "nothing" }
                try await drafts.delete(.operator, own.id, of: scope, expecting: { _ in })
                return "delete"
            case 4, 5:
                _ = try await releases.publish(
                    .operator,
                    items: nil,
                    of: system.client,
                    system.id,
                    into: environment,
                    notes: nil
                )
                return "publish"
            case 6:
                _ = try await releases.rollBack(.operator, scope.owner, environment: environment, to: nil)
                return "roll back"
            default:
                guard let own else { return "nothing" }
                _ = try await origins.take(.operator, nil, into: own.id, of: system.client, system.id)
                return "take"
            }
        } catch is Refusal {
            return "refused"
        }
    }

    /// Digests of all that clients have: items with their histories, releases, what is live, what edges are told.
    func clients() async throws -> [String: Digest] {
        var digests: [String: Digest] = [:]
        for system in systems {
            digests.merge(try await contents(of: .client(system.client, system.id))) { first, _ in first }
        }
        return digests
    }

    /// The same of the partner, and its versions.
    func partners() async throws -> [String: Digest] {
        var digests = try await contents(of: writing)
        for version in try await storage.versions(of: solution.id, partner, limit: 1000) {
            let (record, content) = try await storage.version(version.number, of: solution.id, partner)
            digests["version \(version.number)"] = Digest(of: content + Array("\(record)".utf8))
        }
        return digests
    }

    private func contents(of scope: EditorScope) async throws -> [String: Digest] {
        var digests: [String: Digest] = [:]
        for item in try await storage.items(of: scope, ItemFilter(), Page(limit: 1000)) {
            let revisions = try await storage.revisions(of: item.id, scope, before: nil, limit: 1000)
            var bytes = Array("\(item.revision) \(item.slug) \(item.folder?.text ?? "") \(item.origin as Any)".utf8)
            for revision in revisions {
                bytes += Array("\(revision.number) \(revision.change) \(revision.madeAt)".utf8)
                bytes += revision.item.content.canonical
            }
            digests["item \(item.id)"] = Digest(of: bytes + item.item.content.canonical)
        }
        for release in try await storage.releases(of: scope, before: nil, limit: 1000) {
            let found = try await storage.release(release.number, of: scope)
            digests["release \(release.number) of \(scope)"] = Digest(
                of: found.content + Array("\(found.release) \(found.items) \(found.solutions)".utf8)
            )
        }
        let mine = Array("\(scope.owner)".split(separator: "/")[1].utf8)
        for entry in try await storage.snapshot().entries
        where [EntryKind.live.rawValue, EntryKind.standard.rawValue].contains(entry.key.kind) {
            if entry.key.key.starts(with: mine) {
                digests["entry \(String(decoding: entry.key.key, as: UTF8.self))"] = Digest(of: entry.value ?? [])
            }
        }
        return digests
    }
}
