import NIOCore
import NIOHTTP2
import NIOSSL
import NIOTLS

/// A connection until its TLS handshake is done: waits so long and no longer, then leaves it to the protocol that was
/// agreed on.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler, EdgeConnection {
    typealias InboundIn = ByteBuffer

    private let loop: EdgeLoop
    private var context: ChannelHandlerContext?
    private(set) var deadline: NIODeadline
    var place = 0

    /// How long a handshake may still take when the server is closing.
    private static let lingerTime = TimeAmount.seconds(2)

    init(loop: EdgeLoop) {
        self.loop = loop
        deadline = loop.deadline(in: loop.limits.handshakeTime)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.remove(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            context.close(promise: nil)
        } else if case .handshakeCompleted(let agreed)? = event as? TLSUserEvent {
            do {
                try hand(context, over: agreed)
            } catch {
                context.close(promise: nil)
            }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func hand(_ context: ChannelHandlerContext, over agreed: String?) throws {
        let pipeline = context.pipeline.syncOperations
        if agreed == "h2" {
            try pipeline.addHandler(HTTP2Handler.framing(limits: loop.limits))
            try pipeline.addHandler(HTTP2Handler(loop: loop))
        } else {
            try pipeline.addHandler(ConnectionHandler(loop: loop))
        }
        pipeline.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that speaks no TLS, or none that is new enough; nobody else needs to know.
        context.close(promise: nil)
    }

    func notice(_ now: NIODeadline) {}

    func closeIfIdle() {
        deadline = min(deadline, loop.deadline(in: Self.lingerTime))
    }

    func drain() {}

    func abandon() {
        deadline = .distantFuture
        context?.close(promise: nil)
    }
}
