import CCurl
import Domain

/// Looks at an edge from outside, as a page does, with nothing but the deployment's public key.
struct EdgeAudit {
    let edge: String
    let partner: String?
    let variable: SystemVariable
    let key: VerifyingKey
    let caFile: String?
    /// Objects that were looked at already: many clients share them.
    private var sound: Set<Digest> = []

    /// A fault of what an edge serves.
    struct Fault: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    /// What was found for one key.
    struct Finding {
        let outcome: String
        let owner: String
        let environment: String
        let release: Int64
        let snippet: Digest
    }

    init(
        edge: String,
        partner: String?,
        variable: SystemVariable,
        key: VerifyingKey,
        caFile: String?
    ) {
        self.edge = edge.hasSuffix("/") ? String(edge.dropLast()) : edge
        self.partner = partner
        self.variable = variable
        self.key = key
        self.caFile = caFile
    }

    /// Checks what the edge serves for a System Client ID: the manifest's signature, the snippet that pages get, and every
    /// object that it loads.
    ///
    /// - Returns: What is served; nil where nothing is.
    /// - Throws: A fault, where anything is not what was published.
    mutating func check(_ client: SystemClientID) throws -> Finding? {
        let snippetPath = ExplainKey.path(try partner.map { try PartnerKey($0) }, nil, variable, client)
        let manifestPath = snippetPath.replacing("/snippets/", with: "/manifests/").dropLast(".js".count) + ".json"
        let answer = try fetch(edge + manifestPath)
        if answer.status == 404 { return nil }
        guard answer.status == 200 else { throw Fault("\(manifestPath) answers \(answer.status)") }
        let manifest: JSONValue
        do {
            manifest = try JSONValue(parsing: answer.body)
        } catch {
            throw Fault("\(manifestPath) is no manifest: \(error.reason)")
        }
        guard let outcome = manifest["outcome"]?.text, ["release", "standard"].contains(outcome) else { return nil }
        let signed = manifest["signed"]
        guard case .integer(let number)? = manifest["release"], let id = signed?["id"]?.text,
            let owner = signed?["owner"]?.text, let environment = signed?["environment"]?.text,
            let signature = signed?["signature"]?.text.flatMap(base64URLBytes),
            let snippet = try digest(manifest, "snippet"), let player = try digest(manifest, "player")
        else { throw Fault("\(manifestPath) names no signed release") }
        let bundle = try digest(manifest, "bundle")
        let statement = SignedStatement.release(
            id: id,
            owner: owner,
            environment: environment,
            snippet: snippet,
            bundle: bundle,
            player: player
        )
        guard key.vouches(for: statement, signature) else {
            throw Fault("release \(number) of \(owner) was not signed with this key")
        }
        let body = try fetch(edge + snippetPath)
        guard body.status == 200, Digest(of: body.body) == snippet else {
            throw Fault("\(snippetPath) is not the snippet that release \(number) was signed with")
        }
        sound.insert(snippet)
        for object in [player] + (bundle.map { [$0] } ?? []) { try check(object) }
        return Finding(outcome: outcome, owner: owner, environment: environment, release: number, snippet: snippet)
    }

    /// Checks that an object's bytes are of its name.
    mutating func check(_ object: Digest) throws {
        guard !sound.contains(object) else { return }
        let answer = try fetch("\(edge)/v1/objects/\(object).js")
        guard answer.status == 200 else { throw Fault("the object \(object) answers \(answer.status)") }
        guard Digest(of: answer.body) == object else { throw Fault("the object \(object) is not of its digest") }
        sound.insert(object)
    }

    /// The digest of an object that the manifest names, by its URL and its integrity alike.
    private func digest(_ manifest: JSONValue, _ member: String) throws(Fault) -> Digest? {
        guard let object = manifest[member] else { return nil }
        let name = object["url"]?.text?.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? ""
        guard let digest = Digest(hexadecimal: name), object["integrity"]?.text == digest.integrity else {
            throw Fault("the manifest's \(member) has another integrity than its URL")
        }
        return digest
    }

    /// The largest body that is read, in bytes.
    private static let bodyBytesMax = 16 << 20
    private static let timeoutMilliseconds = 20_000

    private func fetch(_ url: String) throws(Fault) -> (status: Int, body: [UInt8]) {
        var status = 0
        var count = 0
        var code: Int32 = 0
        var text = [CChar](repeating: 0, count: Int(CCURL_ERROR_BYTES))
        let body = [UInt8](unsafeUninitializedCapacity: Self.bodyBytesMax) { buffer, length in
            code = ccurl_fetch(
                url,
                caFile,
                Self.timeoutMilliseconds,
                buffer.baseAddress,
                buffer.count,
                &count,
                &status,
                &text
            )
            length = code == 0 ? count : 0
        }
        guard code == 0 else {
            let reason = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw Fault("\(url) cannot be had: \(reason)")
        }
        return (status, body)
    }
}
