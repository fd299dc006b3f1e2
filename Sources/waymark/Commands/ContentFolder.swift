import Domain
import Foundation

/// Content as files on this machine.
enum ContentFolder {
    /// Every `.json` file below a path, with the path as it was given.
    static func files(below path: String) throws -> [ContentFile] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw Refusal(.notFound, "There is no folder '\(path)'.", field: "path")
        }
        let root = path.hasSuffix("/") ? String(path.dropLast()) : path
        return try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
            .filter { $0.hasSuffix(".json") && !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
            .map { name in
                let whole = "\(root)/\(name)"
                guard let bytes = FileManager.default.contents(atPath: whole) else {
                    throw Refusal(.invalid, "The file '\(whole)' cannot be read.", field: "path")
                }
                return ContentFile(
                    path: name.contains("/") ? whole : absolute(root) + "/" + name,
                    bytes: [UInt8](bytes)
                )
            }
    }

    /// The path with its folder's name, where it was given as `.` or the like.
    private static func absolute(_ path: String) -> String {
        path.contains(where: { $0 != "." && $0 != "/" }) ? path : URL(fileURLWithPath: path).standardizedFileURL.path
    }
}

/// A file of content on its way to a server.
struct WireFile: Codable {
    var path: String
    var bytes: Data

    init(_ file: ContentFile) {
        path = file.path
        bytes = Data(file.bytes)
    }

    var file: ContentFile { ContentFile(path: path, bytes: [UInt8](bytes)) }
}
