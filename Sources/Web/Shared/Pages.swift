import Mustache

/// The embedded templates of one folder, parsed when the listener is made: a broken one stops the start.
struct Pages {
    private let library: MustacheLibrary

    init(folder: String) throws {
        ScalarEscaping.register()
        var library = MustacheLibrary()
        for file in EmbeddedFiles.all where file.path.hasPrefix("\(folder)/") && file.path.hasSuffix(".mustache") {
            let name = file.path.dropFirst(folder.count + 1).dropLast(".mustache".count)
            try library.register(ScalarEscaping.pragma + file.text.description, named: String(name))
        }
        self.library = library
    }

    /// The page of a template and the values it shows.
    func render(_ template: String, _ values: some Sendable) -> String {
        guard let page = library.render(values, withTemplate: template) else {
            preconditionFailure("The template \(template) is embedded.")
        }
        return page
    }
}
