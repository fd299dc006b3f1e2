/// The unguessable name of an environment in edge URLs: 128 random bits in base64url, rotatable.
public struct EnvironmentKey: Hashable, Sendable, CustomStringConvertible {
    /// 22 characters of base64url.
    public let text: String

    /// Characters in a key: 128 bits at 6 a character.
    public static let length = 22

    /// Makes a new key.
    public init(_ runtime: Runtime) {
        text = base64URL(runtime.random(16))
    }

    /// Reads a key.
    ///
    /// - Throws: `invalid`, or `tooLong`, where the text is no environment key.
    public init(_ text: String) throws(Refusal) {
        guard text.utf8.count <= Self.length else {
            throw Refusal(.tooLong, "An environment key has 22 characters.", field: "environmentKey")
        }
        guard text.utf8.count == Self.length,
            text.utf8.allSatisfy({
                $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            })
        else {
            throw Refusal(.invalid, "An environment key is 22 characters of base64url.", field: "environmentKey")
        }
        self.text = text
    }

    /// The key as it stands in URLs.
    public var description: String { text }
}

/// The name of an environment within its system: `production`, `test`, or a custom one.
public struct EnvironmentName: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 32 of `a–z 0–9 -`, starting with a letter.
    public let text: String

    /// What end users get.
    public static let production = EnvironmentName(known: "production")
    /// What testers look at before.
    public static let test = EnvironmentName(known: "test")

    /// Whether every workspace has it, whatever anybody does.
    public var isFixed: Bool { self == .production || self == .test }

    private init(known: String) {
        text = known
    }

    /// Reads a name.
    ///
    /// - Throws: `invalid` where the text is no environment name.
    public init(_ text: String) throws(Refusal) {
        guard (1...32).contains(text.utf8.count), text.utf8.first?.isLowerCaseLetter == true,
            text.utf8.allSatisfy({ $0.isLowerCaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") })
        else {
            throw Refusal(
                .invalid,
                "An environment's name is 1 to 32 of a-z, 0-9 and '-', starting with a letter.",
                field: "environment"
            )
        }
        self.text = text
    }

    /// The name.
    public var description: String { text }
}
