import Crypto
import CryptoExtras
public import Domain
import Foundation
import Synchronization

/// Hashes passwords with scrypt, on threads of its own: a storm of sign-ins takes no event loop and a bounded share of
/// memory (`trust.md`, Passwords).
public final class Passwords: Sendable {
    /// What a hash costs: N = 2^`rounds`, r, p; 128·N·r bytes of memory.
    public struct Cost: Hashable, Sendable {
        var rounds: Int
        var blockSize: Int
        var parallelism: Int

        /// N = 2^15, r = 8, p = 3: 32 MiB and about 0.3 s.
        public static let standard = Cost(rounds: 15, blockSize: 8, parallelism: 3)
        /// For tests, which hash often.
        package static let low = Cost(rounds: 4, blockSize: 8, parallelism: 1)
    }

    private typealias Job = @Sendable () -> Void

    private let cost: Cost
    private let runtime: Runtime
    private let jobs = Mutex<[(job: Job, since: ContinuousClock.Instant)]>([])
    private let ready = DispatchSemaphore(value: 0)

    /// Threads that hash: with ``Cost/standard`` each holds 32 MiB meanwhile.
    private static let threads = 2
    /// How many may wait: at 0.3 s each, the last one waits about 10 s.
    private static let waitingMax = 64
    /// What has waited so long, longer than behind a full queue, is hashed in spite of pages.
    private static let patience = Duration.seconds(20)
    /// Linux's `SCHED_IDLE` (sched(7)), which Swift does not import.
    private static let idlePolicy: Int32 = 5

    /// Makes a hasher.
    public init(cost: Cost = .standard, runtime: Runtime) {
        self.cost = cost
        self.runtime = runtime
        for _ in 0..<Self.threads {
            Thread.detachNewThread { [weak self, ready] in
                // Pages come before people who sign in: hashing takes what is left of the processor. A nice value is
                // not enough: with it a loop that wakes still waits for the kernel's next tick, 4 ms of it.
                var none = sched_param()
                if sched_setscheduler(0, Self.idlePolicy, &none) != 0 { Self.lowerPriority(to: 19) }
                while true {
                    ready.wait()
                    guard let self else { return }
                    next()?()
                }
            }
        }
        // Where other work takes the whole machine, nothing is left: then people must get in all the same.
        Thread.detachNewThread { [weak self] in
            Self.lowerPriority(to: 10)
            while self != nil {
                Thread.sleep(forTimeInterval: 1)
                while let job = self?.next(after: Self.patience) { job() }
            }
        }
    }

