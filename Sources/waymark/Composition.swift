import Accounts
import Authorization
import Domain
import Edge
import Gallery
import Logging
import Player
import Publishing
import SQLiteEngine
import Store
import Web

/// The parts that operations need, put together over one data directory.
struct Services: Sendable {
    let runtime: Runtime
    let engine: SQLiteEngine
    let storage: Storage
    let format: ContentFormat
    let partners: Partners
    let clients: Clients
    let imports: ClientImports
    let sessions: Sessions
    let people: People
    let joinings: Joinings
    let versions: Versions
    let releases: Releases
    /// What edges trust.
    let verifyingKey: VerifyingKey
    /// Rung after each commit that changed the feed.
    let doorbell: Doorbell

    /// Opens the database of a directory whose lock the caller holds, and brings its schema up to date.
    static func open(_ directory: DataDirectory, runtime: Runtime) async throws -> Services {
        let engine = try SQLiteEngine(path: directory.database)
        let doorbell = Doorbell()
        let storage = Storage(engine: engine, runtime: runtime) { doorbell.ring() }
        try await storage.migrate()
        let format = try ContentFormat()
        let key = try await SigningKeyFile.key(of: directory, storage)
        let releases = Releases(storage: storage, runtime: runtime, key: key)
        let clients = Clients(storage: storage, runtime: runtime)
        let passwords = Passwords(runtime: runtime)
        let sessions = Sessions(storage: storage, passwords: passwords, runtime: runtime)
        return Services(
            runtime: runtime,
            engine: engine,
            storage: storage,
            format: format,
            partners: Partners(storage: storage, runtime: runtime, loader: releases.loader),
            clients: clients,
            imports: ClientImports(storage: storage, clients: clients),
            sessions: sessions,
            people: People(storage: storage),
            joinings: Joinings(storage: storage, passwords: passwords, sessions: sessions),
            versions: Versions(storage: storage, format: format),
            releases: releases,
            verifyingKey: key.verifyingKey,
            doorbell: doorbell
        )
    }

    /// The system that a partner's key or name and a client's name, id or System Client ID lead to.
    func system(_ client: String, of partner: String) async throws -> SystemRecord {
        try await clients.find(.operator, client, of: try await partners.find(.operator, partner))
    }

    /// The management API over these parts, and an edge that tells which keys it does not know. A person, or a network
    /// address, may send `rate` requests a second.
    func api(
        rate: Int,
        edges: EdgeStates,
        unknownKeys: @escaping @Sendable () async -> [UnknownKey]
    ) -> API {
        API(
            sessions: sessions,
            people: people,
            joinings: joinings,
            partners: partners,
            staff: Staff(storage: storage),
            clients: clients,
            admins: ClientAdmins(storage: storage),
            imports: imports,
            systems: Systems(storage: storage),
            users: Users(storage: storage),
            invitations: PartnerInvitations(storage: storage),
            audit: AuditTrail(storage: storage),
            unknown: UnknownIDs(storage: storage, keys: unknownKeys),
            access: Access(storage: storage),
            drafts: Drafts(storage: storage, format: format),
            archives: Archives(storage: storage, format: format),
            versions: versions,
            downloads: Downloads(storage: storage),
            origins: Origins(storage: storage, format: format),
            advisories: Advisories(storage: storage),
            releases: releases,
            environments: Environments(storage: storage),
            standardContent: StandardContent(storage: storage),
            explanations: Explanations(storage: storage),
            edges: edges,
            requests: RateLimit(perSecond: rate, runtime: runtime)
        )
    }

    /// Closes the database, which checkpoints its log.
    func close() throws {
        try engine.close()
    }
}
