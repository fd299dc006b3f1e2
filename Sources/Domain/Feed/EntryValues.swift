/// An entry whose value this version does not understand.
public struct UnreadableEntry: Error, Hashable, Sendable {}

/// What a feed entry says, as a value with a byte form.
public protocol EntryValue: Hashable, Sendable {
    /// The entry's value as stored and sent.
    var encoded: [UInt8] { get }
    /// Reads a stored value. Fields that a later version appended are passed over.
    ///
    /// - Throws: ``UnreadableEntry`` where the bytes are of another format, or cut short.
    init(encoded: [UInt8]) throws(UnreadableEntry)
}

/// A partner, as edges know it.
public struct PartnerEntry: EntryValue {
    /// The partner.
    public var id: PartnerID
    /// The accepted system variables: the current one, then the retiring ones (decision D-21).
    public var variables: [SystemVariable]
    /// Whether paths without a partner key mean this partner.
    public var isDefault: Bool
    /// Whether all its keys answer the no-op.
    public var isSuspended: Bool
    /// The cache class of clients without an own one, and of the loader.
    public var cacheClass: CacheClass
    /// The partner's loader.
    public var loader: Digest

    /// Makes an entry.
    public init(
        id: PartnerID,
        variables: [SystemVariable],
        isDefault: Bool,
        isSuspended: Bool,
        cacheClass: CacheClass,
        loader: Digest
    ) {
        self.id = id
        self.variables = variables
        self.isDefault = isDefault
        self.isSuspended = isSuspended
        self.cacheClass = cacheClass
        self.loader = loader
    }

    /// The entry's value as stored and sent.
    public var encoded: [UInt8] {
        var writer = EntryWriter()
        writer.write(id.bits)
        writer.write(UInt64(variables.count))
        for variable in variables { writer.write(variable.text) }
        writer.write(isDefault)
        writer.write(isSuspended)
        writer.write(cacheClass.rawValue)
        writer.write(loader.bytes)
        return writer.bytes
    }

    /// Reads a stored value.
    public init(encoded: [UInt8]) throws(UnreadableEntry) {
        var reader = try EntryReader(encoded)
        id = PartnerID(bits: try reader.bits())
        variables = []
        for _ in 0..<(try reader.number(atMost: 1000)) {
            variables.append(try readable(try reader.text(), SystemVariable.init))
        }
        isDefault = try reader.flag()
        isSuspended = try reader.flag()
        cacheClass = try required(CacheClass(rawValue: try reader.text()))
        loader = try required(Digest(bytes: try reader.field()))
    }
}

/// How a client's system is served, whatever its content: few different ones for any number of clients.
public struct MappingTerms: Hashable, Sendable {
    /// The system's type, by which its partner's standard content is found.
    public var type: SystemType
    /// Whether the client is suspended, or closing.
    public var isSuspended: Bool
    /// The client's own cache class, if it has one.
    public var cacheClass: CacheClass?
    /// Whether the client wants no standard content.
    public var standardContentOff: Bool
}

/// The system of a client that a (partner, System Client ID) leads to.
public struct MappingEntry: EntryValue {
    /// The client's system.
    public var system: SystemID
    /// The client.
    public var client: ClientID
    /// How it is served.
    public var terms: MappingTerms

    /// Makes an entry.
    public init(
        system: SystemID,
        client: ClientID,
        type: SystemType,
        isSuspended: Bool,
        cacheClass: CacheClass?,
        standardContentOff: Bool
    ) {
        self.system = system
        self.client = client
        terms = MappingTerms(
            type: type,
            isSuspended: isSuspended,
            cacheClass: cacheClass,
            standardContentOff: standardContentOff
        )
    }

    /// The entry's value as stored and sent.
    public var encoded: [UInt8] {
        var writer = EntryWriter()
        writer.write(system.bits)
        writer.write(client.bits)
        writer.write(terms.type.text)
        writer.write(terms.isSuspended)
        writer.write(terms.cacheClass?.rawValue ?? "")
        writer.write(terms.standardContentOff)
        return writer.bytes
    }

    /// Reads a stored value.
    public init(encoded: [UInt8]) throws(UnreadableEntry) {
        var reader = try EntryReader(encoded)
        system = SystemID(bits: try reader.bits())
        client = ClientID(bits: try reader.bits())
        let type = try readable(try reader.text(), SystemType.init)
        let isSuspended = try reader.flag()
        let name = try reader.text()
        terms = MappingTerms(
            type: type,
            isSuspended: isSuspended,
            cacheClass: name.isEmpty ? nil : try required(CacheClass(rawValue: name)),
            standardContentOff: try reader.flag()
        )
    }
}

/// The environment that an environment key opens.
public struct EnvironmentEntry: EntryValue {
    /// Whose environment it is.
    public var owner: ContentOwner
    /// Its name.
    public var name: EnvironmentName

