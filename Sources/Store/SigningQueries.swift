public import Domain

enum SigningSQL: String, StatementSet {
    case objects = "SELECT digest FROM object WHERE digest > ? AND length(body) > 0 ORDER BY digest LIMIT ?"
    case signObject = "UPDATE object SET signature = ? WHERE digest = ?"
    case releases = """
        SELECT release.id, release.number, release.generation, release.snippet, release.bundle, release.player,
            release.signature, COALESCE(environment.former_name, environment.name), workspace.system_id, workspace.partner_id, workspace.system_type,
            live.release_id
        FROM release JOIN environment ON environment.id = release.environment_id
        JOIN workspace ON workspace.id = release.workspace_id
        LEFT JOIN live ON live.environment_id = environment.id AND live.release_id = release.id
        WHERE release.id > ? ORDER BY release.id LIMIT ?
        """
    case signRelease = "UPDATE release SET signature = ? WHERE id = ?"
}

extension Storage {
    /// How many objects or releases one transaction signs.
    private static let signedAtOnce: Int64 = 200

    /// Signs every object and every release anew: when a deployment's key is made, for what was published before. An
    /// object whose bytes are not what its name says is left unsigned.
    public func signAll(
        object sign: @escaping @Sendable (StoredObject) -> [UInt8],
        release signRelease: @escaping @Sendable (SignedStatement) -> [UInt8]
    ) async throws -> (objects: Int, releases: Int) {
        var counts = (objects: 0, releases: 0)
        var last = [UInt8]()
        while true {
            let after = SQLValue.bytes(last)
            let done = try await engine.transaction { connection in
                let digests = try connection.rows(SigningSQL.objects, after, .integer(Self.signedAtOnce))
                for row in digests {
                    guard let object = try Self.object(try row.digest(0), connection),
                        Digest(of: object.body) == object.digest
                    else { continue }
                    try connection.execute(SigningSQL.signObject, .bytes(sign(object)), row[0])
                }
                return try digests.map { try $0.bytes(0) }
            }
            guard let end = done.last else { break }
            last = end
            counts.objects += done.count
        }
        var lastRelease = ""
        while true {
            let after = SQLValue.text(lastRelease)
            let now = runtime.now()
            let done = try await writing { connection in
                guard try !connection.rows(SigningSQL.releases, after, .integer(1)).isEmpty else { return [String]() }
                return try FeedWriter.write(connection, at: now) { feed in
                    // Read under the feed's lock: a pointer that moves meanwhile must not keep an old signature.
                    let rows = try connection.rows(SigningSQL.releases, after, .integer(Self.signedAtOnce))
                    for row in rows {
                        let owner = try ContentOwner(row, at: 8)
                        let environment = try EnvironmentName(try row.text(7))
                        var entry = try StoredRelease(row).entry(owner, environment)
                        let id: ReleaseID = try row.id(0)
                        entry.signature = signRelease(.release(id, entry))
                        try connection.execute(SigningSQL.signRelease, .bytes(entry.signature), row[0])
                        if row[11] != .null { try feed.set(.release(id), entry) }
                    }
                    return try rows.map { try $0.text(0) }
                }
            }
            guard let end = done.last else { return counts }
            lastRelease = end
            counts.releases += done.count
        }
    }
}
