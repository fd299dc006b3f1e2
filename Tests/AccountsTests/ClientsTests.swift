import Accounts
import Domain
import Store
import TestSupport
import Testing

struct ClientsTests {
    let storage: Storage
    let clients: Clients
    let partners: Partners

    init() async throws {
        let test = try await TestStore()
        storage = test.storage
        clients = Clients(storage: storage, runtime: .test())
        partners = Partners(storage: storage, runtime: test.runtime, loader: TestKey.loader)
    }

    @Test("a partner is added with its loader; a key is made of its name; names and keys are unique")
    func addPartner() async throws {
        let variable = try SystemVariable("sapUserId")
        let first = try await partners.add(
            .operator,
            name: try OrganisationName("Ünique & Söhne 7"),
            variable: variable,
            key: nil
        )
        #expect(first.key.text.hasPrefix("nique-s-hne-7-"))
        #expect(first.isDefault)
        let loader = try #require(try await storage.object(first.loader))
        #expect(String(decoding: loader.body, as: UTF8.self).contains("[\"sapUserId\"]"))
        let odd = try await partners.add(.operator, name: try OrganisationName("日本"), variable: variable, key: nil)
        #expect(odd.key.text.hasPrefix("partner-") && !odd.isDefault)
        let again = await #expect(throws: Refusal.self) {
            try await partners.add(.operator, name: first.name, variable: variable, key: try PartnerKey("other"))
        }
        #expect(again?.code == .conflict)
        #expect(try await partners.find(.operator, first.key.text) == first)
        #expect(try await partners.find(.operator, first.name.text) == first)
    }

    @Test("a client is found by name, id or System Client ID; several of one name are told apart")
    func find() async throws {
        let partner = try await storage.makePartner()
        let other = try await storage.makePartner("Lumen")
        let one = try await storage.makeClient("F947CCBA-6ECA-424A-A097-7114278EFFD4", of: partner, name: "Nordwind")
        _ = try await storage.makeClient("ELSE", of: other, name: "Elsewhere")
        for text in ["Nordwind", one.client.description, "F947CCBA-6ECA-424A-A097-7114278EFFD4"] {
            #expect(try await clients.find(.operator, text, of: partner) == one)
        }
        let foreign = await #expect(throws: Refusal.self) { try await clients.find(.operator, "ELSE", of: partner) }
        #expect(foreign?.code == .notFound)
        _ = try await storage.makeClient("SECOND", of: partner, name: "Nordwind")
        let several = await #expect(throws: Refusal.self) { try await clients.find(.operator, "Nordwind", of: partner) }
        #expect(several?.code == .conflict)
        #expect(several?.faults.map(\.place).contains("SECOND") == true)
    }

    @Test("at least one admin (F-117); a suspension needs a reason, and can be put again")
    func rules() async throws {
        let partner = try await storage.makePartner()
        let none = #expect(throws: Refusal.self) {
            try NewClient(
                name: try OrganisationName("A"),
                system: .sapConcur,
                systemClientID: try SystemClientID("A"),
                admins: []
            )
        }
        #expect(none?.message == "At least one admin must be assigned.")
        let system = try await storage.makeClient("ACME", of: partner)
        await #expect(throws: Refusal.self) {
            try await clients.suspend(.operator, system.client, of: partner.id, reason: "")
        }
        try await clients.suspend(.operator, system.client, of: partner.id, reason: "Contract ended.")
        #expect(try await clients.find(.operator, "ACME", of: partner).suspendedAt != nil)
        // Idempotent: another reason replaces the first.
        let again = try await clients.suspend(.operator, system.client, of: partner.id, reason: "again")
        #expect(again.suspensionReason == "again")
        try await clients.resume(.operator, system.client, of: partner.id)
        #expect(try await clients.find(.operator, "ACME", of: partner).suspendedAt == nil)
        #expect(try await clients.resume(.operator, system.client, of: partner.id).state == .notActivated)
    }

    @Test("activating makes no change to what edges know (D-4)")
    func activation() async throws {
        let partner = try await storage.makePartner()
        let system = try await storage.makeClient("ACME", of: partner)
        let head = try await storage.head()
        try await clients.activate(.operator, system.client)
        #expect(try await clients.find(.operator, "ACME", of: partner).activatedAt != nil)
        #expect(try await storage.head() == head)
    }

    @Test("an id given up by a re-key stays reserved for 30 days, unless it is said to be reused (D-4)")
    func reservation() async throws {
        let partner = try await storage.makePartner()
        let system = try await storage.makeClient("OLD", of: partner)
        let other = try await storage.makeClient("OTHER", of: partner, name: "Other")
        let old = try SystemClientID("OLD")
        try await storage.rekey(system, to: try SystemClientID("NEW"))
        let refused = await #expect(throws: Refusal.self) { try await storage.rekey(other, to: old) }
        #expect(refused?.message.contains("stays reserved until") == true)
        let client = try NewClient(
            name: try OrganisationName("Third"),
            system: .sapConcur,
            systemClientID: old,
            admins: [try EmailAddress("a@b.example")]
        )
        guard case .reserved = try await storage.addClients([client], of: partner)[0] else {
            Issue.record("a reserved id was given away")
            return
        }
        try await storage.rekey(other, to: old, reuse: true)
        #expect(try await clients.find(.operator, "OLD", of: partner).client == other.client)
    }
}
