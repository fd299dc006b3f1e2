import Dispatch
import Domain
import Player

/// Makes the signed objects of releases: snippet, bundle, player, loader.
struct ReleaseScripts: Sendable {
    let key: SigningKey
    /// This version's player.
    let player: StoredObject

    init(key: SigningKey) {
        self.key = key
        player = key.signed(StoredObject(mediaType: PlayerScripts.mediaType, body: PlayerScripts.player))
    }

    func loader(variables: [SystemVariable]) -> StoredObject {
        object(PlayerScripts.loader(variables: variables))
    }

    /// The release's scripts, in all codings. Made on a thread apart: compressing takes seconds for large content, and
    /// the threads of tasks have an edge to feed.
    func make(_ content: ReleaseContent) async -> (snippet: StoredObject, bundle: StoredObject?) {
        await withCheckedContinuation { continuation in
            let isLarge = content.canonical.count > Self.largeBytes
            (isLarge ? Self.encodingLarge : Self.encodingSmall).async {
                // Text that is far too large does not become small enough: that is not worth a try.
                if content.canonical.count <= Self.inlineBytesMax {
                    let snippet = object(PlayerScripts.snippet(content: content, player: player.digest))
                    if (snippet.brotli ?? snippet.body).count <= Releases.inlineBrotliBytesMax {
                        continuation.resume(returning: (snippet, nil))
                        return
                    }
                }
                let bundle = object(PlayerScripts.bundle(content))
                let snippet = PlayerScripts.snippet(bundle: bundle.digest, of: content, player: player.digest)
                continuation.resume(returning: (object(snippet), bundle))
            }
        }
    }

    private func object(_ body: [UInt8]) -> StoredObject {
        key.signed(StoredObject(mediaType: PlayerScripts.mediaType, body: body))
    }

    /// One at a time, however many publish; nobody's small content waits for large ones.
    private static let encodingSmall = DispatchQueue(label: "waymark.encoding.small")
    private static let encodingLarge = DispatchQueue(label: "waymark.encoding.large")
    /// From how many bytes of content on it is large: more take longer than a tenth of a second.
    private static let largeBytes = 32 * 1024

    /// The most bytes of content that are tried inside a snippet.
    private static let inlineBytesMax = 20 * Releases.inlineBrotliBytesMax
}
