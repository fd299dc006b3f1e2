import Accounts
import ArgumentParser
import Domain
import Foundation
import Store

/// `waymark import`
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Adds clients from a file, one JSON object a line.",
        discussion: """
            A line: {"partner":"tessera","name":"Nordwind Logistik","system":"sap-concur",\
            "systemClientId":"f947ccba-6eca-424a-a097-7114278effd4","admins":["it@nordwind.example"]}

            A partner is named by key or name. A line that is there already, in every field the same, is unchanged; one \
            that differs changes nothing and is reported. Bad lines are reported with their number and the good ones \
            imported all the same; the exit code is then 2. No mail is sent unless --send-activation says so.

            Example:
              waymark import clients.ndjson --dry-run
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: ArgumentHelp("The file; - for standard input.", valueName: "file.ndjson"))
    var file: String

    @Flag(help: "Tell what would be done, and do nothing.")
    var dryRun = false

    @Option(help: ArgumentHelp("When the admins get their activation mails: now, paced or no.", valueName: "when"))
    var sendActivation = ActivationMails.no.rawValue

    func run() async throws {
        guard ActivationMails(rawValue: sendActivation) != nil else {
            throw Refusal(.invalid, "--send-activation is now, paced or no.", field: "send-activation")
        }
        let directory = try await common.directory()
        var source = try LineSource(path: file)
        var bar = ProgressBar("import", total: source.byteCount)
        var sum = ImportClients.Answer()
        var rehearsed = Rehearsed()
        while let batch = try source.next(Storage.clientsMax) {
            let lines = dryRun ? rehearsed.new(batch, &sum) : batch
            let answer = try await directory.perform(ImportClients(lines: lines, dryRun: dryRun, mails: sendActivation))
            sum.add(answer)
            bar.show(source.byteOffset, "\(sum.added) added, \(sum.unchanged) unchanged, \(sum.faults.count) refused")
        }
        bar.finish()
        for fault in sum.faults.sorted(by: { $0.line < $1.line }) {
            Terminal.error("line \(fault.line): \(fault.reason)")
        }
        let done = dryRun ? "would be added" : "added"
        Terminal.line("\(sum.added) \(done), \(sum.unchanged) unchanged, \(sum.faults.count) refused")
        if !sum.faults.isEmpty { throw ExitCode(2) }
    }
}

/// Adds the clients of some lines, at most ``Storage/clientsMax``: a transaction for each partner among them.
struct ImportClients: Operation {
    struct Line: Codable {
        var number: Int
        /// nil for a line that is not UTF-8.
        var text: String?
    }

    struct Fault: Codable {
        var line: Int
        var reason: String
    }

    struct Answer: Codable {
        var added = 0
        var unchanged = 0
        var faults: [Fault] = []

        mutating func add(_ other: Answer) {
            added += other.added
            unchanged += other.unchanged
            faults += other.faults
        }
    }

    var lines: [Line]
    var dryRun: Bool
    /// `now`, `paced` or `no`.
    var mails: String

    func run(in services: Services) async throws -> Answer {
        let outcomes = try await services.imports.run(
            .operator,
            lines.map { ClientImports.Row(number: $0.number, text: $0.text) },
            of: nil,
            mails: ActivationMails(rawValue: mails) ?? .no,
            dryRun: dryRun
        )
        return Answer(
            added: outcomes.count { $0.status == .added },
            unchanged: outcomes.count { $0.status == .unchanged },
            faults: outcomes.filter { $0.status == .refused }.map { Fault(line: $0.row, reason: $0.reason ?? "") }
        )
    }
}

/// Remembers the lines of a dry run, which leaves nothing in the store to compare later lines with.
private struct Rehearsed {
    private var seen: [[UInt8]: (line: Int, text: [[UInt8]])] = [:]

    /// The lines that were not rehearsed before; the others are counted at once.
    mutating func new(_ lines: [ImportClients.Line], _ sum: inout ImportClients.Answer) -> [ImportClients.Line] {
        lines.filter { line in
            let row = ClientImports.Row(number: line.number, text: line.text)
            guard let (partner, client) = try? ClientImports.read(row, needsPartner: true) else { return true }
            let key = Array((partner ?? "").utf8) + [UInt8(ascii: "/")] + client.systemClientID.bytes
            let fields = ([client.name.text, client.system.text] + client.admins.map(\.text)).map { Array($0.utf8) }
            guard let earlier = seen[key] else {
                seen[key] = (line.number, fields)
                return true
            }
            if earlier.text == fields {
                sum.unchanged += 1
            } else {
                let reason = "line \(earlier.line) has the same System Client ID with other fields"
                sum.faults.append(.init(line: line.number, reason: reason))
            }
            return false
        }
    }
}

/// Reads a file's lines in batches, so that its size is no matter.
private struct LineSource {
    private let handle: FileHandle
    private var buffer: [UInt8] = []
    private var number = 0
    private var isAtEnd = false
    private(set) var byteOffset = 0
    let byteCount: Int

    private static let chunkBytes = 1 << 20
    /// A client's line has a few hundred bytes; one this long is none.
    private static let lineBytesMax = 1 << 20

    init(path: String) throws {
        if path == "-" {
            handle = .standardInput
            byteCount = 0
            return
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Refusal(.notFound, "The file '\(path)' cannot be read.", field: "file")
        }
        self.handle = handle
        byteCount = Int(try handle.seekToEnd())
        try handle.seek(toOffset: 0)
    }

    /// The next lines that are not blank, at most `most`; nil at the end.
    mutating func next(_ most: Int) throws -> [ImportClients.Line]? {
        var lines: [ImportClients.Line] = []
        var start = 0
        while lines.count < most {
            if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
                append(buffer[start..<end], to: &lines)
                byteOffset += end + 1 - start
                start = end + 1
                continue
            }
            guard buffer.count - start <= Self.lineBytesMax else {
                throw Refusal(.tooLong, "Line \(number + 1) is longer than \(Self.lineBytesMax) bytes.", field: "file")
            }
            if isAtEnd {
                if start < buffer.count { append(buffer[start...], to: &lines) }
                byteOffset += buffer.count - start
                start = buffer.count
                break
            }
            buffer.removeFirst(start)
            start = 0
            let chunk = try handle.read(upToCount: Self.chunkBytes) ?? Data()
            isAtEnd = chunk.isEmpty
            buffer += chunk
        }
        buffer.removeFirst(start)
        return lines.isEmpty && isAtEnd && buffer.isEmpty ? nil : lines
    }

    private mutating func append(_ line: ArraySlice<UInt8>, to lines: inout [ImportClients.Line]) {
        number += 1
        guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
        lines.append(.init(number: number, text: String(validating: line, as: UTF8.self)))
    }
}
