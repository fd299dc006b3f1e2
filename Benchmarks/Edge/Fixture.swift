import Domain
import Edge
import Publishing

/// Heads of requests.
enum Heads {
    static func request(_ client: String) -> [UInt8] {
        Array("GET /v1/bench/snippets/sapUserId/\(client).js HTTP/1.1\r\nHost: edge.example\r\n\(fields)\r\n".utf8)
    }

    static let browser = request("0b6f8f6e-2f0c-4a7d-8c55-6a1d3f7f9b21")
    static let plain = Array(
        "GET /v1/bench/snippets/sapUserId/x.js HTTP/1.1\r\nHost: edge\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\r\n".utf8
    )

    private static let fields = [
        "Connection: keep-alive", "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0.0.0",
        "Accept: */*", "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-US,en;q=0.9",
        "Origin: https://app.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: script",
    ].map { $0 + "\r\n" }.joined()
}

/// A partner whose clients all have its standard content.
enum Fixture {
    static let head = FeedHead(epoch: "benchmark", generation: 1, stateHash: .empty)
    private static let key = SigningKey()
    private static let partner = PartnerID(bits: 1)
    private static let noOp = object("/* nothing */")
    private static let snippet = object(String(repeating: "/* snippet */", count: 100))
    private static let player = object("/* player */")

    private static func object(_ text: String) -> StoredObject {
        let body = Array(text.utf8)
        return StoredObject(
            digest: Digest(of: body),
            mediaType: "text/javascript; charset=utf-8",
            body: body,
            gzip: nil,
            brotli: nil
        )
    }

    /// The entries of a deployment with so many clients.
    static func changes(clients: Int) -> [FeedChange] {
        guard let key = try? PartnerKey("bench"), let variable = try? SystemVariable("sapUserId") else { return [] }
        let owner = ContentOwner.standard(partner, .sapConcur)
        let release = ReleaseID(bits: 2)
        var standard = ReleaseEntry(
            owner: owner,
            environment: .production,
            number: 1,
            generation: 1,
            snippet: snippet.digest,
            bundle: nil,
            player: player.digest,
            signature: []
        )
        standard.signature = Self.key.sign(.release(release, standard))
        let entries: [(EntryKey, any EntryValue)] = [
            (
                .partner(key),
                PartnerEntry(
                    id: partner,
                    variables: [variable],
                    isDefault: true,
                    isSuspended: false,
                    cacheClass: .standard,
                    loader: player.digest
                )
            ),
            (
                .release(release), standard
            ), (.pointer(owner, .production), ReleasePointer(release: release)),
        ]
        return entries.map { FeedChange(key: $0.0, value: $0.1.encoded) } + (0..<clients).map(mapping)
    }

    private static func mapping(_ number: Int) -> FeedChange {
        let entry = MappingEntry(
            system: SystemID(bits: UInt128(number + 100)),
            client: ClientID(bits: UInt128(number + 100)),
            type: .sapConcur,
            isSuspended: false,
            cacheClass: nil,
            standardContentOff: false
        )
        let key = Array("bench/client-\(number)".utf8)
        return FeedChange(key: EntryKey(kind: EntryKind.mapping.rawValue, key: key), value: entry.encoded)
    }

    static func index(_ changes: [FeedChange]) -> EdgeIndex {
        var index = EdgeIndex(head: head, trust: key.verifyingKey)
        for change in changes { index.apply(change, isNew: true) }
        index.settle(with: [snippet, player].map(PreparedObject.init), at: head)
        return index
    }

    static func shown(clients: Int) -> ShownIndex {
        ShownIndex(index(changes(clients: clients)), noOps: NoOps(PreparedObject(noOp)))
    }

    /// A change of one client's mapping.
    @Sendable static func mappingChange(_ number: Int) -> FeedChange { mapping(number % 1000) }

    /// The standard content is published anew.
    @Sendable static func standardChange(_ number: Int) -> FeedChange {
        let owner = ContentOwner.standard(partner, .sapConcur)
        let key = EntryKey.pointer(owner, .production)
        return FeedChange(key: key, value: ReleasePointer(release: ReleaseID(bits: 2)).encoded)
    }
}
