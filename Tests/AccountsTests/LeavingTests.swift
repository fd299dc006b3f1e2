import Accounts
import Domain
import Store
import TestSupport
import Testing

/// What ends when somebody or something goes.
struct LeavingTests {
    let site: TestAccounts
    let partner: PartnerRecord
    let staff: Caller
    let client: ClientRecord
    let admin: Caller

    init() async throws {
        site = try await TestAccounts()
        (partner, staff) = try await site.makePartner()
        (client, admin) = try await site.makeClient("ACME", of: partner, by: staff)
    }

    private func accounts() async throws -> [PartnerAccountRecord] {
        try await site.invitations.accounts(admin, of: client.id, Page(limit: 50))
    }

    private func statuses() async throws -> [PartnerAccountRecord.Status] {
        try await accounts().map(\.status)
    }

    private func give(_ systems: [SystemID], to person: PersonID, _ account: PartnerAccountID) async throws {
        _ = try await site.invitations.changeUser(
            admin,
            person,
            of: account,
            client.id,
            role: nil,
            systems: systems,
            expecting: { _ in }
        )
    }

    @Test("the status of a partner account follows its users and their systems (F-035, F-060 to F-063)")
    func derivedStatus() async throws {
        let lee = try await site.signUp(try await site.invitePartner("lee@b.example", client, by: admin)).person
        let account = try await accounts()[0]
        #expect(account.status == .active && account.users == 1)
        try await give([], to: lee, account.id)
        #expect(try await statuses() == [.noUsersOrSystems])
        try await give([client.systems[0].id], to: lee, account.id)
        #expect(try await statuses() == [.active])
        try await site.invitations.removeUser(admin, lee, of: account.id, client.id, expecting: { _ in })
        #expect(try await statuses() == [.noUsersOrSystems])
        // Deleting a user left nothing of the membership, and the account there (F-062).
        #expect(try await site.people.accounts(site.caller(lee)).clients.isEmpty)
    }

    @Test("deleting a partner account asks for its name and takes users and invitations with it (F-050 to F-053, D-17)")
    func deletion() async throws {
        let lee = try await site.signUp(try await site.invitePartner("lee@b.example", client, by: admin)).person
        let account = try await accounts()[0]
        _ = try await site.invitations.send(
            admin,
            [.init(address: try EmailAddress("sam@b.example"), role: .builder, systems: [client.systems[0].id])],
            into: .existing(account.id),
            of: client.id
        )
        let pending = try await site.link(to: "sam@b.example")
        let wrong = try await refusal {
            try await site.invitations.delete(admin, account.id, of: client.id, confirmedName: "brightside")
        }
        #expect(wrong == .invalid)
        try await site.invitations.delete(admin, account.id, of: client.id, confirmedName: "Brightside")
        #expect(try await accounts().isEmpty)
        #expect(try await site.people.accounts(site.caller(lee)).clients.isEmpty)
        #expect(try await refusal { _ = try await site.joinings.open(pending) } == .linkDead)
    }

    @Test("who leaves the partner's staff leaves every client held through it, and the clients' admins are told")
    func homeTie() async throws {
        let max = try EmailAddress("max@tessera.example")
        _ = try await site.staff.invite(staff, max, .partnerBuilder, to: partner.id)
        let person = try await site.signUp(try await site.link(to: max.text), "Max").person
        let link = try await site.invitePartner(max.text, client, by: admin)
        _ = try await site.joinings.accept(site.caller(person), link)
        let (other, otherAdmin) = try await site.makeClient("OTHER", of: partner, by: staff)
        let regular = try await site.users.invite(otherAdmin, max, .analyst, systems: [], to: other.id)
        _ = try await site.joinings.accept(site.caller(person), try await site.link(to: max.text))
        #expect(regular.state == .pending)
        _ = try await site.mails()

        try await site.staff.remove(staff, person, of: partner.id, expecting: { _ in })
        let mails = try await site.mails()
        #expect(mails.map(\.template) == [.personRemoved])
        #expect(mails.map(\.recipient.text) == ["it@acme.example"])
        // The regular membership in another client is not the partner's to end.
        #expect(try await site.people.accounts(site.caller(person)).clients.map(\.client.id) == [other.id])
        #expect(try await statuses() == [.noUsersOrSystems])
    }

