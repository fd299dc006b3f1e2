/// Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would run as a formula.
enum CSV {
    /// A table with a header line, in UTF-8.
    static func table(_ header: [String], _ rows: [[String]]) -> [UInt8] {
        Array(([header] + rows).map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined().utf8)
    }

    private static func cell(_ text: String) -> String {
        // By scalars: a sign with an accent over it is one character, and still a sign to a spreadsheet.
        let starts: Set<Unicode.Scalar> = ["=", "+", "-", "@", "\t", "\r", "\n"]
        let safe = text.unicodeScalars.first.map(starts.contains) == true ? "'" + text : text
        guard safe.utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else { return safe }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}
