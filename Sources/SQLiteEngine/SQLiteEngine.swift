import Dispatch
import Foundation
import GRDB
public import Store
import Synchronization

/// The embedded database: one SQLite file, one writing connection (Debian's 3.40.1 corrupts a WAL that two connections
/// write at the same instant), a pool of readers opened once.
public struct SQLiteEngine: Engine {
    private let pool: DatabasePool
    private let commits: GroupCommit

    /// Readers that are opened at the start and kept, so that running out of file descriptors cannot hit the database.
    private static let readersMax = 4

    /// The durability that was asked for is not in force.
    public struct NotDurable: Error, Sendable {
        /// What `PRAGMA synchronous` says; 2 is FULL.
        public let synchronous: Int
    }

    /// Opens, or makes, the database at `path`. The caller must hold the directory's lock.
    ///
    /// - Throws: ``NotDurable`` unless the writer really runs with `synchronous=FULL`.
    public init(path: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = Self.readersMax
        configuration.persistentReadOnlyConnections = true
        pool = try DatabasePool(path: path, configuration: configuration)
        commits = GroupCommit(pool)
        // DatabasePool sets NORMAL while it opens, so FULL has to come after, and be seen to hold: under NORMAL the
        // last acknowledged commits are lost when power fails.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let synchronous = try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") } ?? -1
        guard synchronous == 2 else { throw NotDurable(synchronous: synchronous) }
        try openReaders()
    }

    /// Holds all readers at once, so that each is opened: the pool opens one only when the others are busy.
    private func openReaders() throws {
        let pool = pool
        let opened = DispatchSemaphore(value: 0)
        let enough = DispatchSemaphore(value: 0)
        let failure = Mutex<(any Error)?>(nil)
        for number in 0..<Self.readersMax {
            Thread.detachNewThread {
                do {
                    try pool.read { database in
                        _ = try Int.fetchOne(database, sql: "SELECT \(number)")
                        opened.signal()
                        enough.wait()
                    }
                } catch {
                    failure.withLock { $0 = error }
                    opened.signal()
                }
            }
        }
        for _ in 0..<Self.readersMax { opened.wait() }
        for _ in 0..<Self.readersMax { enough.signal() }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Runs `body` in a transaction of the one writer, which it may share with calls that came at the same time.
    public func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await commits.run(body)
    }

    /// Calls that wait for a transaction, for tests.
    package var waiting: Int { commits.count }

    /// Runs `body` on one unchanging view, in a reader of the pool.
    public func snapshot<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result {
        try await pool.read { try body(SQLiteConnection(database: $0)) }
    }

    /// What `PRAGMA synchronous` and `PRAGMA journal_mode` say of the writer, and `PRAGMA quick_check` of the file.
    public func check() async throws -> (synchronous: Int, journal: String, faults: [String]) {
        let (synchronous, journal) = try await pool.writeWithoutTransaction { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1,
                try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? ""
            )
        }
        let words = try await pool.read { try String.fetchAll($0, sql: "PRAGMA quick_check") }
        return (synchronous, journal, words == ["ok"] ? [] : words)
    }

    /// Copies the database as it is at one moment to a new file, while it goes on being read and written.
    ///
    /// - Parameter path: A file that does not exist.
    /// - Throws: Where the file cannot be written.
    public func backup(to path: String) async throws {
        let pool = pool
        try await Task.detached {
            let copy = try DatabaseQueue(path: path)
            try pool.backup(to: copy)
            try copy.close()
        }.value
    }

    /// Makes a database one synced file that stands alone, without a log beside it that a copy could forget.
    ///
    /// - Parameter path: A database that nobody has open.
    /// - Throws: Where it cannot be written.
    public static func seal(_ path: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try database.close()
        try sync(path)
        try sync(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    private static func sync(_ path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw CocoaError(.fileReadUnknown) }
        try handle.synchronize()
        try handle.close()
    }

    /// Closes every connection; the last one checkpoints the log.
    public func close() throws {
        try pool.close()
    }

    /// The dialect of DDL: INTEGER and BLOB for BIGINT and BYTEA, STRICT tables, and a trigger for each kind of change
    /// that is refused.
    package static func dialect(_ definition: StoreSchema.Definition) -> [String] {
        switch definition {
        case .statement(let text):
            let mapped = text.replacing("BIGINT", with: "INTEGER").replacing("BYTEA", with: "BLOB")
            return [mapped.hasPrefix("CREATE TABLE") ? mapped + " STRICT" : mapped]
        case .appendOnly(let table):
            return ["UPDATE", "DELETE"].map { change in
                """
                CREATE TRIGGER \(table)_refuse_\(change.lowercased()) BEFORE \(change) ON \(table)
                BEGIN SELECT RAISE(ABORT, 'rows of \(table) never change'); END
                """
            }
        }
    }
}

struct SQLiteConnection: Connection {
    let database: Database

    func rows(_ statement: Store.Statement, _ arguments: [SQLValue]) throws -> [SQLRow] {
        let prepared = try prepare(statement, arguments)
        let columns = prepared.columnCount
        var rows: [SQLRow] = []
        let cursor = try Row.fetchCursor(prepared)
        while let row = try cursor.next() {
            rows.append(SQLRow((0..<columns).map { Self.value(row, $0) }))
        }
        return rows
    }

    func execute(_ statement: Store.Statement, _ arguments: [SQLValue]) throws -> Int {
        try prepare(statement, arguments).execute()
        return database.changesCount
    }

    func savepoint<Result>(_ body: () throws -> Result) throws -> Result {
        var result: Result?
        try database.inSavepoint {
            result = try body()
            return .commit
        }
        guard let result else { preconditionFailure("A savepoint that did not throw ran its body.") }
        return result
    }

    func define(_ definitions: [StoreSchema.Definition]) throws {
        for statement in definitions.flatMap(SQLiteEngine.dialect) { try database.execute(sql: statement) }
    }

    private func prepare(_ statement: Store.Statement, _ arguments: [SQLValue]) throws -> GRDB.Statement {
        let prepared = try database.cachedStatement(sql: statement.sql)
        try prepared.setArguments(
            StatementArguments(
                arguments.map { value -> (any DatabaseValueConvertible)? in
                    switch value {
                    case .null: nil
                    case .integer(let number): number
                    case .text(let text): text
                    case .bytes(let bytes): Data(bytes)
                    }
                }
            )
        )
        return prepared
    }

    private static func value(_ row: Row, _ column: Int) -> SQLValue {
        let value: DatabaseValue = row[column]
        return switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .double(let number): .text("\(number)")
        case .string(let text): .text(text)
        case .blob(let data): .bytes([UInt8](data))
        }
    }
}
