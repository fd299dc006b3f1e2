import Domain
import Foundation
@testable import Mail
import Testing

struct TemplatesTests {
    static let all = MailTemplate.allCases.flatMap { template in Language.allCases.map { (template, $0) } }
    let templates: MailTemplates

    init() throws {
        templates = try Samples.templates()
    }

    @Test("every template in every language shows each of its values, in text and in HTML", arguments: all)
    func values(template: MailTemplate, language: Language) throws {
        let mail = try templates.message(template, language, values: Samples.values)
        #expect(!mail.subject.isEmpty && !mail.subject.contains("\n") && !mail.text.contains("Subject:"))
        let names = template.values.union(template.optionalValues).union(template.alternativeValues)
        for name in names where !(name == "partnerName" && !template.alternativeValues.isEmpty) {
            let shown = try shownForm(name, language)
            #expect(mail.text.contains(shown), "\(name) in the text")
            #expect(visible(mail.html).contains(shown), "\(name) in the HTML")
        }
        for (name, value) in Samples.values where !names.contains(name) {
            #expect(!(mail.subject + mail.text + mail.html).contains(value), "\(name) is not its value")
        }
    }

    @Test("text and HTML say the same", arguments: all)
    func sameWords(template: MailTemplate, language: Language) throws {
        let mail = try templates.message(template, language, values: Samples.values)
        let page = visible(mail.html)
        for line in mail.text.split(separator: "\n") where line != "-- " {
            // The button's words stand before a colon in the text.
            let words = line.trimmingCharacters(in: CharacterSet(charactersIn: ":\u{A0}"))
            #expect(page.contains(words), "\(words)")
        }
        #expect(!(mail.text + mail.html).contains("{{"))
        #expect(!mail.text.contains("&amp;") && !mail.text.contains("\n\n\n"))
    }

    @Test("a link is a button and a text, a code is shown, and nothing else is loaded or followed", arguments: all)
    func secrets(template: MailTemplate, language: Language) throws {
        let mail = try templates.message(template, language, values: Samples.values)
        let escaped = Samples.link.replacingOccurrences(of: "&", with: "&amp;")
        let links = mail.html.components(separatedBy: "href=\"").dropFirst().map { $0.components(separatedBy: "\"")[0] }
        #expect(links == (template.carries == .link ? [escaped, escaped] : []))
        #expect(mail.text.contains("\n\(Samples.link)\n") == (template.carries == .link))
        #expect(mail.text.contains("\n48213907\n") == (template.carries == .code))
        #expect(!mail.subject.contains("48213907"))
        for word in ["<script", "<style", "<img", "src=", "url(", "<link", "@import"] {
            #expect(!mail.html.contains(word), "\(word)")
        }
        #expect(mail.html.hasPrefix("<!DOCTYPE html>\n<html lang=\"\(language.rawValue)\">"))
    }

    @Test("a tag in a template is a value that the template declares", arguments: EmbeddedFiles.all.map(\.path))
    func tags(path: String) throws {
        let name = path.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? ""
        guard let template = MailTemplate(rawValue: name) else { return }
        let text = String(decoding: EmbeddedFiles.bytes(path) ?? [], as: UTF8.self)
        let known = template.values.union(template.optionalValues).union(template.alternativeValues)
            .union(["heading", "body", "button", "after", "<layout.html", "layout.html", ">*footer"])
        for tag in text.components(separatedBy: "{{").dropFirst().map({ $0.components(separatedBy: "}}")[0] }) {
            #expect(known.contains(String(tag.drop { "#^/$".contains($0) })), "\(tag)")
        }
        // Unescaped tags.
        #expect(!text.contains("{{{") && !text.contains("{{&"))
    }

    @Test("a message lacking a needed value is not made", arguments: MailTemplate.allCases)
    func missing(template: MailTemplate) {
        for name in template.values {
            for value in [nil, "", " \r\n"] {
                var values = Samples.values
                values[name] = value
                #expect(throws: MailTemplates.Fault.missingValue(template, name)) {
                    try templates.message(template, .english, values: values)
                }
            }
        }
    }

    @Test("somebody's joining is about a client or about a partner's staff, and about one of them")
    func alternatives() throws {
        var values = Samples.values
        values["clientName"] = nil
        let mail = try templates.message(.personJoined, .english, values: values)
        #expect(mail.subject == "“Amélie Brunner” has joined “Tessera Beratung”")
        #expect(mail.text.contains("the staff of the partner “Tessera Beratung”") && !mail.text.contains("“”"))
        values["partnerName"] = nil
        #expect(throws: MailTemplates.Fault.missingValue(.personJoined, "clientName")) {
            try templates.message(.personJoined, .english, values: values)
        }
    }

    @Test("the buttons are called what the rules call them (F-029, F-122)")
    func buttons() throws {
        let buttons: [(MailTemplate, Language, String)] = [
            (.activation, .english, "Activate Account"), (.partnerInvitation, .english, "Accept &amp; Continue"),
            (.partnerInvitation, .french, "Accepter et continuer"),
            (.partnerInvitation, .german, "Akzeptieren und Weiter"),
        ]
        for (template, language, words) in buttons {
            let mail = try templates.message(template, language, values: Samples.values)
            #expect(mail.html.contains("\">\(words)</a>"))
        }
    }

    @Test("a broken, missing or subjectless template stops the start")
    func broken() throws {
        let files = EmbeddedFiles.all.map { (path: $0.path, text: $0.text.description) }
        #expect(throws: Never.self) { try MailTemplates(files: files) }
        let path = "de/activation.txt.mustache"
        func replaced(_ text: String) -> [(path: String, text: String)] {
            files.map { $0.path == path ? ($0.path, text) : $0 }
        }
        #expect(throws: MailTemplates.Fault.missingFile(path)) {
            try MailTemplates(files: files.filter { $0.path != path })
        }
        #expect(throws: MailTemplates.Fault.self) { try MailTemplates(files: replaced("Subject: x\n{{#open}}")) }
        #expect(throws: MailTemplates.Fault.self) { try MailTemplates(files: replaced("Hello\n")) }
    }

    /// How a value is shown in a language.
    private func shownForm(_ name: String, _ language: Language) throws -> String {
        let value = try #require(Samples.values[name])
        if name == "role" { return ClientRole.contentManager.name(in: language) }
        guard name.hasSuffix("At") else { return value }
        let date = try Date(value, strategy: .iso8601)
        return language.text(of: Timestamp(milliseconds: Int64(date.timeIntervalSince1970) * 1000))
    }

    /// What a reader sees of a page.
    private func visible(_ html: String) -> String {
        let pieces = html.components(separatedBy: "<")
        let texts = pieces.dropFirst().map { $0.components(separatedBy: ">").dropFirst().joined(separator: ">") }
        return texts.joined().replacingOccurrences(of: "&quot;", with: "\"")
            .replacingOccurrences(of: "&#39;", with: "'").replacingOccurrences(of: "&amp;", with: "&")
    }
}
