public import Domain

/// The scripts that run in partner apps: the loader, a release's snippet and bundle, the player, and the no-op.
///
/// They are written by hand in `Resources`, without a build step; this file only fills in what differs from one to the
/// next. What is made here is bytes; Publishing makes objects of them.
public enum PlayerScripts {
    /// The media type of every script.
    public static let mediaType = "text/javascript; charset=utf-8"

    /// What a page gets where there is nothing to run.
    public static let noOp = Array("/* Waymark: nothing to show */\n".utf8)

    /// The player of this version, with its style sheet inside.
    public static var player: [UInt8] {
        let style = JSONValue.string(String(decoding: joined(file("player.css")), as: UTF8.self))
        return joined(fill(file("player.js"), ["__STYLE__": style.canonical]))
    }

    /// A partner's loader.
    ///
    /// - Parameter variables: the accepted system variables, the current one first: the loader takes the first that
    ///   has a value.
    /// - Returns: The script.
    public static func loader(variables: [SystemVariable]) -> [UInt8] {
        let names = JSONValue.array(variables.map { .string($0.text) })
        return fill(file("loader.js"), ["__VARIABLES__": names.canonical])
    }

    /// The snippet of a release with its content inside.
    public static func snippet(content: ReleaseContent, player: Digest) -> [UInt8] {
        snippet(player: player, content: literal(content), bundle: Array("null".utf8))
    }

    /// The snippet of a release whose content stands in a bundle.
    public static func snippet(bundle: Digest, of content: ReleaseContent, player: Digest) -> [UInt8] {
        guard case .object(var reference) = reference(bundle) else { return [] }
        reference["content"] = .string(Digest(of: content.canonical).description)
        return snippet(player: player, content: Array("null".utf8), bundle: JSONValue.object(reference).canonical)
    }

    /// The content of a release as a script of its own, which hands itself to the snippets that wait for it.
    public static func bundle(_ content: ReleaseContent) -> [UInt8] {
        let name = Digest(of: content.canonical).description
        return Array("globalThis[Symbol.for(\"waymark\")].bundle(\"\(name)\", ".utf8) + literal(content)
            + Array(");\n".utf8)
    }

    private static func snippet(player: Digest, content: [UInt8], bundle: [UInt8]) -> [UInt8] {
        fill(
            file("snippet.js"),
            ["__PLAYER__": reference(player).canonical, "__CONTENT__": content, "__BUNDLE__": bundle]
        )
    }

    private static func reference(_ object: Digest) -> JSONValue {
        .object(["path": .string("\(object).js"), "integrity": .string(object.integrity)])
    }

    /// `JSON.parse('…')`: never an object literal, in which `__proto__` would mean something.
    private static func literal(_ content: ReleaseContent) -> [UInt8] {
        var bytes = Array("JSON.parse('".utf8)
        bytes.reserveCapacity(content.canonical.count + 32)
        for byte in content.canonical {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "'"): bytes += [UInt8(ascii: "\\"), byte]
            // Keeps `</script` and `<!--` out of a script that somebody may inline.
            case UInt8(ascii: "<"): bytes += "\\x3C".utf8
            default: bytes.append(byte)
            }
        }
        return bytes + Array("')".utf8)
    }

    /// Puts values in place of the quoted tokens of a script, each of which stands there exactly once.
    private static func fill(_ script: [UInt8], _ values: [String: [UInt8]]) -> [UInt8] {
        let text = String(decoding: script, as: UTF8.self)
        var places: [(range: Range<String.Index>, value: [UInt8])] = []
        for (token, value) in values {
            let found = text.ranges(of: "\"\(token)\"")
            precondition(found.count == 1, "An embedded script has the token \(token) once.")
            places.append((found[0], value))
        }
        var bytes: [UInt8] = []
        var position = text.startIndex
        for place in places.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            bytes += text[position..<place.range.lowerBound].utf8
            bytes += place.value
            position = place.range.upperBound
        }
        return bytes + Array(text[position...].utf8)
    }

    /// Without the line breaks that no reader of a script or a style sheet needs: those after brackets, commas and
    /// semicolons. The player has no text of several lines, and each of its statements ends in one of these.
    private static func joined(_ bytes: [UInt8]) -> [UInt8] {
        let ends = Array("{}()[],;".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte == UInt8(ascii: "\n"), let last = result.last, ends.contains(last) { continue }
            result.append(byte)
        }
        return result
    }

    /// An embedded file without its comment lines and indentation, which are for its readers here: a fifth fewer bytes
    /// for every page.
    private static func file(_ name: String) -> [UInt8] {
        guard let bytes = EmbeddedFiles.bytes(name) else { preconditionFailure("The script \(name) is embedded.") }
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map { line in
            line.drop { $0 == UInt8(ascii: " ") }
        }
        return Array(
            lines.filter { !$0.isEmpty && !$0.starts(with: "//".utf8) }.joined(separator: [UInt8(ascii: "\n")])
        ) + [UInt8(ascii: "\n")]
    }
}
