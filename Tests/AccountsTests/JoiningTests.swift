import Accounts
import Domain
import Store
import TestSupport
import Testing

/// Links in mails: how long they work, for whom, and what they leave behind.
struct JoiningTests {
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

    @Test(
        "an invitation can be accepted seven days less a second after it was sent, and not at seven days (F-024, F-025)"
    )
    func sevenDays() async throws {
        let link = try await site.invitePartner("lee@brightside.example", client, by: admin)
        site.clock.advance(milliseconds: 7 * TestAccounts.day - 1000)
        #expect(try await site.joinings.open(link).joining.state == .pending)
        try await site.joinings.sendCode(link)
        let code = try #require(try await site.mails().last?.values["code"])
        let other = try await site.invitePartner("sam@brightside.example", client, by: admin)
        _ = try await site.signUp(link, code: code)

        site.clock.advance(milliseconds: 7 * TestAccounts.day)
        #expect(try await refusal { _ = try await site.signUp(other) } == .linkDead)
        #expect(try await refusal { _ = try await site.joinings.open(other) } == .linkDead)
        let listed = try await site.invitations.list(admin, to: client.id, Page(limit: 50))
        #expect(listed.map(\.state) == [.expired])
        // Sent again it lives for another seven days (F-026); the old link stays dead.
        _ = try await site.invitations.mail(admin, listed[0].id, of: client.id)
        let again = try await site.link(to: "sam@brightside.example")
        #expect(try await refusal { _ = try await site.joinings.open(other) } == .linkDead)
        _ = try await site.signUp(again)
    }

