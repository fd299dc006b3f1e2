import Domain
import Gallery

/// What must hold of whatever bytes come as content: they are refused with places and reasons, or they are what was taken
/// for good, and are so again.
package struct ContentProperty: Sendable {
    private let format: ContentFormat

    package init() throws {
        format = try ContentFormat()
    }

    /// What is broken; nil for nothing. The first byte chooses what the others are read as.
    package func check(_ bytes: [UInt8]) -> String? {
        let rest = Array(bytes.dropFirst())
        return switch bytes.first.map({ $0 % 3 }) {
        case 0: checkItem(rest)
        case 1: checkText(rest)
        case 2: checkArchive(rest)
        default: nil
        }
    }

    /// An accepted item is valid once more as it is stored, names only what an item may name, and holds no name that means
    /// something to JavaScript.
    package func checkItem(_ bytes: [UInt8]) -> String? {
        do throws(Refusal) {
            guard let item = try format.items([ContentFile(path: "item.json", bytes: bytes)]).first else { return nil }
            let stored = item.content.canonical
            let again = try format.items([ContentFile(path: "item.json", bytes: stored)])
            if again != [item] || again.first?.content.canonical != stored { return "an item changes as it is stored" }
            if stored.contains(sequence: Array("\"__proto__\":".utf8)) { return "an item has a member __proto__" }
            return nil
        } catch {
            return explained(error)
        }
    }

    /// Accepted text has no hidden character, and its links lead nowhere but to https.
    package func checkText(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        let content: JSONValue = [
            "kind": "shoutOut", "name": "n", "title": ["en": "t"], "text": ["en": .string(text)],
        ]
        do throws(Refusal) {
            _ = try format.item(content, id: "item", at: "")
        } catch {
            return explained(error)
        }
        if text.unicodeScalars.contains(where: { (0x202A...0x202E).contains($0.value) || $0.value < 0x20 && $0 != "\n" }
        ) {
            return "hidden characters are taken"
        }
        let scalars = Array(text.unicodeScalars)
        for place in scalars.indices.dropLast() where scalars[place] == "]" && scalars[place + 1] == "(" {
            let target = String(String.UnicodeScalarView(scalars[(place + 2)...].prefix { $0 != ")" }))
            if !target.hasPrefix("https://") { return "a link leads to '\(target)'" }
        }
        return nil
    }

    /// The files of an accepted archive are the same after they were packed once more.
    package func checkArchive(_ bytes: [UInt8]) -> String? {
        do throws(Refusal) {
            let files = try ZipArchive.files(in: bytes, fileBytesMax: ContentFormat.fileBytesMax)
            let again = try ZipArchive.files(
                in: ZipArchive.archive(files),
                fileBytesMax: ContentFormat.fileBytesMax
            )
            return again == files ? nil : "an archive changes when it is packed again"
        } catch {
            return explained(error)
        }
    }

    /// A refusal says why.
    private func explained(_ refusal: Refusal) -> String? {
        let isSaid = !refusal.message.isEmpty && refusal.faults.allSatisfy { !$0.reason.isEmpty && !$0.place.isEmpty }
        return isSaid ? nil : "refused without a reason: \(refusal)"
    }
}

extension [UInt8] {
    fileprivate func contains(sequence: [UInt8]) -> Bool {
        firstRange(of: sequence) != nil
    }
}
