import Domain
import Foundation

/// What a command asks of the store, in a form that can also go through the socket of the server that holds it.
protocol Operation: Codable, Sendable {
    associatedtype Answer: Codable, Sendable

    func run(in services: Services) async throws -> Answer
}

extension Operation {
    /// The operation's name on the socket.
    static var name: String { "\(Self.self)" }
}

/// Every operation that the socket takes.
let operations: [any Operation.Type] = [
    AddPartner.self, ImportClients.self, PublishGallery.self, PublishItems.self, RollBack.self, TakeDown.self,
    SuspendClient.self, ResumeClient.self, ExplainKey.self, Diagnose.self, VerifyAudit.self, ExportAudit.self,
    ListPartners.self, ChangePartner.self, ShowPerson.self, ChangePerson.self, AddToken.self, ListTokens.self,
    RevokeToken.self, MakeBackup.self, AllowLinkHosts.self,
    ShowVerifyingKey.self, VerifyStore.self, ExportEvidence.self, CountWithoutPlayer.self, RepublishPlayer.self,
    ListExpected.self,
]

extension DataDirectory {
    /// How long a command waits for another that runs for a moment.
    private static let patience = Duration.seconds(10)

    /// Runs an operation: in the server that holds this directory, else here under the lock.
    ///
    /// - Throws: The operation's refusal; `conflict`, naming the holder, where a process holds the directory and takes
    ///   no operations.
    func perform<Asked: Operation>(_ operation: Asked, runtime: Runtime = .system) async throws -> Asked.Answer {
        try makeIfMissing()
        let end = ContinuousClock.now + Self.patience
        while true {
            if let lock = try DirectoryLock(self) {
                defer { lock.release() }
                try lock.tell(.here(socket: nil, runtime))
                let services = try await Services.open(self, runtime: runtime)
                do {
                    let answer = try await operation.run(in: services)
                    try services.close()
                    return answer
                } catch {
                    try? services.close()
                    throw error
                }
            }
            let holder = DirectoryLock.holder(of: self)
            if let socket = holder?.socket, let answer = try await SocketClient.ask(operation, at: socket) {
                return answer
            }
            guard ContinuousClock.now < end else { throw held(by: holder) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The refusal for a directory that another process holds.
    func held(by holder: LockHolder?) -> Refusal {
        let who = holder.map { "'\($0.command)', process \($0.pid), since \($0.since)" } ?? "another process"
        return Refusal(
            .conflict,
            "The data directory '\(path)' is held by \(who). Stop it, or name another directory with --data.",
            field: "data"
        )
    }
}

extension LockHolder {
    /// This process.
    static func here(socket: String?, _ runtime: Runtime) -> LockHolder {
        let words = CommandLine.arguments.dropFirst().prefix { !$0.hasPrefix("-") }.prefix(2)
        return LockHolder(
            pid: ProcessInfo.processInfo.processIdentifier,
            command: (["waymark"] + words).joined(separator: " "),
            since: runtime.now().description,
            socket: socket
        )
    }
}
