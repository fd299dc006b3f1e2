/// A way for mail to leave the program.
public protocol MailTransport: Sendable {
    /// Hands a message over, once; trying again is the caller's.
    ///
    /// - Parameter message: What to send.
    /// - Throws: A fault where it was not taken, or where that is not known: then it may arrive twice.
    func deliver(_ message: MailMessage) async throws(MailFault)
}

/// Why a message was not handed over.
public struct MailFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether trying again can't help: the server has refused this message or its recipient for good.
    public let isPermanent: Bool
    /// A sentence for the log: it tells no part of the message, and nothing the server wrote.
    public let reason: String

    /// Makes a fault.
    ///
    /// - Parameters:
    ///   - isPermanent: Whether trying again can't help.
    ///   - reason: A sentence safe to log.
    public init(isPermanent: Bool, reason: String) {
        self.isPermanent = isPermanent
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
