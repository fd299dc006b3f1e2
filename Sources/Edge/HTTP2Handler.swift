import NIOCore
import NIOHPACK
import NIOHTTP2

/// One HTTP/2 connection: takes the frames of all its streams, answers each request by the slow lane.
///
/// Framing, header compression, flow control and the limits against floods are `NIOHTTP2Handler`'s; there is no channel
/// for each stream, since an answer is one HEADERS and one DATA frame. Requests are answered while the connection takes
/// what is written; the rest waits, and nothing more is read.
final class HTTP2Handler: ChannelInboundHandler, EdgeConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// A stream whose request has not been answered.
    private enum Stream {
        case body(HTTP2Request, [UInt8], deadline: NIODeadline)
        /// Complete, and to be answered once the connection takes more.
        case ready(HTTP2Request, [UInt8])
        /// An object is on its way from upstream.
        case fetching
    }

    private let loop: EdgeLoop
    private var context: ChannelHandlerContext?
    /// Of the framing below.
    private var framing: ChannelHandlerContext?
    private var streams: [HTTP2StreamID: Stream] = [:]
    /// Streams that are ready, in the order in which they became so.
    private var ready = CircularBuffer<HTTP2StreamID>()
    /// Streams that are open, answered or not; true where the client may still send on it.
    private var open: [HTTP2StreamID: Bool] = [:]
    /// Bodies that were answered with on streams which are still open: the peer has not yet made room for all of them.
    private var unsent: [HTTP2StreamID: Int] = [:]
    private var unsentBytes = 0
    private var lastStream = HTTP2StreamID.rootStream
    private var isStalled = false
    private var isWorking = false
    /// Whether frames came with the last bytes, and whether any have ever come.
    private var sawFrame = false
    private var sawPreface = false
    private var isLeaving = false
    private var isClosing = false
    private var hasFailed = false
    private var writes = WriteWatch()
    private(set) var deadline: NIODeadline
    var place = 0

    /// Streams of a connection at one time.
    private static let streamsMax = 100
    /// The window for bodies that a connection is given.
    private static let windowBytes = 65_535
    /// Longer bodies are flushed at once, so that what is written is also counted.
    private static let flushedBodyBytes = 8 * 1024
    /// While so much waits for the peer to make room, nothing more is answered.
    private static let unsentBytesMax = 256 * 1024
    /// How long a peer may take that came while the server was closing.
    private static let lingerTime = TimeAmount.seconds(2)

    init(loop: EdgeLoop) {
        self.loop = loop
        // The client's preface must come as soon as a head must.
        deadline = loop.deadline(in: loop.limits.headTime)
    }

    /// The handler below, with the limits that are ours.
    static func framing(limits: EdgeLimits) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streamsMax),
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headBytes),
            // A stream is never given more than a body may have, and one byte that says it is too long.
            HTTP2Setting(parameter: .initialWindowSize, value: max(windowBytes, limits.bodyBytes + 1)),
        ]
        connection.maximumBufferedControlFrames = 1000
        return NIOHTTP2Handler(
            mode: .server,
            connectionConfiguration: connection,
            streamConfiguration: NIOHTTP2Handler.StreamConfiguration()
        )
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        framing = try? context.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
        loop.add(self)
        if loop.isDraining { drain() }
        if loop.closesIdle { closeIfIdle() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        framing = nil
        loop.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sawFrame = true
        if !sawPreface {
            sawPreface = true
            progress()
        }
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers): take(headers, on: frame.streamID)
        case .data(let data): take(data, on: frame.streamID)
        case .goAway: isLeaving = true
        case .priority, .rstStream, .settings, .pushPromise, .ping, .windowUpdate, .alternativeService, .origin: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Bytes without a frame are the start of one: it must be complete as soon as a head must.
        if !sawFrame { deadline = min(deadline, loop.deadline(in: loop.limits.headTime)) }
        sawFrame = false
        work(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isStalled = !context.channel.isWritable
        if !isStalled { work(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as StreamClosedEvent:
            open[event.streamID] = nil
            streams[event.streamID] = nil
            unsentBytes -= unsent.removeValue(forKey: event.streamID) ?? 0
            progress()
            if !isWorking { work(context) }
        case let event as NIOHTTP2WindowUpdatedEvent:
            if event.outboundWindowSize != nil && !unsent.isEmpty { progress() }
            guard event.streamID == .rootStream, let left = event.inboundWindowSize, left < Self.windowBytes / 2 else {
                return
            }
            let update = HTTP2Frame.FramePayload.windowUpdate(windowSizeIncrement: Self.windowBytes - left)
            context.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: update)), promise: nil)
        case ChannelEvent.inputClosed as ChannelEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The framing has reset the one stream that is malformed; the others go on (RFC 9113, section 5.4.2). What is not
        // known to be such a fault ends the connection, as it may (section 5.4).
        if Self.isMalformedRequest(error) || hasFailed { return }
        // The GOAWAY may come back as a fault of its own.
        hasFailed = true
        leave(lastStream, .protocolError)
        context.close(promise: nil)
    }

    private static func isMalformedRequest(_ error: any Error) -> Bool {
        switch error {
        case is NIOHTTP2Errors.StreamError, is NIOHTTP2Errors.MissingPseudoHeader,
            is NIOHTTP2Errors.DuplicatePseudoHeader, is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader,
            is NIOHTTP2Errors.UnknownPseudoHeader, is NIOHTTP2Errors.UnsupportedPseudoHeader,
            is NIOHTTP2Errors.InvalidPseudoHeaders, is NIOHTTP2Errors.InvalidPseudoHeaderValue,
            is NIOHTTP2Errors.MissingHostHeader, is NIOHTTP2Errors.DuplicateHostHeader,
            is NIOHTTP2Errors.EmptyPathHeader, is NIOHTTP2Errors.TrailersWithoutEndStream,
            is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue,
            is NIOHTTP2Errors.ForbiddenHeaderField, is NIOHTTP2Errors.ContentLengthViolated,
            is NIOHTTP2Errors.ContentLengthHeadersMismatch, is NIOHTTP2Errors.ContentLengthHeaderNegative,
            is NIOHTTP2Errors.ContentLengthHeaderMalformedValue:
            true
        default: false
        }
    }

    func notice(_ now: NIODeadline) {
        guard let context else { return }
        for (id, stream) in streams {
            guard case .body(_, _, let deadline) = stream, deadline <= now else { continue }
            reset(id, .cancel, context)
        }
        context.flush()
        let state = writes.look(at: context.channel, now, limit: loop.limits.writeTime, deadline: &deadline)
        if state == .taken && !isClosing { progress() }
    }

    func drain() {
        // What is under way, and what crosses this on the wire, is still answered.
        leave(.maxID)
    }

    func closeIfIdle() {
        guard let context else { return }
        isLeaving = true
        // It was accepted before the listener closed: its first request is on the way.
        if lastStream == .rootStream { deadline = min(deadline, loop.deadline(in: Self.lingerTime)) }
        closeIfLeft(context)
    }

    func abandon() {
        deadline = .distantFuture
        leave(lastStream)
        context?.close(promise: nil)
    }

    /// A request has come, or the peer makes room. Other frames are no reason to be kept.
    private func progress() {
        deadline = loop.deadline(in: open.isEmpty ? loop.limits.idleTime : loop.limits.writeTime)
    }

    /// Tells the peer which streams are the last that count.
    ///
    /// It goes below the framing, as bytes: having written a GOAWAY itself, that one refuses every new stream, whatever
    /// number the frame names, and takes frames that cross it on the wire for faults.
    private func leave(
        _ last: HTTP2StreamID,
        _ code: HTTP2ErrorCode = .noError,
        _ promise: EventLoopPromise<Void>? = nil
    ) {
        guard let framing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        // Length, type, flags and stream of the frame; then its two numbers (RFC 9113, section 6.8).
        var frame = ByteBuffer(bytes: [0, 0, 8, 7, 0, 0, 0, 0, 0])
        frame.writeInteger(UInt32(truncatingIfNeeded: Int(last)))
        frame.writeInteger(UInt32(truncatingIfNeeded: code.networkCode))
        framing.writeAndFlush(NIOAny(frame), promise: promise)
    }

    /// Ends a connection that is to end and has nothing under way: behind a last frame, so that all before it is written,
    /// and as HTTP/1 does, the sending side first.
    private func closeIfLeft(_ context: ChannelHandlerContext) {
        guard isLeaving, !isClosing, lastStream != .rootStream, open.isEmpty, ready.isEmpty else { return }
        isClosing = true
        context.flush()
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            guard let context = self.context else { return }
            self.deadline = self.loop.deadline(in: Self.lingerTime)
            context.close(mode: .output, promise: nil)
            context.read()
        }
        leave(lastStream, .noError, written)
    }

    // MARK: Requests

    private func take(_ headers: HTTP2Frame.FramePayload.Headers, on id: HTTP2StreamID) {
        // The peer has been told that it does not count.
        if isClosing { return }
        if open[id] != nil {
            // Trailers mean nothing here, but end the body.
            if headers.endStream { open[id] = false }
            if case .body(let request, let body, _)? = streams[id], headers.endStream { isReady(id, request, body) }
            return
        }
        lastStream = max(lastStream, id)
        open[id] = !headers.endStream
        progress()
        let request = HTTP2Request(headers.headers, limits: loop.limits)
        if headers.endStream || request.fault != nil {
            isReady(id, request, [])
        } else {
            streams[id] = .body(request, [], deadline: loop.deadline(in: loop.limits.bodyTime))
        }
    }

    private func take(_ data: HTTP2Frame.FramePayload.Data, on id: HTTP2StreamID) {
        if data.endStream, open[id] != nil { open[id] = false }
        guard case .body(var request, var body, let deadline)? = streams[id], case .byteBuffer(let bytes) = data.data
        else { return }
        progress()
        // So that the array is not copied.
        streams[id] = nil
        if bytes.readableBytes > loop.limits.bodyBytes - body.count {
            request.fault = .contentTooLarge
            return isReady(id, request, [])
        }
        body += bytes.readableBytesView
        if data.endStream { isReady(id, request, body) } else { streams[id] = .body(request, body, deadline: deadline) }
    }

    private func isReady(_ id: HTTP2StreamID, _ request: HTTP2Request, _ body: [UInt8]) {
        streams[id] = .ready(request, body)
        ready.append(id)
    }

    private var mayAnswer: Bool { !isStalled && unsentBytes < Self.unsentBytesMax && !ready.isEmpty }

    /// Answers what is ready as long as the peer takes it, then asks for more. Writing may call back, and what is called
    /// leaves the work to this.
    private func work(_ context: ChannelHandlerContext) {
        guard !isWorking else { return }
        isWorking = true
        repeat {
            while mayAnswer, let id = ready.popFirst() {
                guard case .ready(let request, let body)? = streams.removeValue(forKey: id) else { continue }
                answer(id, request, body, context)
            }
            context.flush()
        } while mayAnswer
        isWorking = false
        closeIfLeft(context)
        if !isStalled { context.read() }
    }

    private func answer(
        _ id: HTTP2StreamID,
        _ request: HTTP2Request,
        _ body: [UInt8],
        _ context: ChannelHandlerContext
    ) {
        if let fault = request.fault { return send(fault.answer, on: id, isHead: request.isHead, context) }
        switch Responder.reply(to: request.request, body: body, in: loop.shown) {
        case .answer(let answer):
            if request.request.method == .post && answer.status == .noContent { loop.counters.beacons += 1 }
            loop.noteUnknown(request.request, answer)
            send(answer, on: id, isHead: request.isHead, context)
        case .fetch(let digest, let cache):
            streams[id] = .fetching
            loop.fetch(digest, on: context.eventLoop) { object in
                guard let context = self.context, case .fetching? = self.streams.removeValue(forKey: id) else { return }
                let answer = Responder.answer(object: object, to: request.request, cache: cache)
                self.isWorking = true
                self.send(answer, on: id, isHead: request.isHead, context)
                self.isWorking = false
                self.work(context)
            }
        }
    }

    private func send(_ answer: Answer, on id: HTTP2StreamID, isHead: Bool, _ context: ChannelHandlerContext) {
        // The client may have given it up meanwhile.
        guard open[id] != nil else { return }
        loop.counters.count(answer)
        let body = isHead ? nil : answer.body
        loop.counters.bytesSent += answer.fields.lines.count + (body?.readableBytes ?? 0)
        let headers = HTTP2Frame.FramePayload.Headers(
            headers: answer.headers(date: loop.dateText),
            endStream: body == nil
        )
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: .headers(headers))), promise: nil)
        if let body {
            unsent[id] = body.readableBytes
            unsentBytes += body.readableBytes
            let data = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(body), endStream: true))
            context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: data)), promise: nil)
            if body.readableBytes > Self.flushedBodyBytes { context.flush() }
        }
        // A client that is still sending what nobody wants is told to stop (RFC 9113, section 8.1).
        if open[id] == true {
            // A reset drops what has not been sent.
            context.flush()
            reset(id, .noError, context)
        }
    }

    private func reset(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode, _ context: ChannelHandlerContext) {
        streams[id] = nil
        context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: .rstStream(code))), promise: nil)
    }
}

extension Answer {
    /// The answer's head, as HTTP/2 has it.
    ///
    /// - Parameter date: The value of `date`.
    /// - Returns: Pseudo-header field and fields, names in lower case.
    func headers(date: String) -> HPACKHeaders {
        var headers = HPACKHeaders()
        headers.reserveCapacity(fields.fields.count + 3)
        headers.add(name: ":status", value: "\(status.rawValue)")
        headers.add(name: "date", value: date)
        let cacheControl = cache.value
        if !cacheControl.isEmpty { headers.add(name: "cache-control", value: cacheControl) }
        for field in fields.fields { headers.add(name: field.lowerName, value: field.value) }
        return headers
    }
}
