public import Domain

/// One mail to one person, ready to be sent: whatever it was made of, it is one well-formed message.
public struct MailMessage: Sendable {
    /// Who it is from, as its reader sees it.
    public let sender: MailSender
    /// Who gets it.
    public let recipient: EmailAddress
    /// Its words.
    public let text: MailText
    /// Its identity, without angle brackets; the same at every attempt, so that a copy can be told from a second mail.
    public let messageID: String
    /// When it was queued; the same at every attempt.
    public let date: Timestamp
    /// What language it is in.
    public let language: Language

    /// The longest message id, in bytes: it is a file's name too.
    public static let messageIDBytesMax = 150

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - sender: Who it is from.
    ///   - recipient: Who gets it.
    ///   - text: Its words.
    ///   - messageID: Letters, digits, `.`, `-`, `_` and one `@` in the middle.
    ///   - date: When it was queued.
    ///   - language: What language it is in.
    /// - Throws: A permanent fault where the message id is none.
    public init(
        sender: MailSender,
        recipient: EmailAddress,
        text: MailText,
        messageID: String,
        date: Timestamp,
        language: Language
    ) throws(MailFault) {
        guard isMessageID(messageID) else {
            throw MailFault(isPermanent: true, reason: "The message has no well-formed id.")
        }
        self.sender = sender
        self.recipient = recipient
        self.text = text
        self.messageID = messageID
        self.date = date
        self.language = language
    }
}

/// Who a mail is from.
public struct MailSender: Hashable, Sendable {
    /// The name shown; blank for none.
    public let name: String
    /// The address.
    public let address: EmailAddress

    /// Makes a sender.
    ///
    /// - Parameters:
    ///   - name: The name shown; blank for none.
    ///   - address: The address.
    public init(name: String, address: EmailAddress) {
        self.name = name
        self.address = address
    }
}

/// Whether a text can be a message id, and a part of a file's name.
func isMessageID(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    return text.utf8.count <= MailMessage.messageIDBytesMax && parts.count == 2
        && parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
        }
}
