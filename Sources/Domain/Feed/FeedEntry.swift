/// The kinds of entries an edge holds; everything it answers is a function of them. The numbers are stored.
public enum EntryKind: UInt8, Sendable, CaseIterable {
    /// Partner key → ``PartnerEntry``.
    case partner = 1
    /// Partner key and System Client ID → ``MappingEntry``.
    case mapping = 2
    /// Environment key → ``EnvironmentEntry``.
    case environment = 3
    /// A client's system and an environment → ``ReleasePointer``.
    case live = 4
    /// A partner, a system type and an environment → ``ReleasePointer``.
    case standard = 5
    /// Release id → ``ReleaseEntry``.
    case release = 6
    /// Digest → ``ObjectEntry``.
    case object = 7
}

/// The name of an entry: its kind and its key within the kind.
public struct EntryKey: Hashable, Sendable {
    /// The kind's number; one that this version does not know is kept all the same.
    public let kind: UInt8
    /// The key; readable text in UTF-8.
    public let key: [UInt8]

    /// Takes a kind and a key as they were stored.
    public init(kind: UInt8, key: [UInt8]) {
        self.kind = kind
        self.key = key
    }

    private init(_ kind: EntryKind, _ key: String) {
        self.init(kind: kind.rawValue, key: Array(key.utf8))
    }

    /// The object that it is the key of; nil for one of another kind.
    public var object: Digest? {
        kind == EntryKind.object.rawValue ? Digest(hexadecimal: String(decoding: key, as: UTF8.self)) : nil
    }

    /// The key of a partner's entry.
    public static func partner(_ key: PartnerKey) -> EntryKey {
        EntryKey(.partner, key.text)
    }

    /// The key of a mapping: a partner key holds no `/`, so the first one ends it.
    public static func mapping(_ partner: PartnerKey, _ client: SystemClientID) -> EntryKey {
        EntryKey(kind: EntryKind.mapping.rawValue, key: Array(partner.text.utf8) + [UInt8(ascii: "/")] + client.bytes)
    }

    /// The key of an environment's entry.
    public static func environment(_ key: EnvironmentKey) -> EntryKey {
        EntryKey(.environment, key.text)
    }

    /// The key of the pointer to what `owner` has live in an environment.
    public static func pointer(_ owner: ContentOwner, _ environment: EnvironmentName) -> EntryKey {
        switch owner {
        case .system(let system): EntryKey(.live, "\(system)/\(environment)")
        case .standard(let partner, let type): EntryKey(.standard, "\(partner)/\(type)/\(environment)")
        }
    }

    /// The key of a release's entry.
    public static func release(_ id: ReleaseID) -> EntryKey {
        EntryKey(.release, id.description)
    }

    /// The key of an object's entry.
    public static func object(_ digest: Digest) -> EntryKey {
        EntryKey(.object, digest.description)
    }
}

/// A change of one entry: its complete new value, or nil where it is deleted.
public struct FeedChange: Hashable, Sendable {
    /// Which entry.
    public let key: EntryKey
    /// The complete new value as sent.
    public let value: [UInt8]?

    /// Makes a change.
    public init(key: EntryKey, value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

/// Whose content it is: one system of a client, or a partner's standard content for a system type.
public enum ContentOwner: Hashable, Sendable, CustomStringConvertible {
    /// The content that a client has published for its own system.
    case system(SystemID)
    /// A partner's standard content.
    case standard(PartnerID, SystemType)

    /// `system/ID`, or `partner/ID/TYPE`.
    public var description: String {
        switch self {
        case .system(let system): "system/\(system)"
        case .standard(let partner, let type): "partner/\(partner)/\(type)"
        }
    }
}
