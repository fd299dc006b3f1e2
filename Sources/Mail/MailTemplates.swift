// Mail makes the messages that people get, in three languages, and hands them to a mail server or a directory.
//
// It doesn't decide who gets what, keeps nothing, and tries nothing again: the outbox does.

public import Domain
import Foundation
import Mustache

/// The words of every mail, embedded in the binary and parsed when this is made.
public struct MailTemplates: Sendable {
    private let library: MustacheLibrary

    /// Why templates, or a message, cannot be made: a mistake in this program.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// There is no such template file.
        case missingFile(String)
        /// The file is no template; what is wrong with it.
        case brokenFile(String, String)
        /// The template needs this value, and it is missing or blank.
        case missingValue(MailTemplate, String)
        /// The value `link` is no http or https address. The link itself is not told: it is a secret.
        case badLink(MailTemplate)

        /// A sentence for the log.
        public var description: String {
            switch self {
            case .missingFile(let path): "The mail template \(path) is missing."
            case .brokenFile(let path, let reason): "The mail template \(path) is broken: \(reason)"
            case .missingValue(let template, let name): "The mail \(template.rawValue) needs the value '\(name)'."
            case .badLink(let template): "The mail \(template.rawValue) got a link that is no web address."
            }
        }
    }

    /// Parses every template of every language.
    ///
    /// - Throws: ``Fault`` where one is missing or broken; the start should stop there.
    public init() throws(Fault) {
        try self.init(files: EmbeddedFiles.all.map { ($0.path, $0.text.description) })
    }

    /// Parses these files.
    init(files: [(path: String, text: String)]) throws(Fault) {
        ScalarEscaping.register()
        var library = MustacheLibrary()
        for (path, text) in files {
            // What is escaped, and how, is no template's choice; and the library's own HTML escaping has holes.
            let type = path.hasSuffix(".txt.mustache") ? "TEXT" : ScalarEscaping.name
            do {
                try library.register("{{% CONTENT_TYPE: \(type)}}\n\(text)", named: Self.name(ofFile: path))
            } catch {
                throw Fault.brokenFile(path, "\(error)")
            }
        }
        self.library = library
        let parts = ["linkHint", "footer"]
        for language in Language.allCases {
            let texts = MailTemplate.allCases.map { "\(language.rawValue)/\($0.rawValue).txt" }
            let pages = MailTemplate.allCases.map { "\(language.rawValue)/\($0.rawValue).html" }
            for name in texts + pages + parts.map({ "\(language.rawValue)/\($0)" }) + ["layout.html"]
            where library.getTemplate(named: name) == nil {
                throw Fault.missingFile("\(name).mustache")
            }
            let nothing: [String: String] = [:]
            for name in texts where Self.divided(library.render(nothing, withTemplate: name)) == nil {
                throw Fault.brokenFile("\(name).mustache", "it does not begin with a line 'Subject: …'")
            }
        }
    }

    /// Makes a message's words.
    ///
    /// - Parameters:
    ///   - template: What to mail.
    ///   - language: In which language.
    ///   - values: The values by name; those that the template doesn't know are not looked at. They may come from
    ///     anyone: each is shown as one line of at most 2,000 characters, and is never markup.
    /// - Returns: Subject, text and HTML.
    /// - Throws: ``Fault`` where a needed value is missing, or the link is none.
    public func message(
        _ template: MailTemplate,
        _ language: Language,
        values: [String: String]
    ) throws(Fault) -> MailText {
        var shown: [String: String] = [:]
        for name in template.values.union(template.alternativeValues).union(template.optionalValues) {
            let value = Self.shown(name, values[name] ?? "", language)
            if !value.isEmpty { shown[name] = value }
        }
        // A person without a name is named by the address: once is enough.
        if shown["personName"] == shown["personAddress"] { shown["personAddress"] = nil }
        let alternative = template.alternativeValues.sorted()
        let missing = template.values.sorted().filter { shown[$0] == nil }
        if let name = missing.first ?? (alternative.contains { shown[$0] != nil } ? nil : alternative.first) {
            throw Fault.missingValue(template, name)
        }
        if template.carries == .link {
            guard let link = values["link"], Self.isWebAddress(link) else { throw Fault.badLink(template) }
            shown["link"] = link
        }
        shown["language"] = language.rawValue
        shown["linkHint"] = "\(language.rawValue)/linkHint"
        shown["footer"] = "\(language.rawValue)/footer"
        guard
            let text = Self.divided(
                library.render(shown, withTemplate: "\(language.rawValue)/\(template.rawValue).txt")
            ),
            let html = library.render(shown, withTemplate: "\(language.rawValue)/\(template.rawValue).html")
        else {
            preconditionFailure("Every template was found, and has a subject, when the templates were made.")
        }
        return MailText(subject: text.subject, text: text.body, html: html)
    }

    /// How much of a value is shown, in Unicode scalars: a suspension's reason may have as many.
    static let valueScalarsMax = 2000

    /// The longest link, in bytes.
    static let linkBytesMax = 2000

    /// A value in the reader's language, where it has one, and as one line.
    private static func shown(_ name: String, _ value: String, _ language: Language) -> String {
        if name == "role", let role = ClientRole(rawValue: value) { return role.name(in: language) }
        if name == "role", let role = StaffRole(rawValue: value) { return role.name(in: language) }
        if name.hasSuffix("At"), let date = try? Date(value, strategy: .iso8601) {
            return language.text(of: Timestamp(milliseconds: Int64(date.timeIntervalSince1970 * 1000)))
        }
        return singleLine(value, scalarsMax: valueScalarsMax)
    }

    private static func name(ofFile path: String) -> String {
        path.hasSuffix(".mustache") ? String(path.dropLast(".mustache".count)) : path
    }

    /// A rendered text's subject and body; nil where it has no subject line.
    ///
    /// In bytes: what is a character can depend on a value, which may begin with a combining mark.
    private static func divided(_ text: String?) -> (subject: String, body: String)? {
        let field = "Subject: "
        let lineEnd = UInt8(ascii: "\n")
        guard let bytes = text?.utf8, bytes.starts(with: field.utf8), let end = bytes.firstIndex(of: lineEnd) else {
            return nil
        }
        let subject = bytes[..<end].dropFirst(field.utf8.count)
        let body = bytes[end...].drop { $0 == lineEnd }
        return (String(decoding: subject, as: UTF8.self), String(decoding: body, as: UTF8.self))
    }

    /// Whether a text is an http or https address in printable ASCII without quotation marks or brackets.
    private static func isWebAddress(_ text: String) -> Bool {
        (text.hasPrefix("https://") || text.hasPrefix("http://")) && text.utf8.count <= linkBytesMax
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"'<>\\^`{|}".utf8.contains($0) }
    }
}
