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

    /// How many names are remembered at most; beyond it, those that have the most tries left are forgotten.
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
                // Half of them go; whoever floods this with names frees others of little, and himself of nothing.
                let tries = buckets.mapValues { left($0, at: now) }
                let kept = tries.sorted { $0.value < $1.value }.prefix(Self.namesMax / 2)
                buckets = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, Bucket(left: $0.value, at: now)) })
            }
            var bucket = buckets[name] ?? Bucket(left: burst, at: now)
            bucket.left = left(bucket, at: now)
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

    /// Takes back a try that turned out right, or that was none.
    func giveBack(_ name: String) {
        buckets.withLock { buckets in
            guard let bucket = buckets[name] else { return }
            buckets[name]?.left = min(burst, bucket.left + 1)
        }
    }

    private func left(_ bucket: Bucket, at now: Int64) -> Double {
        min(burst, bucket.left + Double(now - bucket.at) / millisecondsPerTry)
    }
}
