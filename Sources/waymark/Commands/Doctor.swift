import ArgumentParser
import Domain
import SQLiteEngine
import Store

/// `waymark doctor`
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks a data directory: durability, the database file, the feed against its hash, the objects.",
        discussion: """
            Exits with 1 when something is wrong. Works while a server holds the directory.

            Example:
              waymark doctor --data /var/lib/waymark
            """
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let directory = try await common.directory()
        Terminal.line("data directory  \(directory.path)")
        let answer = try await directory.perform(Diagnose())
        for check in answer.checks {
            Terminal.line("\(check.isGood ? "ok   " : "WRONG")  \(check.name): \(check.finding)")
        }
        if answer.checks.contains(where: { !$0.isGood }) { throw ExitCode(1) }
    }
}

/// Checks the store.
struct Diagnose: Operation {
    struct Check: Codable {
        var name: String
        var isGood: Bool
        var finding: String
    }

    struct Answer: Codable {
        var checks: [Check]
    }

    func run(in services: Services) async throws -> Answer {
        let database = try await services.engine.check()
        let feed = try await services.storage.snapshot()
        let hash = feed.stateHash
        let broken = try await services.storage.brokenObjects(feed)
        let objects = feed.entries.count { $0.key.kind == EntryKind.object.rawValue }
        return Answer(checks: [
            Check(
                name: "durability",
                isGood: database.synchronous == 2 && database.journal == "wal",
                finding: "synchronous=\(database.synchronous) (2 is FULL), journal \(database.journal)"
            ),
            Check(
                name: "database file",
                isGood: database.faults.isEmpty,
                finding: database.faults.isEmpty ? "sound" : database.faults.joined(separator: "; ")
            ),
            Check(
                name: "feed",
                isGood: hash == feed.head.stateHash,
                finding: "generation \(feed.head.generation), \(feed.entries.count) entries, hash \(hash)"
                    + (hash == feed.head.stateHash ? "" : ", but the head says \(feed.head.stateHash)")
            ),
            Check(
                name: "objects",
                isGood: broken.isEmpty,
                finding: broken.isEmpty
                    ? "\(objects), each of its digest" : "not of their digest: \(broken.joined(separator: ", "))"
            ),
        ])
    }
}

extension Storage {
    /// The objects of the feed that are not there, or not of their digest, by name.
    func brokenObjects(_ feed: FeedSnapshot) async throws -> [String] {
        var broken: [String] = []
        for entry in feed.entries where entry.key.kind == EntryKind.object.rawValue {
            let name = String(decoding: entry.key.key, as: UTF8.self)
            let digest = Digest(hexadecimal: name)
            let object = if let digest { try await object(digest) } else { StoredObject?.none }
            if digest == nil || object.map({ Digest(of: $0.body) }) != digest { broken.append(name) }
        }
        return broken
    }
}
