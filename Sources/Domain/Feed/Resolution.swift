/// What a page asks for.
public struct ResolutionKey: Hashable, Sendable {
    /// The partner, or nil for the deployment's default partner.
    public var partner: PartnerKey?
    /// The page variable that the page read.
    public var variable: SystemVariable
    /// Its value.
    public var client: SystemClientID
    /// The environment asked for, or nil for production.
    public var environment: EnvironmentKey?

    /// Makes a key.
    public init(
        partner: PartnerKey?,
        variable: SystemVariable,
        client: SystemClientID,
        environment: EnvironmentKey? = nil
    ) {
        self.partner = partner
        self.variable = variable
        self.client = client
        self.environment = environment
    }
}

/// What a key leads to, as `Waymark-Outcome` names it.
public enum Outcome: String, Sendable, CaseIterable {
    /// The client's own live release.
    case release
    /// Its partner's standard content.
    case standard
    /// A known client with nothing to show.
    case empty
    /// A client, or a partner, that is suspended.
    case suspended
    /// No client.
    case unknown
}

/// An entry as a lookup finds it.
public enum Found<Value> {
    /// There is none.
    case missing
    /// There is one that this version does not understand.
    case unreadable
    /// This one.
    case value(Value)
}

extension Found: Equatable where Value: Equatable {}

/// Looks entries up by their keys: in an edge's index, or in the store.
public protocol EntryLookup<Failure> {
    /// How a look-up can fail; `Never` for an index in memory.
    associatedtype Failure: Error

    /// The partner of that key; for nil, the default partner.
    func partner(_ key: PartnerKey?) throws(Failure) -> Found<(key: PartnerKey, entry: PartnerEntry)>
    /// The system of that System Client ID, and how it is served.
    func mapping(
        _ partner: PartnerKey,
        _ client: SystemClientID
    ) throws(Failure) -> Found<(system: SystemID, terms: MappingTerms)>
    /// The environment of that key.
    func environment(_ key: EnvironmentKey) throws(Failure) -> Found<EnvironmentEntry>
    /// The release that is live for an owner in an environment, where it can be served.
    func liveRelease(_ owner: ContentOwner, _ environment: EnvironmentName) throws(Failure) -> ReleaseID?
}

/// The answer to a ``ResolutionKey``: the one rule of which content a page gets.
public struct Resolution: Hashable, Sendable {
    /// What it leads to.
    public var outcome: Outcome
    /// What is served, for `release` and `standard`.
    public var release: ReleaseID?
    /// Whose environment is really served, and its name.
    public var served: Served?
    /// How long the answer may be kept, for a known client.
    public var cacheClass: CacheClass?
    /// Why, in one sentence.
    public var reason: String

    /// An environment of an owner.
    public struct Served: Hashable, Sendable {
        /// Whose content.
        public var owner: ContentOwner
        /// In which environment it is live.
        public var environment: EnvironmentName

        /// Names an environment of an owner.
        public init(owner: ContentOwner, environment: EnvironmentName) {
            self.owner = owner
            self.environment = environment
        }
    }

    private init(_ outcome: Outcome, _ reason: String, cacheClass: CacheClass? = nil) {
        self.outcome = outcome
        self.reason = reason
        self.cacheClass = cacheClass
    }

    /// Finds what a page gets (`edge-contract.md`, Outcomes; rules F-083 to F-088, F-118; decision D-4).
    ///
    /// An environment counts for its owner only: a system's key opens that system's, a partner's opens that of its
    /// standard content. So a partner never sees what a client is still testing, nor the other way round.
    public init<Lookup: EntryLookup>(of key: ResolutionKey, in entries: Lookup) throws(Lookup.Failure) {
        let partner: (key: PartnerKey, entry: PartnerEntry)
        switch try entries.partner(key.partner) {
        case .missing: self.init(.unknown, "There is no such partner."); return
        case .unreadable: self.init(.empty, "The partner's entry is of a later version."); return
        case .value(let found): partner = found
        }
        guard partner.entry.variables.contains(key.variable) else {
            self.init(.unknown, "The partner does not accept this system variable."); return
        }
        let mapping: (system: SystemID, terms: MappingTerms)
        switch try entries.mapping(partner.key, key.client) {
        case .missing: self.init(.unknown, "No client of the partner has this System Client ID."); return
        case .unreadable: self.init(.empty, "The client's entry is of a later version."); return
        case .value(let found): mapping = found
        }
        var wanted: EnvironmentEntry?
        if let environment = key.environment {
            switch try entries.environment(environment) {
            case .missing: self.init(.unknown, "There is no environment of this key."); return
            case .unreadable: self.init(.empty, "The environment's entry is of a later version."); return
            case .value(let found): wanted = found
            }
            guard let owner = wanted?.owner,
                owner == .system(mapping.system) || owner == .standard(partner.entry.id, mapping.terms.type)
            else {
                self.init(.unknown, "The environment belongs neither to this client nor to its partner's content.")
                return
            }
        }
        try self.init(
            of: mapping.system,
            terms: mapping.terms,
            partner: partner.entry,
            wanted: wanted,
            live: entries.liveRelease
        )
    }

    /// Finds what a known client's system gets: the rule's second half, once the key has led to a system.
    ///
    /// - Parameters:
    ///   - system: The client's system.
    ///   - terms: How it is served.
    ///   - partner: Its partner.
    ///   - wanted: An environment of the system's, or of the partner's content for its type; nil for production.
    ///   - live: The release that is live for an owner in an environment.
    /// - Throws: What `live` throws.
    public init<Failure: Error>(
        of system: SystemID,
        terms: MappingTerms,
        partner: PartnerEntry,
        wanted: EnvironmentEntry?,
        live: (ContentOwner, EnvironmentName) throws(Failure) -> ReleaseID?
    ) throws(Failure) {
        let cacheClass = terms.cacheClass ?? partner.cacheClass
        let system = ContentOwner.system(system)
        let standard = ContentOwner.standard(partner.id, terms.type)
        guard !partner.isSuspended else {
            self.init(.suspended, "The partner is suspended.", cacheClass: cacheClass); return
        }
        guard !terms.isSuspended else {
            self.init(.suspended, "The client is suspended.", cacheClass: cacheClass); return
        }
        self.init(.empty, "Nothing is published for this client.", cacheClass: cacheClass)
        for owner in [system, standard] {
            if owner == standard && terms.standardContentOff {
                reason = "The client has published nothing and switched standard content off."
                return
            }
            var environments = [EnvironmentName.production]
            if let wanted, wanted.owner == owner, wanted.name != .production { environments.insert(wanted.name, at: 0) }
            for environment in environments {
                guard let release = try live(owner, environment) else { continue }
                outcome = owner == system ? .release : .standard
                reason =
                    owner == system
                    ? "The client's own release is live."
                    : "The client has published nothing; its partner's standard content is live."
                self.release = release
                served = Served(owner: owner, environment: environment)
                return
            }
        }
    }
}
