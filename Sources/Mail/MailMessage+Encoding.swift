import Domain

extension MailMessage {
    /// The message as it is sent (RFC 5322, RFC 2046): text and HTML of the same, ASCII, CRLF, lines of at most 76
    /// bytes but for long addresses. The same message always gives the same bytes.
    ///
    /// - Returns: The bytes; neither dot-stuffed nor ended with a dot.
    public func encoded() -> [UInt8] {
        let head = [
            "Date: \(UTCDate(date).fieldText)",
            senderField,
            "To: \(recipient)",
            "Subject: \(EncodedWords.encode(text.subject, column: "Subject: ".utf8.count))",
            "Message-ID: <\(messageID)>",
            "MIME-Version: 1.0",
            "Content-Language: \(language.rawValue)",
            // Keeps out-of-office replies away (RFC 3834, section 5).
            "Auto-Submitted: auto-generated",
            "Content-Type: multipart/alternative; boundary=\"\(Self.boundary)\"",
            "", "",
        ]
        let body =
            part("text/plain", text.text) + part("text/html", text.html) + "--\(Self.boundary)--\r\n"
        return Array((head.joined(separator: "\r\n") + body).utf8)
    }

    /// No part can hold a line with it: in quoted-printable, digits or a line's end follow each `=`.
    static let boundary = "=_waymark"

    private var senderField: String {
        let name = EncodedWords.encode(sender.name, column: "From: ".utf8.count, isPhrase: true)
        // The address goes on a line of its own: neither has to be measured.
        return name.isEmpty ? "From: \(sender.address)" : "From: \(name)\r\n <\(sender.address)>"
    }

    private func part(_ type: String, _ text: String) -> String {
        let head = [
            "--\(Self.boundary)",
            "Content-Type: \(type); charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "", "",
        ]
        return head.joined(separator: "\r\n") + QuotedPrintable.encode(text)
    }
}
