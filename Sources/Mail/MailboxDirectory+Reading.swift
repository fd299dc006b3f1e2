public import Domain
import Foundation

/// A message in a ``MailboxDirectory``.
public struct MailboxEntry: Hashable, Sendable {
    /// Its name, for ``MailboxDirectory/show(_:)``.
    public let id: String
    /// When it was queued.
    public let date: Timestamp
    /// Who it is for.
    public let to: String
    /// What it is about.
    public let subject: String
}

extension MailboxDirectory {
    /// How many messages ``list()`` gives at most.
    public static let entriesMax = 1000

    /// The newest messages, at most ``entriesMax``; the newest last.
    ///
    /// Reads each of them.
    ///
    /// - Returns: An entry for each message that this type has written.
    /// - Throws: Where the directory can't be read.
    public func list() throws -> [MailboxEntry] {
        let names = try FileManager.default.contentsOfDirectory(atPath: path + "/new")
        let found = names.compactMap { name -> (id: String, date: Timestamp)? in
            guard name.hasSuffix(".eml"), let date = Self.date(ofID: String(name.dropLast(4))) else { return nil }
            return (String(name.dropLast(4)), date)
        }
        return try found.sorted { ($0.date, $0.id) < ($1.date, $1.id) }.suffix(Self.entriesMax).map { id, date in
            let text = String(decoding: try show(id), as: UTF8.self)
            return MailboxEntry(
                id: id,
                date: date,
                to: Self.field("To", of: text),
                subject: EncodedWords.decode(Self.field("Subject", of: text))
            )
        }
    }

    /// A message as it would be sent.
    ///
    /// - Parameter id: Its id.
    /// - Returns: The file's bytes.
    /// - Throws: `notFound` where there is no such message.
    public func show(_ id: String) throws -> [UInt8] {
        // An id is checked before it becomes a part of a path.
        guard Self.date(ofID: id) != nil, let data = FileManager.default.contents(atPath: "\(path)/new/\(id).eml")
        else {
            throw Refusal(.notFound, "There is no mail '\(id.prefix(80))'.", field: "id")
        }
        return [UInt8](data)
    }

    /// A message's plain text, for a person to read, and to follow its link.
    ///
    /// - Parameter id: Its id.
    /// - Returns: The text; lines end with LF.
    /// - Throws: `notFound` where there is no such message.
    public func text(_ id: String) throws -> String {
        let text = String(decoding: try show(id), as: UTF8.self)
        let parts = text.components(separatedBy: "--\(MailMessage.boundary)")
        guard parts.count > 1, let blank = parts[1].range(of: "\r\n\r\n") else { return "" }
        return QuotedPrintable.decode(parts[1][blank.upperBound...])
    }

    /// The moment that an id begins with; nil where it is no id.
    private static func date(ofID id: String) -> Timestamp? {
        let parts = id.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let milliseconds = Int64(parts[0]), "\(milliseconds)" == parts[0],
            isMessageID(String(parts[1]))
        else { return nil }
        return Timestamp(milliseconds: milliseconds)
    }

    /// A field of the head, unfolded; empty where it has none.
    private static func field(_ name: String, of text: String) -> String {
        let head = text.components(separatedBy: "\r\n\r\n")[0].replacingOccurrences(of: "\r\n ", with: " ")
        let line = head.components(separatedBy: "\r\n").first { $0.hasPrefix("\(name): ") }
        return String(line?.dropFirst(name.count + 2) ?? "")
    }
}
