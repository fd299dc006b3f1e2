import HTTPTypes
import Hummingbird
import Logging
public import ServiceLifecycle

/// An HTTP listener for people and operators, apart from the edge's: the control pages, the ops endpoints, the demo app.
public struct WebServer: Service {
    private let application: Application<RouterResponder<WebContext>>

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
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
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
