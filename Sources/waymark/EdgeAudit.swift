import CCurl
import Domain
import Player

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
        /// What is served, signed; nil where nothing is, and nothing is what pages get.
        var release: Release?

        struct Release {
            let id: String
            let owner: String
            let number: Int64
        }

        /// In words.
        var told: String {
            release.map { "\(outcome) \($0.number) of \($0.owner): signed" } ?? "\(outcome): nothing is served"
        }

        /// Compares it with what control has.
        func compare(outcome: String, owner: String?, release: String?) throws(Fault) {
            guard (self.outcome, self.release?.owner, self.release?.id) == (outcome, owner, release) else {
                let wanted = owner.map { "\(outcome), release \(release ?? "") of \($0)" } ?? "\(outcome)"
                let found = self.release.map { "\(self.outcome), release \($0.id) of \($0.owner)" } ?? self.outcome
                throw Fault("it is to be \(wanted); it is \(found)")
            }
        }
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
    /// object that it loads; where nothing is served, that the snippet does nothing.
    ///
    /// - Returns: What is served.
    /// - Throws: A fault, where anything is not what was published.
    mutating func check(_ client: SystemClientID) throws -> Finding {
        let snippetPath = ExplainKey.path(try partner.map { try PartnerKey($0) }, nil, variable, client)
        let manifestPath = snippetPath.replacing("/snippets/", with: "/manifests/").dropLast(".js".count) + ".json"
        let answer = try fetch(edge + manifestPath)
        guard [200, 404].contains(answer.status) else { throw Fault("\(manifestPath) answers \(answer.status)") }
        let body = try fetch(edge + snippetPath)
        guard body.status == 200 else { throw Fault("\(snippetPath) answers \(body.status)") }
        var manifest: JSONValue = ["outcome": "unknown"]
        if answer.status == 200 {
            do {
                manifest = try JSONValue(parsing: answer.body)
            } catch {
                throw Fault("\(manifestPath) is no manifest: \(error.reason)")
            }
        }
        guard let outcome = manifest["outcome"]?.text.flatMap(Outcome.init(rawValue:)) else {
            throw Fault("\(manifestPath) names no outcome")
        }
        guard [.release, .standard].contains(outcome) else {
            guard body.body == PlayerScripts.noOp else {
                throw Fault("\(snippetPath) does something, although the manifest says '\(outcome.rawValue)'")
            }
            return Finding(outcome: outcome.rawValue)
        }
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
        guard environment == EnvironmentName.production.text else {
            throw Fault("release \(number) of \(owner) is for the environment '\(environment)'")
        }
        guard owner.hasPrefix(outcome == .release ? "system/" : "partner/") else {
            throw Fault("release \(number) of \(owner) is not what '\(outcome.rawValue)' means")
        }
        guard Digest(of: body.body) == snippet else {
            throw Fault("\(snippetPath) is not the snippet that release \(number) was signed with")
        }
        sound.insert(snippet)
        for object in [player] + (bundle.map { [$0] } ?? []) { try check(object) }
        return Finding(outcome: outcome.rawValue, release: .init(id: id, owner: owner, number: number))
    }

    /// Checks the partner's loader.
    ///
    /// - Returns: What is to be said of it.
    /// - Throws: A fault, where it is another.
    func checkLoader(_ wanted: Digest) throws(Fault) -> String {
        let answer = try fetch("\(edge)/v1/\(partner.map { "\($0)/" } ?? "")loader.js")
        guard answer.status == 200, Digest(of: answer.body) == wanted else {
            throw Fault("it is not \(wanted)")
        }
        return "\(wanted)"
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
