import Domain
import Foundation
import Logging

/// Logs a JSON object a line to standard error, for machines to collect.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    private let label: String

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var members: [String: JSONValue] = [
            "at": .string(Runtime.system.now().description),
            "level": .string(event.level.rawValue),
            "logger": .string(label),
            "message": .string(event.message.description),
        ]
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all { members[key] = .string(value.description) }
        // A log that cannot be written must not stop what it tells of.
        let line = Data(JSONValue.object(members).canonical + [UInt8(ascii: "\n")])
        try? FileHandle.standardError.write(contentsOf: line)
    }
}
