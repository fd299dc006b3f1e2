import Domain
import Edge
import Foundation
import Logging
import Mail
import Player
import Publishing
import ServiceLifecycle
import Store
import Synchronization
import UnixSignals
import Web

/// A whole deployment in one process: every listener, over one data directory.
struct Server: Sendable {
    let services: Services
    let directory: DataDirectory
    let settings: Settings
    let logger: Logger
    private let socket: String
    private let bound = Bound()

    /// Collects the addresses that were really bound, and tells when all are.
    final class Bound: Sendable {
        private let addresses = Mutex<[String: String]>([:])

        func set(_ listener: String, _ host: String, _ port: Int) {
            addresses.withLock { $0[listener] = "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
        }

        /// `HOST:PORT` of a listener; nil before it is bound.
        func address(_ listener: String) -> String? {
            addresses.withLock { $0[listener] }
        }
    }

    /// Runs `body` with a server over a directory that it holds for so long.
    ///
    /// - Throws: `conflict`, naming the holder, where another process holds the directory.
    static func with(
        _ directory: DataDirectory,
        settings: Settings,
        runtime: Runtime = .system,
        _ body: (Server) async throws -> Void
    ) async throws {
        let level = Logger.Level(rawValue: settings.value(.logLevel))
        guard let level else {
            throw Refusal(
                .invalid,
                "--log-level must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))."
            )
        }
        try directory.makeIfMissing()
        guard let lock = try DirectoryLock(directory) else {
            throw directory.held(by: DirectoryLock.holder(of: directory))
        }
        defer { lock.release() }
        let socket = try Self.socketPath(directory)
        defer { if socket != directory.socket { rmdir(String(socket.dropLast("/waymark.sock".count))) } }
        try lock.tell(.here(socket: socket, runtime))
        let services = try await Services.open(directory, runtime: runtime)
        var logger = Logger(label: "waymark") { JSONLogHandler(label: $0) }
        logger.logLevel = level
        do {
            try await body(
                Server(services: services, directory: directory, settings: settings, logger: logger, socket: socket)
            )
            try services.close()
        } catch {
            try? services.close()
            throw error
        }
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Parameters:
    ///   - further: More listeners, made when `bound` is known.
    ///   - listeners: What must be bound before `ready`.
    ///   - ready: Called once when everything listens and the edge has its state.
    /// - Throws: A refusal for a wrong setting, or an `IOError` where an address cannot be bound.
    func run(
        further: (Bound) throws -> [any Service] = { _ in [] },
        listeners: [String] = ["edge", "control", "ops"],
        ready: @escaping @Sendable (Bound) throws -> Void
    ) async throws {
        let edgeAddress = try settings.address(.edge)
        let controlAddress = try settings.address(.control)
        let opsAddress = try settings.address(.ops)
        let bound = bound
        let runtime = services.runtime
        let files = try settings.certificateFiles()
        var watch = CertificateWatch(files: files, logger: logger)
        let certificates: EdgeCertificates?
        do {
            certificates = files.isEmpty ? nil : try EdgeCertificates(files)
        } catch {
            throw Refusal(.invalid, "\(error)", field: Settings.Key.tlsCertificate.rawValue)
        }
        let edge = EdgeServer(
            host: edgeAddress.host,
            port: edgeAddress.port,
            threads: try settings.number(.edgeThreads, 1...64),
            feed: services.storage,
            trust: services.verifyingKey,
            doorbell: services.doorbell,
            noOp: StoredObject(mediaType: PlayerScripts.mediaType, body: PlayerScripts.noOp),
            certificates: certificates,
            limits: try settings.edgeLimits(),
            logger: logger,
            unixSeconds: { Int(runtime.now().milliseconds / 1000) },
            isBound: { bound.set("edge", $0, $1) }
        )
        let started = runtime.now()
        let control = try WebServer.control(
            api: services.api(
                rate: try settings.number(.apiRate, 1...1_000_000),
                edges: EdgeStates { [.init(name: "local", generation: await edge.servedGeneration())] },
                unknownKeys: { await edge.unknownKeys() }
            ),
            runtime: runtime,
            host: controlAddress.host,
            port: controlAddress.port,
            version: Waymark.version,
            logger: logger,
            isBound: { bound.set("control", $0, $1) }
        )
        let ops = WebServer.ops(
            WebServer.OpsSource(
                isReady: { await edge.report().isReady },
                metrics: { EdgeMetrics.text(await edge.report()) },
                status: { EdgeMetrics.status(await edge.report(), started: started, now: runtime.now()) }
            ),
            host: opsAddress.host,
            port: opsAddress.port,
            logger: logger,
            isBound: { bound.set("ops", $0, $1) }
        )
        let announcement = Announcement(edge: edge, bound: bound, listeners: listeners, ready: ready)
        // Shut down from the last to the first: ops tells to the end that this process is going.
        let trimmer = Periodic.logTrimmer(services.storage, logger)
        let closer = Periodic.clientCloser(services.storage, logger)
        let teller = Periodic.clientTeller(services.storage, logger)
        let forgetter = Periodic.itemForgetter(services.storage, logger)
        let origin = try settings.controlOrigin()
        let delivery = try MailDelivery(
            storage: services.storage,
            transport: try settings.mailTransport(directory),
            sender: try settings.mailSender(),
            origin: { origin ?? "http://\(bound.address("control") ?? "localhost")" },
            runtime: runtime
        )
        let mail = Periodic.mailWorker(delivery, logger)
        let commands = SocketServer(path: socket, services: services, logger: logger)
        watch.edge = edge
        let services: [any Service] =
            [ops, control, edge, trimmer, closer, teller, forgetter, mail, commands]
            + (certificates == nil ? [] : [watch])
            + (try further(bound))
            + [
                announcement
            ]
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = .seconds(20)
        try await ServiceGroup(configuration: group).run()
    }

    /// `DIR/waymark.sock`, or a short path in a directory of its own where that is too long for a socket.
    private static func socketPath(_ directory: DataDirectory) throws -> String {
        guard directory.socket.utf8.count > socketPathBytesMax else { return directory.socket }
        var template = Array("/tmp/waymark-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Refusal(
                .invalid,
                "No directory for the socket can be made in /tmp: \(String(cString: strerror(errno)))."
            )
        }
        let end = template.firstIndex(of: 0) ?? template.endIndex
        return String(decoding: template[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/waymark.sock"
    }

    /// What fits in `sockaddr_un.sun_path` (108 bytes with its NUL).
    private static let socketPathBytesMax = 107
}

/// Waits until everything listens and the edge has its state, and says so once.
private struct Announcement: Service {
    let edge: EdgeServer
    let bound: Server.Bound
    let listeners: [String]
    let ready: @Sendable (Server.Bound) throws -> Void

    func run() async throws {
        let bound = bound
        let isReady: Void? = try? await cancelWhenGracefulShutdown {
            while true {
                let isBound = listeners.allSatisfy { bound.address($0) != nil }
                if isBound, await edge.report().isReady { break }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        guard isReady != nil else { return }
        try ready(bound)
        try? await gracefulShutdown()
    }
}
