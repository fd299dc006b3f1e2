public import Domain

enum MailSQL: String, StatementSet {
    case insert = """
        INSERT INTO mail (id, template, language, recipient, content, joining_id, person_id, created_at, due_at, attempts)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
        """
    case due = """
        SELECT id, template, language, recipient, content, joining_id, person_id, attempts, created_at FROM mail
        WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?
        """
    case lease = "UPDATE mail SET due_at = ?, attempts = attempts + 1 WHERE id = ? AND due_at <= ? AND sent_at IS NULL"
    case drop = "DELETE FROM mail WHERE id = ?"
    case sent = "UPDATE mail SET sent_at = ?, content = '{}', error = NULL WHERE id = ?"
    case failed = "UPDATE mail SET failed_at = ?, error = ? WHERE id = ?"
    case again = "UPDATE mail SET due_at = ?, error = ? WHERE id = ?"
    case withdraw =
        "UPDATE mail SET failed_at = ?, error = ? WHERE joining_id = ? AND sent_at IS NULL AND failed_at IS NULL"
}

/// A mail of the outbox, taken for delivery.
public struct LeasedMail: Sendable {
    /// Its id; also the base of its Message-ID, the same at each attempt.
    public let id: MailID
    /// What it is about.
    public let template: MailTemplate
    /// Its language.
    public let language: Language
    /// To whom.
    public let recipient: EmailAddress
    /// What its template shows.
    public var values: [String: String]
    /// The secret of its link, made for this attempt, with the path that it stands in; nil for a mail without a link.
    public let link: (path: String, secret: SecretToken)?
    /// How often delivery was tried, this time included.
    public let attempts: Int64
    /// When it was written; its date, at each attempt.
    public let createdAt: Timestamp
}

extension Storage {
    /// How long a mail stays taken: longer than a delivery can last, so that two workers never send the same one.
    static let mailLease: Int64 = 120_000
    /// How far ahead of its time a mail is put that somebody waits for: before thousands of an import.
    static let mailHeadStart: Int64 = 3_600_000
    /// How often delivery is tried: over two days, with the pauses between.
    public static let mailAttemptsMax: Int64 = 20

    /// Takes mails that are due. Secrets are made now, so that none ever lies in the database.
    ///
    /// - Parameter limit: How many at most.
    /// - Returns: The mails, each with its secret.
    /// - Throws: Failures of the database.
    public func leaseMails(_ limit: Int) async throws -> [LeasedMail] {
        let now = runtime.now()
        let runtime = runtime
        // Looked at often, and mostly nothing is due: that must not take the writer.
        let isDue = try await engine.snapshot { connection in
            try !connection.rows(MailSQL.due, .time(now), .integer(1)).isEmpty
        }
        guard isDue else { return [] }
        return try await engine.transaction { connection in
            try connection.rows(MailSQL.due, .time(now), .integer(Int64(limit))).compactMap { row in
                let id: MailID = try row.id(0)
                let until = SQLValue.integer(now.milliseconds + Self.mailLease)
                guard try connection.execute(MailSQL.lease, until, .text(of: id), .time(now)) == 1 else { return nil }
                guard let template = MailTemplate(rawValue: try row.text(1)) else { throw row.damaged(1) }
                let recipient = try EmailAddress(try row.text(3))
                var language = Language(rawValue: try row.text(2)) ?? .english
                var values = try Self.mailValues(row)
                let link: (path: String, secret: SecretToken)?
                if template == .passwordReset {
                    guard let person = try connection.resetting(recipient, at: now) else {
                        try connection.execute(MailSQL.drop, .text(of: id))
                        return nil
                    }
                    language = person.language
                    values["expiresAt"] = Timestamp(milliseconds: now.milliseconds + Self.resetAge).description
                    link = (
                        "password-resets", try connection.addLink(joining: .null, .text(of: person.id), now, runtime)
                    )
                } else {
                    link = try connection.link(template, row, &values, at: now, runtime)
                }
                return LeasedMail(
                    id: id,
                    template: template,
                    language: language,
                    recipient: recipient,
                    values: values,
                    link: link,
                    attempts: try row.integer(7) + 1,
                    createdAt: try row.time(8)
                )
            }
        }
    }

    private static func mailValues(_ row: SQLRow) throws -> [String: String] {
        guard case .object(let members)? = try? JSONValue(parsing: Array(try row.text(4).utf8)) else {
            throw row.damaged(4)
        }
        return members.compactMapValues(\.text)
    }

