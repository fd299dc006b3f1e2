import Domain

/// The tables, and the rule by which versions of this program share them.
///
/// Migrations only append. Times are milliseconds since the Unix epoch, UTC; ids are lower-case UUIDs in TEXT; `is_…`
/// columns are 0 or 1; digests are the 32 bytes of SHA-256.
public enum StoreSchema {
    /// The version that this program makes and knows.
    public static let version: Int64 = Int64(migrations.count)

    /// A statement of DDL, in the words that both engines' dialects are derived from.
    public enum Definition: Hashable, Sendable, ExpressibleByStringLiteral {
        /// A statement as it stands.
        case statement(String)
        /// Has the database refuse any change to the table's rows, and their deletion.
        case appendOnly(table: String)

        /// A statement as it stands.
        public init(stringLiteral text: String) {
            self = .statement(text)
        }
    }

    /// DDL of each version.
    public static let migrations: [[Definition]] = [tenants, accounts, indexes, content]

    /// Who has a client closed, and indexes for whatever is counted or cleared away; version 3.
    private static let indexes: [Definition] = [
        "ALTER TABLE client ADD COLUMN is_closed_by_partner BIGINT",
        "DROP INDEX joining_inviter",
        "CREATE INDEX joining_sent ON joining (invited_by, sent_at) WHERE invited_by IS NOT NULL",
        "CREATE INDEX mail_joining ON mail (joining_id, created_at) WHERE joining_id IS NOT NULL",
        "CREATE INDEX session_age ON session (created_at)",
        "CREATE INDEX joining_client ON joining (client_id, address) WHERE client_id IS NOT NULL",
        "CREATE INDEX mail_recipient ON mail (recipient)",
        "CREATE INDEX client_partner ON client (partner_id, id)",
        "CREATE INDEX client_import_age ON client_import (created_at)",
    ]

