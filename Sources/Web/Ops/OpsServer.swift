import HTTPTypes
import Hummingbird
public import Logging

extension WebServer {
    /// What the ops endpoints tell; given by whoever composes the process.
    public struct OpsSource: Sendable {
        /// Whether requests should be sent to this process.
        public var isReady: @Sendable () async -> Bool
        /// Metrics in Prometheus' text format, version 0.0.4.
        public var metrics: @Sendable () async -> String
        /// The whole state as JSON.
        public var status: @Sendable () async -> [UInt8]

        /// Puts a source together.
        public init(
            isReady: @escaping @Sendable () async -> Bool,
            metrics: @escaping @Sendable () async -> String,
            status: @escaping @Sendable () async -> [UInt8]
        ) {
            self.isReady = isReady
            self.metrics = metrics
            self.status = status
        }
    }

    /// The ops listener: `/livez`, `/readyz`, `/metrics`, `/statusz`. Never public.
    public static func ops(
        _ source: OpsSource,
        host: String,
        port: Int,
        logger: Logger,
        isBound: @escaping @Sendable (_ host: String, _ port: Int) -> Void
    ) -> WebServer {
        let router = Router(context: WebContext.self)
        let fresh: HTTPFields = [.cacheControl: "no-store"]
        let text = "text/plain; charset=utf-8"
        router.get("/livez") { _, _ in Response(text, "ok\n".utf8, fresh) }
        router.get("/readyz") { _, _ in
            await source.isReady()
                ? Response(text, "ready\n".utf8, fresh)
                : Response(text, "not ready\n".utf8, fresh, status: .serviceUnavailable)
        }
        router.get("/metrics") { _, _ in
            Response("text/plain; version=0.0.4; charset=utf-8", await source.metrics().utf8, fresh)
        }
        router.get("/statusz") { _, _ in Response("application/json", await source.status(), fresh) }
        return WebServer(router, host: host, port: port, logger: logger, isBound: isBound)
    }
}
