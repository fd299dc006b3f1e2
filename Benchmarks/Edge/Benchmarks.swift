import Benchmark
import Domain
import Edge

// Run: BENCHMARKS=1 swift package --disable-sandbox benchmark --target EdgeBenchmarks

let benchmarks = { @Sendable in
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .instructions, .throughput],
        warmupIterations: 3,
        scalingFactor: .kilo,
        maxDuration: .seconds(2)
    )
    headScanner()
    keyTable()
    index()
}

/// `HeadScanner`: what a browser sends, what `curl` sends, and a head that comes a byte at a time.
@Sendable func headScanner() {
    for (name, head) in [("browser", Heads.browser), ("curl", Heads.plain)] {
        Benchmark("HeadScanner.scan-whole-\(name)-bytes=\(head.count)") { benchmark in
            let limits = EdgeLimits()
            for _ in benchmark.scaledIterations {
                head.withUnsafeBytes { bytes in
                    var scanner = HeadScanner(limits: limits)
                    blackHole(try? scanner.scan(bytes))
                }
            }
        }
    }
    Benchmark(
        "HeadScanner.scan-bytewise-browser-bytes=\(Heads.browser.count)",
        configuration: .init(scalingFactor: .one)
    ) { benchmark in
        let limits = EdgeLimits()
        for _ in benchmark.scaledIterations {
            Heads.browser.withUnsafeBytes { bytes in
                var scanner = HeadScanner(limits: limits)
                for count in 1...bytes.count {
                    blackHole(try? scanner.scan(UnsafeRawBufferPointer(rebasing: bytes[..<count])))
                }
            }
        }
    }
}

/// `FastLane`: from a scanned head to the answer, for a key that is there and one that is not, at several sizes.
@Sendable func keyTable() {
    for count in [1, 1000, 100_000, 1_000_000] {
        for (name, isHit) in [("hit", true), ("unknown", false)] {
            Benchmark("FastLane.answer-\(name)-N=\(count)") { benchmark, shown in
                // Another key each time, so that the table and not the last line of the cache is measured.
                let heads = (0..<256).map { Heads.request(isHit ? "client-\($0 * 7919 % count)" : "nobody-\($0)") }
                let limits = EdgeLimits()
                let scanned = heads.map { head in
                    head.withUnsafeBytes { bytes in
                        var scanner = HeadScanner(limits: limits)
                        _ = try? scanner.scan(bytes)
                        return scanner.head
                    }
                }
                benchmark.startMeasurement()
                for number in benchmark.scaledIterations {
                    let place = number & 255
                    heads[place].withUnsafeBytes { bytes in
                        blackHole(FastLane.answer(to: scanned[place], bytes, in: shown))
                    }
                }
            } setup: {
                Fixture.shown(clients: count)
            }
        }
    }
}

/// `EdgeIndex`: built from a snapshot, and a change applied to one that is shown, as the follower does it.
@Sendable func index() {
    for count in [1000, 100_000] {
        Benchmark(
            "EdgeIndex.build-N=\(count)",
            configuration: .init(scalingFactor: .one, maxDuration: .seconds(5))
        ) { benchmark, changes in
            for _ in benchmark.scaledIterations { blackHole(Fixture.index(changes)) }
        } setup: {
            Fixture.changes(clients: count)
        }
    }
    for count in [1000, 100_000, 1_000_000] {
        for (name, change) in [("mapping", Fixture.mappingChange), ("standard", Fixture.standardChange)] {
            Benchmark("EdgeIndex.apply-\(name)-N=\(count)", configuration: .init(scalingFactor: .one)) {
                benchmark,
                shown in
                for number in benchmark.scaledIterations {
                    // A copy that shares everything with what the loops show, as the next state does.
                    var next = shown
                    next.apply(change(number), isNew: false)
                    next.settle(with: [], at: Fixture.head)
                    blackHole(next)
                }
            } setup: {
                Fixture.index(Fixture.changes(clients: count))
            }
        }
    }
}
