import Domain
import Foundation

/// A data directory: the database and the lock that says which one process may write to it.
struct DataDirectory: Sendable {
    let path: String

    var database: String { path + "/waymark.sqlite" }
    var lock: String { path + "/lock" }
    var socket: String { path + "/waymark.sock" }
    var mailbox: String { path + "/mail" }
    var signingKey: String { path + "/signing-key" }
    /// Whether it has one.
    var hasSigningKey: Bool { FileManager.default.fileExists(atPath: signingKey) }

    init(path: String) {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// Makes the directory, for its owner alone.
    func makeIfMissing() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw Refusal(
                .invalid,
                "The data directory '\(path)' cannot be made: \(error.localizedDescription)",
                field: "data"
            )
        }
    }
}

/// Who holds a data directory, as `DIR/lock` says.
struct LockHolder: Codable, Sendable {
    /// Its process.
    var pid: Int32
    /// The command it runs.
    var command: String
    /// Since when; RFC 3339.
    var since: String
    /// Where it takes operations; nil for a command that only runs for a moment.
    var socket: String?
}

/// The exclusive hold on a data directory. It ends with the process, however that ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; nil where another process holds it.
    ///
    /// - Throws: A refusal where the lock file cannot be opened.
    init?(_ directory: DataDirectory) throws {
        let descriptor = open(directory.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Refusal(
                .invalid,
                "The data directory '\(directory.path)' cannot be used: \(String(cString: strerror(errno))).",
                field: "data"
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    /// Says who holds the lock, for those who find it held.
    func tell(_ holder: LockHolder) throws {
        let bytes = try JSONEncoder().encode(holder)
        ftruncate(descriptor, 0)
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Gives the directory back; to be called once.
    func release() {
        ftruncate(descriptor, 0)
        close(descriptor)
    }

    /// Who holds the lock, where it says so.
    static func holder(of directory: DataDirectory) -> LockHolder? {
        guard let bytes = FileManager.default.contents(atPath: directory.lock) else { return nil }
        return try? JSONDecoder().decode(LockHolder.self, from: bytes)
    }
}