    /// Partners, clients, their content and the feed; version 1. The table `client_admin` is read no more since version
    /// 2, which has its rows in `joining`.
    private static let tenants: [Definition] =
        [
            """
            CREATE TABLE head (
                one BIGINT PRIMARY KEY CHECK (one = 1),
                epoch TEXT NOT NULL,
                generation BIGINT NOT NULL,
                state_hash BYTEA NOT NULL CHECK (length(state_hash) = 16),
                system_identifier TEXT,
                timeline BIGINT
            )
            """,
            """
            CREATE TABLE generation (
                generation BIGINT PRIMARY KEY,
                state_hash BYTEA NOT NULL CHECK (length(state_hash) = 16),
                at BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE change (
                generation BIGINT NOT NULL REFERENCES generation (generation),
                position BIGINT NOT NULL,
                kind BIGINT NOT NULL,
                key BYTEA NOT NULL,
                value BYTEA,
                PRIMARY KEY (generation, position)
            )
            """,
            """
            CREATE TABLE edge_entry (
                kind BIGINT NOT NULL,
                key BYTEA NOT NULL,
                value BYTEA NOT NULL,
                PRIMARY KEY (kind, key)
            )
            """,
            """
            CREATE TABLE object (
                digest BYTEA PRIMARY KEY CHECK (length(digest) = 32),
                media_type TEXT NOT NULL,
                body BYTEA NOT NULL,
                gzip BYTEA,
                brotli BYTEA,
                created_at BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE partner (
                id TEXT PRIMARY KEY,
                key TEXT NOT NULL UNIQUE,
                name TEXT NOT NULL UNIQUE,
                is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
                is_suspended BIGINT NOT NULL CHECK (is_suspended IN (0, 1)),
                cache_class TEXT NOT NULL CHECK (cache_class IN ('critical', 'standard', 'relaxed')),
                loader BYTEA NOT NULL REFERENCES object (digest),
                created_at BIGINT NOT NULL
            )
            """,
            "CREATE UNIQUE INDEX partner_default ON partner (is_default) WHERE is_default = 1",
            """
            CREATE TABLE partner_variable (
                partner_id TEXT NOT NULL REFERENCES partner (id),
                name TEXT NOT NULL,
                retires_at BIGINT,
                PRIMARY KEY (partner_id, name)
            )
            """,
            "CREATE UNIQUE INDEX partner_variable_current ON partner_variable (partner_id) WHERE retires_at IS NULL",
            """
            CREATE TABLE client (
                id TEXT PRIMARY KEY,
                partner_id TEXT NOT NULL REFERENCES partner (id),
                name TEXT NOT NULL,
                activated_at BIGINT,
                suspended_at BIGINT,
                suspension_reason TEXT,
                created_at BIGINT NOT NULL,
                CHECK ((suspended_at IS NULL) = (suspension_reason IS NULL))
            )
            """,
            "CREATE INDEX client_name ON client (partner_id, name)",
            """
            CREATE TABLE client_admin (
                client_id TEXT NOT NULL REFERENCES client (id),
                address TEXT NOT NULL,
                PRIMARY KEY (client_id, address)
            )
            """,
            """
            CREATE TABLE client_system (
                id TEXT PRIMARY KEY,
                client_id TEXT NOT NULL REFERENCES client (id),
                partner_id TEXT NOT NULL REFERENCES partner (id),
                type TEXT NOT NULL,
                system_client_id TEXT NOT NULL,
                cache_class TEXT CHECK (cache_class IN ('critical', 'standard', 'relaxed')),
                is_standard_content_off BIGINT NOT NULL CHECK (is_standard_content_off IN (0, 1)),
                created_at BIGINT NOT NULL,
                UNIQUE (partner_id, system_client_id)
            )
            """,
            "CREATE INDEX client_system_client ON client_system (client_id)",
            """
            CREATE TABLE reserved_system_client_id (
                partner_id TEXT NOT NULL REFERENCES partner (id),
                system_client_id TEXT NOT NULL,
                until BIGINT NOT NULL,
                PRIMARY KEY (partner_id, system_client_id)
            )
            """,
            """
            CREATE TABLE workspace (
                id TEXT PRIMARY KEY,
                system_id TEXT UNIQUE REFERENCES client_system (id),
                partner_id TEXT REFERENCES partner (id),
                system_type TEXT,
                last_release BIGINT NOT NULL,
                UNIQUE (partner_id, system_type),
                CHECK ((system_id IS NULL) = (partner_id IS NOT NULL)),
                CHECK ((partner_id IS NULL) = (system_type IS NULL))
            )
            """,
            """
            CREATE TABLE environment (
                id TEXT PRIMARY KEY,
                workspace_id TEXT NOT NULL REFERENCES workspace (id),
                name TEXT NOT NULL,
                key TEXT NOT NULL UNIQUE,
                created_at BIGINT NOT NULL,
                UNIQUE (workspace_id, name)
            )
            """,
            """
            CREATE TABLE solution (
                id TEXT PRIMARY KEY,
                partner_id TEXT NOT NULL REFERENCES partner (id),
                system_type TEXT NOT NULL,
                slug TEXT NOT NULL,
                last_version BIGINT NOT NULL,
                UNIQUE (partner_id, system_type, slug)
            )
            """,
            """
            CREATE TABLE solution_version (
                id TEXT PRIMARY KEY,
                solution_id TEXT NOT NULL REFERENCES solution (id),
                number BIGINT NOT NULL,
                name TEXT NOT NULL,
                digest BYTEA NOT NULL CHECK (length(digest) = 32),
                content BYTEA NOT NULL,
                created_at BIGINT NOT NULL,
                UNIQUE (solution_id, number)
            )
            """,
            """
            CREATE TABLE release (
                id TEXT PRIMARY KEY,
                workspace_id TEXT NOT NULL REFERENCES workspace (id),
                environment_id TEXT NOT NULL REFERENCES environment (id),
                number BIGINT NOT NULL,
                generation BIGINT NOT NULL,
                content BYTEA NOT NULL,
                snippet BYTEA NOT NULL REFERENCES object (digest),
                bundle BYTEA REFERENCES object (digest),
                player BYTEA NOT NULL REFERENCES object (digest),
                created_at BIGINT NOT NULL,
                UNIQUE (workspace_id, number)
            )
            """,
            "CREATE INDEX release_environment ON release (environment_id, number)",
            """
            CREATE TABLE release_solution (
                release_id TEXT NOT NULL REFERENCES release (id),
                position BIGINT NOT NULL,
                solution_version_id TEXT NOT NULL REFERENCES solution_version (id),
                PRIMARY KEY (release_id, position)
            )
            """,
            """
            CREATE TABLE live (
                environment_id TEXT PRIMARY KEY REFERENCES environment (id),
                release_id TEXT NOT NULL REFERENCES release (id)
            )
            """,
        ]

