public import Domain

/// Looks feed entries up in the database, so that `resolve` answers by the same rule as an edge.
public struct StoreLookup: EntryLookup {
    let connection: any Connection

    /// The partner of that key; for nil, the default partner.
    public func partner(_ key: PartnerKey?) throws -> Found<(key: PartnerKey, entry: PartnerEntry)> {
        var key = key
        if key == nil {
            key = try connection.rows(PartnerSQL.defaultKey).first.map { try PartnerKey(try $0.text(0)) }
        }
        guard let key else { return .missing }
        return switch try value(.partner(key), PartnerEntry.self) {
        case .missing: .missing
        case .unreadable: .unreadable
        case .value(let entry): .value((key, entry))
        }
    }

    /// The system of that System Client ID.
    public func mapping(
        _ partner: PartnerKey,
        _ client: SystemClientID
    ) throws -> Found<(system: SystemID, terms: MappingTerms)> {
        switch try value(.mapping(partner, client), MappingEntry.self) {
        case .missing: .missing
        case .unreadable: .unreadable
        case .value(let entry): .value((entry.system, entry.terms))
        }
    }

    /// The environment of that key.
    public func environment(_ key: EnvironmentKey) throws -> Found<EnvironmentEntry> {
        try value(.environment(key))
    }

    /// The release that the feed points at.
    public func liveRelease(_ owner: ContentOwner, _ environment: EnvironmentName) throws -> ReleaseID? {
        guard case .value(let pointer) = try value(.pointer(owner, environment), ReleasePointer.self) else {
            return nil
        }
        return pointer.release
    }

    func value<Value: EntryValue>(_ key: EntryKey, _: Value.Type = Value.self) throws -> Found<Value> {
        let rows = try connection.rows(FeedSQL.entry, .integer(Int64(key.kind)), .bytes(key.key))
        guard let bytes = try rows.first?.bytes(0) else { return .missing }
        return (try? Value(encoded: bytes)).map(Found.value) ?? .unreadable
    }
}