    private static func lowerPriority(to nice: Int32) {
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, nice)
    }

    deinit {
        for _ in 0..<Self.threads { ready.signal() }
    }

    /// The job that has waited longest, if it has waited so long.
    private func next(after wait: Duration = .zero) -> Job? {
        jobs.withLock { jobs in
            guard let first = jobs.first, first.since.duration(to: .now) >= wait else { return nil }
            return jobs.removeFirst().job
        }
    }

    /// A hash to be stored: `scrypt$N$r$p$salt$key`, N as its exponent, the others in hexadecimal digits.
    ///
    /// - Throws: `busy` where too many wait.
    public func hash(_ password: String) async throws -> String {
        let salt = runtime.random(32)
        let cost = cost
        let key = try await work { try Self.key(password, salt: salt, cost) }
        return "scrypt$\(cost.rounds)$\(cost.blockSize)$\(cost.parallelism)$\(hexadecimal(salt))$\(hexadecimal(key))"
    }

    /// Whether a password is the one that was hashed. Without a hash it takes just as long, and is not.
    ///
    /// - Throws: `busy` where too many wait.
    public func matches(_ password: String, _ stored: String?) async throws -> Bool {
        let known = stored.flatMap(StoredHash.init)
        let cost = known?.cost ?? cost
        let salt = known?.salt ?? [UInt8](repeating: 0, count: 32)
        let key = try await work { try Self.key(password, salt: salt, cost) }
        // In constant time: every byte is looked at.
        var difference: UInt8 = 0
        for (found, wanted) in zip(key, known?.key ?? key) { difference |= found ^ wanted }
        return known != nil && difference == 0
    }

    /// A hash as it was stored.
    private struct StoredHash {
        let cost: Cost
        let salt: [UInt8]
        let key: [UInt8]

        init?(_ text: String) {
            let parts = text.split(separator: "$").map(String.init)
            guard parts.count == 6, parts[0] == "scrypt", let rounds = Int(parts[1]), (1...20).contains(rounds),
                let blockSize = Int(parts[2]), let parallelism = Int(parts[3]),
                let salt = Domain.Digest(hexadecimal: parts[4]), let key = Domain.Digest(hexadecimal: parts[5])
            else { return nil }
            cost = Cost(rounds: rounds, blockSize: blockSize, parallelism: parallelism)
            self.salt = salt.bytes
            self.key = key.bytes
        }
    }

    private static func key(_ password: String, salt: [UInt8], _ cost: Cost) throws -> [UInt8] {
        let key = try KDF.Scrypt.deriveKey(
            from: Array(password.utf8),
            salt: salt,
            outputByteCount: 32,
            rounds: 1 << cost.rounds,
            blockSize: cost.blockSize,
            parallelism: cost.parallelism
        )
        return key.withUnsafeBytes { Array($0) }
    }

    private func work<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isFull = jobs.withLock { jobs -> Bool in
                guard jobs.count < Self.waitingMax else { return true }
                jobs.append(({ continuation.resume(with: Swift.Result { try body() }) }, .now))
                return false
            }
            if isFull {
                continuation.resume(
                    throwing: Refusal(
                        .busy,
                        "Too many people are signing in at this moment; try again in a few seconds.",
                        retrySeconds: 5
                    )
                )
            } else {
                ready.signal()
            }
        }
    }
}

/// A password that may be set: NIST SP 800-63B, section 5.1.1.2, without a second factor.
struct NewPassword {
    let text: String

    /// The limits of its length: Unicode characters at least, bytes at most.
    static let charactersMin = 15
    static let bytesMax = 1024
    /// Characters that must be left when everything guessable is taken out.
    private static let ownCharactersMin = 8

    /// Words that people build passwords from.
    private static let common = [
        "password", "passwort", "motdepasse", "qwertyuiop", "qwertzuiop", "azertyuiop", "qwerty", "azerty", "qwertz",
        "asdfghjkl", "1234567890", "0123456789", "123456", "654321", "abcdefghijklmnopqrstuvwxyz", "abcdef", "letmein",
        "iloveyou", "welcome", "bienvenue", "willkommen", "administrator", "admin", "changeme", "secret", "monkey",
        "dragon", "football", "baseball", "sunshine", "princess", "superman", "correcthorsebatterystaple", "waymark",
    ]

    /// Checks a password that somebody wants to set.
    ///
    /// - Parameters:
    ///   - text: The password.
    ///   - context: Words that anybody would try first for this person: names, address, organisation.
    /// - Throws: `invalid` or `tooLong`.
    init(_ text: String, context: [String]) throws(Refusal) {
        guard text.utf8.count <= Self.bytesMax else {
            throw Refusal(.tooLong, "A password has at most \(Self.bytesMax) bytes.", field: "password")
        }
        guard text.count >= Self.charactersMin else {
            throw Refusal(
                .invalid,
                "A password has at least \(Self.charactersMin) characters; a sentence that only you would write is good.",
                field: "password"
            )
        }
        var rest = text.lowercased()
        let words = context.flatMap { $0.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init) }
        for word in (Self.common + words.filter { $0.count >= 4 }).sorted(by: { $0.count > $1.count }) {
            rest = rest.replacing(word, with: " ")
        }
        let own = rest.filter { !$0.isWhitespace }
        guard own.count >= Self.ownCharactersMin, Set(own).count >= 5 else {
            throw Refusal(
                .invalid,
                "This password is easy to guess: it is mostly a common word, your name, or a few characters repeated.",
                field: "password"
            )
        }
        self.text = text
    }
}
