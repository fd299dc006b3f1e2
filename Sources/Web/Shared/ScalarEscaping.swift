import Domain
import Mustache

/// HTML escaping of single Unicode scalars; Mustache's own looks at whole characters, and finds nothing to escape in `<`
/// after U+0600.
struct ScalarEscaping: MustacheContentType {
    /// The first line of every template of ours, put there when it is read.
    static let pragma = "{{% CONTENT_TYPE: HTML-SCALARS}}"

    /// Makes it known to Mustache, whose table of content types is global; more than once does no harm.
    static func register() {
        MustacheContentTypes.register(Self(), named: "HTML-SCALARS")
    }

    func escapeText(_ text: String) -> String {
        escapedHTML(text)
    }
}
