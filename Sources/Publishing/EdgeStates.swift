/// Where edges stand, for publishers who wait for them.
public struct EdgeStates: Sendable {
    /// An edge, and the generation that it serves.
    public struct State: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// The generation.
        public let generation: Int64

        /// Describes an edge.
        public init(name: String, generation: Int64) {
            self.name = name
            self.generation = generation
        }
    }

    private let read: @Sendable () async -> [State]

    /// Asks edges by `read`.
    public init(read: @escaping @Sendable () async -> [State]) {
        self.read = read
    }

    /// How long to wait between two looks at the edges, at first, and at most: each look costs every edge something.
    private static let pauses = (first: Duration.milliseconds(1), last: Duration.milliseconds(250))

    /// Waits until every edge serves a generation, or the time is over.
    ///
    /// - Returns: Where the edges stand then.
    public func wait(for generation: Int64, atMost time: Duration) async -> [State] {
        let end = ContinuousClock.now + time
        var pause = Self.pauses.first
        while true {
            let states = await read()
            if states.allSatisfy({ $0.generation >= generation }) || ContinuousClock.now >= end { return states }
            do { try await Task.sleep(for: min(pause, end - .now)) } catch { return states }
            pause = min(pause * 1.5, Self.pauses.last)
        }
    }
}
