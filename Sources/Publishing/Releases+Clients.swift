import Authorization
public import Domain
public import Store

/// What the owner partner does for a client, activated or not: it publishes versions of its own solutions as the client's
/// content (decision D-23). Drafts of the client are neither read nor changed, and its other environments are its own: who
/// has their keys sees what it is testing (decision D-18).
extension Releases {
    /// Publishes exactly these versions, in this order, as the content of a client's system, in production.
    ///
    /// - Parameters:
    ///   - caller: Staff of the owner partner who may choose standard content.
    ///   - choices: The partner's solutions and the numbers of their versions, in order.
    ///   - client: For whom.
    ///   - partner: Whose client it is.
    ///   - system: Which of its systems.
    ///   - notes: What the publisher says of it.
    /// - Returns: The release; proposed, where the client asks for a second person's approval.
    /// - Throws: `conflict` for a client that is suspended, for a version that is withdrawn or of another system type.
    public func publish(
        _ caller: Caller,
        _ choices: [(solution: SolutionID, version: Int64)],
        for client: ClientID,
        of partner: PartnerID,
        _ system: SystemID,
        notes: String?
    ) async throws -> LiveRelease {
        try await access.client(caller, client, of: partner, .publishForClient)
        let record = try await storage.system(system, of: client)
        let versions = try await storage.choose(choices, of: partner, record.type)
        return try await turns.take(.system(system)) {
            let new = try await publication(
                versions,
                .system(system),
                into: .production,
                linkHosts: record.linkHosts,
                notes: notes
            )
            return try await publish(caller, new)
        }
    }

    /// Takes away what a client's own pages show in production, for its owner partner: standard content again.
    public func unpublish(
        _ caller: Caller,
        for client: ClientID,
        of partner: PartnerID,
        _ system: SystemID
    ) async throws -> Int64 {
        try await access.client(caller, client, of: partner, .publishForClient)
        let scope = EditorScope.client(client, system)
        return try await storage.unpublish(scope.owner, .production, within: scope, by: caller)
    }
}
