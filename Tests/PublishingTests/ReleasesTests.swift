import CBrotli
import CZlib
import Domain
import Player
import Publishing
import Store
import TestSupport
import Testing

struct ReleasesTests {
    let format: ContentFormat
    let storage: Storage
    let releases: Releases
    let partner: PartnerRecord
    let system: SystemRecord

    init() async throws {
        format = try ContentFormat()
        storage = try await TestStore().storage
        releases = Releases(storage: storage, runtime: .system, key: TestKey.key)
        partner = try await storage.makePartner()
        system = try await storage.makeClient("ACME", of: partner)
    }

    private func script(_ digest: Digest) async throws -> (object: StoredObject, text: String) {
        let object = try #require(try await storage.object(digest))
        return (object, String(decoding: object.body, as: UTF8.self))
    }

    @Test("small content stands in the snippet, as JSON.parse of escaped canonical JSON; each coding decodes to it")
    func inline() async throws {
        let files = TestContent.items(["it's </script> a \\\\ \\u200B \\\"q\\\" __proto__"])
        let live = try await releases.publish(.operator, try format.items(files), for: system, environment: .production)
        #expect(live.bundle == nil)
        let (object, text) = try await script(live.snippet)
        #expect(text.contains("JSON.parse('{\"items\":[{\"id\":\"item-0\",\"kind\":\"shoutOut\""))
        #expect(text.contains("it\\'s \\x3C/script> a \\\\\\\\ \u{200B} \\\\\"q\\\\\""))
        #expect(!text.contains("\"__") && !text.contains("Item 0"))
        #expect(text.contains("\"integrity\":\"\(live.player.integrity)\",\"path\":\"\(live.player).js\""))
        let gzip = try #require(object.gzip)
        let brotli = try #require(object.brotli)
        #expect(gzip.count < object.body.count && brotli.count < gzip.count)
        #expect(Decoding.gzip(gzip, count: object.body.count) == object.body)
        #expect(Decoding.brotli(brotli, count: object.body.count) == object.body)
        #expect(try await script(live.player).object.body == PlayerScripts.player)
    }

    @Test("large content stands in a bundle that the snippet names with its digest")
    func bundle() async throws {
        var generator = SplitMix(state: 1)
        let texts = (0..<300).map { _ in
            String((0..<100).map { _ in Character(Unicode.Scalar(UInt8.random(in: 97...122, using: &generator))) })
        }
        let items = try format.items(TestContent.items(texts))
        for count in [12, 300] {
            let part = Array(items.prefix(count))
            let live = try await releases.publish(.operator, part, for: system, environment: .production)
            let snippet = try await script(live.snippet)
            if let bundle = live.bundle {
                #expect(count == 300)
                #expect(snippet.text.contains(bundle.integrity))
                let (_, text) = try await script(bundle)
                let content = Digest(of: try ReleaseContent(part).canonical)
                #expect(text.hasPrefix("globalThis[Symbol.for(\"waymark\")].bundle(\"\(content)\", JSON.parse('"))
                #expect(snippet.text.contains("\"content\":\"\(content)\""))
            } else {
                #expect(count == 12)
                #expect((snippet.object.brotli?.count ?? .max) <= Releases.inlineBrotliBytesMax)
            }
        }
    }

    @Test("standard content: earlier versions are replaced in their place, new solutions come behind")
    func standardContent() async throws {
        func version(_ id: String, _ text: String) async throws -> PublishedVersion {
            let solution = try format.solution(id: id, files: TestContent.solution(id, text))
            return try await storage.publishVersions(
                [NewVersion(solution)],
                of: partner.id,
                by: .operator
            )[0]
        }
        func publish(_ versions: [PublishedVersion]) async throws -> LiveRelease {
            try await releases.publishStandard(
                .operator,
                versions,
                of: partner,
                type: .sapConcur,
                environment: .production
            )
        }
        _ = try await publish([try await version("one", "text-before"), try await version("two", "second")])
        let live = try await publish([try await version("one", "changed"), try await version("three", "third")])
        let text = try await script(live.snippet).text
        let places = ["one/item", "two/item", "three/item"].compactMap { text.firstRange(of: $0)?.lowerBound }
        #expect(places.count == 3 && places == places.sorted())
        #expect(text.contains("changed") && !text.contains("text-before"))
    }

