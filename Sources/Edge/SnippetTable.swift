import Domain

/// Finds what to answer for a snippet's path in the bytes of the path: what the fast lane works on.
///
/// Clients that are served alike share a *treatment*: what ``Resolution`` says of a mapping with such terms at such a
/// partner, worked out when an entry changes, for a system with and without a live release of its own. So a publish of
/// standard content changes a few treatments, however many clients stand behind them; and a request resolves nothing, it
/// looks up. The rule itself is in ``Resolution`` alone.
struct SnippetTable: Sendable {
    /// What to answer for a mapping, besides the system's own release.
    enum Shown: Sendable {
        case noOp(Outcome)
        case content(ResponseSet, CachePolicy)
    }

    struct Treatment: Sendable {
        /// Kept for how long if the system's own release is shown; nil where it would not be.
        var own: CacheClass?
        var otherwise: Shown
    }

    /// A partner's place in the table. Numbers are given once; a key is never used for another partner.
    struct Partner: Sendable {
        let key: PartnerKey
        /// nil where there is none, `.some(nil)` for one that cannot be understood.
        var entry: PartnerEntry??
        /// Whether there is one that can be understood.
        var isReadable = false
        /// The accepted system variables' bytes.
        var variables: [[UInt8]] = []
        fileprivate var treatments: [UInt32] = []
    }

    private struct Mapping: BitwiseCopyable, Sendable {
        let systemHigh: UInt64
        let systemLow: UInt64
        let treatment: UInt32

        init(_ system: SystemID?, _ treatment: UInt32) {
            let bits = system?.bits ?? 0
            systemHigh = UInt64(truncatingIfNeeded: bits >> 64)
            systemLow = UInt64(truncatingIfNeeded: bits)
            self.treatment = treatment
        }

        var system: SystemID { SystemID(bits: UInt128(systemHigh) << 64 | UInt128(systemLow)) }
    }

    /// The terms of a treatment; nil for mappings that cannot be understood.
    private struct Terms: Hashable {
        let partner: UInt32
        let terms: MappingTerms?
    }

    private(set) var partners: [Partner] = []
    private(set) var defaultPartner: UInt32?
    private var numbers = KeyTable<UInt32>()
    private var mappings = KeyTable<Mapping>()
    private var treatments: [Treatment] = []
    private var terms: [Terms] = []
    private var treatmentNumbers: [Terms: UInt32] = [:]
    /// The live production releases of systems.
    private var own = SpreadTable<SystemID, ResponseSet>()

    // MARK: Looking up

    /// The number of a partner's key; nil for a key that was never heard of.
    func partner(_ key: UnsafeRawBufferPointer) -> UInt32? {
        numbers.find(0, key)
    }

    /// What a System Client ID is answered with; nil where the partner has no such mapping.
    func find(_ partner: UInt32, _ client: UnsafeRawBufferPointer) -> Shown? {
        guard let mapping = mappings.find(partner, client) else { return nil }
        let treatment = treatments[Int(mapping.treatment)]
        if let cacheClass = treatment.own, let content = own[mapping.system] {
            return .content(content, .classed(cacheClass))
        }
        return treatment.otherwise
    }

    /// The mapping itself.
    func mapping(_ partner: UInt32, _ client: SystemClientID) -> Found<(system: SystemID, terms: MappingTerms)> {
        guard let mapping = client.bytes.withUnsafeBytes({ mappings.find(partner, $0) }) else { return .missing }
        guard let terms = terms[Int(mapping.treatment)].terms else { return .unreadable }
        return .value((mapping.system, terms))
    }

    // MARK: Changing

    /// Sets, or takes away, the live production release of a system.
    mutating func setOwn(_ system: SystemID, _ content: ResponseSet?) {
        own[system] = content
    }

    /// Sets a mapping: nil takes it away, `.some(nil)` is one that cannot be understood.
    mutating func setMapping(
        _ partner: UInt32,
        _ client: [UInt8],
        _ entry: MappingEntry??,
        live: (ContentOwner, EnvironmentName) -> LiveContent?
    ) {
        let mapping = entry.map { entry in
            Mapping(entry?.system, treatment(Terms(partner: partner, terms: entry?.terms), live: live))
        }
        client.withUnsafeBytes { mappings[partner, $0] = mapping }
    }

    /// The number of a partner's key, given now where it has none.
    mutating func number(_ key: PartnerKey) -> UInt32 {
        let bytes = Array(key.text.utf8)
        if let number = bytes.withUnsafeBytes({ partner($0) }) { return number }
        let number = UInt32(partners.count)
        partners.append(Partner(key: key, entry: nil))
        bytes.withUnsafeBytes { numbers[0, $0] = number }
        return number
    }

    /// Sets a partner: nil takes it away, `.some(nil)` is one that cannot be understood.
    mutating func setPartner(
        _ key: PartnerKey,
        _ entry: PartnerEntry??,
        live: (ContentOwner, EnvironmentName) -> LiveContent?
    ) {
        let number = number(key)
        partners[Int(number)].entry = entry
        partners[Int(number)].isReadable = (entry ?? nil) != nil
        partners[Int(number)].variables = (entry ?? nil)?.variables.map { Array($0.text.utf8) } ?? []
        if case .some(.some(let entry)) = entry, entry.isDefault {
            defaultPartner = number
        } else if defaultPartner == number, entry == nil || (entry ?? nil) != nil {
            defaultPartner = nil
        }
        refresh(number, live: live)
    }

    /// Works the treatments of a partner out anew: its entry or its standard content has changed.
    mutating func refresh(_ partner: UInt32, live: (ContentOwner, EnvironmentName) -> LiveContent?) {
        for number in partners[Int(partner)].treatments {
            treatments[Int(number)] = workOut(terms[Int(number)], live: live)
        }
    }

    private mutating func treatment(
        _ terms: Terms,
        live: (ContentOwner, EnvironmentName) -> LiveContent?
    ) -> UInt32 {
        if let number = treatmentNumbers[terms] { return number }
        let number = UInt32(treatments.count)
        treatments.append(workOut(terms, live: live))
        self.terms.append(terms)
        treatmentNumbers[terms] = number
        partners[Int(terms.partner)].treatments.append(number)
        return number
    }

    private func workOut(_ terms: Terms, live: (ContentOwner, EnvironmentName) -> LiveContent?) -> Treatment {
        switch partners[Int(terms.partner)].entry {
        case .none: return Treatment(own: nil, otherwise: .noOp(.unknown))
        case .some(.none): return Treatment(own: nil, otherwise: .noOp(.empty))
        case .some(.some(let partner)):
            guard let terms = terms.terms else { return Treatment(own: nil, otherwise: .noOp(.empty)) }
            // What there is, of a system that stands for any.
            func resolve(ownIsLive: Bool) -> Resolution {
                Resolution(of: SystemID(bits: 0), terms: terms, partner: partner, wanted: nil) { owner, environment in
                    switch owner {
                    case .system: ownIsLive && environment == .production ? ReleaseID(bits: 0) : nil
                    case .standard: live(owner, environment)?.id
                    }
                }
            }
            let with = resolve(ownIsLive: true)
            let without = resolve(ownIsLive: false)
            var treatment = Treatment(own: nil, otherwise: .noOp(without.outcome))
            if with.outcome == .release { treatment.own = with.cacheClass ?? .standard }
            if let served = without.served, let content = live(served.owner, served.environment) {
                treatment.otherwise = .content(content.snippet, .classed(without.cacheClass ?? .standard))
            }
            return treatment
        }
    }
}
