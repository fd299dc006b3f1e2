import Foundation

/// What commands write for people.
enum Terminal {
    /// A line on standard output, there at once whoever reads it.
    static func line(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    /// A line on standard error.
    static func error(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(("error: " + text + "\n").utf8))
    }

    /// A value as JSON that people read.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// A bar on standard error, where that is a terminal; nothing elsewhere.
struct ProgressBar {
    private let label: String
    private let total: Int
    private let isShown = isatty(FileHandle.standardError.fileDescriptor) == 1
    private var drawn = -1

    private static let width = 40

    init(_ label: String, total: Int) {
        self.label = label
        self.total = max(total, 1)
    }

    mutating func show(_ done: Int, _ note: String) {
        let filled = min(Self.width, done * Self.width / total)
        guard isShown, filled != drawn || done >= total else { return }
        drawn = filled
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        try? FileHandle.standardError.write(
            contentsOf: Data("\r\(label) \(bar) \(min(100, done * 100 / total)) % \(note)".utf8)
        )
    }

    func finish() {
        if isShown { try? FileHandle.standardError.write(contentsOf: Data("\n".utf8)) }
    }
}
