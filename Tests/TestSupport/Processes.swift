import Foundation
import Synchronization

/// Programs that tests run; `Tests/run` installs them.
package enum TestTools {
    /// A Python with the packages of `Tests/Browser/requirements.txt`.
    package static var python: String { ProcessInfo.processInfo.environment["WAYMARK_TEST_PYTHON"] ?? "python3" }

    /// The built `waymark`.
    package static var waymark: String {
        ProcessInfo.processInfo.environment["WAYMARK_TEST_BINARY"]
            ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/debug/waymark").path
    }
}

/// What a program came to.
package struct ProcessResult: Sendable {
    package let status: Int32
    /// Standard output and standard error together.
    package let output: String
}

/// Runs a program to its end, off the test's own thread.
package func run(
    _ program: String,
    _ arguments: [String],
    in directory: String? = nil,
    environment: [String: String] = [:]
) async throws -> ProcessResult {
    let log = "/dev/shm/waymark-run-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let pid = try spawn(program, arguments, in: directory, environment: environment, output: log, errors: log)
    let status = await withCheckedContinuation { continuation in
        DispatchQueue(label: "process").async { continuation.resume(returning: wait(for: pid)) }
    }
    let output = FileManager.default.contents(atPath: log) ?? Data()
    return ProcessResult(status: status, output: String(decoding: output, as: UTF8.self))
}

/// A program that runs beside the test, and is ended with the object.
package final class RunningProcess: Sendable {
    package let pid: Int32
    private let ending = Ending()

    /// How it ended; nil while it runs. Apart, so that the thread that waits does not keep the process's object.
    private final class Ending: Sendable {
        let status = Mutex<Int32?>(nil)
    }

    /// Starts it. Its output goes to the file `log`, its errors to the file of that name and `.err`.
    package init(_ program: String, _ arguments: [String], in directory: String, log: String) throws {
        pid = try spawn(program, arguments, in: directory, environment: [:], output: log, errors: log + ".err")
        DispatchQueue(label: "process").async { [pid, ending] in
            let status = wait(for: pid)
            ending.status.withLock { $0 = status }
        }
    }

    deinit {
        if isRunning { kill(pid, SIGKILL) }
    }

    package var isRunning: Bool { ending.status.withLock { $0 == nil } }

    /// Sends a signal and waits for the end; returns the exit status, or 128 and the signal that ended it.
    package func end(_ signal: Int32 = 15) async throws -> Int32 {
        if isRunning { kill(pid, signal) }
        return try await eventually(within: .seconds(30)) { self.ending.status.withLock { $0 } }
    }
}

/// Starts a program with its output in files: a daemon that inherits a pipe would keep its reader waiting, and
/// Foundation's `Process` waits for every descendant.
private func spawn(
    _ program: String,
    _ arguments: [String],
    in directory: String?,
    environment: [String: String],
    output: String,
    errors: String
) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
    if errors == output {
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
    } else {
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
    }
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
    let place = directory.map { ["-C", $0] } ?? []
    var words = (["env"] + place + [program] + arguments).map { strdup($0) } + [nil]
    var settings = variables.map { strdup($0) } + [nil]
    defer { (words + settings).forEach { free($0) } }
    var pid: Int32 = 0
    let failed = posix_spawnp(&pid, "env", &actions, nil, &words, &settings)
    guard failed == 0 else {
        throw RawConnection.Failed(description: "\(program) cannot be started: \(String(cString: strerror(failed)))")
    }
    return pid
}

/// Waits for a child; its exit status, or 128 and the signal that ended it.
private func wait(for pid: Int32) -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
}

/// Waits until `body` gives a value, for at most a minute: on a machine with two cores, other tests may have them for a while.
package func eventually<Value>(
    within time: Duration = .seconds(60),
    _ body: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + time
    while true {
        if let value = try await body() { return value }
        guard ContinuousClock.now < end else {
            throw RawConnection.Failed(description: "it did not come about in time")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
