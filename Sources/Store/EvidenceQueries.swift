public import Domain

enum EvidenceSQL: String, StatementSet {
    case moments = """
        SELECT since_at FROM edge_entry WHERE kind = ? AND key = ?
        UNION SELECT since_at FROM entry_history WHERE kind = ? AND key = ?
        UNION SELECT until_at FROM entry_history WHERE kind = ? AND key = ?
        """
    case environmentKeys = """
        SELECT key FROM edge_entry WHERE kind = 3 AND value = ?
        UNION SELECT key FROM entry_history WHERE kind = 3 AND value = ?
        """
    case system = """
        SELECT client_system.id, client.id, client.name, client_system.type,
            CASE WHEN client_system.deleted_at IS NULL THEN client_system.system_client_id
                ELSE (SELECT MIN(system_client_id) FROM former_key WHERE system_id = client_system.id) END,
            client.activated_at, client.suspended_at, client_system.cache_class,
            client_system.is_standard_content_off, client.closing_at, client_system.name, client_system.created_at,
            client_system.link_hosts
        FROM client JOIN client_system ON client_system.client_id = client.id
        WHERE client_system.id = ? AND client_system.partner_id = ?
        """
    case release = """
        SELECT release.number, release.snippet, release.bundle, release.player, release.made_by, release.decided_by,
            live_change.generation, live_change.at, live_change.made_by, live_change.audit_tenant,
            live_change.audit_sequence, audit_event.hash
        FROM release
        JOIN live_change ON live_change.environment_id = release.environment_id AND live_change.release_id = release.id
        LEFT JOIN audit_event ON audit_event.tenant = live_change.audit_tenant
            AND audit_event.sequence = live_change.audit_sequence
        WHERE release.id = ? AND live_change.at <= ? ORDER BY live_change.generation DESC LIMIT 1
        """
}

/// What pages of a system got from one moment to another.
public struct LivePeriod: Hashable, Sendable {
    /// From when.
    public let from: Timestamp
    /// Until when; nil for what is so now.
    public var until: Timestamp?
    /// What pages got.
    public let served: Served

    /// What pages asked for, and got.
    public struct Served: Hashable, Sendable {
        /// What came of it.
        public let outcome: Outcome
        /// What pages asked for; nil while no key led to the system.
        public var key: Key?
        /// Whose content it was, of which environment; nil for none.
        public var place: Resolution.Served?
        /// What was live, and by whose act; nil for nothing.
        public var release: Release?
    }

    /// A key of the edge.
    public struct Key: Hashable, Sendable {
        /// The environment's key; nil for production.
        public let environment: EnvironmentKey?
        /// The partner's current variable.
        public let variable: SystemVariable
        /// The System Client ID.
        public let client: SystemClientID
    }

    /// A release that was live, with its authorization.
    public struct Release: Hashable, Sendable {
        /// Its id.
        public let id: ReleaseID
        /// Its number.
        public let number: Int64
        /// Its snippet.
        public let snippet: Digest
        /// Its bundle, where it has one.
        public let bundle: Digest?
        /// Its player.
        public let player: Digest
        /// Who made it.
        public let madeBy: String?
        /// Who approved it, where that was asked for.
        public let approvedBy: String?
        /// Who put it live.
        public let liveBy: String
        /// When.
        public let liveAt: Timestamp
        /// The generation of that.
        public let generation: Int64
        /// Where the audit says so: the chain's tenant, the event's number and its hash; nil for what was published before
        /// that was kept.
        public let audit: Audit?
    }

    /// An event of an audit chain.
    public struct Audit: Hashable, Sendable {
        /// Whose chain.
        public let tenant: String
        /// The event's number.
        public let sequence: Int64
        /// The hash of it and all before it.
        public let hash: [UInt8]
    }
}

extension Storage {
    /// A system of a partner's clients, deleted or not.
    public func system(ever system: SystemID, of partner: PartnerID) async throws -> SystemRecord {
        try await engine.snapshot { connection in
            let row = try connection.rows(EvidenceSQL.system, .text(of: system), .text(of: partner)).first
            guard let row else { throw Refusal(.notFound, "There is no such system.", field: "client") }
            return try SystemRecord(row)
        }
    }

