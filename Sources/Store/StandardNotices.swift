import Domain

enum NoticeSQL: String, StatementSet {
    case put = """
        INSERT INTO standard_notice (partner_id, system_type, due_at, after_client) VALUES (?, ?, ?, '')
        ON CONFLICT (partner_id, system_type) DO UPDATE SET due_at = excluded.due_at, after_client = ''
        """
    case due = """
        SELECT partner_id, system_type, after_client FROM standard_notice WHERE due_at <= ? ORDER BY due_at LIMIT 1
        """
    case clients = """
        SELECT client.id FROM client WHERE client.partner_id = ? AND client.id > ? AND client.activated_at IS NOT NULL
            AND client.removed_at IS NULL AND client.closed_at IS NULL AND EXISTS (
                SELECT 1 FROM client_system WHERE client_system.client_id = client.id AND client_system.type = ?
                    AND client_system.deleted_at IS NULL AND client_system.is_standard_content_off = 0
            )
        ORDER BY client.id LIMIT ?
        """
    case advance = """
        UPDATE standard_notice SET after_client = ?
        WHERE partner_id = ? AND system_type = ? AND after_client = ? AND due_at <= ?
        """
    case delete = """
        DELETE FROM standard_notice WHERE partner_id = ? AND system_type = ? AND after_client = ? AND due_at <= ?
        """
}

extension Storage {
    /// For how long standard content must have stayed as it is before its clients are told, in milliseconds: who publishes
    /// three times in a row tells them once.
    static let noticeDelay: Int64 = 5000
    /// How many clients one transaction tells.
    static let noticedAtOnce: Int64 = 100

    /// Tells the admins of some clients that other standard content is live (decision D-18): not with the publication,
    /// which may reach a hundred thousand.
    ///
    /// - Returns: Whether there may be more to tell.
    public func tellOfStandardContent() async throws -> Bool {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            guard let notice = try connection.rows(NoticeSQL.due, .time(now)).first else { return false }
            let clients = try connection.rows(
                NoticeSQL.clients,
                notice[0],
                notice[2],
                notice[1],
                .integer(Self.noticedAtOnce)
            )
            let advanced =
                if let last = clients.last, clients.count == Self.noticedAtOnce {
                    try connection.execute(NoticeSQL.advance, last[0], notice[0], notice[1], notice[2], .time(now))
                } else {
                    try connection.execute(NoticeSQL.delete, notice[0], notice[1], notice[2], .time(now))
                }
            // Somebody else tells them.
            guard advanced == 1 else { return true }
            let partner = try connection.partner(try notice.id(0)).name.text
            for row in clients {
                let values = ["partnerName": partner]
                try connection.tellAdmins(of: try row.id(0), .standardContentChanged, values, at: now, runtime)
            }
            return true
        }
    }
}

extension Connection {
    /// Has the clients told soon that the standard content in production is another.
    func noteStandardChange(of partner: PartnerID, _ type: SystemType, at now: Timestamp) throws {
        let due = SQLValue.integer(now.milliseconds + Storage.noticeDelay)
        try execute(NoticeSQL.put, .text(of: partner), .text(of: type), due)
    }
}
