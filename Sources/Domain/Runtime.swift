import FoundationEssentials

/// What operations take from the world outside: the time and chance. Tests inject their own.
public struct Runtime: Sendable {
    /// The present time.
    public let now: @Sendable () -> Timestamp
    /// So many unpredictable bytes.
    public let random: @Sendable (Int) -> [UInt8]

    /// Makes a runtime of the given sources.
    public init(now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable (Int) -> [UInt8]) {
        self.now = now
        self.random = random
    }

    /// The machine's clock and its cryptographic random numbers.
    public static let system = Runtime(
        now: { Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))) },
        random: { count in
            var generator = SystemRandomNumberGenerator()
            return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
    )
}

/// A moment: milliseconds since the Unix epoch, UTC.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    /// Makes a moment.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Reads RFC 3339 in UTC, with or without fractions of a second; nil for anything else, or a year beyond 9999.
    public init?(_ text: String) {
        guard text.utf8.count <= 40, text.hasSuffix("Z") || text.hasSuffix("z"),
            let date = try? Date(
                text.uppercased(),
                strategy: .iso8601.year().month().day().time(
                    includingFractionalSeconds: text.contains(".")
                ).timeZone(separator: .omitted)
            )
        else { return nil }
        milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded(.down))
    }

    /// Whether `left` is earlier.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// RFC 3339, UTC, whole seconds.
    public var description: String {
        // Whole seconds that have begun: formatting would round to the next one.
        let seconds = (milliseconds - (milliseconds % 1000 + 1000) % 1000) / 1000
        return Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }
}
