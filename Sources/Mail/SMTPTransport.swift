import CCurl
import Domain
import Dispatch

/// Sends mail to a mail server by SMTP (RFC 5321), through libcurl.
///
/// One message at a time, each on a connection of its own: libcurl blocks, so it runs on a thread of this transport's
/// and never on one of Swift's. A delivery that has begun runs to its end, at most the settings' total timeout.
public struct SMTPTransport: MailTransport {
    private let settings: SMTPSettings
    private let queue = DispatchQueue(label: "smtp")

    /// Makes a transport; connects to nothing yet.
    ///
    /// - Parameter settings: Which server, and how.
    public init(settings: SMTPSettings) {
        self.settings = settings
    }

    /// Sends a message; on return the server has taken it over.
    ///
    /// - Parameter message: What to send.
    /// - Throws: A fault: permanent where the server refused this message with a 5yz reply; everything else may pass,
    ///   as a server that is down, a certificate that has expired, or a password that an operator has to set right.
    public func deliver(_ message: MailMessage) async throws(MailFault) {
        let fault: MailFault? = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: send(message)) }
        }
        if let fault { throw fault }
    }

    private func send(_ message: MailMessage) -> MailFault? {
        var reply = 0
        var text = [CChar](repeating: 0, count: Int(CCURL_ERROR_BYTES))
        let bytes = message.encoded()
        let code = ccurl_send_mail(
            settings.url,
            security,
            settings.caFile,
            settings.user,
            settings.password,
            settings.from.text,
            message.recipient.text,
            bytes,
            bytes.count,
            milliseconds(settings.connectTimeout),
            milliseconds(settings.totalTimeout),
            &reply,
            &text
        )
        if code == CCURL_SENT { return nil }
        let curlText = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let details = "reply \(reply), libcurl \(code): \(singleLine(curlText))"
        return MailFault(
            isPermanent: isPermanent(code: code, reply: reply),
            reason: "The mail server did not take the message (\(details))."
        )
    }

    private var security: Int32 {
        switch settings.security {
        case .none: Int32(CCURL_PLAIN)
        case .startTLS: Int32(CCURL_STARTTLS)
        case .tls: Int32(CCURL_TLS)
        }
    }

    /// A 5yz that is about the connection or the sign-in says nothing about the message: were it permanent, a mistyped
    /// password would throw all mail away. 530 and 538 ask for a sign-in or TLS, 534 and 535 refuse it (RFC 4954).
    private func isPermanent(code: Int32, reply: Int) -> Bool {
        let aboutConnection = [CCURL_ACCESS_DENIED, CCURL_TLS_UNAVAILABLE, CCURL_SIGN_IN_DENIED]
        return (500...599).contains(reply) && ![530, 534, 535, 538].contains(reply)
            && !aboutConnection.contains(Int(code))
    }

    private func milliseconds(_ duration: Duration) -> Int {
        Int(duration / .milliseconds(1))
    }
}
