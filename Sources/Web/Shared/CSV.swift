/// Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would run as a formula.
enum CSV {
    /// A table with a header line, in UTF-8.
    static func table(_ header: [String], _ rows: [[String]]) -> [UInt8] {
        Array(([header] + rows).map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined().utf8)
    }

    private static func cell(_ text: String) -> String {
        let starts: Set<Character> = ["=", "+", "-", "@", "\t", "\r"]
        let safe = text.first.map(starts.contains) == true ? "'" + text : text
        guard safe.contains(where: { $0 == "\"" || $0 == "," || $0.isNewline }) else { return safe }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}
