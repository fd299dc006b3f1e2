import Logging
import ServiceLifecycle
import Store

/// Trims the change log, once an hour.
struct LogTrimmer: Service {
    let storage: Storage
    let logger: Logger

    private static let pause = Duration.seconds(3600)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                do {
                    let count = try await storage.trimLog()
                    if count > 0 { logger.info("The change log was trimmed.", metadata: ["generations": "\(count)"]) }
                } catch {
                    logger.error("The change log could not be trimmed.", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
