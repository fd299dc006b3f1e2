public import Domain

/// CSV as spreadsheets write it (RFC 4180), turned into the rows of an import.
public enum ImportTable {
    /// The columns that a row may have; the first line names those that are there, in any order.
    private static let columns: Set<String> = ["name", "system", "systemClientId", "admins", "reuseKey", "partner"]

    /// Reads a table; several admins stand in one cell, separated by blanks or semicolons.
    ///
    /// - Parameter bytes: The table, UTF-8 with or without a byte order mark.
    /// - Returns: A row for each line but the first; numbers are those of lines.
    /// - Throws: `invalid` where the table cannot be read at all.
    public static func rows(_ bytes: [UInt8]) throws(Refusal) -> [ClientImports.Row] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Refusal(.invalid, "The table is not UTF-8.")
        }
        var lines = try lines(Array(text.unicodeScalars.drop { $0 == "\u{FEFF}" }))
        guard let header = lines.first?.cells else { return [] }
        lines.removeFirst()
        for name in header where !columns.contains(name) {
            throw Refusal(.invalid, "The table has an unknown column '\(name.prefix(40))'.")
        }
        guard Set(header).count == header.count else { throw Refusal(.invalid, "A column stands twice in the table.") }
        return lines.filter { $0.cells != [""] }.map { line in
            guard line.cells.count == header.count else { return .init(number: line.number, text: "") }
            return .init(number: line.number, text: object(zip(header, line.cells)))
        }
    }

    private static func object(_ cells: Zip2Sequence<[String], [String]>) -> String {
        var members: [String: JSONValue] = [:]
        for (name, text) in cells {
            switch name {
            case "admins":
                members[name] = .array(
                    text.split { $0 == ";" || $0 == " " || $0 == "," }.map { .string(String($0)) }
                )
            case "reuseKey": members[name] = .bool(text == "true")
            default: members[name] = .string(text)
            }
        }
        return String(decoding: JSONValue.object(members).canonical, as: UTF8.self)
    }

    private static func lines(_ text: [Unicode.Scalar]) throws(Refusal) -> [(number: Int, cells: [String])] {
        var lines: [(number: Int, cells: [String])] = []
        var cells: [String] = []
        var cell = String.UnicodeScalarView()
        var isQuoted = false
        var (line, start, position) = (1, 1, 0)
        func next() -> Unicode.Scalar? { position + 1 < text.count ? text[position + 1] : nil }
        while position < text.count {
            let scalar = text[position]
            switch scalar {
            case "\"" where isQuoted && next() == "\"":
                cell.append("\"")
                position += 1
            case "\"" where isQuoted: isQuoted = false
            case "\"" where cell.isEmpty: isQuoted = true
            case "," where !isQuoted:
                cells.append(String(cell))
                cell = .init()
            case "\r" where !isQuoted && next() == "\n": break
            case "\n" where !isQuoted:
                lines.append((start, cells + [String(cell)]))
                (cells, cell) = ([], .init())
                start = line + 1
            default: cell.append(scalar)
            }
            if scalar == "\n" { line += 1 }
            position += 1
        }
        guard !isQuoted else { throw Refusal(.invalid, "A quotation mark in line \(start) has no end.") }
        if !cells.isEmpty || !cell.isEmpty { lines.append((start, cells + [String(cell)])) }
        return lines
    }
}
