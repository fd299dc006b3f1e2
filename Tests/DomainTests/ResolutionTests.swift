import Domain
import TestSupport
import Testing

/// The rule of which content a page gets, over every combination of what may exist.
struct ResolutionTests {
    /// Entries in memory.
    struct Entries: EntryLookup {
        var partners: [PartnerKey: PartnerEntry] = [:]
        var defaultPartner: PartnerKey?
        var mappings: [EntryKey: MappingEntry] = [:]
        var environments: [EnvironmentKey: EnvironmentEntry] = [:]
        var live: [EntryKey: ReleaseID] = [:]

        func partner(_ key: PartnerKey?) -> Found<(key: PartnerKey, entry: PartnerEntry)> {
            guard let key = key ?? defaultPartner, let entry = partners[key] else { return .missing }
            return .value((key, entry))
        }

        func mapping(
            _ partner: PartnerKey,
            _ client: SystemClientID
        ) -> Found<(system: SystemID, terms: MappingTerms)> {
            mappings[.mapping(partner, client)].map { .value(($0.system, $0.terms)) } ?? .missing
        }

        func environment(_ key: EnvironmentKey) -> Found<EnvironmentEntry> {
            environments[key].map(Found.value) ?? .missing
        }

        func liveRelease(_ owner: ContentOwner, _ environment: EnvironmentName) -> ReleaseID? {
            live[.pointer(owner, environment)]
        }
    }

    let runtime = Runtime.test()
    let partner: PartnerKey
    let other: PartnerKey
    let variable: SystemVariable
    let client: SystemClientID
    let system: ContentOwner
    let standard: ContentOwner
    let ownKey: EnvironmentKey
    let standardKey: EnvironmentKey
    let foreignKey: EnvironmentKey
    var entries = Entries()

    init() throws {
        partner = try PartnerKey("tessera")
        other = try PartnerKey("other")
        variable = try SystemVariable("sapUserId")
        client = try SystemClientID("ACME")
        let systemID = SystemID(runtime)
        let partnerID = PartnerID(runtime)
        system = .system(systemID)
        standard = .standard(partnerID, .sapConcur)
        ownKey = EnvironmentKey(runtime)
        standardKey = EnvironmentKey(runtime)
        foreignKey = EnvironmentKey(runtime)
        entries.partners[partner] = PartnerEntry(
            id: partnerID,
            variables: [variable, try SystemVariable("retiring")],
            isDefault: true,
            isSuspended: false,
            cacheClass: .standard,
            loader: Digest(of: [])
        )
        entries.defaultPartner = partner
        entries.mappings[.mapping(partner, client)] = MappingEntry(
            system: systemID,
            client: ClientID(runtime),
            type: .sapConcur,
            isSuspended: false,
            cacheClass: nil,
            standardContentOff: false
        )
        entries.environments[ownKey] = EnvironmentEntry(owner: system, name: .test)
        entries.environments[standardKey] = EnvironmentEntry(owner: standard, name: .test)
        entries.environments[foreignKey] = EnvironmentEntry(owner: .system(SystemID(runtime)), name: .test)
    }

    private func resolve(_ environment: EnvironmentKey? = nil, partner: PartnerKey? = nil) -> Resolution {
        let key = ResolutionKey(partner: partner, variable: variable, client: client, environment: environment)
        return Resolution(of: key, in: entries)
    }

    @Test("own test, own production, standard test, standard production, in that order; else empty")
    mutating func order() {
        let places: [(ContentOwner, EnvironmentName)] = [
            (system, .test), (system, .production), (standard, .test), (standard, .production),
        ]
        for set in 0..<16 {
            entries.live = [:]
            for (bit, place) in places.enumerated() where set >> bit & 1 == 1 {
                entries.live[.pointer(place.0, place.1)] = ReleaseID(runtime)
            }
            func expected(_ order: [Int]) -> Resolution.Served? {
                order.first { set >> $0 & 1 == 1 }.map { .init(owner: places[$0].0, environment: places[$0].1) }
            }
            for (key, order) in [(nil, [1, 3]), (ownKey, [0, 1, 3]), (standardKey, [1, 2, 3])] {
                let found = resolve(key)
                #expect(found.served == expected(order), "set \(set) \(key?.text ?? "production")")
                #expect(found.release == found.served.flatMap { entries.live[.pointer($0.owner, $0.environment)] })
                let outcome: Outcome = found.served.map { $0.owner == system ? .release : .standard } ?? .empty
                #expect(found.outcome == outcome)
            }
        }
    }

    @Test("nobody sees what is being tested with another's environment key")
    mutating func foreignEnvironments() {
        entries.live[.pointer(system, .test)] = ReleaseID(runtime)
        entries.live[.pointer(standard, .test)] = ReleaseID(runtime)
        #expect(resolve().outcome == .empty)
        #expect(resolve(standardKey).served == .init(owner: standard, environment: .test))
        #expect(resolve(ownKey).served == .init(owner: system, environment: .test))
        #expect(resolve(foreignKey).outcome == .unknown)
        #expect(resolve(EnvironmentKey(runtime)).outcome == .unknown)
    }

    @Test("standard content that the client has switched off is not served")
    mutating func standardContentOff() {
        entries.live[.pointer(standard, .production)] = ReleaseID(runtime)
        entries.mappings[.mapping(partner, client)]?.terms.standardContentOff = true
        #expect(resolve().outcome == .empty)
        entries.live[.pointer(system, .production)] = ReleaseID(runtime)
        #expect(resolve().outcome == .release)
    }

    @Test("a suspended client or partner is suspended whatever is live; unknown stays unknown")
    mutating func suspension() throws {
        entries.live[.pointer(system, .production)] = ReleaseID(runtime)
        entries.mappings[.mapping(partner, client)]?.terms.isSuspended = true
        #expect(resolve().outcome == .suspended)
        #expect(resolve().release == nil)
        entries.mappings[.mapping(partner, client)]?.terms.isSuspended = false
        entries.partners[partner]?.isSuspended = true
        #expect(resolve().outcome == .suspended)
        let stranger = ResolutionKey(partner: partner, variable: variable, client: try SystemClientID("nobody"))
        #expect(Resolution(of: stranger, in: entries).outcome == .unknown)
    }

    @Test("retiring variables lead to the same clients, any other to nobody; partners are apart")
    func keys() throws {
        func outcome(_ partner: PartnerKey?, _ variable: String, _ client: String) throws -> Outcome {
            let key = ResolutionKey(
                partner: partner,
                variable: try SystemVariable(variable),
                client: try SystemClientID(client)
            )
            return Resolution(of: key, in: entries).outcome
        }
        #expect(try outcome(partner, "sapUserId", "ACME") == .empty)
        #expect(try outcome(nil, "sapUserId", "ACME") == .empty)
        #expect(try outcome(partner, "retiring", "ACME") == .empty)
        #expect(try outcome(partner, "sapuserid", "ACME") == .unknown)
        #expect(try outcome(partner, "sapUserId", "acme") == .unknown)
        #expect(try outcome(other, "sapUserId", "ACME") == .unknown)
    }
}
