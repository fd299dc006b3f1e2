import Accounts
import ArgumentParser
import Domain
import Store

/// `waymark link-hosts`
struct LinkHosts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says which hosts links in content may lead to: a partner's, or one client's system.",
        discussion: """
            Without hosts, shows those that are allowed. Content that links to any other host is not published.

            Example:
              waymark link-hosts --partner tessera help.tessera.example www.concur.com
              waymark link-hosts --partner tessera --client "Nordwind Logistik" intranet.nordwind.example
            """
    )

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("The partner's key or name.", valueName: "key|name"))
    var partner: String

    @Option(help: ArgumentHelp("The client's name, its id or its System Client ID.", valueName: "name|id"))
    var client: String?

    @Flag(help: "Allow none.")
    var none = false

    @Argument(help: ArgumentHelp("The hosts, in the place of those that are allowed now.", valueName: "host"))
    var hosts: [String] = []

    func validate() throws {
        guard hosts.isEmpty || !none else { throw ValidationError("Say either --none or hosts.") }
    }

    func run() async throws {
        let operation = AllowLinkHosts(partner: partner, client: client, hosts: none || !hosts.isEmpty ? hosts : nil)
        let allowed = try await common.directory().perform(operation).hosts
        if allowed.isEmpty { Terminal.line("links lead nowhere") }
        for host in allowed { Terminal.line(host) }
    }
}

/// Sets the hosts that links may lead to, or only reads them.
struct AllowLinkHosts: Operation {
    var partner: String
    var client: String?
    /// nil to read.
    var hosts: [String]?

    struct Answer: Codable {
        var hosts: [String]
    }

    func run(in services: Services) async throws -> Answer {
        let hosts = try hosts.map { names throws(Refusal) in
            var hosts: Set<HostName> = []
            for name in names { hosts.insert(try HostName(name)) }
            return hosts.sorted { $0.text < $1.text }
        }
        guard let client else {
            let record = try await services.partners.find(.operator, partner)
            guard let hosts else { return Answer(hosts: record.linkHosts.map(\.text)) }
            let changed = try await services.partners.setLinkHosts(.operator, of: record.id, hosts)
            return Answer(hosts: changed.linkHosts.map(\.text))
        }
        let system = try await services.system(client, of: partner)
        guard let hosts else { return Answer(hosts: system.linkHosts.map(\.text)) }
        var edit = SystemEdit()
        edit.linkHosts = hosts
        let changed = try await services.storage.changeSystem(system.id, of: system.client, edit, by: .operator)
        return Answer(hosts: changed.linkHosts.map(\.text))
    }
}
