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
            imported all the same; the exit code is then 2. No mail is sent.

            Example:
              waymark import clients.ndjson --dry-run
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: ArgumentHelp("The file; - for standard input.", valueName: "file.ndjson"))
    var file: String

    @Flag(help: "Tell what would be done, and do nothing.")
    var dryRun = false

    func run() async throws {
        let directory = try await common.directory()
        var source = try LineSource(path: file)
        var bar = ProgressBar("import", total: source.byteCount)
        var sum = ImportClients.Answer()
        var rehearsed = Rehearsed()
        while let batch = try source.next(Storage.clientsMax) {
            let lines = dryRun ? rehearsed.new(batch, &sum) : batch
            let answer = try await directory.perform(ImportClients(lines: lines, dryRun: dryRun))
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

    /// A line as its author writes it.
    struct Client: Codable {
        var partner: String
        var name: String
        var system: String
        var systemClientId: String
        var admins: [String]

        func checked() throws -> NewClient {
            try NewClient(
                name: try OrganisationName(name),
                system: try SystemType(system),
                systemClientID: try SystemClientID(systemClientId),
                admins: try admins.map { try EmailAddress($0) }
            )
        }
    }

    var lines: [Line]
    var dryRun: Bool

    func run(in services: Services) async throws -> Answer {
        guard lines.count <= Storage.clientsMax else {
            throw Refusal(.tooLong, "At most \(Storage.clientsMax) lines are imported at once.")
        }
        var answer = Answer()
        // By bytes: two names that Swift holds equal may be two partners'.
        var partners: [[UInt8]: Result<PartnerRecord, Refusal>] = [:]
        var batches: [PartnerID: (partner: PartnerRecord, lines: [(number: Int, client: NewClient)])] = [:]
        for line in lines {
            do {
                let client: Client
                guard let text = line.text else { throw Refusal(.invalid, "this is not UTF-8") }
                do {
                    client = try JSONDecoder().decode(Client.self, from: Data(text.utf8))
                } catch {
                    throw Refusal(.invalid, Self.explain(error))
                }
                let new = try client.checked()
                let named = Array(client.partner.utf8)
                if partners[named] == nil {
                    do {
                        partners[named] = .success(try await services.partners.find(.operator, client.partner))
                    } catch let refusal as Refusal {
                        partners[named] = .failure(refusal)
                    }
                }
                guard let partner = try partners[named]?.get() else { continue }
                batches[partner.id, default: (partner, [])].lines.append((line.number, new))
            } catch let refusal as Refusal {
                answer.faults.append(Fault(line: line.number, reason: refusal.message))
            }
        }
        for (partner, lines) in batches.values {
            let added = try await services.clients.add(
                .operator,
                lines.map(\.client),
                of: partner,
                dryRun: dryRun
            )
            for (line, result) in zip(lines, added) {
                switch result {
                case .added: answer.added += 1
                case .unchanged: answer.unchanged += 1
                case .reserved(let until):
                    let reason =
                        "the System Client ID '\(line.client.systemClientID)' was given up, and stays reserved until \(until)"
                    answer.faults.append(Fault(line: line.number, reason: reason))
                case .conflict(let id, let holder):
                    let reason =
                        "the System Client ID '\(line.client.systemClientID)' belongs to the client '\(holder)' (\(id)) "
                        + "of the partner '\(partner.name)', with other fields; nothing was changed"
                    answer.faults.append(Fault(line: line.number, reason: reason))
                }
            }
        }
        return answer
    }

    static func explain(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "the member '\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "the member '\(context.codingPath.map(\.stringValue).joined(separator: "."))' is of the wrong type"
        default: "this is not a JSON object"
        }
    }
}

/// Remembers the lines of a dry run, which leaves nothing in the store to compare later lines with.
private struct Rehearsed {
    private var seen: [[UInt8]: (line: Int, text: [[UInt8]])] = [:]

    /// The lines that were not rehearsed before; the others are counted at once.
    mutating func new(_ lines: [ImportClients.Line], _ sum: inout ImportClients.Answer) -> [ImportClients.Line] {
        lines.filter { line in
            guard let text = line.text,
                let client = try? JSONDecoder().decode(ImportClients.Client.self, from: Data(text.utf8)),
                let checked = try? client.checked()
            else { return true }
            let key = Array(client.partner.utf8) + [UInt8(ascii: "/")] + checked.systemClientID.bytes
            let fields = ([client.name, client.system] + checked.admins.map(\.text)).map { Array($0.utf8) }
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
