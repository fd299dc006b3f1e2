import Edge
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the edge's certificates anew on `HUP` and when a file has changed. Those that cannot be used are passed over with
/// an alarm: the edge goes on with what it has.
struct CertificateWatch: Service {
    let files: [EdgeCertificates.Files]
    /// Set before it runs.
    var edge: EdgeServer?
    let logger: Logger
    /// The state of the files before they were first read.
    private let loaded: [FileState]

    /// Takes the state of files that are about to be read.
    init(files: [EdgeCertificates.Files], logger: Logger) {
        self.files = files
        self.logger = logger
        loaded = Self.state(of: files)
    }

    /// How often the files are looked at.
    private static let interval = Duration.seconds(2)

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { reload() }
            }
            group.addTask { await lookForChanges() }
            await group.waitForAll()
        }
    }

    private func lookForChanges() async {
        var seen = loaded
        var failed: [FileState] = []
        while true {
            let slept: Void? = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
            guard slept != nil else { return }
            let now = state()
            guard now != seen else { continue }
            // Files that are being replaced may not fit together yet: they are looked at until they do, and told of once.
            if reload(isQuiet: now == failed) { seen = now } else { failed = now }
        }
    }

    @discardableResult
    private func reload(isQuiet: Bool = false) -> Bool {
        do {
            let certificates = try EdgeCertificates(files)
            edge?.show(certificates)
            logger.notice("The edge shows new certificates.", metadata: ["names": "\(certificates.names)"])
            return true
        } catch {
            if isQuiet { return false }
            logger.error("The certificates stay as they are.", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// What tells one version of the files from another.
    private func state() -> [FileState] { Self.state(of: files) }

    private static func state(of files: [EdgeCertificates.Files]) -> [FileState] {
        files.flatMap { [$0.certificate, $0.key] }.map { path in
            // Of what links lead to: some deployments change only a link to the folder.
            let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            let attributes = (try? FileManager.default.attributesOfItem(atPath: file)) ?? [:]
            return FileState(
                modified: attributes[.modificationDate] as? Date,
                size: (attributes[.size] as? NSNumber)?.intValue,
                number: (attributes[.systemFileNumber] as? NSNumber)?.intValue
            )
        }
    }

    private struct FileState: Equatable {
        let modified: Date?
        let size: Int?
        let number: Int?
    }
}
