public import Domain

enum EvidenceSQL: String, StatementSet {
    case moments = """
        SELECT since_at FROM edge_entry WHERE kind = ? AND key = ?
        UNION SELECT since_at FROM entry_history WHERE kind = ? AND key = ?
        UNION SELECT until_at FROM entry_history WHERE kind = ? AND key = ?
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
    public let outcome: Outcome
    /// Whose content it was; nil for none.
    public let owner: ContentOwner?
    /// What was live, and by whose act; nil for nothing.
    public let release: Release?

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
    /// What pages of a system got in an environment, from the first moment that is known to now, without gaps.
    public func livePeriods(
        of system: SystemRecord,
        partner: PartnerRecord,
        in environment: EnvironmentName
    ) async throws -> [LivePeriod] {
        try await engine.snapshot { connection in
            let standard = ContentOwner.standard(partner.id, system.type)
            let keys: [EntryKey] =
                [.partner(partner.key), .mapping(partner.key, system.systemClientID)]
                + [ContentOwner.system(system.id), standard].flatMap { owner in
                    Set([environment, .production]).map { EntryKey.pointer(owner, $0) }
                }
            var moments: Set<Timestamp> = []
            for key in keys {
                let pair = [SQLValue.integer(Int64(key.kind)), .bytes(key.key)]
                for row in try connection.rows(Statement(EvidenceSQL.moments), pair + pair + pair) {
                    moments.insert(try row.time(0))
                }
            }
            var periods: [LivePeriod] = []
            for moment in moments.sorted() where moment.milliseconds > 0 {
                let period = try connection.period(at: moment, system, partner.key, environment)
                if let last = periods.indices.last {
                    if periods[last].outcome == period.outcome && periods[last].release == period.release { continue }
                    periods[last].until = moment
                }
                periods.append(period)
            }
            // Before it was there, nobody knew it.
            return Array(periods.drop { $0.outcome == .unknown })
        }
    }
}

extension Connection {
    fileprivate func period(
        at moment: Timestamp,
        _ system: SystemRecord,
        _ partner: PartnerKey,
        _ environment: EnvironmentName
    ) throws -> LivePeriod {
        let lookup = StoreLookup(connection: self, moment: moment)
        guard case .value(let owner) = try lookup.partner(partner),
            case .value(let mapping) = try lookup.mapping(partner, system.systemClientID), mapping.system == system.id
        else { return LivePeriod(from: moment, outcome: .unknown, owner: nil, release: nil) }
        let resolution = try Resolution(
            of: system.id,
            terms: mapping.terms,
            partner: owner.entry,
            wanted: EnvironmentEntry(owner: .system(system.id), name: environment),
            live: lookup.liveRelease
        )
        return LivePeriod(
            from: moment,
            outcome: resolution.outcome,
            owner: resolution.served?.owner,
            release: try resolution.release.flatMap { try authorized($0, at: moment) }
        )
    }

    private func authorized(_ release: ReleaseID, at moment: Timestamp) throws -> LivePeriod.Release? {
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
