import Domain

/// The commonest keys that were asked for and are nobody's: a table of fixed size for each event loop, whatever comes.
///
/// A miss looks at four places. Where its key is, it counts; else it takes an empty place, or wears the weakest one of the
/// four down: a key that has come often goes slowly, so that a flood of keys that come once leaves the common ones there
/// (after HeavyKeeper; counts are what was seen of a key, and never too high by another's).
struct UnknownKeys {
    private struct Place {
        var hash: UInt64 = 0
        var count: UInt32 = 0
        var length: UInt16 = 0
        /// Unix seconds of the last time.
        var seen = 0
    }

    private static let sets = 64
    private static let ways = 4
    /// The longest path that is kept, in bytes; of a longer one nothing is.
    private static let pathBytesMax = 320

    private var places = [Place](repeating: Place(), count: sets * ways)
    private var paths = [UInt8](repeating: 0, count: sets * ways * pathBytesMax)
    private let seed: UInt64
    private var noise: UInt64

    init(seed: UInt64 = .random(in: 0 ... .max)) {
        self.seed = seed
        noise = seed | 1
    }

    /// Counts a path that was answered as unknown.
    mutating func note(_ target: UnsafeRawBufferPointer, at seconds: Int) {
        let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
        guard end <= Self.pathBytesMax else { return }
        let path = UnsafeRawBufferPointer(rebasing: target[..<end])
        let hash = xxHash64(path, seed: seed)
        let first = Int(hash % UInt64(Self.sets)) * Self.ways
        var weakest = first
        for place in first..<(first + Self.ways) {
            if places[place].count > 0 && places[place].hash == hash {
                if places[place].count < .max { places[place].count += 1 }
                places[place].seen = seconds
                return
            }
            if places[place].count < places[weakest].count { weakest = place }
        }
        noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let strength = min(places[weakest].count, 30)
        guard noise >> 33 & ((1 << UInt64(strength)) - 1) == 0 else { return }
        if places[weakest].count > 1 {
            places[weakest].count -= 1
            return
        }
        places[weakest] = Place(hash: hash, count: 1, length: UInt16(end), seen: seconds)
        paths.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[(weakest * Self.pathBytesMax)...]).copyMemory(from: path)
        }
    }

    /// What is in the table: paths, how often they came, and when last.
    var all: [(path: [UInt8], count: Int, seen: Int)] {
        places.indices.filter { places[$0].count > 0 }.map { place in
            let start = place * Self.pathBytesMax
            let path = Array(paths[start..<(start + Int(places[place].length))])
            return (path, Int(places[place].count), places[place].seen)
        }
    }
}

extension UnknownKeys {
    /// The keys of several tables, the commonest first.
    static func merged(_ tables: [UnknownKeys]) -> [UnknownKey] {
        var keys: [ResolutionKey: UnknownKey] = [:]
        for (path, count, seen) in tables.flatMap(\.all) {
            let route = path.withUnsafeBytes { Route(target: $0, method: .get) }
            guard case .snippet(let key) = route, key.environment == nil else { continue }
            let new = UnknownKey(
                partner: key.partner,
                variable: key.variable,
                client: key.client,
                count: 0,
                lastSeen: 0
            )
            keys[key, default: new].count += count
            keys[key, default: new].lastSeen = max(keys[key]?.lastSeen ?? 0, seen)
        }
        return keys.values.sorted { $0.count > $1.count }
    }
}
