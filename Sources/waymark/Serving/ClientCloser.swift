import Logging
import ServiceLifecycle
import Store

/// Closes the clients whose closing is due, within seconds.
struct ClientCloser: Service {
    let storage: Storage
    let logger: Logger

    private static let pause = Duration.seconds(5)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                do {
                    while true {
                        let closed = try await storage.closeDueClients()
                        guard !closed.isEmpty else { break }
                        for client in closed { logger.info("A client was closed.", metadata: ["client": "\(client)"]) }
                    }
                } catch {
                    logger.error("Clients that are due could not be closed.", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
