import Domain
import Foundation
import Publishing
import Store
import SystemPackage

/// The file of a data directory's signing key, which is made when the directory is first used.
///
/// It stands beside the database and in no backup of it: who has the database cannot sign. A database that comes without
/// the file, such as one from a backup, gets a new key, and everything in it is signed anew.
enum SigningKeyFile {
    /// The key of a directory whose lock the caller holds.
    ///
    /// - Throws: `invalid` for a file that is no key; failures of the disk.
    static func key(of directory: DataDirectory, _ storage: Storage) async throws -> SigningKey {
        let path = directory.signingKey
        if directory.hasSigningKey { return try read(path) }
        let key = SigningKey()
        _ = try await storage.signAll(object: { key.sign(.object($0)) }, release: { key.sign($0) })
        // Last: what was signed with a key that nobody kept is signed anew the next time.
        try write(key, to: path)
        return key
    }

    /// Reads a key.
    ///
    /// - Throws: `invalid` for a file that is none.
    static func read(_ path: String) throws -> SigningKey {
        let bytes = FileManager.default.contents(atPath: path) ?? Data()
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let key = SigningKey(text) else {
            throw Refusal(
                .invalid,
                "'\(path)' is no signing key. Put the right one there; without the file, everything is signed anew.",
                field: "data"
            )
        }
        return key
    }

    /// Writes a key into a file that only its owner reads: whole or not at all.
    static func write(_ key: SigningKey, to path: String) throws {
        let draft = path + ".new"
        let file = try FileDescriptor.open(
            FilePath(draft),
            .writeOnly,
            options: [.create, .truncate],
            permissions: .ownerReadWrite
        )
        try file.closeAfter {
            try file.writeAll((key.text + "\n").utf8)
            guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
        guard rename(draft, path) == 0 else { throw Errno(rawValue: errno) }
        let folder = try FileDescriptor.open(FilePath(path).removingLastComponent(), .readOnly)
        try folder.closeAfter {
            guard fsync(folder.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
    }
}
