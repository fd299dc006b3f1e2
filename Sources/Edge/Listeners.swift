import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One listening socket for each event loop, all on one address: the kernel spreads connections over them, and no
/// connection ever crosses from one thread to another.
struct Listeners: Sendable {
    private let channels: [any Channel]
    /// The port that is really listened on.
    let port: Int

    private static let backlog: Int32 = 1024
    private static let unsentBytesMax = 64 * 1024

    /// Binds the address once for each loop.
    ///
    /// The first socket listens without `SO_REUSEPORT`, so that a second server is refused rather than given a silent share
    /// of the connections; only then is the option set and the others follow.
    ///
    /// - Parameters:
    ///   - address: Where to listen; port 0 for any free one.
    ///   - loops: One listener for each.
    ///   - accept: Called with each new connection, on its loop.
    /// - Throws: An `IOError` where the address is in use or cannot be bound.
    init(
        _ address: (host: String, port: Int),
        on loops: [any EventLoop],
        accept: @escaping @Sendable (_ channel: any Channel, _ loop: Int) throws -> Void
    ) async throws {
        var channels: [any Channel] = []
        let wanted = try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
        do {
            for (number, loop) in loops.enumerated() {
                let bootstrap = ServerBootstrap(group: loop)
                    .serverChannelOption(.backlog, value: Self.backlog)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    // Inherited by connections: a peer that stops reading holds so much of the machine's memory beyond
                    // what is under way, rather than the megabytes that send buffers grow to.
                    .serverChannelOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: Self.unsentBytesMax)
                    .serverChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(AcceptPause())
                        }
                    }
                    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .childChannelOption(.autoRead, value: false)
                    .childChannelOption(.allowRemoteHalfClosure, value: true)
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture { try accept(channel, number) }
                    }
                let channel: any Channel
                if let first = channels.first?.localAddress {
                    channel = try await bootstrap.serverChannelOption(
                        .socketOption(.init(rawValue: SO_REUSEPORT)),
                        value: 1
                    )
                    .bind(to: first).get()
                } else {
                    channel = try await bootstrap.withBoundSocket(Self.guardSocket(wanted)).get()
                }
                channels.append(channel)
            }
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        self.channels = channels
        port = channels.first?.localAddress?.port ?? address.port
    }

    /// A socket that nobody shared when it began to listen, and that others of this process may share now.
    private static func guardSocket(_ address: SocketAddress) throws -> NIOBSDSocket.Handle {
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let handle = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        let bound = address.withSockAddr { pointer, length in
            setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &one, size) == 0
                && bind(handle, pointer, socklen_t(length)) == 0 && listen(handle, Self.backlog) == 0
                && setsockopt(handle, SOL_SOCKET, SO_REUSEPORT, &one, size) == 0
        }
        guard bound else {
            let error = IOError(errnoCode: errno, reason: "bind \(address)")
            _ = Self.close(handle)
            throw error
        }
        return handle
    }

    // The instance method of that name hides the system's.
    private static func close(_ handle: NIOBSDSocket.Handle) -> Int32 {
        #if canImport(Glibc)
            Glibc.close(handle)
        #else
            Musl.close(handle)
        #endif
    }

    /// Takes no new connections while those whose handshake has begun still come in: a SYN is dropped unanswered, so that
    /// the client asks again and finds the next server, or is refused, and no connection is lost in a closed queue.
    func stopInviting() async {
        for channel in channels {
            _ = try? await channel.eventLoop.submit { try SynFilter.attach(to: channel) }.get()
        }
    }

    /// Returns true when a listener has closed, which without a drain it never does by itself.
    func untilOneCloses() async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            for channel in channels { group.addTask { _ = try? await channel.closeFuture.get() } }
            await group.next()
            // Waiting for a future cannot be cancelled: the others are closed with it.
            for channel in channels { channel.close(promise: nil) }
        }
        return true
    }

    /// Closes the listeners.
    func close() async {
        for channel in channels { try? await channel.close() }
    }
}

/// Lets a listener rest when accepting fails, as it does at once and again and again when no file is left.
///
/// NIO's own handler for this only holds back further reads; the listener stays ready, and its loop would spin.
private final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let time = TimeAmount.milliseconds(100)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, let options = context.channel.syncOptions else {
            return context.fireErrorCaught(error)
        }
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.time) {
            try? options.setOption(.autoRead, value: true)
        }
    }
}

/// A classic BPF program for a listening TCP socket that drops segments with SYN and without ACK.
private enum SynFilter {
    /// `struct sock_filter` of `linux/filter.h`.
    private struct Instruction {
        var code: UInt16
        var whenTrue: UInt8 = 0
        var whenFalse: UInt8 = 0
        var operand: UInt32
    }

    /// `struct sock_fprog`.
    private struct Program {
        var length: UInt16
        /// Where they lie.
        var instructions: UInt
    }

    static func attach(to channel: any Channel) throws {
        guard let options = channel as? any SocketOptionProvider else { return }
        // Byte 13 of a TCP header holds its flags.
        let instructions = [
            Instruction(code: 0x30, operand: 13),  // load the byte
            Instruction(code: 0x54, operand: 0x12),  // of it, SYN and ACK
            Instruction(code: 0x15, whenFalse: 1, operand: 0x02),  // SYN alone?
            Instruction(code: 0x06, operand: 0),  // drop
            Instruction(code: 0x06, operand: .max),  // keep
        ]
        let copy = UnsafeMutablePointer<Instruction>.allocate(capacity: instructions.count)
        defer { copy.deallocate() }
        copy.initialize(from: instructions, count: instructions.count)
        // On the channel's own loop the option is set before this returns.
        _ = options.unsafeSetSocketOption(
            level: .socket,
            name: .init(rawValue: SO_ATTACH_FILTER),
            value: Program(length: UInt16(instructions.count), instructions: UInt(bitPattern: copy))
        )
    }
}
