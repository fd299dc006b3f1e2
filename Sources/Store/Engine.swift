import Domain

/// A database: one of two, running the same SQL.
///
/// SQL is written for both: `?` parameters, BIGINT and BYTEA in DDL, `INSERT … ON CONFLICT … RETURNING`, no
/// data-modifying CTE, no `FOR UPDATE` (an `UPDATE … RETURNING` locks). Engine-specific text stays in its target.
public protocol Engine: Sendable {
    /// Runs `body` in one transaction: committed and synced when this returns, undone when it throws.
    @discardableResult
    func transaction<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result

    /// Runs `body` on one unchanging view of the database; it cannot write.
    func snapshot<Result: Sendable>(
        _ body: @escaping @Sendable (any Connection) throws -> Result
    ) async throws -> Result
}

/// A database inside a transaction or snapshot; used only within the body that was given it.
public protocol Connection {
    /// The rows that a query, or a statement with `RETURNING`, gives.
    func rows(_ statement: Statement, _ arguments: [SQLValue]) throws -> [SQLRow]
    /// Runs a statement and tells how many rows it changed.
    @discardableResult
    func execute(_ statement: Statement, _ arguments: [SQLValue]) throws -> Int
    /// Undoes what `body` did, and that alone, when it throws.
    func savepoint<Result>(_ body: () throws -> Result) throws -> Result
    /// Runs statements that define tables.
    func define(_ definitions: [StoreSchema.Definition]) throws
}

extension Connection {
    func rows(_ statement: some StatementSet, _ arguments: SQLValue...) throws -> [SQLRow] {
        try rows(Statement(statement), arguments)
    }

    @discardableResult
    func execute(_ statement: some StatementSet, _ arguments: SQLValue...) throws -> Int {
        try execute(Statement(statement), arguments)
    }
}

/// A file's statements. They are enumerable, so that a test prepares every one on each engine.
protocol StatementSet: RawRepresentable<String>, CaseIterable, Sendable {}

/// One statement of the store.
public struct Statement: Hashable, Sendable {
    /// Its text, with `?` parameters.
    public let sql: String

    init(_ statement: some StatementSet) {
        sql = statement.rawValue
    }

    /// Every statement of the store.
    public static let all: [Statement] =
        of(SchemaSQL.self) + of(FeedSQL.self) + of(PartnerSQL.self) + of(ClientSQL.self) + of(GallerySQL.self)
        + of(ReleaseSQL.self) + of(RepublishingSQL.self) + of(TrimSQL.self) + of(ClientChangeSQL.self)
        + of(SystemSQL.self) + of(PersonSQL.self)
        + of(SessionSQL.self)
        + of(StaffSQL.self)
        + of(MembershipSQL.self) + of(PartnerAccountSQL.self) + of(JoiningSQL.self) + of(LinkSQL.self)
        + of(MailSQL.self) + of(AuditSQL.self) + of(IdempotencySQL.self) + of(ErasureSQL.self) + of(ImportSQL.self)
        + of(ItemSQL.self) + of(SolutionSQL.self) + of(DownloadSQL.self) + of(EnvironmentSQL.self) + of(ReachSQL.self)
        + of(SigningSQL.self)
        + of(StandardContentSQL.self) + of(ExplanationSQL.self) + of(AdvisorySQL.self)
        + of(EvidenceSQL.self) + of(NoticeSQL.self)

    private static func of<Statements: StatementSet>(_ statements: Statements.Type) -> [Statement] {
        statements.allCases.map(Statement.init)
    }
}

/// A value as both engines store it.
public enum SQLValue: Hashable, Sendable {
    /// NULL
    case null
    /// BIGINT
    case integer(Int64)
    /// TEXT
    case text(String)
    /// BYTEA
    case bytes([UInt8])

    /// TEXT of anything that is its description, such as an id or a key.
    static func text(of value: some CustomStringConvertible) -> SQLValue {
        .text(value.description)
    }

    static func flag(_ value: Bool) -> SQLValue {
        .integer(value ? 1 : 0)
    }

    /// TEXT of host names with blanks between; NULL for none.
    static func hosts(_ hosts: [HostName]) -> SQLValue {
        hosts.isEmpty ? .null : .text(hosts.map(\.text).sorted().joined(separator: " "))
    }

    static func time(_ value: Timestamp) -> SQLValue {
        .integer(value.milliseconds)
    }
}

/// A row of a result; values by position.
public struct SQLRow: Hashable, Sendable {
    private let values: [SQLValue]

    /// Makes a row.
    public init(_ values: [SQLValue]) {
        self.values = values
    }

    /// The value of a column, or NULL past the last one.
    public subscript(column: Int) -> SQLValue {
        values.indices.contains(column) ? values[column] : .null
    }

    func integer(_ column: Int) throws -> Int64 {
        guard case .integer(let value) = self[column] else { throw damaged(column) }
        return value
    }

    func flag(_ column: Int) throws -> Bool {
        try integer(column) != 0
    }

    func text(_ column: Int) throws -> String {
        guard case .text(let value) = self[column] else { throw damaged(column) }
        return value
    }

    func bytes(_ column: Int) throws -> [UInt8] {
        guard case .bytes(let value) = self[column] else { throw damaged(column) }
        return value
    }

    func hosts(_ column: Int) throws -> [HostName] {
        try optional(column) { try text($0).split(separator: " ").map { try HostName(String($0)) } } ?? []
    }

    func digest(_ column: Int) throws -> Digest {
        guard let digest = Digest(bytes: try bytes(column)) else { throw damaged(column) }
        return digest
    }

    func time(_ column: Int) throws -> Timestamp {
        Timestamp(milliseconds: try integer(column))
    }

    func id<Kind>(_ column: Int, _: Kind.Type = Kind.self) throws -> Identifier<Kind> {
        guard let id = Identifier<Kind>(try text(column)) else { throw damaged(column) }
        return id
    }

    /// The column, or nil for NULL.
    func optional<Value>(_ column: Int, _ read: (Int) throws -> Value) rethrows -> Value? {
        self[column] == .null ? nil : try read(column)
    }

    func damaged(_ column: Int) -> DamagedRow {
        DamagedRow(column: column, row: self)
    }
}

/// A row that the schema should have made impossible: a fault of ours, or a damaged file.
public struct DamagedRow: Error, Hashable, Sendable {
    /// The position of the value at fault.
    public let column: Int
    /// The whole row.
    public let row: SQLRow
}
