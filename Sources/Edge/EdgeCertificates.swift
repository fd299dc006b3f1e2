import NIOCore
import NIOSSL

/// The certificates that an edge shows, by the name that a client asks for (SNI).
///
/// TLS 1.2 and newer, HTTP/2 and HTTP/1.1 by ALPN. The files are read here and nowhere else; an edge that cannot read
/// new ones goes on with those it has.
public struct EdgeCertificates: Sendable {
    /// Where one certificate lies, in PEM.
    public struct Files: Hashable, Sendable {
        /// The certificate with its chain, the leaf first.
        public let certificate: String
        /// Its private key.
        public let key: String

        /// Names two files.
        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    let context: NIOSSLContext
    /// The names that the certificates stand for, sorted.
    public let names: [String]

    /// Why files cannot be used.
    public struct Unusable: Error, CustomStringConvertible {
        /// What is wrong with which file.
        public let description: String
    }

    /// Reads certificates.
    ///
    /// - Parameter files: At least one; the first is shown to clients that ask for no name, or for an unknown one.
    /// - Throws: ``Unusable`` where a file cannot be read, or a key does not belong to its certificate.
    public init(_ files: [Files]) throws(Unusable) {
        var shown: [String: NIOSSLContextConfigurationOverride] = [:]
        var configuration: TLSConfiguration?
        for pair in files {
            let (chain, key) = try Self.read(pair)
            // A context of its own only to find out whether the two belong together.
            let alone = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            do {
                _ = try NIOSSLContext(configuration: alone)
            } catch {
                throw Unusable(description: "\(pair.key) is not the key of \(pair.certificate): \(error)")
            }
            if configuration == nil { configuration = alone }
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = chain.map { .certificate($0) }
            override.privateKey = .privateKey(key)
            for name in chain.first.map(Self.names) ?? [] where shown[name] == nil { shown[name] = override }
        }
        guard var configuration else { throw Unusable(description: "No certificate is named.") }
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = .seconds(1)
        configuration.applicationProtocols = ["h2", "http/1.1"]
        names = shown.keys.sorted()
        if files.count > 1 {
            let shown = shown
            configuration.sslContextCallback = { client, promise in
                promise.succeed(client.serverHostname.flatMap { Self.find($0, in: shown) } ?? .noChanges)
            }
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw Unusable(description: "TLS cannot be set up: \(error)")
        }
    }

    private static func read(_ pair: Files) throws(Unusable) -> ([NIOSSLCertificate], NIOSSLPrivateKey) {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(pair.certificate)
        } catch {
            throw Unusable(description: "\(pair.certificate) holds no certificate in PEM that can be read: \(error)")
        }
        guard !chain.isEmpty else { throw Unusable(description: "\(pair.certificate) holds no certificate.") }
        do {
            return (chain, try NIOSSLPrivateKey(file: pair.key, format: .pem))
        } catch {
            throw Unusable(description: "\(pair.key) holds no private key in PEM that can be read: \(error)")
        }
    }

    /// The DNS names of a certificate, in lower case.
    private static func names(of certificate: NIOSSLCertificate) -> [String] {
        certificate._subjectAlternativeNames().filter { $0.nameType == .dnsName }.map {
            String(decoding: $0.contents, as: UTF8.self).lowercased()
        }
    }

    /// By the whole name, else by a wildcard for its first label (RFC 6125, section 6.4.3).
    private static func find<Value>(_ name: String, in shown: [String: Value]) -> Value? {
        let name = name.lowercased()
        if let exact = shown[name] { return exact }
        guard let dot = name.firstIndex(of: ".") else { return nil }
        return shown["*" + name[dot...]]
    }
}
