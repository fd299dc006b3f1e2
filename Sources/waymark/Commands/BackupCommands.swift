import ArgumentParser
import Crypto
import Domain
import Foundation
import Publishing
import SQLiteEngine
import Store

/// `waymark backup`
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copies the database as it is at one moment, also while a server runs.",
        discussion: """
            The file is complete and synced when the command ends, and FILE.sha256 beside it holds its SHA-256, by which \
            `restore` (or `sha256sum -c`) finds any damage. Mails of a local mailbox directory are not in it.

            Example:
              waymark backup /var/backups/waymark-2027-01-31.sqlite
            """
    )

    @OptionGroup var common: CommonOptions
    @Argument(help: "A file that does not exist yet.") var file: String

    func run() async throws {
        let path = URL(fileURLWithPath: file).standardizedFileURL.path
        let answer = try await common.directory().perform(MakeBackup(path: path))
        Terminal.line("generation \(answer.generation), state \(answer.stateHash), \(answer.bytes) bytes")
    }
}

/// Copies the database to a file.
struct MakeBackup: Operation {
    struct Answer: Codable {
        var generation: Int64
        var stateHash: String
        var bytes: Int
    }

    var path: String

    func run(in services: Services) async throws -> Answer {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw Refusal(.conflict, "The file '\(path)' exists; name another one.", field: "file")
        }
        // It takes its name when it is complete, checked and synced.
        let part = path + ".part"
        defer { Self.clear(part) }
        Self.clear(part)
        do {
            try await services.engine.backup(to: part)
            let head = try await Restore.head(of: part, runtime: services.runtime)
            try SQLiteEngine.seal(part)
            let bytes = try FileManager.default.attributesOfItem(atPath: part)[.size] as? Int ?? 0
            let name = URL(fileURLWithPath: path).lastPathComponent
            // A sum that is there already is that of a file which is gone.
            try Data("\(try BackupSum.of(part))  \(name)\n".utf8)
                .write(to: URL(fileURLWithPath: BackupSum.path(of: path)), options: .atomic)
            guard link(part, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            return Answer(generation: head.generation, stateHash: hexadecimal(head.stateHash.bytes), bytes: bytes)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(
                .invalid,
                "The file '\(path)' cannot be written: \(error.localizedDescription)",
                field: "file"
            )
        }
    }

    /// Deletes a file that never took its name, and what a database leaves beside it.
    static func clear(_ part: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(part + suffix) }
    }
}

