import CLibPQ
import Foundation
import PostgresEngine
import Store
import TestSupport
import Testing

/// Nothing may grow that only SQLite runs: the schema is created, and every statement prepared, on a real PostgreSQL.
struct PostgresStatementTests {
    @Test("a real PostgreSQL 15 takes the schema and prepares every statement of the store")
    func everyStatement() async throws {
        let server = try await PostgresServer.start()
        do {
            try check(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func check(_ server: PostgresServer) throws {
        let connection = try PostgresConnection(server.conninfo)
        #expect(try connection.value("SHOW server_version_num").hasPrefix("15"))
        #expect(try connection.value("SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C")
        for definition in [StoreSchema.versionTable] + StoreSchema.migrations.flatMap({ $0 }) {
            for statement in PostgresDialect.definition(definition) { try connection.run(statement) }
        }
        #expect(Statement.all.count > 50)
        for (number, statement) in Statement.all.enumerated() {
            do {
                try connection.prepare("s\(number)", PostgresDialect.numbered(statement))
            } catch {
                Issue.record("\(statement.sql)\n\(error)")
            }
        }
        // The check can fail: this is what SQLite alone would take.
        #expect(throws: PostgresConnection.Failed.self) {
            try connection.prepare("bad", "INSERT OR IGNORE INTO head VALUES ($1)")
        }
    }

    @Test("every statement set of the sources is among those prepared")
    func allSets() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Store")
        var sets: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            for match in text.matches(of: /enum (\w+): String, StatementSet/) { sets.insert(String(match.1)) }
        }
        let registry = try String(contentsOf: folder.appendingPathComponent("Engine.swift"), encoding: .utf8)
        #expect(sets.count >= 6)
        for set in sets { #expect(registry.contains("of(\(set).self)"), "\(set) is not in Statement.all") }
    }

    @Test("parameters are numbered in order, and those within quotes stay")
    func numbering() {
        let numbered = Statement.all.map(PostgresDialect.numbered)
        #expect(numbered.contains("SELECT value, since, since_at FROM edge_entry WHERE kind = $1 AND key = $2"))
        #expect(numbered.allSatisfy { !$0.contains("?") })
    }
}

/// A PostgreSQL of the test's own, in a temporary directory, on a socket in it.
final class PostgresServer: Sendable {
    private static let programs = "/usr/lib/postgresql/15/bin"
    private let directory: String
    private let prefix: [String]

    var conninfo: String { "host=\(directory) user=postgres dbname=postgres" }

    private init(directory: String, prefix: [String]) {
        self.directory = directory
        self.prefix = prefix
    }

    static func start() async throws -> PostgresServer {
        guard FileManager.default.isExecutableFile(atPath: "\(programs)/initdb") else {
            throw PostgresConnection.Failed(description: "PostgreSQL 15 is not installed; Tests/run installs it")
        }
        // The server refuses to run as root; Debian's package made a user for it.
        let isRoot = getuid() == 0
        let prefix = isRoot ? ["runuser", "-u", "postgres", "--"] : []
        let made = try await run("env", prefix + ["mktemp", "-d", "/tmp/waymark-pg-XXXXXX"])
        let directory = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let server = PostgresServer(directory: directory, prefix: prefix)
        let initialised = try await server.command(
            "initdb",
            ["-D", "\(directory)/data", "-U", "postgres", "--locale=C", "--encoding=UTF8", "--no-sync"]
        )
        guard initialised.status == 0 else { throw PostgresConnection.Failed(description: initialised.output) }
        let started = try await server.command(
            "pg_ctl",
            [
                "-D", "\(directory)/data", "-w", "-l", "\(directory)/log", "start", "-o",
                "-c listen_addresses='' -c unix_socket_directories=\(directory) -c fsync=off",
            ]
        )
        guard started.status == 0 else { throw PostgresConnection.Failed(description: started.output) }
        return server
    }

    func stop() async {
        _ = try? await command("pg_ctl", ["-D", "\(directory)/data", "-m", "immediate", "stop"])
        _ = try? await run("rm", ["-rf", directory])
    }

    private func command(_ name: String, _ arguments: [String]) async throws -> ProcessResult {
        try await run("env", prefix + ["\(Self.programs)/\(name)"] + arguments, in: "/tmp")
    }
}

/// The least of a connection that preparing needs; the engine's own comes with the engine.
final class PostgresConnection {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    private let connection: OpaquePointer

    init(_ conninfo: String) throws {
        guard let connection = PQconnectdb(conninfo) else { throw Failed(description: "no memory for a connection") }
        self.connection = connection
        guard PQstatus(connection) == CONNECTION_OK else { throw failure() }
    }

    deinit {
        PQfinish(connection)
    }

    func run(_ sql: String) throws {
        try check(PQexec(connection, sql)) { _ in }
    }

    func value(_ sql: String) throws -> String {
        var value = ""
        try check(PQexec(connection, sql)) { value = String(cString: PQgetvalue($0, 0, 0)) }
        return value
    }

    func prepare(_ name: String, _ sql: String) throws {
        try check(PQprepare(connection, name, sql, 0, nil)) { _ in }
    }

    private func check(_ result: OpaquePointer?, _ use: (OpaquePointer) -> Void) throws {
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard let result, status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else { throw failure() }
        use(result)
    }

    private func failure() -> Failed {
        Failed(description: String(cString: PQerrorMessage(connection)))
    }
}
