/// A secret that names something by being known: a link in a mail, a session, an API token. 256 random bits; only its
/// SHA-256 is stored.
public struct SecretToken: Hashable, Sendable {
    /// The secret: 43 characters of base64url. Never in a log or a stored row.
    public let text: String

    /// Characters in a secret: 256 bits at 6 a character.
    public static let length = 43

    /// Makes a new secret.
    public init(_ runtime: Runtime) {
        text = base64URL(runtime.random(32))
    }

    /// Takes what somebody presents; nil where it cannot be a secret of ours.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.length,
            text.utf8.allSatisfy({
                $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            })
        else { return nil }
        self.text = String(text)
    }

    /// What is stored, and looked up by: equal digests are found by an index, so no comparison tells where two differ.
    public var digest: Digest { Digest(of: Array(text.utf8)) }
}
