import Domain
import NIOCore
import NIOSSL

/// One HTTP/1.x connection: frames requests with the strict scanner, answers them in order, keeps the deadlines.
///
/// Requests that ``FastLane`` recognises are answered from the bytes they came in; the rest goes through ``Responder``.
/// It reads on demand: nothing is taken from the socket while answers wait to be written, or an object is fetched.
final class ConnectionHandler: ChannelInboundHandler, EdgeConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case head
        case body(Request, BodyReader)
        /// An object is on its way from upstream.
        case waiting
        /// The last answer is being written.
        case finishing
        /// It is written; what still comes is thrown away, so that the peer can read it in peace.
        case lingering
    }

    private let loop: EdgeLoop
    private var input = ByteBuffer()
    private var scanner: HeadScanner
    private var phase = Phase.head
    private var context: ChannelHandlerContext?
    private var inputEnded = false
    private var isStalled = false
    private var isWorking = false
    /// Whether no request has come yet.
    private var isFresh = true
    private var writes = WriteWatch()
    /// Whether so much was written that some of it may still be waiting for the peer.
    private var isWatched = false
    private(set) var deadline: NIODeadline
    var place = 0

    /// How long a peer may take to close after the last answer, or a new one to ask when the server is closing.
    private static let lingerTime = TimeAmount.seconds(2)
    /// Bodies up to this size are copied behind their heads, which is cheaper than a second vector for `writev`.
    private static let copiedBodyBytesMax = 8 * 1024
    /// Answers to pipelined requests are sent off when they come to this much.
    private static let outputBytesMax = 32 * 1024

    init(loop: EdgeLoop) {
        self.loop = loop
        scanner = HeadScanner(limits: loop.limits)
        deadline = loop.deadline(in: loop.limits.idleTime)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Before it is active: a burst is set up as a whole before its first connection is.
        loop.add(self)
        if context.channel.isActive { start(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.remove(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        start(context)
    }

    private func start(_ context: ChannelHandlerContext) {
        if loop.closesIdle { deadline = loop.deadline(in: Self.lingerTime) }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .finishing, .lingering: return
        case .head, .body, .waiting: break
        }
        if input.readableBytes == 0 {
            input = unwrapInboundIn(data)
        } else {
            input.writeImmutableBuffer(unwrapInboundIn(data))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        work(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isStalled = !context.channel.isWritable
        if isStalled { isWatched = true }
        if isStalled || isWorking { return }
        deadline = loop.deadline(in: timeLeft)
        work(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        inputEnded = true
        work(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that ends TLS without saying so has ended its side, and is still answered.
        if case NIOSSLError.uncleanShutdown? = error as? NIOSSLError { return }
        // Resets and the like: the peer is gone, and nobody else needs to know.
        context.close(promise: nil)
    }

    func abandon() {
        deadline = .distantFuture
        context?.close(promise: nil)
    }

    func drain() {}

    func closeIfIdle() {
        guard let context, case .head = phase, input.readableBytes == 0 else { return }
        if isFresh {
            // It was accepted before the listener closed: its first request is on the way.
            deadline = loop.deadline(in: Self.lingerTime)
        } else {
            finish(context)
        }
    }

    func notice(_ now: NIODeadline) {
        guard isWatched, let channel = context?.channel else { return }
        switch writes.look(at: channel, now, limit: loop.limits.writeTime, deadline: &deadline) {
        case .pending: return
        case .taken: deadline = loop.deadline(in: timeLeft)
        case .nothingPending: break
        }
        isWatched = false
    }

    /// Takes whole requests from the input and answers them, then asks for more.
    private func work(_ context: ChannelHandlerContext) {
        guard !isWorking else { return }
        isWorking = true
        requests: while !isStalled {
            switch phase {
            case .head:
                guard input.readableBytes > 0, takeHead(context) else { break requests }
            case .body(let request, let reader):
                guard takeBody(context, request, reader) else { break requests }
            case .waiting, .finishing, .lingering: break requests
            }
            if loop.output.readableBytes > Self.outputBytesMax { sendOff(context) }
        }
        sendOff(context)
        isWorking = false
        if input.readableBytes == 0 {
            // Its memory goes back to the channel: an idle connection holds none.
            input = ByteBuffer()
        } else if input.readerIndex > 16 * 1024 {
            input.discardReadBytes()
        }
        switch phase {
        case .lingering:
            if inputEnded { context.close(promise: nil) } else { context.read() }
        case .waiting, .finishing: break
        case .head, .body:
            if isStalled {
                deadline = loop.deadline(in: loop.limits.writeTime)
            } else if inputEnded {
                finish(context)
            } else {
                context.read()
            }
        }
    }

    /// Writes what the answers so far came to.
    private func sendOff(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>? = nil) {
        guard loop.output.readableBytes > 0 || promise != nil else { return }
        // Taken out first: writing may call back, and what is called must not find it.
        var output = loop.takeOutput()
        loop.counters.bytesSent += output.readableBytes
        if output.readableBytes > Self.copiedBodyBytesMax { isWatched = true }
        context.writeAndFlush(wrapOutboundOut(output), promise: promise)
        loop.giveBack(&output)
    }

    /// How long the present phase may take from now.
    private var timeLeft: TimeAmount {
        switch phase {
        case .head: input.readableBytes > 0 ? loop.limits.headTime : loop.limits.idleTime
        case .body: loop.limits.bodyTime
        case .waiting: loop.limits.objectTime + loop.limits.bodyTime
        case .finishing: loop.limits.writeTime
        case .lingering: Self.lingerTime
        }
    }

    /// How a request wants to be answered, whatever the answer.
    private struct Manner {
        var isHead = false
        var keepsAlive = false
        var isOld = false

        init(isOld: Bool = false) {
            self.isOld = isOld
        }

        init(_ head: RequestHead) {
            (isHead, keepsAlive, isOld) = (head.method == .head, head.keepsAlive, head.isOld)
        }

        init(_ request: Request) {
            (isHead, keepsAlive, isOld) = (request.method == .head, request.keepsAlive, request.isOld)
        }
    }

    /// What a look at the input came to.
    private enum Scan {
        case incomplete
        case refused(HeadFault)
        /// The fast lane's answer to a request.
        case answered(Answer, Manner)
        /// For the slow lane.
        case request(Request, RequestHead.Body, expectsContinue: Bool)
    }

    /// Returns whether there is more to do at once.
    private func takeHead(_ context: ChannelHandlerContext) -> Bool {
        let wasAtStart = scanner.isAtStart
        var end = 0
        let scan = input.withUnsafeReadableBytes { bytes -> Scan in
            do throws(HeadFault) {
                guard let found = try scanner.scan(bytes) else { return .incomplete }
                end = found
            } catch {
                return .refused(error)
            }
            let head = scanner.head
            if let shown = loop.shown, let answer = FastLane.answer(to: head, bytes, in: shown) {
                if answer.outcome == .unknown { loop.noteUnknown(UnsafeRawBufferPointer(rebasing: bytes[head.target])) }
                return .answered(answer, Manner(head))
            }
            return .request(Request(head, bytes), head.body, expectsContinue: head.expectsContinue)
        }
        switch scan {
        case .incomplete:
            // The time runs from a head's first byte, however often more of it comes.
            if wasAtStart { deadline = loop.deadline(in: loop.limits.headTime) }
            return false
        case .refused(let fault):
            return send(.refused(fault), Manner(), context)
        case .answered(let answer, let manner):
            headTaken(end)
            return send(answer, manner, context)
        case .request(let request, let body, let expectsContinue):
            headTaken(end)
            return take(request, body, expectsContinue: expectsContinue, context)
        }
    }

    private func headTaken(_ count: Int) {
        input.moveReaderIndex(forwardBy: count)
        scanner = HeadScanner(limits: loop.limits)
        isFresh = false
    }

    /// Takes a request that the fast lane left.
    private func take(
        _ request: Request,
        _ body: RequestHead.Body,
        expectsContinue: Bool,
        _ context: ChannelHandlerContext
    ) -> Bool {
        if case .none = body { return reply(to: request, body: [], context) }
        phase = .body(request, BodyReader(body, bytesMax: loop.limits.bodyBytes))
        deadline = loop.deadline(in: loop.limits.bodyTime)
        if expectsContinue && input.readableBytes == 0, !isTooLarge(body) {
            loop.output.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        }
        return true
    }

    private func isTooLarge(_ body: RequestHead.Body) -> Bool {
        if case .length(let count) = body { return count > loop.limits.bodyBytes }
        return false
    }

    private func takeBody(_ context: ChannelHandlerContext, _ request: Request, _ reader: BodyReader) -> Bool {
        var reader = reader
        let (progress, used) = input.withUnsafeReadableBytes { reader.read($0) }
        input.moveReaderIndex(forwardBy: used)
        switch progress {
        case .incomplete:
            phase = .body(request, reader)
            return false
        case .complete:
            return reply(to: request, body: reader.bytes, context)
        case .malformed, .tooLarge:
            let answer = progress == .malformed ? Answer.malformedBody : Answer.contentTooLarge
            return send(answer, Manner(isOld: request.isOld), context)
        }
    }

    /// Answers, or fetches first. Returns whether the connection can go on at once.
    private func reply(to request: Request, body: [UInt8], _ context: ChannelHandlerContext) -> Bool {
        phase = .head
        switch Responder.reply(to: request, body: body, in: loop.shown) {
        case .answer(let answer):
            if request.method == .post && answer.status == .noContent { loop.counters.beacons += 1 }
            loop.noteUnknown(request, answer)
            return send(answer, Manner(request), context)
        case .fetch(let digest, let cache):
            phase = .waiting
            deadline = loop.deadline(in: timeLeft)
            loop.fetch(digest, on: context.eventLoop) { object in
                guard let context = self.context, case .waiting = self.phase else { return }
                self.phase = .head
                // What writing calls back must wait until this answer is out as a whole.
                self.isWorking = true
                _ = self.send(Responder.answer(object: object, to: request, cache: cache), Manner(request), context)
                self.isWorking = false
                self.work(context)
            }
            return false
        }
    }

    /// Writes an answer, and ends the connection where it is the last one. Returns whether it is not.
    private func send(_ answer: Answer, _ manner: Manner, _ context: ChannelHandlerContext) -> Bool {
        guard write(answer, manner, context) else {
            finish(context)
            return false
        }
        deadline = loop.deadline(in: timeLeft)
        return true
    }

    /// Writes an answer; returns whether the connection stays open after it.
    private func write(_ answer: Answer, _ manner: Manner, _ context: ChannelHandlerContext) -> Bool {
        let stays = !answer.closes && !loop.isDraining && manner.keepsAlive
        answer.writeHead(to: &loop.output, date: loop.date, keepsAlive: stays, isOld: manner.isOld)
        loop.counters.count(answer)
        guard !manner.isHead, let body = answer.body else { return stays }
        if body.readableBytes <= Self.copiedBodyBytesMax {
            loop.output.writeImmutableBuffer(body)
        } else {
            var output = loop.takeOutput()
            loop.counters.bytesSent += output.readableBytes + body.readableBytes
            isWatched = true
            context.write(wrapOutboundOut(output), promise: nil)
            context.writeAndFlush(wrapOutboundOut(body), promise: nil)
            loop.giveBack(&output)
        }
        return stays
    }

    /// Ends the sending side once everything is written, and waits a little for the peer to close: a socket closed with
    /// unread input is reset, and a reset can overtake the last answer (RFC 9112, section 9.6).
    private func finish(_ context: ChannelHandlerContext) {
        switch phase {
        case .finishing, .lingering: return
        case .head, .body, .waiting: break
        }
        phase = .finishing
        isWatched = true
        input.clear()
        deadline = loop.deadline(in: timeLeft)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess {
            guard let context = self.context else { return }
            self.phase = .lingering
            self.deadline = self.loop.deadline(in: self.timeLeft)
            if self.inputEnded {
                context.close(promise: nil)
            } else {
                context.close(mode: .output, promise: nil)
                context.read()
            }
        }
        // It may be empty, but is behind all answers: it is written when they are.
        sendOff(context, written)
    }
}
