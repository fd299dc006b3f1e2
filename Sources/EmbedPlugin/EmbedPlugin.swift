import Foundation
import PackagePlugin

/// Embeds files in the binary, so that it runs alone in an empty directory.
///
/// Every file below the target's `Resources` folder (and, for the target `Gallery`, below the package's `gallery`
/// folder) becomes a row of a generated `EmbeddedFiles` table in that target.
@main
struct EmbedPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let target = target as? SourceModuleTarget else { return [] }
        let root =
            target.name == "Gallery"
            ? context.package.directoryURL.appending(path: "gallery")
            : target.directoryURL.appending(path: "Resources")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
        let files = try FileManager.default.subpathsOfDirectory(atPath: root.path)
            .filter { !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
            .map { root.appending(path: $0) }
            .filter {
                !$0.hasDirectoryPath && (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
            }
            .sorted { $0.path < $1.path }
        return [
            .buildCommand(
                displayName: "Embedding \(files.count) files in \(target.name)",
                executable: try context.tool(named: "EmbedFiles").url,
                arguments: [output.path, root.path] + files.map(\.path),
                inputFiles: files,
                outputFiles: [output]
            )
        ]
    }
}