    /// Makes an entry.
    public init(owner: ContentOwner, name: EnvironmentName) {
        self.owner = owner
        self.name = name
    }

    /// The entry's value as stored and sent.
    public var encoded: [UInt8] {
        var writer = EntryWriter()
        writer.write(owner)
        writer.write(name.text)
        return writer.bytes
    }

    /// Reads a stored value.
    public init(encoded: [UInt8]) throws(UnreadableEntry) {
        var reader = try EntryReader(encoded)
        owner = try reader.owner()
        name = try readable(try reader.text(), EnvironmentName.init)
    }
}

/// The release that an owner has live in an environment.
public struct ReleasePointer: EntryValue {
    /// The release.
    public var release: ReleaseID

    /// Makes a pointer.
    public init(release: ReleaseID) {
        self.release = release
    }

    /// The entry's value as stored and sent.
    public var encoded: [UInt8] {
        var writer = EntryWriter()
        writer.write(release.bits)
        return writer.bytes
    }

    /// Reads a stored value.
    public init(encoded: [UInt8]) throws(UnreadableEntry) {
        var reader = try EntryReader(encoded)
        release = ReleaseID(bits: try reader.bits())
    }
}

/// A release, as edges know it.
public struct ReleaseEntry: EntryValue {
    /// Whose content it is.
    public var owner: ContentOwner
    /// The environment it was published into.
    public var environment: EnvironmentName
    /// Its number within its workspace, from 1.
    public var number: Int64
    /// The generation that first named it.
    public var generation: Int64
    /// The snippet.
    public var snippet: Digest
    /// The content's script, where it is too large to stand in the snippet.
    public var bundle: Digest?
    /// The player that the snippet asks for.
    public var player: Digest
    /// Ed25519 over id, owner, environment and digests (``SignedStatement``).
    public var signature: [UInt8]

    /// Makes an entry.
    public init(
        owner: ContentOwner,
        environment: EnvironmentName,
        number: Int64,
        generation: Int64,
        snippet: Digest,
        bundle: Digest?,
        player: Digest,
        signature: [UInt8]
    ) {
        self.owner = owner
        self.environment = environment
        self.number = number
        self.generation = generation
        self.snippet = snippet
        self.bundle = bundle
        self.player = player
        self.signature = signature
    }

    /// The entry's value as stored and sent.
    public var encoded: [UInt8] {
        var writer = EntryWriter()
        writer.write(owner)
        writer.write(environment.text)
        writer.write(UInt64(bitPattern: number))
        writer.write(UInt64(bitPattern: generation))
        writer.write(snippet.bytes)
        writer.write(bundle?.bytes ?? [])
        writer.write(player.bytes)
        writer.write(signature)
        return writer.bytes
    }

    /// Reads a stored value.
    public init(encoded: [UInt8]) throws(UnreadableEntry) {
        var reader = try EntryReader(encoded)
        owner = try reader.owner()
        environment = try readable(try reader.text(), EnvironmentName.init)
        number = Int64(bitPattern: try reader.number())
        generation = Int64(bitPattern: try reader.number())
        snippet = try required(Digest(bytes: try reader.field()))
        let bundle = try reader.field()
        self.bundle = bundle.isEmpty ? nil : try required(Digest(bytes: bundle))
        player = try required(Digest(bytes: try reader.field()))
        signature = try reader.field()
    }
}

/// An object: immutable bytes named by their SHA-256, encoded when they were made.
public struct ObjectEntry: EntryValue {
    /// Its `Content-Type`.
    public var mediaType: String
    /// Bytes as decoded.
    public var bodyBytes: UInt64
    /// Bytes in gzip; 0 where that coding is not smaller.
    public var gzipBytes: UInt64
    /// Bytes in Brotli; 0 where that coding is not smaller.
    public var brotliBytes: UInt64

    /// Makes an entry.
    public init(mediaType: String, bodyBytes: UInt64, gzipBytes: UInt64, brotliBytes: UInt64) {
        self.mediaType = mediaType
        self.bodyBytes = bodyBytes
        self.gzipBytes = gzipBytes
        self.brotliBytes = brotliBytes
    }

    /// The entry's value as stored and sent.
    public var encoded: [UInt8] {
        var writer = EntryWriter()
        writer.write(mediaType)
        writer.write(bodyBytes)
        writer.write(gzipBytes)
        writer.write(brotliBytes)
        return writer.bytes
    }

    /// Reads a stored value.
    public init(encoded: [UInt8]) throws(UnreadableEntry) {
        var reader = try EntryReader(encoded)
        mediaType = try reader.text()
        guard mediaType.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw UnreadableEntry() }
        bodyBytes = try reader.number()
        gzipBytes = try reader.number()
        brotliBytes = try reader.number()
    }
}
