import Foundation
import TestSupport
import Testing

/// A data directory and the real binary, run as an operator would.
final class Deployment: Sendable {
    let directory = TestDirectory()
    var data: String { directory.path + "/data" }

    /// Runs a command on the data directory.
    func waymark(_ arguments: String..., data: String? = nil) async throws -> ProcessResult {
        try await run(TestTools.waymark, arguments + ["--data", data ?? self.data], in: directory.path)
    }

    /// Runs a command that must succeed.
    @discardableResult
    func done(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let result = try await run(TestTools.waymark, arguments + ["--data", data], in: directory.path)
        #expect(result.status == 0, "\(arguments): \(result.output)", sourceLocation: sourceLocation)
        return result.output
    }

    /// Starts a server and waits until it tells where it listens.
    func serve(data: String? = nil) async throws -> (process: RunningProcess, ports: [String: Int]) {
        let log = directory.path + "/serve-\(UUID().uuidString)"
        let any = "127.0.0.1:0"
        let process = try RunningProcess(
            TestTools.waymark,
            ["serve", "--data", data ?? self.data, "--edge", any, "--control", any, "--ops", any],
            in: directory.path,
            log: log
        )
        let lines = try await eventually(within: .seconds(30)) { () -> [String]? in
            guard process.isRunning else {
                throw RawConnection.Failed(description: "serve ended: " + Self.read(log + ".err"))
            }
            let lines = Self.read(log).split(separator: "\n").map(String.init)
            return lines.count == 3 ? lines : nil
        }
        return (process, Self.ports(lines))
    }

    /// `NAME … http://127.0.0.1:PORT…` as ports by names.
    static func ports(_ lines: [String]) -> [String: Int] {
        var ports: [String: Int] = [:]
        for line in lines {
            guard let name = line.split(separator: " ").first, let match = line.firstMatch(of: /127\.0\.0\.1:(\d+)/)
            else {
                continue
            }
            ports[String(name)] = Int(match.1)
        }
        return ports
    }

    static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
