public import Domain

/// Looks feed entries up in the database, so that `resolve` answers by the same rule as an edge; as they are, or as they
/// were at a moment.
public struct StoreLookup: EntryLookup {
    let connection: any Connection
    /// nil for now.
    var moment: Timestamp?

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
        let kind = SQLValue.integer(Int64(key.kind))
        var row = try connection.rows(FeedSQL.present, kind, .bytes(key.key)).first
        if let moment {
            let isLater = try row.map { try $0.time(2) > moment } ?? true
            if isLater {
                let at = SQLValue.time(moment)
                row = try connection.rows(FeedSQL.past, kind, .bytes(key.key), at, at).first
            }
        }
        guard let bytes = try row?.bytes(0) else { return .missing }
        return (try? Value(encoded: bytes)).map(Found.value) ?? .unreadable
    }
}
