public import Domain
public import Store

/// Takes mails from the outbox, writes them, and hands them over.
public struct MailDelivery: Sendable {
    private let storage: Storage
    private let templates: MailTemplates
    private let transport: any MailTransport
    private let sender: MailSender
    private let origin: @Sendable () -> String
    private let runtime: Runtime

    /// How many mails one round takes: they are delivered within their lease.
    private static let roundMax = 20
    /// The first pause after a failure, in milliseconds; it doubles with each, up to the longest.
    private static let pauseMin = 30_000.0
    private static let pauseMax = 4 * 3_600_000.0

    /// Makes a delivery.
    ///
    /// - Parameters:
    ///   - storage: Holds the outbox.
    ///   - transport: Where mails go.
    ///   - sender: Whom they are from.
    ///   - origin: The origin that links begin with, as it was configured.
    ///   - runtime: Chance, for pauses.
    /// - Throws: Where a template is broken.
    public init(
        storage: Storage,
        transport: any MailTransport,
        sender: MailSender,
        origin: @escaping @Sendable () -> String,
        runtime: Runtime
    ) throws {
        self.storage = storage
        self.transport = transport
        self.sender = sender
        self.origin = origin
        self.runtime = runtime
        templates = try MailTemplates()
    }

    /// Delivers what is due, one mail after another.
    ///
    /// - Parameter failed: Told of each mail that could not be handed over, and whether it was given up.
    /// - Returns: How many mails were taken; none left to do where it is 0.
    /// - Throws: Failures of the database.
    public func deliverDue(failed: (_ mail: MailID, _ reason: String, _ isGivenUp: Bool) -> Void) async throws -> Int {
        let mails = try await storage.leaseMails(Self.roundMax)
        for mail in mails {
            do {
                try await transport.deliver(try message(mail))
                try await storage.mailSent(mail.id)
            } catch let fault as MailFault {
                try await retry(mail, fault, failed)
            } catch let fault as MailTemplates.Fault {
                try await retry(mail, MailFault(isPermanent: true, reason: "\(fault)"), failed)
            }
        }
        return mails.count
    }

    private func message(_ mail: LeasedMail) throws -> MailMessage {
        var values = mail.values
        if let link = mail.link { values["link"] = "\(origin())/\(link.path)/\(link.secret.text)" }
        return try MailMessage(
            sender: sender,
            recipient: mail.recipient,
            text: try templates.message(mail.template, mail.language, values: values),
            messageID: "\(mail.id)@\(sender.address.text.split(separator: "@").last ?? "localhost")",
            date: mail.createdAt,
            language: mail.language
        )
    }

    private func retry(
        _ mail: LeasedMail,
        _ fault: MailFault,
        _ failed: (MailID, String, Bool) -> Void
    ) async throws {
        let isGivenUp = fault.isPermanent || mail.attempts >= Storage.mailAttemptsMax
        failed(mail.id, fault.reason, isGivenUp)
        try await storage.mailFailed(mail.id, reason: fault.reason, retry: isGivenUp ? nil : next(after: mail.attempts))
    }

    /// Doubling pauses, each longer or shorter by up to a quarter, so that a thousand mails do not come back at once.
    private func next(after attempts: Int64) -> Timestamp {
        var pause = Self.pauseMin
        for _ in 1..<max(attempts, 1) where pause < Self.pauseMax { pause *= 2 }
        let chance = Double(runtime.random(1).first ?? 128) / 255
        let jittered = min(pause, Self.pauseMax) * (0.75 + chance / 2)
        return Timestamp(milliseconds: runtime.now().milliseconds + Int64(jittered))
    }
}
