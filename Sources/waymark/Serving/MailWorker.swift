import Domain
import Logging
import Mail
import ServiceLifecycle

/// Delivers the outbox's mails while the server runs.
struct MailWorker: Service {
    let delivery: MailDelivery
    let logger: Logger

    /// How long a new mail waits at most before it is looked for.
    private static let pause = Duration.milliseconds(500)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                do {
                    while try await round() > 0 {}
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("The outbox could not be worked on.", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    private func round() async throws -> Int {
        try Task.checkCancellation()
        return try await delivery.deliverDue { mail, reason, isGivenUp in
            logger.log(
                level: isGivenUp ? .error : .warning,
                isGivenUp ? "A mail was given up." : "A mail could not be delivered yet.",
                metadata: ["mail": "\(mail)", "reason": "\(reason)"]
            )
        }
    }
}