/// `waymark restore`
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a data directory from a backup.",
        discussion: """
            The directory must hold no database. The copy is checked before it takes the name, with FILE.sha256 too where \
            that lies beside the file. Sessions in it are ended, \
            and the change log begins another epoch, so that edges that know more than the backup read everything anew. \
            Mails that were waiting in it are sent again; tokens that were revoked after it live again: look through them. \
            The signing key is in no backup: give the file of the first directory, or have it in the new one already, else \
            a new one is made, and everything is signed anew.

            Example:
              waymark restore /var/backups/waymark-2027-01-31.sqlite --data /var/lib/waymark --signing-key /root/signing-key
            """
    )

    @OptionGroup var common: CommonOptions
    @Argument(help: "A file that `waymark backup` made.") var file: String

    @Option(help: ArgumentHelp("The signing key of the directory that was backed up.", valueName: "file"))
    var signingKey: String?

    func run() async throws {
        let directory = try await common.directory()
        try directory.makeIfMissing()
        guard let lock = try DirectoryLock(directory) else {
            throw directory.held(by: DirectoryLock.holder(of: directory))
        }
        defer { lock.release() }
        guard !FileManager.default.fileExists(atPath: directory.database) else {
            throw Refusal(.conflict, "The data directory '\(directory.path)' holds a database already.", field: "data")
        }
        let part = directory.database + ".part"
        defer { MakeBackup.clear(part) }
        MakeBackup.clear(part)
        do {
            try FileManager.default.copyItem(atPath: file, toPath: part)
        } catch {
            throw Refusal(
                .notFound,
                "The file '\(file)' cannot be copied: \(error.localizedDescription)",
                field: "file"
            )
        }
        try BackupSum.check(part, copyOf: file)
        let present = try directory.hasSigningKey ? SigningKeyFile.read(directory.signingKey) : nil
        let key = try signingKey.map { try SigningKeyFile.read($0) } ?? present
        guard present == nil || present?.text == key?.text else {
            throw Refusal(
                .conflict,
                "'\(directory.signingKey)' holds another signing key than '\(signingKey ?? "")': move it away first.",
                field: "signing-key"
            )
        }
        let head = try await Self.head(of: part, runtime: .system, restoring: true, key: key?.verifyingKey)
        try SQLiteEngine.seal(part)
        if let key, present == nil { try SigningKeyFile.write(key, to: directory.signingKey) }
        guard rename(part, directory.database) == 0 else {
            throw Refusal(.invalid, "'\(directory.database)' cannot be made: \(String(cString: strerror(errno))).")
        }
        let state = hexadecimal(head.stateHash.bytes)
        Terminal.line("generation \(head.generation), state \(state): restored to \(directory.path)")
        if key == nil {
            Terminal.line(
                "a new signing key will be made: whoever trusted the old one must be told (waymark verify key)"
            )
        }
    }

    /// Checks a copy of a database, and makes it one that goes on by itself where it is to be restored.
    ///
    /// - Parameters:
    ///   - path: The copy.
    ///   - runtime: Chance, for the new epoch.
    ///   - restoring: Begin another epoch and end all sessions.
    ///   - key: What the live releases must be signed with; nil to sign them anew.
    /// - Returns: Where it stands.
    /// - Throws: A refusal where it is no database of ours, or a damaged one.
    static func head(
        of path: String,
        runtime: Runtime,
        restoring: Bool = false,
        key: VerifyingKey? = nil
    ) async throws -> FeedHead {
        let damaged = Refusal(.invalid, "'\(path)' is no sound copy of a Waymark database.", field: "file")
        let engine: SQLiteEngine
        do {
            engine = try SQLiteEngine(path: path)
        } catch {
            throw damaged
        }
        defer { try? engine.close() }
        let storage = Storage(engine: engine, runtime: runtime) {}
        do {
            let feed = try await storage.snapshot()
            guard try await engine.check().faults.isEmpty, feed.stateHash == feed.head.stateHash,
                try await storage.brokenObjects(feed).isEmpty,
                try await storage.checkAudit().faults.isEmpty
            else { throw damaged }
            if let key, !feed.entries.allSatisfy({ key.vouches(for: $0) }) {
                throw Refusal(
                    .invalid,
                    """
                    The releases in the backup were signed with another key. Give theirs with --signing-key; with no key \
                    there, and none in the directory, everything is signed anew.
                    """,
                    field: "signing-key"
                )
            }
            if restoring {
                try await storage.migrate()
                try await storage.beginEpoch()
                try await storage.endAllSessions()
            }
            return try await storage.head()
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw damaged
        }
    }
}

extension VerifyingKey {
    /// Whether an entry of the feed is as it was signed; those that are not signed are nobody's to judge.
    fileprivate func vouches(for entry: FeedChange) -> Bool {
        guard entry.key.kind == EntryKind.release.rawValue else { return true }
        guard let id = ReleaseID(String(decoding: entry.key.key, as: UTF8.self)),
            let release = entry.value.flatMap({ try? ReleaseEntry(encoded: $0) })
        else { return false }
        return vouches(for: release, id)
    }
}

/// The SHA-256 of a backup, in the file that `sha256sum` would write beside it.
enum BackupSum {
    private static let chunkBytes = 1 << 20

    static func path(of backup: String) -> String { backup + ".sha256" }

    static func of(_ path: String) throws -> String {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        var hash = SHA256()
        while let chunk = try handle.read(upToCount: chunkBytes), !chunk.isEmpty { hash.update(data: chunk) }
        return hexadecimal(Array(hash.finalize()))
    }

    /// Looks whether a copy is of the sum that lies beside the backup it was made of, if any does.
    ///
    /// - Throws: `invalid` where it is of another.
    static func check(_ copy: String, copyOf backup: String) throws {
        guard let line = try? String(contentsOfFile: path(of: backup), encoding: .utf8) else { return }
        guard line.prefix(64) == (try of(copy)) else {
            throw Refusal(
                .invalid,
                "'\(backup)' is damaged: its SHA-256 is another than in '\(path(of: backup))'.",
                field: "file"
            )
        }
    }
}
