import Domain
import Foundation
@testable import Mail
import TestSupport
import Testing

struct MessageTests {
    @Test("a message is what Python's email package expects, in every language", arguments: Language.allCases)
    func parsed(language: Language) async throws {
        let mail = try Samples.templates().message(.partnerInvitation, language, values: Samples.values)
        // As long as fits one encoded word: Python leaves a blank between two in a name, and only there.
        let name = "Ünïcode, \"quoted\" <x@y.example>"
        let parsed = try await parse(try Samples.message(from: name, text: mail))
        #expect(parsed.defects == [])
        #expect(parsed.types == ["text/plain", "text/html"])
        // The last line's end is the boundary's (RFC 2046, section 5.1.1).
        #expect((parsed.text + "\n", parsed.html + "\n") == (mail.text, mail.html) && parsed.subject == mail.subject)
        #expect((parsed.senderName, parsed.senderAddress) == (name, "no-reply@waymark.example"))
        #expect(parsed.to == ["amelie@nordwind.example"] && parsed.date == "2026-03-01T09:05:00+00:00")
    }

    @Test(
        "no field can end its line or begin another",
        arguments: [
            "x\r\nBcc: y@z.example", "x\n\nbody", "x\rBcc: y", "\u{2028}Bcc: y",
            "=?UTF-8?Q?a=0D=0ABcc:_y?=", "\0",
        ]
    )
    func injection(hostile: String) async throws {
        let text = MailText(subject: hostile, text: "--=_waymark\r\n\(hostile)", html: "--=_waymark--\n\(hostile)")
        let parsed = try await parse(try Samples.message(from: hostile, text: text))
        #expect(
            parsed.fields == [
                "Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "MIME-Version", "Message-ID",
                "Subject", "To",
            ]
        )
        #expect(parsed.types == ["text/plain", "text/html"] && parsed.defects == [])
        #expect(parsed.subject.trimmingCharacters(in: .whitespaces) == singleLine(hostile))
        #expect(parsed.text.hasPrefix("--=_waymark\n") && parsed.html.hasPrefix("--=_waymark--\n"))
    }

    @Test(
        "a subject of any length and script comes back, in lines of at most 76 bytes",
        arguments: [
            "", "short", "a =?b", String(repeating: "long words ", count: 30) + "end",
            String(repeating: "é", count: 300), String(repeating: "👩‍🚀", count: 60),
            "ÿ" + String(repeating: "x", count: 67), String(repeating: "x", count: 67),
            String(repeating: "x", count: 68),
        ]
    )
    func subjects(subject: String) async throws {
        let message = try Samples.message(text: MailText(subject: subject, text: "x", html: "x"))
        #expect(try await parse(message).subject == subject)
        let lines = String(decoding: message.encoded(), as: UTF8.self).components(separatedBy: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 76 })
        let encoded = EncodedWords.encode(subject, column: 9)
        #expect(EncodedWords.decode(encoded) == subject)
        for word in encoded.components(separatedBy: "\r\n ") where word.hasPrefix("=?") {
            // Each word is whole characters.
            #expect(word.utf8.count <= 75 && !EncodedWords.decode(word).contains("\u{FFFD}"))
        }
    }

    @Test(
        "quoted-printable comes back, in short ASCII lines that neither end in a blank nor begin with a dot",
        arguments: [
            "", "\n", ".", "..\n.x\n", "a \nb\t\n ", String(repeating: "é.", count: 200),
            String(repeating: " ", count: 99),
            String(repeating: "=", count: 99), "x\u{0}y\u{7F}\n", String(repeating: "x", count: 75) + ".y",
            String(repeating: "x", count: 76), String(repeating: "x", count: 77), "\n\n\nx",
        ]
    )
    func quotedPrintable(text: String) {
        let encoded = QuotedPrintable.encode(text)
        let expected = text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
        #expect(QuotedPrintable.decode(encoded) == expected)
        for line in encoded.components(separatedBy: "\r\n") {
            #expect(line.utf8.count <= 76 && line.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            #expect(!line.hasSuffix(" ") && !line.hasPrefix("."))
        }
    }

    @Test("the same message is the same bytes, all ASCII, all lines ended by CRLF")
    func bytes() throws {
        let bytes = try Samples.message(from: "Büro").encoded()
        #expect(bytes == (try Samples.message(from: "Büro").encoded()))
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) || $0 == "\r" || $0 == "\n" })
        #expect(text.replacingOccurrences(of: "\r\n", with: "").utf8.allSatisfy { $0 != 0x0A && $0 != 0x0D })
        #expect(text.hasSuffix("\r\n"))
    }

    @Test(
        "a message id that could be more than one is refused",
        arguments: ["", "a", "a@", "@b", "a@b@c", "a/../b@c", "a\r\n@b", "é@b"]
    )
    func ids(id: String) {
        #expect(throws: MailFault.self) { try Samples.message(id: id) }
    }

    private struct Parsed: Decodable {
        let fields, types, defects, to: [String]
        let subject, senderName, senderAddress, date, text, html: String
    }

    private func parse(_ message: MailMessage) async throws -> Parsed {
        let directory = try TestDirectory()
        let file = directory.path + "/mail.eml"
        try Data(message.encoded()).write(to: URL(fileURLWithPath: file))
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("parse_mail.py")
        let result = try await run(TestTools.python, [script.path, file])
        try #require(result.status == 0, "\(result.output)")
        return try JSONDecoder().decode(Parsed.self, from: Data(result.output.utf8))
    }
}