    /// What pages of a system got in an environment, from the first moment that is known to now, without gaps, whatever
    /// its id and the environment's key were meanwhile.
    ///
    /// - Throws: `notFound` for an environment that the system never had.
    public func livePeriods(
        of system: SystemRecord,
        partner: PartnerRecord,
        in environment: EnvironmentName
    ) async throws -> [LivePeriod] {
        try await engine.snapshot { connection in
            let named = EnvironmentEntry(owner: .system(system.id), name: environment)
            let former = try connection.rows(SystemSQL.formerKeys, .text(of: system.id))
            let history = SystemHistory(
                connection: connection,
                system: system.id,
                partner: partner.key,
                ids: [system.systemClientID] + (try former.map { try SystemClientID(try $0.text(0)) }),
                environment: named,
                environmentKeys: environment == .production ? nil : try connection.keys(ever: named)
            )
            guard history.environmentKeys?.isEmpty != true else {
                throw Refusal(
                    .notFound,
                    "The system never had an environment '\(environment)'.",
                    field: "environment"
                )
            }
            let owners = [.system(system.id)] + SystemType.supported.map { ContentOwner.standard(partner.id, $0) }
            let keys =
                [EntryKey.partner(partner.key)] + history.ids.map { .mapping(partner.key, $0) }
                + (history.environmentKeys ?? []).map { .environment($0) }
                + owners.flatMap { owner in Set([environment, .production]).map { EntryKey.pointer(owner, $0) } }
            var moments: Set<Timestamp> = []
            for key in keys {
                let pair = [SQLValue.integer(Int64(key.kind)), .bytes(key.key)]
                for row in try connection.rows(Statement(EvidenceSQL.moments), pair + pair + pair) {
                    moments.insert(try row.time(0))
                }
            }
            var periods: [LivePeriod] = []
            for moment in moments.sorted() {
                let served = try history.served(at: moment)
                if let last = periods.indices.last {
                    if periods[last].served == served { continue }
                    periods[last].until = moment
                }
                periods.append(LivePeriod(from: moment, served: served))
            }
            // Before it was there, nobody knew it.
            return Array(periods.drop { $0.served.outcome == .unknown })
        }
    }
}

/// What led to a system at one time or another.
private struct SystemHistory {
    let connection: any Connection
    let system: SystemID
    let partner: PartnerKey
    let ids: [SystemClientID]
    let environment: EnvironmentEntry
    /// nil for production, which needs none.
    let environmentKeys: [EnvironmentKey]?

    func served(at moment: Timestamp) throws -> LivePeriod.Served {
        let lookup = StoreLookup(connection: connection, moment: moment)
        let unknown = LivePeriod.Served(outcome: .unknown)
        guard case .value(let owner) = try lookup.partner(partner), let variable = owner.entry.variables.first else {
            return unknown
        }
        let opening = try environmentKeys?.first { try lookup.environment($0) == .value(environment) }
        guard environmentKeys == nil || opening != nil else { return unknown }
        for id in ids {
            guard case .value(let mapping) = try lookup.mapping(partner, id), mapping.system == system else { continue }
            let resolution = try Resolution(
                of: system,
                terms: mapping.terms,
                partner: owner.entry,
                wanted: environment,
                live: lookup.liveRelease
            )
            return LivePeriod.Served(
                outcome: resolution.outcome,
                key: LivePeriod.Key(environment: opening, variable: variable, client: id),
                place: resolution.served,
                release: try resolution.release.flatMap { try connection.authorized($0, at: moment) }
            )
        }
        return unknown
    }
}

extension Connection {
    /// The keys that an environment ever had, rotated ones too.
    func keys(ever environment: EnvironmentEntry) throws -> [EnvironmentKey] {
        let value = SQLValue.bytes(environment.encoded)
        return try rows(EvidenceSQL.environmentKeys, value, value).map { row in
            try EnvironmentKey(String(decoding: try row.bytes(0), as: UTF8.self))
        }
    }

    fileprivate func authorized(_ release: ReleaseID, at moment: Timestamp) throws -> LivePeriod.Release? {
        try rows(EvidenceSQL.release, .text(of: release), .time(moment)).first.map { row in
            LivePeriod.Release(
                id: release,
                number: try row.integer(0),
                snippet: try row.digest(1),
                bundle: try row.optional(2, row.digest),
                player: try row.digest(3),
                madeBy: try row.optional(4, row.text),
                approvedBy: try row.optional(5, row.text),
                liveBy: try row.text(8),
                liveAt: try row.time(7),
                generation: try row.integer(6),
                audit: try row.optional(11) { column in
                    LivePeriod.Audit(
                        tenant: try row.text(9),
                        sequence: try row.integer(10),
                        hash: try row.bytes(column)
                    )
                }
            )
        }
    }
}
