import Domain
@testable import Mail
import Testing

struct HostileValuesTests {
    /// Texts that a browser reads as markup, each joined with a scalar that makes one character of it for Swift.
    static let markup = [
        "<script>alert(1)</script>", "\u{600}<script>alert(1)</script>", "<\u{301}script>", "\"\u{301} onclick=x ",
        "'\u{FE0F}><img src=x>", "&\u{301}lt;", "\u{D4E}<b>", "{{link}}", "{{{link}}}",
    ]

    @Test("a value is never markup, whatever joins with its characters", arguments: markup)
    func escaped(name: String) throws {
        let mail = try message(name)
        let plain = try message("MARK")
        for mark: Unicode.Scalar in ["<", ">", "\"", "'"] {
            let count = { (text: String) in text.unicodeScalars.count { $0 == mark } }
            #expect(count(mail.html) == count(plain.html), "\(mark)")
        }
        #expect(mail.html.unicodeScalars.contains("&") || !name.contains("<"))
        #expect(!mail.html.contains("control.waymark.example/invitations/9mY-4Xb_0?a=1&b"))
    }

    @Test("plain text shows a value as it is", arguments: ["R&D <Nord> \"x\"", "L'Été"])
    func plain(name: String) throws {
        let mail = try message(name)
        #expect(mail.text.contains("“\(name)”") && mail.subject.contains("“\(name)”"))
    }

    @Test(
        "a value stays one line and reads in one direction",
        arguments: [
            "a\r\nBcc: x@y.example\r\n\r\nb", "a\nb", "a\rb", "a\u{2028}b", "a\u{85}b", "a\u{0}b", "a\u{202E}b",
            "a\u{2066}b", "a\u{200F}b", "a\u{1B}[1mb",
        ]
    )
    func oneLine(name: String) throws {
        let plain = try message("MARK")
        let mail = try message(name)
        let lines = { (text: String) in text.unicodeScalars.count { $0 == "\n" } }
        #expect(lines(mail.text) == lines(plain.text) && lines(mail.html) == lines(plain.html))
        #expect(mail.subject.hasPrefix("“a ") && mail.subject.contains("b”"))
        for scalar in (mail.subject + mail.text + mail.html).unicodeScalars where scalar != "\n" {
            #expect(!singleLine(String(scalar)).isEmpty || scalar == " " || scalar == "\u{A0}", "\(scalar.value)")
        }
    }

    @Test(
        "a value that begins with a combining mark, or joins with what follows, divides nothing",
        arguments: TemplatesTests.all
    )
    func joins(template: MailTemplate, language: Language) throws {
        let mark = "\u{301}\u{600}"
        var values = Samples.values.mapValues { _ in mark }
        values["link"] = Samples.link
        let mail = try Samples.templates().message(template, language, values: values)
        #expect(!mail.subject.isEmpty && !mail.subject.utf8.contains(0x0A))
    }

    @Test("a long value is cut")
    func long() throws {
        let mail = try message(String(repeating: "ü", count: 100_000))
        #expect(mail.subject.unicodeScalars.count < MailTemplates.valueScalarsMax + 100)
    }

    @Test(
        "only a web address is a link",
        arguments: [
            "javascript:alert(1)", "https://x.example/\r\nBcc: y", "https://x.example/ y", "//x.example",
            "https://x.example/\"onclick=", "https://x.example/é", "data:text/html,x",
            "https://x.example/" + String(repeating: "a", count: 2000),
        ]
    )
    func links(link: String) {
        var values = Samples.values
        values["link"] = link
        #expect(throws: MailTemplates.Fault.badLink(.activation)) {
            try Samples.templates().message(.activation, .english, values: values)
        }
    }

    private func message(_ clientName: String) throws -> MailText {
        var values = Samples.values
        values["clientName"] = clientName
        return try Samples.templates().message(.partnerInvitation, .english, values: values)
    }
}
