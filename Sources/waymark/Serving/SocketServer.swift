import Domain
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Takes operations from commands, through a socket that only this user can open.
struct SocketServer: Service {
    let path: String
    let services: Services
    let logger: Logger

    func run() async throws {
        let server: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never> = try await ServerBootstrap(
            group: MultiThreadedEventLoopGroup.singleton
        ).bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
            channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
        }
        // The directory around it is its owner's alone, so nobody else gets here before the mode is set.
        chmod(path, 0o600)
        defer { unlink(path) }
        do {
            try await cancelWhenGracefulShutdown {
                try await server.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await connection in connections {
                            group.addTask { await serve(connection) }
                        }
                    }
                }
            }
        } catch is CancellationError {
            // The graceful end.
        }
    }

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        do {
            try await connection.executeThenClose { inbound, outbound in
                var buffer = LineBuffer()
                for try await bytes in inbound {
                    guard let lines = buffer.lines(with: bytes) else { return }
                    for line in lines { try await outbound.write(ByteBuffer(bytes: await reply(to: line))) }
                }
            }
        } catch {
            logger.debug("A command went away.", metadata: ["error": "\(error)"])
        }
    }

    private func reply(to line: [UInt8]) async -> [UInt8] {
        let data = Data(line)
        guard let name = try? JSONDecoder().decode(SocketMessage.Name.self, from: data).operation,
            let operation = operations.first(where: { $0.name == name })
        else {
            let refusal = Refusal(
                .unsupported,
                "This server does not know the operation; is the command of its version?"
            )
            return encoded(SocketMessage.Reply<String>(refusal: .init(refusal)))
        }
        return await perform(operation, data)
    }

    private func perform<Asked: Operation>(_: Asked.Type, _ data: Data) async -> [UInt8] {
        typealias Reply = SocketMessage.Reply<Asked.Answer>
        do {
            let operation = try JSONDecoder().decode(SocketMessage.Request<Asked>.self, from: data).input
            return encoded(Reply(answer: try await operation.run(in: services)))
        } catch let refusal as Refusal {
            return encoded(Reply(refusal: .init(refusal)))
        } catch {
            logger.error("An operation failed.", metadata: ["operation": "\(Asked.name)", "error": "\(error)"])
            return encoded(Reply(failure: "The operation failed in the server; its log says why."))
        }
    }

    private func encoded(_ reply: some Encodable) -> [UInt8] {
        let bytes = (try? JSONEncoder().encode(reply)) ?? Data("{}".utf8)
        return bytes + [UInt8(ascii: "\n")]
    }
}
