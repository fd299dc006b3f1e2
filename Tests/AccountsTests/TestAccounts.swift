import Accounts
import Domain
import Store
import TestSupport

/// All operations over a store of its own, with a clock that can be moved; mails are read from the outbox.
struct TestAccounts {
    let clock = TestClock()
    let storage: Storage
    let sessions: Sessions
    let joinings: Joinings
    let clients: Clients
    let admins: ClientAdmins
    let staff: Staff
    let users: Users
    let invitations: PartnerInvitations
    let systems: Systems
    let people: People
    let partners: Partners

    static let password = "seven green lanterns at dusk"
    static let day: Int64 = 86_400_000

    init() async throws {
        let runtime = clock.runtime
        storage = try await TestStore(runtime: runtime).storage
        let passwords = Passwords(cost: .low, runtime: runtime)
        sessions = Sessions(storage: storage, passwords: passwords, runtime: runtime)
        joinings = Joinings(storage: storage, passwords: passwords, sessions: sessions)
        clients = Clients(storage: storage, runtime: runtime)
        admins = ClientAdmins(storage: storage)
        staff = Staff(storage: storage)
        users = Users(storage: storage)
        invitations = PartnerInvitations(storage: storage)
        systems = Systems(storage: storage)
        people = People(storage: storage)
        partners = Partners(storage: storage, runtime: runtime) { _ in TestContent.objects("loader")[0] }
    }

    /// The mails that are due, taken from the outbox.
    func mails() async throws -> [LeasedMail] {
        var all: [LeasedMail] = []
        while true {
            let some = try await storage.leaseMails(50)
            for mail in some { try await storage.mailSent(mail.id) }
            all += some
            if some.isEmpty { return all }
        }
    }

    /// The secret of the newest mail to an address.
    func link(to address: String) async throws -> String {
        let mail = try await mails().last { $0.recipient.text == address && $0.link != nil }
        guard let secret = mail?.link?.secret else { throw Refusal(.notFound, "no mail with a link to \(address)") }
        return secret.text
    }

    /// Signs somebody up by a link.
    func signUp(_ link: String, _ name: String = "Kim", code: String? = nil) async throws -> Joinings.Joined {
        let person = Joinings.NewPerson(
            firstName: try PersonName(name, field: "firstName"),
            lastName: try PersonName("Berger", field: "lastName"),
            password: Self.password,
            code: code,
            language: .english
        )
        return try await joinings.signUp(link, person, from: Origin(), agent: nil)
    }

    /// A caller with a session.
    func caller(_ person: PersonID) -> Caller {
        Caller(.person(SignedIn(person: person, credential: .session(SessionID(bits: 1)))))
    }

    /// Adds a partner with an admin who has joined.
    func makePartner(_ name: String = "Tessera") async throws -> (partner: PartnerRecord, admin: Caller) {
        let address = "admin@\(name.lowercased()).example"
        let partner = try await partners.add(
            .operator,
            name: try OrganisationName(name),
            variable: try SystemVariable("sapUserId"),
            key: try PartnerKey(name.lowercased()),
            admin: try EmailAddress(address)
        )
        return (partner, caller(try await signUp(try await link(to: address), "Ada").person))
    }

    /// Adds an activated client with an admin who has joined.
    func makeClient(
        _ id: String,
        of partner: PartnerRecord,
        by caller: Caller
    ) async throws -> (client: ClientRecord, admin: Caller) {
        let address = "it@\(id.lowercased()).example"
        let new = try NewClient(
            name: try OrganisationName("Client \(id)"),
            system: .sapConcur,
            systemClientID: try SystemClientID(id),
            admins: [try EmailAddress(address)]
        )
        let client = try await clients.create(caller, new, of: partner.id, mails: .now)
        let admin = try await signUp(try await link(to: address), "Ines").person
        return (try await storage.client(client.id), self.caller(admin))
    }

    /// Invites a partner user and returns the link that was mailed.
    @discardableResult
    func invitePartner(
        _ address: String,
        _ client: ClientRecord,
        by admin: Caller,
        role: ClientRole = .builder,
        label: String = "Brightside"
    ) async throws -> String {
        _ = try await invitations.send(
            admin,
            [.init(address: try EmailAddress(address), role: role, systems: [client.systems[0].id])],
            into: .label(try OrganisationName(label)),
            of: client.id
        )
        return try await link(to: address)
    }
}

/// The code of the refusal that `body` ends in; nil where it ends in none.
func refusal(_ body: () async throws -> Void) async throws -> Refusal.Code? {
    do {
        try await body()
        return nil
    } catch let refusal as Refusal {
        return refusal.code
    }
}
