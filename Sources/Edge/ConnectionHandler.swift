import NIOCore

/// One HTTP/1.x connection: frames requests with the strict scanner, answers them in order, keeps the deadlines.
///
/// It reads on demand: nothing is taken from the socket while answers wait to be written, or an object is fetched.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case head
        case body(RequestHead, BodyReader)
        /// An object is on its way from upstream.
        case waiting
        /// The last answer is being written.
        case finishing
        /// It is written; what still comes is thrown away, so that the peer can read it in peace.
        case lingering
    }

    private let loop: EdgeLoop
    private var input = ByteBuffer()
    private var framer: HeadFramer
    private var phase = Phase.head
    private var context: ChannelHandlerContext?
    private var inputEnded = false
    private var isStalled = false
    private var pendingBytes = 0
    /// When the connection is given up, unless it makes progress.
    private(set) var deadline: NIODeadline

    /// How long a peer may take to close after the last answer.
    private static let lingerTime = TimeAmount.seconds(2)

    init(loop: EdgeLoop) {
        self.loop = loop
        framer = HeadFramer(limits: loop.limits)
        deadline = .now() + loop.limits.idleTime
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Before it is active: a burst is set up as a whole before its first connection is.
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.remove(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        if loop.closesIdle { deadline = .now() + Self.lingerTime }
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .finishing, .lingering: return
        case .head, .body, .waiting: break
        }
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeBuffer(&bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        work(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isStalled = !context.channel.isWritable
        if isStalled { return }
        deadline = .now() + timeLeft
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
        // Resets and the like: the peer is gone, and nobody else needs to know.
        context.close(promise: nil)
    }

    /// Closes at once; for passed deadlines.
    func abandon() {
        context?.close(promise: nil)
    }

    /// Closes if no request is under way; otherwise its answer will be the last.
    func closeIfIdle() {
        guard let context, case .head = phase, input.readableBytes == 0 else { return }
        finish(context)
    }

    /// Called once a second: a client that reads, however slowly, is not given up while an answer is on its way.
    func notice(_ now: NIODeadline) {
        guard let channel = context?.channel else { return }
        let pending = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if pending > 0 && pending < pendingBytes { deadline = max(deadline, now + loop.limits.writeTime) }
        pendingBytes = pending
    }

    /// Takes whole requests from the input and answers them, then asks for more.
    private func work(_ context: ChannelHandlerContext) {
        var wrote = false
        requests: while !isStalled {
            switch phase {
            case .head:
                guard input.readableBytes > 0 else { break requests }
                guard takeHead(context, &wrote) else { break requests }
            case .body(let request, let reader):
                guard takeBody(context, request, reader, &wrote) else { break requests }
            case .waiting, .finishing, .lingering: break requests
            }
            isStalled = !context.channel.isWritable
        }
        if wrote { context.flush() }
        input.discardReadBytes()
        switch phase {
        case .lingering:
            if inputEnded { context.close(promise: nil) } else { context.read() }
        case .waiting, .finishing: break
        case .head, .body:
            if isStalled {
                deadline = .now() + loop.limits.writeTime
            } else if inputEnded {
                finish(context)
            } else {
                context.read()
            }
        }
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

    /// Returns whether there is more to do at once.
    private func takeHead(_ context: ChannelHandlerContext, _ wrote: inout Bool) -> Bool {
        let request: RequestHead
        do throws(HeadFault) {
            let isFirst = framer.isAtStart
            let scan: Result<(RequestHead, Int)?, HeadFault> = input.withUnsafeReadableBytes { bytes in
                do throws(HeadFault) {
                    guard let end = try framer.end(of: bytes) else { return .success(nil) }
                    let head = UnsafeRawBufferPointer(rebasing: bytes[..<end])
                    return .success((try RequestHead(head, limits: loop.limits), end))
                } catch {
                    return .failure(error)
                }
            }
            guard let (head, count) = try scan.get() else {
                // The time runs from a head's first byte, however often more of it comes.
                if isFirst { deadline = .now() + loop.limits.headTime }
                return false
            }
            input.moveReaderIndex(forwardBy: count)
            framer = HeadFramer(limits: loop.limits)
            request = head
        } catch {
            send(.refused(error), to: nil, context)
            wrote = true
            finish(context)
            return false
        }
        if case .none = request.body {
            wrote = true
            return reply(to: request, body: [], context)
        }
        phase = .body(request, BodyReader(request.body, bytesMax: loop.limits.bodyBytes))
        deadline = .now() + loop.limits.bodyTime
        if request.expectsContinue && input.readableBytes == 0, !isTooLarge(request.body) {
            context.write(wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
            wrote = true
        }
        return true
    }

    private func isTooLarge(_ body: RequestHead.Body) -> Bool {
        if case .length(let count) = body { return count > loop.limits.bodyBytes }
        return false
    }

    private func takeBody(
        _ context: ChannelHandlerContext,
        _ request: RequestHead,
        _ reader: BodyReader,
        _ wrote: inout Bool
    ) -> Bool {
        var reader = reader
        let (progress, used) = input.withUnsafeReadableBytes { reader.read($0) }
        input.moveReaderIndex(forwardBy: used)
        switch progress {
        case .incomplete:
            phase = .body(request, reader)
            return false
        case .complete:
            wrote = true
            return reply(to: request, body: reader.bytes, context)
        case .malformed, .tooLarge:
            let answer =
                progress == .malformed
                ? Answer.plain(.badRequest, "The body is malformed.", closes: true)
                : Answer.plain(.contentTooLarge, "The body is too large.", closes: true)
            send(answer, to: request, context)
            wrote = true
            finish(context)
            return false
        }
    }

    /// Answers, or fetches first. Returns whether the connection can go on at once.
    private func reply(to request: RequestHead, body: [UInt8], _ context: ChannelHandlerContext) -> Bool {
        phase = .head
        switch loop.responder.reply(to: request, body: body, in: loop.index) {
        case .answer(let answer):
            if request.method == .post && answer.status == .noContent { loop.counters.beacons += 1 }
            return answered(answer, request, context)
        case .fetch(let digest, let cacheControl):
            phase = .waiting
            deadline = .now() + timeLeft
            loop.counters.fetches += 1
            let shelf = loop.shelf
            context.eventLoop.makeFutureWithTask { await shelf.object(digest) }
                .assumeIsolated()
                .whenSuccess { object in
                    guard let context = self.context, case .waiting = self.phase else { return }
                    self.phase = .head
                    let responder = self.loop.responder
                    let answer = responder.answer(object: object, to: request, cacheControl: cacheControl)
                    _ = self.answered(answer, request, context)
                    context.flush()
                    self.work(context)
                }
            return false
        }
    }

    private func answered(_ answer: Answer, _ request: RequestHead, _ context: ChannelHandlerContext) -> Bool {
        let stays = send(answer, to: request, context)
        guard stays else {
            finish(context)
            return false
        }
        deadline = .now() + timeLeft
        return true
    }

    /// Writes an answer; returns whether the connection stays open after it.
    @discardableResult
    private func send(_ answer: Answer, to request: RequestHead?, _ context: ChannelHandlerContext) -> Bool {
        let stays = !answer.closes && !loop.isDraining && request?.keepsAlive == true
        var buffer = context.channel.allocator.buffer(capacity: 640 + (answer.body?.readableBytes ?? 0))
        answer.write(
            to: &buffer,
            date: loop.date,
            isHead: request?.method == .head,
            keepsAlive: stays,
            isOld: request?.isOld == true
        )
        loop.counters.count(answer)
        loop.counters.bytesSent += buffer.readableBytes
        context.write(wrapOutboundOut(buffer), promise: nil)
        return stays
    }

    /// Ends the sending side once everything is written, and waits a little for the peer to close: a socket closed with
    /// unread input is reset, and a reset can overtake the last answer.
    private func finish(_ context: ChannelHandlerContext) {
        switch phase {
        case .finishing, .lingering: return
        case .head, .body, .waiting: break
        }
        phase = .finishing
        input.clear()
        deadline = .now() + timeLeft
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess {
            guard let context = self.context else { return }
            self.phase = .lingering
            self.deadline = .now() + self.timeLeft
            if self.inputEnded {
                context.close(promise: nil)
            } else {
                context.close(mode: .output, promise: nil)
                context.read()
            }
        }
        // Empty, and behind all answers: it is written when they are.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }
}