    @Test("the last admin of a client and of a partner stays, however one tries")
    func lastAdmins() async throws {
        let ada = try #require(staff.person)
        let ines = try #require(admin.person)
        #expect(
            try await refusal {
                _ = try await site.staff.change(staff, ada, of: partner.id, .partnerViewer, expecting: { _ in })
            } == .conflict
        )
        #expect(
            try await refusal { try await site.staff.remove(staff, ada, of: partner.id, expecting: { _ in }) }
                == .conflict
        )
        #expect(
            try await refusal { try await site.users.remove(admin, ines, of: client.id, expecting: { _ in }) }
                == .conflict
        )
        #expect(
            try await refusal {
                _ = try await site.users.change(
                    admin,
                    ines,
                    of: client.id,
                    role: .analyst,
                    systems: nil,
                    expecting: { _ in }
                )
            } == .conflict
        )
        for person in [ada, ines] {
            #expect(try await refusal { try await site.people.erase(.operator, person) } == .conflict)
            #expect(try await refusal { try await site.people.setDisabled(.operator, person, true) } == .conflict)
        }
    }

    @Test("a disabled person's session ends on the next request, an erased one leaves an id only")
    func disabledAndErased() async throws {
        let link = try await site.invitePartner("lee@b.example", client, by: admin)
        let joined = try await site.signUp(link)
        let session = joined.session.text
        #expect(try await site.sessions.signedIn(session: session)?.person == joined.person)
        try await site.people.setDisabled(.operator, joined.person, true)
        #expect(try await site.sessions.signedIn(session: session) == nil)
        let wrong = try await refusal {
            _ = try await site.sessions.signIn("lee@b.example", TestAccounts.password, from: Origin(), agent: nil)
        }
        #expect(wrong == .unauthenticated)
        try await site.people.setDisabled(.operator, joined.person, false)
        _ = try await site.sessions.signIn("lee@b.example", TestAccounts.password, from: Origin(), agent: nil)

        try await site.people.erase(.operator, joined.person)
        let erased = try await site.storage.person(joined.person)
        #expect(erased.address == nil && erased.firstName == nil)
        #expect(
            try await refusal { _ = try await site.people.find(.operator, EmailAddress("lee@b.example")) } == .notFound
        )
        #expect(try await accounts().map(\.users) == [0])
        #expect(try await site.storage.checkAudit().faults.isEmpty)
    }

    @Test("a closing client answers the no-op until its time, then it is gone with its people and its key is reserved")
    func closing() async throws {
        let key = EntryKey.mapping(partner.key, try SystemClientID("ACME"))
        func entry() async throws -> MappingEntry? {
            let value = try await site.storage.snapshot().entries.first { $0.key == key }?.value
            return try value.map { try MappingEntry(encoded: $0) }
        }
        _ = try await site.clients.close(staff, client.id, of: partner.id, reason: "The contract ends.")
        #expect(try await entry()?.terms.isSuspended == true)
        #expect(try await refusal { _ = try await site.clients.cancelClosing(admin, client.id) } == .conflict)
        #expect(try await entry()?.terms.isSuspended == true)
        _ = try await site.clients.cancelClosing(staff, client.id, of: partner.id)
        #expect(try await entry()?.terms.isSuspended == false)
        _ = try await site.clients.close(admin, client.id, reason: "We leave.")
        _ = try await site.clients.cancelClosing(admin, client.id)
        #expect(try await entry()?.terms.isSuspended == false)
        _ = try await site.clients.close(staff, client.id, of: partner.id, reason: "The contract ends.")
        site.clock.advance(milliseconds: 30 * TestAccounts.day - 1)
        #expect(try await site.storage.closeDueClients().isEmpty)
        site.clock.advance(milliseconds: 1)
        #expect(try await site.storage.closeDueClients() == [client.id])
        #expect(try await entry() == nil)
        #expect(try await refusal { _ = try await site.clients.get(admin, client.id) } == .notFound)
        let ines = try await site.storage.person(try #require(admin.person))
        #expect(ines.address == nil, "nobody else knew her")
        #expect(try await site.storage.stateHashHolds())
        let again = try NewClient(
            name: try OrganisationName("Another"),
            system: .sapConcur,
            systemClientID: try SystemClientID("ACME"),
            admins: [try EmailAddress("a@b.example")]
        )
        let reserved = try await refusal {
            _ = try await site.clients.create(staff, again, of: partner.id, mails: .no)
        }
        #expect(reserved == .conflict)
    }
}