    @Test("standard content published at the same time is not lost")
    func concurrentStandardContent() async throws {
        let versions = try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                let solution = try format.solution(
                    id: "s-\(number)",
                    files: TestContent.solution("s-\(number)", "text")
                )
                let version = try await storage.publishVersions(
                    [NewVersion(solution)],
                    of: partner.id,
                    by: .operator
                )
                group.addTask {
                    _ = try await releases.publishStandard(
                        .operator,
                        version,
                        of: partner,
                        type: .sapConcur,
                        environment: .production
                    )
                }
            }
            try await group.waitForAll()
            return try await storage.standardBasis(of: partner.id, .sapConcur, .production).solutions
        }
        #expect(versions.count == 6)
    }

    @Test("a newer player: what is live is released anew with the same content, what has it already is left alone")
    func republish() async throws {
        let old = StoredObject(mediaType: PlayerScripts.mediaType, body: Array("/* an older player */".utf8))
        try await storage.putObjects([old])
        let items = try format.items(TestContent.items(["One"]))
        let (content, released) = (try ReleaseContent(items).canonical, items.map { ReleasedItem($0, origin: nil) })
        func publishOld(_ owner: ContentOwner, _ environment: EnvironmentName) async throws {
            var new = NewRelease(
                id: ReleaseID(.system),
                owner: owner,
                environment: environment,
                content: content,
                snippet: old.digest,
                bundle: nil,
                player: old.digest
            )
            new.items = released
            new.signature = TestKey.key.sign(new.statement)
            _ = try await storage.publish(new)
        }
        let standard = ContentOwner.standard(partner.id, .sapConcur)
        try await publishOld(.system(system.id), .production)
        try await publishOld(.system(system.id), .test)
        try await publishOld(standard, .production)
        let other = try await storage.makeClient("Globex", of: partner)
        let kept = try await releases.publish(.operator, items, for: other, environment: .production)
        #expect(try await releases.countWithoutPlayer(.operator) == 3)
        var (done, next) = (0, EnvironmentID?.none)
        repeat {
            let part = try await releases.republish(.operator, after: next, limit: 2)
            #expect(part.refused.isEmpty)
            done += part.done
            next = part.next
        } while next != nil
        #expect(done == 3)
        #expect(try await releases.countWithoutPlayer(.operator) == 0)
        #expect(try await releases.republish(.operator, after: nil, limit: 2).done == 0)
        let list = try await storage.releases(of: .client(system.client, system.id), before: nil, limit: 10)
        #expect(list.map(\.number) == [4, 3, 2, 1] && list.map(\.isLive) == [true, true, false, false])
        #expect(list.first?.player == kept.player)
        let whole = try await storage.release(4, of: .client(system.client, system.id))
        #expect(whole.content == content && whole.items == released)
        #expect(try await storage.liveContent(of: standard, in: .production) == content)
        #expect(try await storage.releases(of: .client(other.client, other.id), before: nil, limit: 10).count == 1)
        await #expect(throws: Refusal.self) { try await releases.countWithoutPlayer(Caller(.anonymous)) }
    }

    @Test("what goes live while a release is made anew is not replaced by it")
    func republishBehind() async throws {
        let items = try format.items(TestContent.items(["One"]))
        let live = try await releases.publish(.operator, items, for: system, environment: .production)
        _ = try await releases.publish(.operator, items, for: system, environment: .production)
        var late = NewRelease(
            id: ReleaseID(.system),
            owner: .system(system.id),
            environment: .production,
            content: try ReleaseContent(items).canonical,
            snippet: live.snippet,
            bundle: nil,
            player: live.player
        )
        late.basis = PublicationBasis(release: live.id)
        await #expect(throws: StaleBasis.self) { try await storage.publish(late) }
    }

    @Test("a loader reads the variables it is given, the current one first")
    func loader() throws {
        let variables = [try SystemVariable("sapUserId"), try SystemVariable("old.$id")]
        let text = String(decoding: releases.loader(variables: variables).body, as: UTF8.self)
        #expect(text.contains(#"["sapUserId","old.$id"]"#))
        #expect(!text.contains("__VARIABLES__"))
    }
}

/// The other direction of the codings, by the libraries' decoders.
enum Decoding {
    static func gzip(_ bytes: [UInt8], count: Int) -> [UInt8]? {
        var stream = z_stream()
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: count + 1)
        let done = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                return inflate(&stream, Z_FINISH) == Z_STREAM_END
            }
        }
        return done ? Array(output.prefix(Int(stream.total_out))) : nil
    }

    static func brotli(_ bytes: [UInt8], count: Int) -> [UInt8]? {
        var size = count + 1
        var output = [UInt8](repeating: 0, count: size)
        guard BrotliDecoderDecompress(bytes.count, bytes, &size, &output) == BROTLI_DECODER_RESULT_SUCCESS else {
            return nil
        }
        return Array(output.prefix(size))
    }
}
