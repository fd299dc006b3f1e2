import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
public import ServiceLifecycle

/// An HTTP listener for people and operators, apart from the edge's: the control pages, the ops endpoints, the demo app.
public struct WebServer: Service {
    private let application: Application<RouterResponder<WebContext>>

    /// How long a connection may stay without a request, a head that comes byte by byte included.
    private static let idleSeconds: Int64 = 30
    /// The largest head, in bytes, and how many fields it may have.
    private static let headBytesMax = 16 * 1024
    private static let fieldsMax = 100
    /// Connections at once; further ones wait. People and programs that manage, not pages.
    private static let connectionsMax = 1000

    /// Makes a listener.
    ///
    /// - Parameters:
    ///   - router: What it answers.
    ///   - host: The address to listen on.
    ///   - port: 0 for any free one.
    ///   - logger: For what goes wrong.
    ///   - isBound: Called once, with the port that is really listened on.
    init(
        _ router: Router<WebContext>,
        host: String,
        port: Int,
        logger: Logger,
        isBound: @escaping @Sendable (_ host: String, _ port: Int) -> Void
    ) {
        application = Application(
            responder: router.buildResponder(),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [RequestGuard()],
                    idleTimeout: .seconds(Self.idleSeconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Self.headBytesMax,
                        maxHeaderListSize: Self.headBytesMax,
                        maxHeaderFieldCount: Self.fieldsMax
                    )
                )
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionsMax)
            ),
            onServerRunning: { channel in isBound(host, channel.localAddress?.port ?? port) },
            logger: logger
        )
    }

    /// Serves until graceful shutdown.
    public func run() async throws {
        try await application.run()
    }
}

extension Response {
    /// A whole answer of text.
    init(_ type: String, _ text: some Sequence<UInt8>, _ fields: HTTPFields = [:], status: HTTPResponse.Status = .ok) {
        var headers = fields
        headers[.contentType] = type
        headers[.xContentTypeOptions] = "nosniff"
        self.init(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: text)))
    }
}
