import Domain
import Mail

extension Settings {
    /// Where mails go: to the SMTP server that was configured, else into a folder of the data directory.
    ///
    /// - Throws: A refusal where a setting is wrong.
    func mailTransport(_ directory: DataDirectory) throws -> any MailTransport {
        let server = value(.smtp)
        guard !server.isEmpty else { return try MailboxDirectory(path: directory.mailbox) }
        let address = try Address(server, flag: Key.smtp.flag)
        guard let security = SMTPSettings.Security(rawValue: value(.smtpSecurity)) else {
            let names = SMTPSettings.Security.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(.invalid, "smtp-security must be one of \(names).", field: Key.smtpSecurity.rawValue)
        }
        func optional(_ key: Key) -> String? { value(key).isEmpty ? nil : value(key) }
        return SMTPTransport(
            settings: try SMTPSettings(
                host: address.host,
                port: address.port,
                security: security,
                user: optional(.smtpUser),
                password: optional(.smtpPassword),
                caFile: optional(.smtpCA),
                from: try mailSender().address
            )
        )
    }

    /// Whom mails are from.
    func mailSender() throws -> MailSender {
        MailSender(name: "Waymark", address: try EmailAddress(value(.mailFrom), field: Key.mailFrom.rawValue))
    }
}