    /// The table by which versions of the program recognise each other's schema.
    package static let versionTable: Definition = """
        CREATE TABLE IF NOT EXISTS schema_version (
            one BIGINT PRIMARY KEY CHECK (one = 1),
            version BIGINT NOT NULL,
            minimum BIGINT NOT NULL
        )
        """
}

enum SchemaSQL: String, StatementSet {
    case version = "SELECT version, minimum FROM schema_version"
    case setVersion = """
        INSERT INTO schema_version (one, version, minimum) VALUES (1, ?, ?)
        ON CONFLICT (one) DO UPDATE SET version = excluded.version
        """
    case beginEpoch = "UPDATE head SET epoch = ?"
    case namedAdmins = "SELECT client_id, address FROM client_admin ORDER BY client_id, address"
    case newestVersions = """
        SELECT solution.id, solution_version.content, solution_version.created_at FROM solution
        JOIN solution_version ON solution_version.solution_id = solution.id
            AND solution_version.number = solution.last_version
        """
    case describe = "UPDATE solution SET about = ?, created_at = ? WHERE id = ?"
    case beginHistory = "UPDATE head SET history_from = ?"
    case datePresent = "UPDATE edge_entry SET since = (SELECT generation FROM head), since_at = ?"
    case begin = "INSERT INTO head (one, epoch, generation, state_hash) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING"
}

extension Storage {
    /// Brings the schema to this version, in one transaction. Running it again changes nothing.
    ///
    /// - Throws: `unsupported` where a later version of the program has said that this one is too old for its schema.
    public func migrate() async throws {
        let runtime = runtime
        try await engine.transaction { connection in
            try connection.define([StoreSchema.versionTable])
            let row = try connection.rows(SchemaSQL.version).first
            let present = try row?.integer(0) ?? 0
            let minimum = try row?.integer(1) ?? 1
            guard minimum <= StoreSchema.version else {
                throw Refusal(
                    .unsupported,
                    """
                    The data directory was made for schema version \(minimum) or later; this program knows version \
                    \(StoreSchema.version). Run the newer waymark that last used it.
                    """
                )
            }
            for migration in StoreSchema.migrations.dropFirst(Int(clamping: present)) {
                try connection.define(migration)
            }
            if present == 1 { try Self.inviteNamedAdmins(connection, runtime) }
            if (1...3).contains(present) {
                try Self.describeSolutions(connection)
                // What was before, nobody kept.
                try connection.execute(SchemaSQL.beginHistory, .time(runtime.now()))
                try connection.execute(SchemaSQL.datePresent, .time(runtime.now()))
            }
            if present < StoreSchema.version {
                try connection.execute(SchemaSQL.setVersion, .integer(StoreSchema.version), .integer(minimum))
            }
            try connection.execute(
                SchemaSQL.begin,
                .text(hexadecimal(runtime.random(16))),
                .bytes(StateHash.empty.bytes)
            )
        }
    }

    /// Version 1 only knew the addresses of a client's admins. From version 2 on they are joinings without a mail yet.
    private static func inviteNamedAdmins(_ connection: any Connection, _ runtime: Runtime) throws {
        for row in try connection.rows(SchemaSQL.namedAdmins) {
            // One that mail cannot be sent to has never joined and never will.
            guard let address = try? EmailAddress(try row.text(1)) else { continue }
            let admin = NewJoining(seat: Seat.regular(try row.id(0), .admin), address: address)
            try connection.putJoining(admin, invitedBy: nil, at: runtime.now(), runtime)
        }
    }

    /// Until version 3 a solution's name and summary stood in its versions only.
    private static func describeSolutions(_ connection: any Connection) throws {
        for row in try connection.rows(SchemaSQL.newestVersions) {
            let about = try JSONValue(parsing: try row.bytes(1))["about"] ?? [:]
            try connection.execute(
                SchemaSQL.describe,
                .bytes(about.setting("/notes", to: nil).canonical),
                row[2],
                row[0]
            )
        }
    }

    /// Starts another history of the change log, as a restored copy must: edges that followed the first one read
    /// everything anew. Generation and state stay.
    public func beginEpoch() async throws {
        let epoch = hexadecimal(runtime.random(16))
        try await engine.transaction { try $0.execute(SchemaSQL.beginEpoch, .text(epoch)) }
    }

    /// Whether the entries add up to the state hash of the head.
    public func stateHashHolds() async throws -> Bool {
        let snapshot = try await snapshot()
        return snapshot.stateHash == snapshot.head.stateHash
    }
}
