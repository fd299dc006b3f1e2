import Crypto
public import Domain

/// The private half of a deployment's signing key (Ed25519), as the control plane holds it.
public struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    /// The public half.
    public let verifyingKey: VerifyingKey

    /// Makes a new key.
    public init() {
        self.init(Curve25519.Signing.PrivateKey())
    }

    /// Reads a key as ``text`` writes it; nil where this is none.
    public init?(_ text: String) {
        guard let bytes = base64URLBytes(text), let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
        else { return nil }
        self.init(key)
    }

    private init(_ key: Curve25519.Signing.PrivateKey) {
        guard let public_ = VerifyingKey(bytes: Array(key.publicKey.rawRepresentation)) else {
            preconditionFailure("The public half of a key is a key.")
        }
        self.key = key
        verifyingKey = public_
    }

    /// The secret, in base64url.
    public var text: String { base64URL(Array(key.rawRepresentation)) }

    /// Signs a release.
    public func sign(_ statement: SignedStatement) -> [UInt8] {
        guard let signature = try? key.signature(for: statement.bytes) else {
            preconditionFailure("Ed25519 signs whatever it is given.")
        }
        return Array(signature)
    }

    /// An object with its signature.
    public func signed(_ object: StoredObject) -> StoredObject {
        var object = object
        object.signature = sign(.object(object))
        return object
    }
}
