public import Domain

/// Solutions as folders of files: a `solution.json` and a file for each item.
public enum SolutionFolders {
    /// Reads one solution, or all in a folder of them.
    ///
    /// - Parameters:
    ///   - files: Every `.json` file below the path, with paths as the author knows them.
    ///   - format: The embedded schemas.
    /// - Returns: The solutions in order of their folders' paths.
    /// - Throws: `invalid` with a fault for each place at fault in any of them.
    public static func read(_ files: [ContentFile], format: ContentFormat) throws(Refusal) -> [Solution] {
        var folders: [String: [ContentFile]] = [:]
        for file in files {
            folders[folder(of: file), default: []].append(file)
        }
        let heads = folders.filter { $0.value.contains { $0.name == "solution.json" } }
        guard !heads.isEmpty else {
            throw Refusal(
                .invalid,
                "There is no solution here: a solution's folder holds a solution.json.",
                field: "path"
            )
        }
        var faults: [Refusal.Fault] = []
        for (folder, files) in folders where heads[folder] == nil {
            faults += files.map {
                .init(place: $0.path, reason: "stands in no solution: there is no solution.json beside it")
            }
        }
        var solutions: [Solution] = []
        for (folder, files) in heads.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            let name = folder.split(separator: "/").last.map(String.init) ?? ""
            if solutions.contains(where: { $0.id == name }) {
                faults.append(.init(place: folder, reason: "another folder of that name is a solution too"))
                continue
            }
            do throws(Refusal) {
                solutions.append(try format.solution(id: name, files: files))
            } catch {
                faults += error.faults.isEmpty ? [.init(place: folder, reason: error.message)] : error.faults
            }
        }
        guard faults.isEmpty else { throw Refusal.content(faults) }
        return solutions
    }

    /// The gallery that this version ships, embedded in the binary.
    public static let shipped: [ContentFile] = EmbeddedFiles.all.map { file in
        ContentFile(path: "gallery/\(file.path)", bytes: file.text.withUTF8Buffer { Array($0) })
    }

    private static func folder(of file: ContentFile) -> String {
        file.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }
}
