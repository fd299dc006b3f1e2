package import Domain
import Player
package import Publishing

/// The key that everything in tests is signed with.
package enum TestKey {
    package static let key: SigningKey = {
        guard let key = SigningKey(String(repeating: "A", count: 42) + "E") else {
            preconditionFailure("32 bytes are a key.")
        }
        return key
    }()

    package static var trust: VerifyingKey { key.verifyingKey }

    /// The object of a partner's loader.
    package static let loader: @Sendable ([SystemVariable]) -> StoredObject = { variables in
        let body = PlayerScripts.loader(variables: variables)
        return key.signed(StoredObject(mediaType: PlayerScripts.mediaType, body: body))
    }

    /// A release's entry with its signature.
    package static func signed(_ entry: ReleaseEntry, _ id: ReleaseID) -> ReleaseEntry {
        var entry = entry
        entry.signature = key.sign(.release(id, entry))
        return entry
    }
}
