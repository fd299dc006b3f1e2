import Domain
import Foundation
import SQLiteEngine
import Store
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

    @Test("the dialect makes strict tables of SQLite's own types")
    func dialect() {
        #expect(
            SQLiteEngine.dialect("CREATE TABLE t (a BIGINT, b BYTEA, c TEXT)")
                == ["CREATE TABLE t (a INTEGER, b BLOB, c TEXT) STRICT"]
        )
        #expect(SQLiteEngine.dialect("CREATE INDEX i ON t (a)") == ["CREATE INDEX i ON t (a)"])
    }
}