    @Test("a link older than a day asks a new person for a code; five tries, ten minutes (D-19)")
    func code() async throws {
        let link = try await site.invitePartner("lee@brightside.example", client, by: admin)
        site.clock.advance(milliseconds: TestAccounts.day - 1)
        #expect(try await !site.joinings.open(link).needsCode)
        site.clock.advance(milliseconds: 1)
        #expect(try await site.joinings.open(link).needsCode)
        #expect(try await refusal { _ = try await site.signUp(link) } == .invalid)

        func mailed() async throws -> String {
            try await site.joinings.sendCode(link)
            return try #require(try await site.mails().last { $0.template == .mailboxCode }?.values["code"])
        }
        let first = try await mailed()
        #expect(first.count == 8 && first.allSatisfy(\.isNumber))
        let wrong = first == "00000000" ? "00000001" : "00000000"
        for _ in 0..<5 { #expect(try await refusal { _ = try await site.signUp(link, code: wrong) } == .invalid) }
        #expect(try await refusal { _ = try await site.signUp(link, code: first) } == .invalid, "a sixth try")
        let late = try await mailed()
        site.clock.advance(milliseconds: 600_000)
        #expect(try await refusal { _ = try await site.signUp(link, code: late) } == .invalid, "after ten minutes")
        let good = try await mailed()
        site.clock.advance(milliseconds: 599_999)
        _ = try await site.signUp(link, code: good)
    }

    @Test("a hundred who accept one invitation at once make one membership")
    func hundred() async throws {
        let link = try await site.invitePartner("lee@brightside.example", client, by: admin)
        let results = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 { group.addTask { (try? await site.signUp(link)) != nil } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(results == 1)
        let accounts = try await site.invitations.accounts(admin, of: client.id, Page(limit: 50))
        #expect(accounts.map(\.users) == [1])
        #expect(accounts.map(\.status) == [.active])
    }

    @Test("used, withdrawn, replaced and unknown links are refused in the same words (F-028)")
    func deadLinks() async throws {
        let used = try await site.invitePartner("one@brightside.example", client, by: admin)
        _ = try await site.signUp(used)
        let withdrawn = try await site.invitePartner("two@brightside.example", client, by: admin)
        let pending = try await site.invitations.list(admin, to: client.id, Page(limit: 50))
        try await site.invitations.withdraw(admin, pending[0].id, of: client.id)
        let replaced = try await site.invitePartner("three@brightside.example", client, by: admin)
        let newest = try await site.invitePartner("three@brightside.example", client, by: admin, role: .analyst)
        let unknown = SecretToken(site.clock.runtime).text
        var messages: Set<String> = []
        for link in [used, withdrawn, replaced, unknown, "no link at all"] {
            let refused = await #expect(throws: Refusal.self) { _ = try await site.joinings.open(link) }
            messages.insert("\(refused?.code.rawValue ?? "") \(refused?.message ?? "")")
            #expect(try await refusal { _ = try await site.signUp(link) } == .linkDead)
            #expect(try await refusal { try await site.joinings.decline(link) } == .linkDead)
        }
        #expect(messages.count == 1)
        // The newest submission's role counts (D-8).
        let joined = try await site.signUp(newest)
        guard case .partner(client.id, .analyst, .existing) = joined.seat else {
            Issue.record("\(joined.seat) is not what was offered last")
            return
        }
    }

    @Test("what the inviter could not grant any more cannot be accepted (D-15)")
    func inviterGone() async throws {
        _ = try await site.users.invite(admin, try EmailAddress("eve@acme.example"), .admin, systems: [], to: client.id)
        let eve = site.caller(try await site.signUp(try await site.link(to: "eve@acme.example")).person)
        let link = try await site.invitePartner("lee@brightside.example", client, by: eve)
        let evesID = try #require(eve.person)
        _ = try await site.users.change(
            admin,
            evesID,
            of: client.id,
            role: .contentManager,
            systems: nil,
            expecting: { _ in }
        )
        #expect(try await refusal { _ = try await site.signUp(link) } == .linkDead)
        // Removed, her invitations end with her.
        try await site.users.remove(admin, evesID, of: client.id, expecting: { _ in })
        #expect(try await site.invitations.list(admin, to: client.id, Page(limit: 50)).isEmpty)
    }

    @Test("an invitation whose systems are all deleted leads nowhere (D-11)")
    func systemsGone() async throws {
        let second = NewSystem(type: .sapConcur, name: nil, systemClientID: try SystemClientID("ACME-2"))
        _ = try await site.systems.add(admin, second, reusesKey: false, to: client.id)
        let link = try await site.invitePartner("lee@brightside.example", client, by: admin)
        try await site.systems.delete(admin, client.systems[0].id, of: client.id, confirmed: false, expecting: { _ in })
        #expect(try await refusal { _ = try await site.joinings.open(link) } == .linkDead)
    }

    @Test("an existing identity signs in to accept; a link is for its own address")
    func existingIdentity() async throws {
        let link = try await site.invitePartner("admin@tessera.example", client, by: admin)
        #expect(try await site.joinings.open(link).hasIdentity)
        #expect(try await refusal { _ = try await site.signUp(link) } == .conflict)
        #expect(try await refusal { _ = try await site.joinings.accept(admin, link) } == .forbidden)
        #expect(try await refusal { _ = try await site.joinings.accept(Caller(.anonymous), link) } == .unauthenticated)
        _ = try await site.joinings.accept(staff, link)
        // A verified home partner wins over the label (F-040, D-6).
        let accounts = try await site.invitations.accounts(admin, of: client.id, Page(limit: 50))
        #expect(accounts.map(\.name.text) == ["Tessera"])
        #expect(accounts[0].partner == partner.id)
    }

    @Test("a label that passes for a verified partner's name is refused, whatever its letters (D-6)")
    func labels() async throws {
        for label in ["Tessera", "TESSERA", "T e s s e r a", "Теѕѕera", "Tessera.", "Ｔｅｓｓｅｒａ"] {
            let code = try await refusal {
                try await site.invitePartner("lee@brightside.example", client, by: admin, label: label)
            }
            #expect(code == .conflict, "\(label)")
        }
        try await site.invitePartner("lee@brightside.example", client, by: admin, label: "Tesserakt")
    }

    @Test("a regular user cannot become a partner user of the same client; the admins are told (D-13)")
    func regularAlready() async throws {
        let address = "kim@acme.example"
        _ = try await site.users.invite(admin, try EmailAddress(address), .analyst, systems: [], to: client.id)
        let kim = site.caller(try await site.signUp(try await site.link(to: address)).person)
        let link = try await site.invitePartner(address, client, by: admin)
        _ = try await site.mails()
        #expect(try await refusal { _ = try await site.joinings.accept(kim, link) } == .conflict)
        #expect(try await site.mails().map(\.template) == [.joiningRefused])
        #expect(try await refusal { _ = try await site.joinings.open(link) } == .linkDead)
    }

    @Test("a mail that somebody waits for goes before the mails of a bulk; a reset for nobody leaves nothing behind")
    func awaited() async throws {
        _ = try await site.mails()
        for name in ["lee", "kim", "sam"] {
            let one = try EmailAddress("\(name)@brightside.example")
            _ = try await site.users.invite(admin, one, .analyst, systems: [], to: client.id)
        }
        let address = "it@acme.example"
        for whom in ["nobody@brightside.example", address] {
            site.clock.advance(milliseconds: 1)
            try await site.sessions.requestReset(whom, from: Origin())
        }
        let mails = try await site.mails()
        #expect(mails.map(\.template) == [.passwordReset, .userInvitation, .userInvitation, .userInvitation])
        #expect(mails.first?.recipient.text == address)
    }

    @Test("an answer is kept for the same Idempotency-Key in the change's own transaction")
    func idempotency() async throws {
        var caller = admin
        caller.idempotency = IdempotentRequest(key: "k", request: Digest(of: [1])) { result in
            let joinings = result as? [JoiningRecord]
            return joinings.map { .init(status: 201, location: "", body: Array("\($0.count)".utf8)) }
        }
        let address = try EmailAddress("new@acme.example")
        _ = try await site.users.invite(caller, address, .analyst, systems: [], to: client.id)
        let kept = try await site.sessions.keptAnswer(to: "k", admin)
        #expect(kept?.answer.body == Array("1".utf8) && kept?.request == Digest(of: [1]))
        // The loser of a race is undone with everything it did.
        let mails = try await site.mails().count
        let other = try EmailAddress("other@acme.example")
        let lost = try await refusal {
            _ = try await site.users.invite(caller, other, .analyst, systems: [], to: client.id)
        }
        #expect(lost == .conflict && mails == 1)
        #expect(try await site.mails().isEmpty)
        site.clock.advance(milliseconds: TestAccounts.day)
        #expect(try await site.sessions.keptAnswer(to: "k", admin) == nil)
    }
}
