import Domain
import Edge

/// The edge's report as Prometheus text and as the JSON of `/statusz`.
enum EdgeMetrics {
    /// Prometheus' text format, version 0.0.4.
    static func text(_ report: EdgeReport) -> String {
        var text = ""
        func metric(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: Int)]) {
            text += "# HELP waymark_edge_\(name) \(help)\n# TYPE waymark_edge_\(name) \(type)\n"
            for sample in samples { text += "waymark_edge_\(name)\(sample.labels) \(sample.value)\n" }
        }
        let counters = report.counters
        metric(
            "responses_total",
            "counter",
            "Answers by status.",
            counters.statuses.sorted { $0.key < $1.key }.map { ("{status=\"\($0.key)\"}", $0.value) }
        )
        metric(
            "outcomes_total",
            "counter",
            "Answers to snippet and manifest requests by outcome.",
            Outcome.allCases.map { ("{outcome=\"\($0.rawValue)\"}", counters.outcomes[$0] ?? 0) }
        )
        metric("sent_bytes_total", "counter", "Bytes given to the network.", [("", counters.bytesSent)])
        metric("connections_accepted_total", "counter", "Connections taken.", [("", counters.accepted)])
        metric(
            "connections_refused_total",
            "counter",
            "Connections closed for being too many.",
            [("", counters.refused)]
        )
        metric(
            "connections_timed_out_total",
            "counter",
            "Connections whose deadline passed.",
            [("", counters.timedOut)]
        )
        metric("connections_open", "gauge", "Connections now open.", [("", counters.open)])
        metric("beacons_total", "counter", "Usage beacons taken; dropped for now.", [("", counters.beacons)])
        metric("object_fetches_total", "counter", "Objects asked of upstream.", [("", counters.fetches)])
        metric("generation", "gauge", "The log's generation that is served.", [("", Int(report.head?.generation ?? 0))])
        metric(
            "entries",
            "gauge",
            "Entries held, by kind.",
            report.entries.map { ("{kind=\"\($0.kind)\"}", $0.count) }
        )
        metric("entries_set_aside", "gauge", "Entries of a later version, not understood.", [("", report.setAside)])
        metric(
            "pointers_waiting",
            "gauge",
            "Live pointers whose release lacks objects.",
            [("", report.waitingForObjects)]
        )
        metric("ready", "gauge", "Whether requests should be sent here.", [("", report.isReady ? 1 : 0)])
        return text
    }

    /// The JSON of `/statusz`.
    static func status(_ report: EdgeReport, started: Timestamp, now: Timestamp) -> [UInt8] {
        let entries = Dictionary(
            uniqueKeysWithValues: report.entries.map { ($0.kind, JSONValue.integer(Int64($0.count))) }
        )
        let counters = report.counters
        return JSONValue.object([
            "version": .string(Waymark.version),
            "startedAt": .string(started.description),
            "now": .string(now.description),
            "ready": .bool(report.isReady),
            "draining": .bool(report.isDraining),
            "epoch": report.head.map { .string($0.epoch) } ?? .null,
            "generation": report.head.map { .integer($0.generation) } ?? .null,
            "stateHash": report.head.map { .string($0.stateHash.description) } ?? .null,
            "entries": .object(entries),
            "entriesSetAside": .integer(Int64(report.setAside)),
            "pointersWaiting": .integer(Int64(report.waitingForObjects)),
            "connections": .object([
                "open": .integer(Int64(counters.open)), "accepted": .integer(Int64(counters.accepted)),
                "refused": .integer(Int64(counters.refused)), "timedOut": .integer(Int64(counters.timedOut)),
            ]),
            "usage": .object([
                "beacons": .integer(Int64(counters.beacons)),
                "note": .string("Usage beacons are checked, counted and dropped: nothing keeps them yet."),
            ]),
        ]).canonical + [UInt8(ascii: "\n")]
    }
}
