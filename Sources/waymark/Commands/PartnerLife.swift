import Accounts
import ArgumentParser
import Domain
import Store

extension PartnerCommand {
    /// The partner that a command changes.
    struct Target: ParsableArguments {
        @OptionGroup var common: CommonOptions
        @Argument(help: "The partner's key or name.") var partner: String

        /// Changes it, and says what it is now.
        func perform(_ change: ChangePartner.Change, _ state: String) async throws {
            _ = try await common.directory().perform(ChangePartner(partner: partner, change: change))
            Terminal.line("\(partner) is \(state)")
        }
    }

    /// `waymark partner list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the partners.",
            discussion: """
                Example:
                  waymark partner list
                """
        )

        @OptionGroup var common: CommonOptions

        func run() async throws {
            for line in try await common.directory().perform(ListPartners()).lines { Terminal.line(line) }
        }
    }

    /// `waymark partner suspend`
    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Suspends a partner: all its keys answer the no-op at once, its staff only read.",
            discussion: """
                Example:
                  waymark partner suspend tessera
                """
        )

        @OptionGroup var target: Target

        func run() async throws {
            try await target.perform(.suspend, "suspended")
        }
    }

    /// `waymark partner resume`
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Resumes a suspended partner.",
            discussion: """
                Example:
                  waymark partner resume tessera
                """
        )

        @OptionGroup var target: Target

        func run() async throws {
            try await target.perform(.resume, "resumed")
        }
    }

    /// `waymark partner close`
    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Closes a partner that has no client left. Its key is never given again.",
            discussion: """
                Example:
                  waymark partner close tessera
                """
        )

        @OptionGroup var target: Target

        func run() async throws {
            try await target.perform(.close, "closed")
        }
    }
}

/// Lists the partners.
struct ListPartners: Operation {
    struct Answer: Codable {
        var lines: [String]
    }

    func run(in services: Services) async throws -> Answer {
        let partners = try await services.partners.list(.operator)
        return Answer(
            lines: partners.map { partner in
                let marks = (partner.isDefault ? ["default"] : []) + (partner.isSuspended ? ["suspended"] : [])
                return ([partner.key.text, partner.name.text] + marks).joined(separator: "  ")
            }
        )
    }
}

/// Suspends, resumes or closes a partner.
struct ChangePartner: Operation {
    enum Change: String, Codable {
        case suspend, resume, close
    }

    struct Answer: Codable {}

    var partner: String
    var change: Change

    func run(in services: Services) async throws -> Answer {
        let partner = try await services.partners.find(.operator, partner).id
        switch change {
        case .suspend: try await services.partners.setSuspended(.operator, partner, true)
        case .resume: try await services.partners.setSuspended(.operator, partner, false)
        case .close: try await services.partners.close(.operator, partner)
        }
        return Answer()
    }
}
