public import Domain
import Synchronization

/// Lets so many tries through for each name, and one more every so often. Kept in memory: a restart forgets it.
public final class RateLimit: Sendable {
    private struct Bucket {
        var left: Double
        var at: Int64
    }

    private let burst: Double
    private let millisecondsPerTry: Double
    private let runtime: Runtime
    private let buckets = Mutex<[String: Bucket]>([:])

    /// How many names are remembered at most; beyond it, those that have all their tries again are forgotten.
    private static let namesMax = 20_000

    init(burst: Int, secondsPerTry: Int, runtime: Runtime) {
        self.burst = Double(burst)
        millisecondsPerTry = Double(secondsPerTry) * 1000
        self.runtime = runtime
    }

    /// Makes a limit of requests: so many a second, at least 1, and ten seconds' worth at once.
    public init(perSecond: Int, runtime: Runtime) {
        burst = Double(max(perSecond, 1)) * 10
        millisecondsPerTry = 1000 / Double(max(perSecond, 1))
        self.runtime = runtime
    }

    /// Counts a try.
    ///
    /// - Throws: `tooMany`, with the seconds until the next one.
    public func take(_ name: String) throws(Refusal) {
        let now = runtime.now().milliseconds
        let wait = buckets.withLock { buckets -> Double? in
            if buckets.count >= Self.namesMax {
                buckets = buckets.filter { !isFull($0.value, at: now) }
                // All of them busy: forgetting is better than growing, or than refusing everybody.
                if buckets.count >= Self.namesMax { buckets.removeAll() }
            }
            var bucket = buckets[name] ?? Bucket(left: burst, at: now)
            bucket.left = min(burst, bucket.left + Double(now - bucket.at) / millisecondsPerTry)
            bucket.at = now
            defer { buckets[name] = bucket }
            guard bucket.left >= 1 else { return (1 - bucket.left) * millisecondsPerTry }
            bucket.left -= 1
            return nil
        }
        guard let wait else { return }
        let seconds = Int((wait / 1000).rounded(.up))
        throw Refusal(.tooMany, "Too many requests; try again in \(seconds) s.", retrySeconds: seconds)
    }

    /// Takes a try back that turned out right.
    func giveBack(_ name: String) {
        buckets.withLock { $0[name] = nil }
    }

    private func isFull(_ bucket: Bucket, at now: Int64) -> Bool {
        bucket.left + Double(now - bucket.at) / millisecondsPerTry >= burst
    }
}
