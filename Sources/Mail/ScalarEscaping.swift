import Domain
import Mustache

/// HTML escaping of single Unicode scalars.
///
/// Mustache's own looks at whole characters, as Swift counts them: in `"` with a combining accent, or `<` after an
/// Arabic number sign (U+0600, which joins with what follows), it finds nothing to escape, while a browser does.
struct ScalarEscaping: MustacheContentType {
    /// The name by which templates choose it.
    static let name = "HTML-SCALARS"

    /// Makes it known to Mustache, whose table of content types is global; more than once does no harm.
    static func register() {
        MustacheContentTypes.register(Self(), named: name)
    }

    func escapeText(_ text: String) -> String {
        escapedHTML(text)
    }
}
