import Foundation
import TestSupport
import Testing

/// A real mail server for one test: `smtp_server.py`.
final class TestMailServer: Sendable {
    enum TLS: Sendable {
        case startTLS, implicit
    }

    let port: Int
    let tls: TLS?
    /// Its certificate, for `localhost` alone, which is its own authority; nil without TLS.
    let certificate: String?
    private let directory: TestDirectory
    private let process: RunningProcess

    init(tls: TLS? = nil, user: String? = nil, password: String? = nil) async throws {
        let files = try TestDirectory()
        let directory = files.path
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        var arguments = [folder.appendingPathComponent("smtp_server.py").path, directory]
        if tls != nil {
            let made = try await run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out",
                    "certificate.pem",
                ],
                in: directory
            )
            try #require(made.status == 0, "\(made.output)")
            arguments += ["--certificate", directory + "/certificate.pem", "--key", directory + "/key.pem"]
            if tls == .implicit { arguments.append("--implicit") }
        }
        if let user, let password { arguments += ["--user", user, "--password", password] }
        let process = try RunningProcess(TestTools.python, arguments, in: directory, log: directory + "/output")
        port = try await eventually {
            guard process.isRunning else {
                let errors = FileManager.default.contents(atPath: directory + "/output.err") ?? Data()
                throw RawConnection.Failed(description: "no mail server: \(String(decoding: errors, as: UTF8.self))")
            }
            let output = FileManager.default.contents(atPath: directory + "/output") ?? Data()
            return Int(String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines))
        }
        self.process = process
        self.directory = files
        self.tls = tls
        certificate = tls == nil ? nil : directory + "/certificate.pem"
    }

    /// What it was told, a line for each command.
    func log() -> [String] {
        let text = FileManager.default.contents(atPath: directory.path + "/log") ?? Data()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst().map(String.init)
    }

    /// The bytes of the message that it took over as the Nth.
    func message(_ number: Int) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(number).eml")))
    }

    /// Ends it.
    func end() async throws {
        _ = try await process.end(SIGKILL)
    }
}
