import Domain
import Foundation
import SQLiteEngine
import Store
import Synchronization
import TestSupport
import Testing

struct SQLiteEngineTests {
    @Test("the writer really runs with synchronous=FULL, in WAL")
    func durability() async throws {
        let directory = TestDirectory()
        let engine = try SQLiteEngine(path: directory.path + "/db")
        let check = try await engine.check()
        #expect(check.synchronous == 2)
        #expect(check.journal == "wal")
        #expect(check.faults.isEmpty)
        try engine.close()
    }

    @Test("what a transaction that throws has written is gone, and so is what a savepoint that throws has")
    func rollback() async throws {
        let directory = TestDirectory()
        let engine = try SQLiteEngine(path: directory.path + "/db")
        let storage = Storage(engine: engine, runtime: .test()) {}
        try await storage.migrate()
        struct Stop: Error {}
        let partner = try await storage.makePartner()
        let before = try await storage.snapshot()
        await #expect(throws: Stop.self) {
            try await engine.transaction { connection in
                try connection.define(["CREATE TABLE scratch (one BIGINT PRIMARY KEY)"])
                throw Stop()
            }
        }
        // The table is not there, so it can be made; within, the inner one is undone alone.
        try await engine.transaction { connection in
            try connection.define(["CREATE TABLE scratch (one BIGINT PRIMARY KEY)"])
            _ = try? connection.savepoint {
                try connection.define(["CREATE TABLE inner_scratch (one BIGINT PRIMARY KEY)"])
                throw Stop()
            }
        }
        await #expect(throws: (any Error).self) {
            try await engine.transaction { try $0.define(["CREATE TABLE scratch (one BIGINT PRIMARY KEY)"]) }
        }
        try await engine.transaction { try $0.define(["CREATE TABLE inner_scratch (one BIGINT PRIMARY KEY)"]) }
        #expect(try await storage.snapshot() == before)
        #expect(try await storage.partner(partner.key.text) == partner)
        try engine.close()
    }

    @Test("calls that come together share a commit: one that throws undoes itself alone, one that spoils it spoils all")
    func groupCommit() async throws {
        let directory = TestDirectory()
        let engine = try SQLiteEngine(path: directory.path + "/db")
        struct Stop: Error {}
        /// Holds the writer until calls have come, so that they go together; what each came to.
        func together(_ calls: [[StoreSchema.Definition]]) async throws -> [Bool] {
            let gate = DispatchSemaphore(value: 0)
            let isHeld = Mutex(false)
            let first = Task {
                try await engine.transaction { _ in
                    isHeld.withLock { $0 = true }
                    gate.wait()
                }
            }
            while !isHeld.withLock({ $0 }) { await Task.yield() }
            return try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
                for (number, definitions) in calls.enumerated() {
                    group.addTask {
                        do {
                            try await engine.transaction { connection in
                                try connection.define(definitions)
                                if definitions.isEmpty { throw Stop() }
                            }
                            return (number, true)
                        } catch {
                            return (number, false)
                        }
                    }
                }
                while engine.waiting < calls.count { await Task.yield() }
                gate.signal()
                var outcomes = calls.map { _ in false }
                for try await (number, outcome) in group { outcomes[number] = outcome }
                try await first.value
                return outcomes
            }
        }
        func rows() async throws -> String {
            let query = "SELECT group_concat(one) FROM (SELECT one FROM child ORDER BY 1)"
            let shown = try await run("sqlite3", [directory.path + "/db", query])
            return shown.output
        }
        try await engine.transaction { connection in
            try connection.define([
                "CREATE TABLE parent (one BIGINT PRIMARY KEY)",
                "CREATE TABLE child (one BIGINT PRIMARY KEY REFERENCES parent (one))",
                "INSERT INTO parent VALUES (1), (2), (3), (4)",
            ])
        }
        let own = try await together([
            ["INSERT INTO child VALUES (1)"], [], ["INSERT INTO child VALUES (2)", "INSERT INTO child VALUES (2)"],
            ["INSERT INTO child VALUES (3)"],
        ])
        #expect(own == [true, false, false, true])
        #expect(try await rows() == "1,3\n")
        // A deferred constraint is looked at by the commit only, which then fails for everybody.
        let all = try await together([
            ["INSERT INTO child VALUES (4)"], ["PRAGMA defer_foreign_keys = ON", "INSERT INTO child VALUES (9)"],
        ])
        #expect(all == [false, false])
        #expect(try await rows() == "1,3\n")
        #expect(try await together([["INSERT INTO child VALUES (4)"]]) == [true])
        #expect(try await rows() == "1,3,4\n")
        try engine.close()
    }

    @Test("a schema that names a higher minimum version is refused with what to do; nothing is touched")
    func newerSchema() async throws {
        let directory = TestDirectory()
        let path = directory.path + "/db"
        let engine = try SQLiteEngine(path: path)
        try await Storage(engine: engine, runtime: .test()) {}.migrate()
        try engine.close()
        let newer = try await run("sqlite3", [path, "UPDATE schema_version SET version = 9, minimum = 9"])
        #expect(newer.status == 0, "\(newer.output)")
        let reopened = try SQLiteEngine(path: path)
        let refused = await #expect(throws: Refusal.self) {
            try await Storage(engine: reopened, runtime: .test()) {}.migrate()
        }
        #expect(refused?.code == .unsupported)
        #expect(refused?.message.contains("Run the newer waymark") == true)
        try reopened.close()
        // A later version that still lets this one work is no obstacle.
        _ = try await run("sqlite3", [path, "UPDATE schema_version SET minimum = 1"])
        let tolerated = try SQLiteEngine(path: path)
        try await Storage(engine: tolerated, runtime: .test()) {}.migrate()
        let version = try await run("sqlite3", [path, "SELECT version FROM schema_version"])
        #expect(version.output == "9\n")
        try tolerated.close()
    }

    @Test("no statement reads a whole table, but for those that are meant to; no page sorts all clients or events")
    func queryPlans() async throws {
        let directory = TestDirectory()
        let path = directory.path + "/db"
        let engine = try SQLiteEngine(path: path)
        try await Storage(engine: engine, runtime: .test()) {}.migrate()
        try engine.close()
        let script = Statement.all.enumerated().map { number, statement in
            "SELECT 'statement \(number)';\nEXPLAIN QUERY PLAN \(statement.sql);"
        }
        let shown = try await run("sqlite3", [path, script.joined(separator: "\n")])
        #expect(shown.status == 0, "\(shown.output)")
        // One row, or few; the feed as a whole; what a migration reads once; a row of constants; what a part was cut from.
        let meant = [
            "schema_version", "head", "partner", "standard_notice", "edge_entry", "client_admin", "CONSTANT", "reached",
            "advisory_notice",
        ]
        var number = 0
        var scans: [String] = []
        for line in shown.output.split(separator: "\n") {
            if let match = line.wholeMatch(of: /statement (\d+)/) { number = Int(match.1) ?? 0 }
            // A migration reads every solution once.
            if Statement.all[number].sql.hasPrefix("SELECT solution.id, solution_version.content") { continue }
            // Whatever is live is counted before it is released anew.
            if Statement.all[number].sql.hasPrefix("SELECT COUNT(*) FROM live") { continue }
            let isPage = Statement.all[number].sql.contains(/^[^()]*FROM (client|audit_event)\b[\s\S]*LIMIT \?/)
            if isPage && line.contains("TEMP B-TREE FOR ORDER BY") {
                scans.append("sorts: \(Statement.all[number].sql)")
            }
            guard let match = line.firstMatch(of: /SCAN (\w+)/), !meant.contains(String(match.1)) else { continue }
            scans.append("\(match.1): \(Statement.all[number].sql)")
        }
        #expect(number == Statement.all.count - 1)
        #expect(scans.isEmpty)
    }

    @Test("the dialect makes strict tables of SQLite's own types")
    func dialect() {
        #expect(
            SQLiteEngine.dialect("CREATE TABLE t (a BIGINT, b BYTEA, c TEXT)")
                == ["CREATE TABLE t (a INTEGER, b BLOB, c TEXT) STRICT"]
        )
        #expect(SQLiteEngine.dialect("CREATE INDEX i ON t (a)") == ["CREATE INDEX i ON t (a)"])
    }
}
