import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Keeps a connection within bounds that Hummingbird leaves open: how long a request may take to come, how much of a body
/// nobody reads, how long a peer may leave an answer unread; and what a request's head must have.
///
/// It stands between NIO's HTTP parts and Hummingbird. A connection that passes a bound is answered, where it can be, and
/// closed.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The bounds.
    struct Limits: Sendable {
        /// How long a body may take to begin with, once its head is there.
        var bodyTime = TimeAmount.seconds(20)
        /// How much of it must come in a second beyond that, in bytes.
        var bodyBytesPerSecond = 16_384
        /// The largest body, whoever reads it, in bytes.
        var bodyBytes = 17 << 20
        /// How much of a body may come after its answer, in bytes.
        var unreadBytes = 65_536
        /// How long an answer may stay unread.
        var writeTime = TimeAmount.seconds(30)
    }

    private enum State {
        /// Between requests.
        case idle
        /// A head has come, its end has not.
        case receiving
        /// The same, and the answer is out already.
        case answered
        /// Nothing more is let through.
        case refused
    }

    private let limits: Limits
    private var state = State.idle
    private var received = 0
    private var afterAnswer = 0
    private var began = NIODeadline.uptimeNanoseconds(0)
    private var bodyTimer: Scheduled<Void>?
    private var writeTimer: Scheduled<Void>?

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stopTimers()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stopTimers()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .refused else { return }
        switch unwrapInboundIn(data) {
        case .head(let request):
            guard isWellFormed(request) else {
                refuse(context, .badRequest)
                return
            }
            state = .receiving
            (received, afterAnswer, began) = (0, 0, .now())
            watchBody(context)
        case .body(let bytes):
            received += bytes.readableBytes
            if state == .answered { afterAnswer += bytes.readableBytes }
            guard received <= limits.bodyBytes, afterAnswer <= limits.unreadBytes else {
                refuse(context, .contentTooLarge)
                return
            }
        case .end:
            state = .idle
            bodyTimer?.cancel()
            bodyTimer = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data), state == .receiving { state = .answered }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeTimer?.cancel()
        writeTimer = nil
        if !context.channel.isWritable {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            writeTimer = context.eventLoop.scheduleTask(in: limits.writeTime) { bound.value.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    /// One host (RFC 9112, section 3.2): the codec has made the first one the authority, and left a second one where it was.
    private func isWellFormed(_ request: HTTPRequest) -> Bool {
        guard let authority = request.authority, !authority.isEmpty else { return false }
        return request.headerFields[values: .host].isEmpty
            && authority.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@")
            }
    }

    private func watchBody(_ context: ChannelHandlerContext) {
        bodyTimer?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        bodyTimer = context.eventLoop.scheduleTask(in: .seconds(1)) {
            let (handler, context) = bound.value
            handler.checkBody(context)
        }
    }

    private func checkBody(_ context: ChannelHandlerContext) {
        guard state == .receiving || state == .answered else { return }
        let earned = Int64(received) * 1_000_000_000 / Int64(limits.bodyBytesPerSecond)
        guard NIODeadline.now() - began <= limits.bodyTime + .nanoseconds(earned) else {
            refuse(context, .requestTimeout)
            return
        }
        watchBody(context)
    }

    /// Answers where nothing was answered yet, and closes. Hummingbird only sees a connection that ends.
    private func refuse(_ context: ChannelHandlerContext, _ status: HTTPResponse.Status) {
        let isAnswered = state == .answered
        state = .refused
        stopTimers()
        guard !isAnswered else {
            context.close(promise: nil)
            return
        }
        let fields: HTTPFields = [.connection: "close", .contentLength: "0", .cacheControl: "no-store"]
        context.write(wrapOutboundOut(.head(HTTPResponse(status: status, headerFields: fields))), promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }

    private func stopTimers() {
        bodyTimer?.cancel()
        writeTimer?.cancel()
        (bodyTimer, writeTimer) = (nil, nil)
    }
}
