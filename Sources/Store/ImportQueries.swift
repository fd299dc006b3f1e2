public import Domain

enum ImportSQL: String, StatementSet {
    case insert = "INSERT INTO client_import (id, partner_id, report, created_at) VALUES (?, ?, ?, ?)"
    case one = "SELECT report FROM client_import WHERE id = ? AND partner_id = ?"
    case forget = "DELETE FROM client_import WHERE created_at <= ?"
}

extension Storage {
    /// How long a report is kept: 30 days, in milliseconds.
    private static let importAge: Int64 = 30 * 86_400_000

    /// Keeps the report of an import of clients.
    public func keepImport(_ report: [UInt8], of partner: PartnerID) async throws -> ImportID {
        let now = runtime.now()
        let id = ImportID(runtime)
        try await engine.transaction { connection in
            try connection.execute(ImportSQL.forget, .integer(now.milliseconds - Self.importAge))
            try connection.execute(ImportSQL.insert, .text(of: id), .text(of: partner), .bytes(report), .time(now))
        }
        return id
    }

    /// The report of an import.
    ///
    /// - Throws: `notFound`.
    public func importReport(_ id: ImportID, of partner: PartnerID) async throws -> [UInt8] {
        try await engine.snapshot { connection in
            guard let row = try connection.rows(ImportSQL.one, .text(of: id), .text(of: partner)).first else {
                throw Refusal(.notFound, "There is no such import.")
            }
            return try row.bytes(0)
        }
    }
}
