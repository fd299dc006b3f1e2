import Domain
import NIOCore

/// Fetches objects that no live release names from upstream, and keeps the latest ones: pages that were loaded before a
/// publish still ask for their bundle and player.
actor ObjectShelf {
    private let feed: any Feed
    private let limits: EdgeLimits
    private var kept: [Digest: PreparedObject] = [:]
    /// Digests of `kept`, the oldest first.
    private var order: [Digest] = []
    private var keptBytes = 0
    private var flights: [Digest: Task<PreparedObject?, Never>] = [:]

    /// How many objects are asked for at once; a further one is answered as absent, and asked for again by the page.
    private static let flightsMax = 64

    init(feed: any Feed, limits: EdgeLimits) {
        self.feed = feed
        self.limits = limits
    }

    /// The object, or nil where upstream has none, or does not answer in time. One request goes out however many wait.
    func object(_ digest: Digest) async -> PreparedObject? {
        if let object = kept[digest] { return object }
        if let flight = flights[digest] { return await flight.value }
        guard flights.count < Self.flightsMax else { return nil }
        let feed = feed
        let time = Duration.nanoseconds(limits.objectTime.nanoseconds)
        // Not structured: whoever asked first must not end the fetch for the others.
        let flight = Task { await Self.fetch(digest, from: feed, within: time) }
        flights[digest] = flight
        let object = await flight.value
        flights[digest] = nil
        if let object { keep(object) }
        return object
    }

    /// Whatever comes first, the object or the end of the time: a feed that hangs must not hold the page.
    private static func fetch(_ digest: Digest, from feed: any Feed, within time: Duration) async -> PreparedObject? {
        let (answers, answer) = AsyncStream.makeStream(of: PreparedObject?.self)
        let read = Task { answer.yield((try? await feed.object(digest)).flatMap { $0 }.map(PreparedObject.init)) }
        let timer = Task {
            try await Task.sleep(for: time)
            answer.yield(nil)
        }
        defer {
            read.cancel()
            timer.cancel()
        }
        for await object in answers { return object }
        return nil
    }

    /// Forgets an object that upstream has erased.
    func forget(_ digest: Digest) {
        guard let object = kept.removeValue(forKey: digest) else { return }
        order.removeAll { $0 == digest }
        keptBytes -= object.byteCount
    }

    /// Forgets everything, where what was erased meanwhile is not known.
    func forgetAll() {
        kept = [:]
        order = []
        keptBytes = 0
    }

    private func keep(_ object: PreparedObject) {
        guard kept[object.digest] == nil, object.byteCount <= limits.spareObjectBytes else { return }
        kept[object.digest] = object
        order.append(object.digest)
        keptBytes += object.byteCount
        while keptBytes > limits.spareObjectBytes, let oldest = order.first {
            order.removeFirst()
            keptBytes -= kept.removeValue(forKey: oldest)?.byteCount ?? 0
        }
    }
}
