import Domain
import Foundation
import NIOCore
import NIOPosix

/// The socket's messages: one JSON text a line, a request and its reply in turn.
enum SocketMessage {
    /// The longest line, in bytes: the largest release fits, 500 items of 256 KiB in base64.
    static let bytesMax = 256 * 1024 * 1024

    struct Request<Asked: Operation>: Codable {
        var operation: String
        var input: Asked
    }

    struct Name: Codable {
        var operation: String
    }

    struct Reply<Answer: Codable>: Codable {
        var answer: Answer?
        var refusal: RefusalText?
        /// Our failure; the cause is in the server's log.
        var failure: String?
    }

    /// A refusal, as it travels.
    struct RefusalText: Codable {
        var code: String
        var message: String
        var field: String?
        var faults: [[String]]

        init(_ refusal: Refusal) {
            code = refusal.code.rawValue
            message = refusal.message
            field = refusal.field
            faults = refusal.faults.map { [$0.place, $0.reason] }
        }

        var refusal: Refusal {
            Refusal(
                Refusal.Code(rawValue: code) ?? .invalid,
                message,
                field: field,
                faults: faults.filter { $0.count == 2 }.map { .init(place: $0[0], reason: $0[1]) }
            )
        }
    }
}

/// Collects the bytes of a stream into lines.
struct LineBuffer {
    private var bytes: [UInt8] = []
    private var searched = 0

    /// Takes more bytes; returns the complete lines, without their ends. Nil where a line grows too long.
    mutating func lines(with buffer: ByteBuffer) -> [[UInt8]]? {
        bytes += buffer.readableBytesView
        var lines: [[UInt8]] = []
        var start = 0
        while let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(Array(bytes[start..<end]))
            start = end + 1
            searched = start
        }
        bytes.removeFirst(start)
        searched = bytes.count
        return bytes.count <= SocketMessage.bytesMax ? lines : nil
    }
}

/// A command's side of the socket.
enum SocketClient {
    /// Has the server behind the socket run an operation.
    ///
    /// - Returns: nil where nobody listens there: the server has just gone, or not come up yet.
    static func ask<Asked: Operation>(_ operation: Asked, at path: String) async throws -> Asked.Answer? {
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        do {
            channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            return nil
        }
        // A server that is killed resets the connection: whether it was done is as unknown as after a close.
        var line: [UInt8]?
        do {
            line = try await channel.executeThenClose { inbound, outbound in
                let request = SocketMessage.Request(operation: Asked.name, input: operation)
                try await outbound.write(ByteBuffer(bytes: try JSONEncoder().encode(request) + [UInt8(ascii: "\n")]))
                var buffer = LineBuffer()
                for try await bytes in inbound {
                    if let line = buffer.lines(with: bytes)?.first { return line }
                }
                return nil
            }
        } catch is IOError {}
        guard let line else {
            throw Refusal(.conflict, "The server that holds the data directory went away; see whether it was done.")
        }
        let reply = try JSONDecoder().decode(SocketMessage.Reply<Asked.Answer>.self, from: Data(line))
        if let refusal = reply.refusal { throw refusal.refusal }
        guard let answer = reply.answer else {
            throw Refusal(.conflict, reply.failure ?? "The server gave no answer; its log says why.")
        }
        return answer
    }
}
