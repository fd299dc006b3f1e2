import Crypto

/// A SHA-256 digest, by which objects and versions are named.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    /// Hashes some bytes.
    public init(of data: [UInt8]) {
        bytes = Array(SHA256.hash(data: data))
    }

    /// Takes the bytes that a hash function gave; nil unless they are 32.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else.
    public init?(hexadecimal text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for position in stride(from: 0, to: 64, by: 2) {
            guard let high = hexValue(digits[position]), let low = hexValue(digits[position + 1]),
                !(0x41...0x5A).contains(digits[position]), !(0x41...0x5A).contains(digits[position + 1])
            else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String { hexadecimal(bytes) }

    /// The form of the HTML `integrity` attribute (Subresource Integrity).
    public var integrity: String { "sha256-" + base64(bytes) }

    /// The first 64 bits in base64url: enough for a person to tell releases apart.
    public var start: String { base64URL(bytes.prefix(8)) }
}