    /// Notes that a mail was handed over.
    public func mailSent(_ mail: MailID) async throws {
        let now = runtime.now()
        try await engine.transaction { connection in
            try connection.execute(MailSQL.sent, .time(now), .text(of: mail))
        }
    }

    /// Notes that a mail could not be handed over: it is tried again later, or given up.
    ///
    /// - Parameters:
    ///   - mail: Which.
    ///   - reason: Why; without secrets.
    ///   - retry: When to try again; nil to give up.
    /// - Throws: Failures of the database.
    public func mailFailed(_ mail: MailID, reason: String, retry: Timestamp?) async throws {
        let now = runtime.now()
        try await engine.transaction { connection in
            if let retry {
                try connection.execute(MailSQL.again, .time(retry), .text(reason), .text(of: mail))
            } else {
                try connection.execute(MailSQL.failed, .time(now), .text(reason), .text(of: mail))
            }
        }
    }
}

extension Connection {
    /// Puts a mail to a person into the outbox.
    func queueMail(
        _ template: MailTemplate,
        to person: PersonRecord,
        _ values: [String: String],
        at now: Timestamp,
        _ runtime: Runtime
    ) throws {
        guard let address = person.address, person.disabledAt == nil else { return }
        try queueMail(template, to: address, person.language, values, person: person.id, at: now, runtime)
    }

    /// Puts a mail into the outbox.
    ///
    /// - Parameters:
    ///   - template: What it is about.
    ///   - address: To whom.
    ///   - language: Its language.
    ///   - values: What it shows.
    ///   - joining: The invitation that its link accepts, or that its code belongs to.
    ///   - person: Whom its link lets set a new password.
    ///   - now: The present time.
    ///   - delay: How many milliseconds to wait before it goes.
    ///   - runtime: Chance, for its id.
    /// - Throws: Failures of the database.
    func queueMail(
        _ template: MailTemplate,
        to address: EmailAddress,
        _ language: Language,
        _ values: [String: String],
        joining: JoiningID? = nil,
        person: PersonID? = nil,
        at now: Timestamp,
        delay: Int64 = 0,
        _ runtime: Runtime
    ) throws {
        let content = JSONValue.object(values.mapValues(JSONValue.string)).canonical
        try execute(
            MailSQL.insert,
            .text(of: MailID(runtime)),
            .text(template.rawValue),
            .text(language.rawValue),
            .text(of: address),
            .text(String(decoding: content, as: UTF8.self)),
            joining.map(SQLValue.text(of:)) ?? .null,
            person.map(SQLValue.text(of:)) ?? .null,
            .time(now),
            .integer(now.milliseconds + delay - (template.isAwaited ? Storage.mailHeadStart : 0))
        )
    }

    /// The link or code of a mail, made for one attempt to deliver it; earlier attempts' links work as well.
    fileprivate func link(
        _ template: MailTemplate,
        _ row: SQLRow,
        _ values: inout [String: String],
        at now: Timestamp,
        _ runtime: Runtime
    ) throws -> (path: String, secret: SecretToken)? {
        switch template {
        case .activation: return ("activations", try addLink(joining: row[5], .null, now, runtime))
        case .partnerInvitation, .userInvitation, .staffInvitation:
            return ("invitations", try addLink(joining: row[5], .null, now, runtime))
        case .mailboxCode:
            values["code"] = try setCode(try row.id(5), at: now, runtime)
            return nil
        default: return nil
        }
    }

    fileprivate func addLink(
        joining: SQLValue,
        _ person: SQLValue,
        _ now: Timestamp,
        _ runtime: Runtime
    ) throws -> SecretToken {
        let secret = SecretToken(runtime)
        try execute(LinkSQL.insert, .bytes(secret.digest.bytes), joining, person, .time(now))
        return secret
    }

    /// Whom a reset mail to an address is for; nil where nobody may reset a password there, or did so too often.
    fileprivate func resetting(_ address: EmailAddress, at now: Timestamp) throws -> PersonRecord? {
        guard let person = try person(address), person.disabledAt == nil else { return nil }
        let hourAgo = SQLValue.integer(now.milliseconds - 3_600_000)
        let recent = try rows(LinkSQL.countOfPerson, .text(of: person.id), hourAgo).first?.integer(0) ?? 0
        return recent < Storage.mailsPerHourMax ? person : nil
    }
}
