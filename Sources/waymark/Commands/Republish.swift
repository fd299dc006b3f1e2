import ArgumentParser
import Domain
import Publishing
import Store

/// `waymark republish`
struct Republish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings this version's player to pages: releases anew what is live, with the same content.",
        discussion: """
            A release names its player, so a newer version of Waymark changes no page by itself. Each release that is made \
            here has a number of its own and can be rolled back. What has this player already stays as it is, so that the \
            command can be ended and run again.

            Example:
              waymark republish --player --dry-run
              waymark republish --player
            """
    )

    @OptionGroup var common: CommonOptions

    @Flag(help: "The player; nothing else can be brought anew.")
    var player = false

    @Flag(help: "Tell how many releases would be made, and make none.")
    var dryRun = false

    func validate() throws {
        guard player else { throw ValidationError("Say --player.") }
    }

    func run() async throws {
        let directory = try await common.directory()
        let total = try await directory.perform(CountWithoutPlayer())
        guard !dryRun else {
            Terminal.line("\(total) live releases would be made anew")
            return
        }
        var bar = ProgressBar("republish", total: total)
        var (done, refused) = (0, 0)
        var next: String?
        repeat {
            let answer = try await directory.perform(RepublishPlayer(after: next))
            done += answer.done
            refused += answer.refused.count
            for line in answer.refused { Terminal.error(line) }
            bar.show(done + refused, "\(done) released")
            next = answer.next
        } while next != nil
        bar.finish()
        Terminal.line("\(done) released with this player, \(refused) refused")
        if refused > 0 { throw ExitCode(2) }
    }
}

/// Counts the live releases that ask for another player.
struct CountWithoutPlayer: Operation {
    func run(in services: Services) async throws -> Int {
        Int(clamping: try await services.releases.countWithoutPlayer(.operator))
    }
}

/// Releases a part of them anew.
struct RepublishPlayer: Operation {
    /// The environment behind which the part begins.
    var after: String?

    struct Answer: Codable {
        var done: Int
        var refused: [String]
        var next: String?
    }

    /// How many at once: a second or two, and content that fits into memory.
    private static let partSize = 20

    func run(in services: Services) async throws -> Answer {
        let last = after.flatMap { EnvironmentID($0) }
        let part = try await services.releases.republish(.operator, after: last, limit: Self.partSize)
        return Answer(
            done: part.done,
            refused: part.refused.map { "\($0.owner), \($0.environment): \($0.why)" },
            next: part.next.map { "\($0)" }
        )
    }
}
