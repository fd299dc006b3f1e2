import Domain
import Logging
import Mail
import ServiceLifecycle
import Store

/// Does something again and again while the server runs; what fails is logged, and tried again after the pause.
struct Periodic: Service {
    let pause: Duration
    /// What to log where it fails.
    let failure: Logger.Message
    let logger: Logger
    let work: @Sendable () async throws -> Void

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await work()
                } catch is CancellationError {
                    return
                } catch {
                    logger.error(failure, metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: pause)
            }
        }
    }
}

extension Periodic {
    /// Trims the change log, once an hour.
    static func logTrimmer(_ storage: Storage, _ logger: Logger) -> Periodic {
        Periodic(pause: .seconds(3600), failure: "The change log could not be trimmed.", logger: logger) {
            let count = try await storage.trimLog()
            if count > 0 { logger.info("The change log was trimmed.", metadata: ["generations": "\(count)"]) }
        }
    }

    /// Tells clients of advisories, and that other standard content is live.
    static func clientTeller(_ storage: Storage, _ logger: Logger) -> Periodic {
        Periodic(pause: .seconds(1), failure: "Clients could not be told of a change.", logger: logger) {
            while try await storage.tellOfAdvisories() { try Task.checkCancellation() }
            while try await storage.tellOfStandardContent() { try Task.checkCancellation() }
        }
    }

    /// Forgets items that nobody can restore any more, once an hour.
    static func itemForgetter(_ storage: Storage, _ logger: Logger) -> Periodic {
        Periodic(pause: .seconds(3600), failure: "Deleted items could not be forgotten.", logger: logger) {
            let count = try await storage.forgetDeletedItems()
            if count > 0 { logger.info("Deleted items were forgotten.", metadata: ["items": "\(count)"]) }
        }
    }

    /// Closes the clients whose closing is due, within seconds.
    static func clientCloser(_ storage: Storage, _ logger: Logger) -> Periodic {
        Periodic(pause: .seconds(5), failure: "Clients that are due could not be closed.", logger: logger) {
            while true {
                let closed = try await storage.closeDueClients()
                guard !closed.isEmpty else { return }
                for client in closed { logger.info("A client was closed.", metadata: ["client": "\(client)"]) }
            }
        }
    }

    /// Delivers the outbox's mails; a new one waits for half a second at most before it is looked for.
    static func mailWorker(_ delivery: MailDelivery, _ logger: Logger) -> Periodic {
        Periodic(pause: .milliseconds(500), failure: "The outbox could not be worked on.", logger: logger) {
            var taken = 0
            repeat {
                try Task.checkCancellation()
                taken = try await delivery.deliverDue { mail, reason, isGivenUp in
                    logger.log(
                        level: isGivenUp ? .error : .warning,
                        isGivenUp ? "A mail was given up." : "A mail could not be delivered yet.",
                        metadata: ["mail": "\(mail)", "reason": "\(reason)"]
                    )
                }
            } while taken > 0
        }
    }
}
