import Accounts
import ArgumentParser
import Domain
import Foundation
import Gallery
import Publishing
import Store

/// `waymark gallery`
struct GalleryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gallery",
        abstract: "Checks and publishes solutions: folders with a solution.json and a file for each item.",
        discussion: """
            Example:
              waymark gallery check gallery
              waymark gallery publish gallery --partner tessera --standard
            """,
        subcommands: [Check.self, PublishSolutions.self]
    )

    /// `waymark gallery check`
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks solutions against the schemas; tells each fault's file, JSON pointer and reason.",
            discussion: """
                Example:
                  waymark gallery check gallery/sap-concur/create-expense-report
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "A solution's folder, or a folder of them.")
        var path: String

        func run() async throws {
            let solutions = try SolutionFolders.read(try ContentFolder.files(below: path), format: try ContentFormat())
            for solution in solutions {
                Terminal.line("\(solution.system)/\(solution.id): \(solution.items.count) items, no fault")
            }
        }
    }

    /// `waymark gallery publish`
    struct PublishSolutions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "publish",
            abstract:
                "Publishes solutions as versions in a partner's gallery; with --standard, as its standard content too.",
            discussion: """
                A solution whose newest version has the very same content keeps it. Standard content is made of the \
                versions that are live now, with those published here in the place of their earlier ones or behind.

                Example:
                  waymark gallery publish gallery --partner tessera --standard
                """
        )

        @OptionGroup var common: CommonOptions

        @Argument(help: "A solution's folder, or a folder of them.")
        var path: String

        @Option(help: ArgumentHelp("The partner's key or name.", valueName: "key|name"))
        var partner: String

        @Flag(help: "Make them the partner's standard content.")
        var standard = false

        @Option(help: "The environment of the standard content.")
        var environment = "production"

        func run() async throws {
            let files = try ContentFolder.files(below: path)
            // Faults are found here, with the paths as they were given; the operation reads the files once more.
            _ = try SolutionFolders.read(files, format: try ContentFormat())
            let operation = PublishGallery(
                files: files.map { WireFile($0) },
                partner: partner,
                environment: standard ? environment : nil
            )
            let answer = try await common.directory().perform(operation)
            for version in answer.versions {
                Terminal.line(
                    "\(version.solution) version \(version.number)\(version.isUnchanged ? " (unchanged)" : "")"
                )
            }
            for release in answer.releases { release.show("standard content of \(partner)") }
        }
    }
}

/// Publishes solutions as versions, and as standard content where an environment is named.
struct PublishGallery: Operation {
    var files: [WireFile]
    var partner: String
    var environment: String?

    struct Version: Codable {
        var solution: String
        var number: Int64
        var isUnchanged: Bool
    }

    struct Answer: Codable {
        var versions: [Version]
        var releases: [ReleaseAnswer]
    }

    func run(in services: Services) async throws -> Answer {
        let partner = try await services.partners.find(.operator, partner)
        let solutions = try SolutionFolders.read(files.map(\.file), format: services.format)
        let environment = try environment.map { try EnvironmentName($0) }
        let versions = try await services.versions.publish(.operator, solutions, of: partner)
        var releases: [ReleaseAnswer] = []
        if let environment {
            for type in SystemType.supported {
                let own = zip(versions, solutions).filter { $0.1.system == type }.map(\.0)
                guard !own.isEmpty else { continue }
                let release = try await services.releases.publishStandard(
                    .operator,
                    own,
                    of: partner,
                    type: type,
                    environment: environment
                )
                releases.append(ReleaseAnswer(release, environment))
            }
        }
        return Answer(
            versions: versions.map { Version(solution: $0.slug, number: $0.number, isUnchanged: $0.isUnchanged) },
            releases: releases
        )
    }
}
