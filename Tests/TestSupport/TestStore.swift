package import Domain
import Foundation
import SQLiteEngine
package import Store
import Synchronization

/// A directory of a test's own, in memory, gone with the object.
package final class TestDirectory: Sendable {
    package let path: String

    /// - Parameter root: Where it is made; programs cannot always be run from `/dev/shm`.
    package init(in root: String = "/dev/shm") {
        path = "\(root)/waymark-test-\(UUID().uuidString.lowercased())"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes files, making the folders between.
    package func write(_ files: [String: String]) throws {
        for (name, text) in files {
            let file = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
    }
}

extension Runtime {
    /// A clock that advances by a millisecond at each look, and numbers that only look random.
    package static func test(at start: Int64 = 1_800_000_000_000, seed: UInt64 = 1) -> Runtime {
        let state = Mutex((time: start, generator: SplitMix(state: seed)))
        return Runtime(
            now: {
                state.withLock {
                    $0.time += 1
                    return Timestamp(milliseconds: $0.time)
                }
            },
            random: { count in
                state.withLock { state in (0..<count).map { _ in UInt8.random(in: 0...255, using: &state.generator) } }
            }
        )
    }
}

/// A clock that stands until it is moved.
package final class TestClock: Sendable {
    private let state: Mutex<(time: Int64, generator: SplitMix)>

    package init(at start: Int64 = 1_800_000_000_000, seed: UInt64 = 1) {
        state = Mutex((time: start, generator: SplitMix(state: seed)))
    }

    /// Moves it on.
    package func advance(milliseconds: Int64) {
        state.withLock { $0.time += milliseconds }
    }

    /// Time by this clock, and numbers that only look random. No id is made twice at one moment.
    package var runtime: Runtime {
        Runtime(
            now: { self.state.withLock { Timestamp(milliseconds: $0.time) } },
            random: { count in
                self.state.withLock { state in
                    (0..<count).map { _ in UInt8.random(in: 0...255, using: &state.generator) }
                }
            }
        )
    }
}

/// SplitMix64: small, seeded, the same everywhere.
package struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(state: UInt64) {
        self.state = state
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// The engines that the storage contract runs on. PostgreSQL's joins when it connects.
package enum TestEngine: CaseIterable, Sendable {
    case sqlite
}

/// A store in a directory of its own, which goes with the last use of the store.
package struct TestStore: Sendable {
    package let storage: Storage
    package let runtime: Runtime

    private struct Held: Engine {
        let engine: any Engine
        let directory: TestDirectory

        func transaction<Result: Sendable>(
            _ body: @escaping @Sendable (any Connection) throws -> Result
        ) async throws -> Result {
            try await engine.transaction(body)
        }

        func snapshot<Result: Sendable>(
            _ body: @escaping @Sendable (any Connection) throws -> Result
        ) async throws -> Result {
            try await engine.snapshot(body)
        }
    }

    package init(
        _ engine: TestEngine = .sqlite,
        runtime: Runtime = .test(),
        changed: @escaping @Sendable () -> Void = {}
    ) async throws {
        self.runtime = runtime
        let directory = TestDirectory()
        let opened: any Engine =
            switch engine {
            case .sqlite: try SQLiteEngine(path: directory.path + "/waymark.sqlite")
            }
        storage = Storage(engine: Held(engine: opened, directory: directory), runtime: runtime, changed: changed)
        try await storage.migrate()
    }
}
