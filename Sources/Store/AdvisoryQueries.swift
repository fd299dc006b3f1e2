public import Domain

enum AdvisorySQL: String, StatementSet {
    case insert = """
        INSERT INTO advisory (id, solution_version_id, severity, text, fixed_in, told, made_at, made_by)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    case ofVersion = """
        SELECT id, severity, text, fixed_in, told, made_at, made_by FROM advisory WHERE solution_version_id = ?
        ORDER BY id
        """
    case noteHolders = """
        INSERT INTO advisory_notice (advisory_id, client_id)
        SELECT ?, client_system.client_id FROM item JOIN workspace ON workspace.id = item.workspace_id
        JOIN client_system ON client_system.id = workspace.system_id
        WHERE item.origin_version_id = ? AND item.deleted_at IS NULL AND client_system.deleted_at IS NULL
        UNION
        SELECT ?, client_system.client_id FROM release_item JOIN release ON release.id = release_item.release_id
        JOIN workspace ON workspace.id = release.workspace_id
        JOIN client_system ON client_system.id = workspace.system_id
        WHERE release_item.origin_version_id = ? AND client_system.deleted_at IS NULL
        """
    case setTold = "UPDATE advisory SET told = ? WHERE id = ?"
    case notices = """
        SELECT advisory_notice.advisory_id, advisory_notice.client_id, advisory.text, advisory.fixed_in, solution.id,
            solution.partner_id, solution_version.number
        FROM advisory_notice JOIN advisory ON advisory.id = advisory_notice.advisory_id
        JOIN solution_version ON solution_version.id = advisory.solution_version_id
        JOIN solution ON solution.id = solution_version.solution_id
        ORDER BY advisory_notice.advisory_id, advisory_notice.client_id LIMIT ?
        """
    case deleteNotice = "DELETE FROM advisory_notice WHERE advisory_id = ? AND client_id = ?"
    case showing = """
        SELECT COUNT(DISTINCT client_system.client_id) FROM release_item
        JOIN live ON live.release_id = release_item.release_id JOIN release ON release.id = live.release_id
        JOIN workspace ON workspace.id = release.workspace_id
        JOIN client_system ON client_system.id = workspace.system_id
        WHERE release_item.origin_version_id = ? AND client_system.deleted_at IS NULL
        """
    case draftsOfClient = """
        SELECT advisory.id, client_system.id, item.id FROM client_system
        JOIN workspace ON workspace.system_id = client_system.id JOIN item ON item.workspace_id = workspace.id
        JOIN advisory ON advisory.solution_version_id = item.origin_version_id
        WHERE client_system.client_id = ? AND client_system.deleted_at IS NULL AND item.deleted_at IS NULL
        ORDER BY advisory.id, item.id
        """
    case releasesOfClient = """
        SELECT DISTINCT advisory.id, client_system.id, release.number, live.release_id FROM client_system
        JOIN workspace ON workspace.system_id = client_system.id
        JOIN release ON release.workspace_id = workspace.id
        JOIN release_item ON release_item.release_id = release.id
        JOIN advisory ON advisory.solution_version_id = release_item.origin_version_id
        LEFT JOIN live ON live.environment_id = release.environment_id AND live.release_id = release.id
        WHERE client_system.client_id = ? AND client_system.deleted_at IS NULL
        ORDER BY advisory.id, client_system.id, release.number
        """
    case one = """
        SELECT advisory.id, advisory.severity, advisory.text, advisory.fixed_in, advisory.told, advisory.made_at,
            advisory.made_by, solution.id, solution.slug, solution_version.number
        FROM advisory JOIN solution_version ON solution_version.id = advisory.solution_version_id
        JOIN solution ON solution.id = solution_version.solution_id WHERE advisory.id = ?
        """
}

/// How bad it is.
public enum AdvisorySeverity: String, Sendable, CaseIterable {
    /// Wrong, and nobody is harmed.
    case low
    /// Users are misled.
    case high
    /// To be taken away at once.
    case critical
}

/// A partner's warning that a solution version is faulty.
public struct Advisory: Hashable, Sendable {
    /// Names it.
    public let id: AdvisoryID
    /// How bad it is.
    public let severity: AdvisorySeverity
    /// What is wrong, and what to do.
    public let text: String
    /// The number of the version that has it right; nil where there is none yet.
    public let fixedIn: Int64?
    /// How many clients were told when it was made.
    public let told: Int64
    /// When it was made.
    public let madeAt: Timestamp
    /// By whom, as the audit names people.
    public let madeBy: String

    init(_ row: SQLRow) throws {
        id = try row.id(0)
        guard let severity = AdvisorySeverity(rawValue: try row.text(1)) else { throw row.damaged(1) }
        self.severity = severity
        text = try row.text(2)
        fixedIn = try row.optional(3, row.integer)
        told = try row.integer(4)
        madeAt = try row.time(5)
        madeBy = try row.text(6)
    }
}

/// A warning that concerns a client, and what it has of the version.
public struct ClientAdvisory: Hashable, Sendable {
    /// The warning.
    public let advisory: Advisory
    /// The solution.
    public let solution: SolutionID
    /// Its name in files and URLs.
    public let slug: String
    /// The number of the faulty version.
    public let version: Int64
    /// Copies of its items, edited or not, in the Editor of which system.
    public var drafts: [Draft] = []
    /// Releases that hold such copies.
    public var releases: [Release] = []

    /// A copy.
    public struct Draft: Hashable, Sendable {
        /// The system.
        public let system: SystemID
        /// The item.
        public let item: ItemID
    }

    /// A release.
    public struct Release: Hashable, Sendable {
        /// The system.
        public let system: SystemID
        /// The release's number.
        public let number: Int64
        /// Whether it is live.
        public let isLive: Bool
    }

    /// Whether nothing of the version is live any more.
    public var isResolved: Bool { !releases.contains(where: \.isLive) }
}

extension Storage {
    /// Warns of a version. Exactly the clients that hold copies of it, or releases from such, edited or not, are noted in
    /// the same transaction, and told by mail soon.
    ///
    /// - Throws: `notFound` for a version, or one that has it right, that there is not.
    public func addAdvisory(
        _ severity: AdvisorySeverity,
        _ text: String,
        fixedIn: Int64?,
        about number: Int64,
        of solution: SolutionID,
        _ partner: PartnerID,
        by caller: Caller
    ) async throws -> Advisory {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            try connection.lockPartner(partner)
            _ = try connection.solution(solution, of: partner)
            let version = try connection.version(number, of: solution)
            if let fixedIn { _ = try connection.version(fixedIn, of: solution) }
            let id = SQLValue.text(of: version.id)
            let advisory = AdvisoryID(runtime)
            try connection.execute(
                AdvisorySQL.insert,
                .text(of: advisory),
                id,
                .text(severity.rawValue),
                .text(text),
                fixedIn.map(SQLValue.integer) ?? .null,
                .integer(0),
                .time(now),
                .text(caller.auditName)
            )
            let name = SQLValue.text(of: advisory)
            let told = try connection.execute(AdvisorySQL.noteHolders, name, id, name, id)
            try connection.execute(AdvisorySQL.setTold, .integer(Int64(told)), name)
            try connection.audit(
                .partner(partner),
                "advisory.made",
                "solution/\(solution)",
                [
                    "version": .integer(number), "severity": .string(severity.rawValue),
                    "advisory": .string("\(advisory)"),
                ],
                by: caller,
                at: now
            )
            let made = try connection.advisories(about: version.id).last { $0.id == advisory }
            guard let made else { throw MissingHead() }
            try connection.keepAnswer(to: caller, made, at: now)
            return made
        }
    }

    /// Tells the admins of some clients of advisories: not with the advisory, which may concern thousands.
    ///
    /// - Returns: Whether there may be more to tell.
    public func tellOfAdvisories() async throws -> Bool {
        let now = runtime.now()
        let runtime = runtime
        return try await engine.transaction { connection in
            let notices = try connection.rows(AdvisorySQL.notices, .integer(Self.noticedAtOnce))
            for row in notices {
                // Somebody else has told them.
                guard try connection.execute(AdvisorySQL.deleteNotice, row[0], row[1]) == 1 else { continue }
                let solution = try connection.solution(try row.id(4), of: try row.id(5))
                var values = [
                    "solutionName": solution.about["name"]?["en"]?.text ?? solution.slug,
                    "version": "\(try row.integer(6))", "advisory": try row.text(2),
                    "partnerName": solution.partnerName,
                ]
                values["fixedIn"] = try row.optional(3) { "\(try row.integer($0))" }
                try connection.tellAdmins(of: try row.id(1), .advisory, values, at: now, runtime)
            }
            return !notices.isEmpty
        }
    }

    /// The warnings of a version, and how many clients still show something of it.
    public func advisories(
        about number: Int64,
        of solution: SolutionID,
        _ partner: PartnerID
    ) async throws -> (advisories: [Advisory], showing: Int64) {
        try await engine.snapshot { connection in
            _ = try connection.solution(solution, of: partner)
            let version = try connection.version(number, of: solution)
            let showing = try connection.rows(AdvisorySQL.showing, .text(of: version.id)).first?.integer(0)
            return (try connection.advisories(about: version.id), showing ?? 0)
        }
    }

    /// The warnings that concern a client.
    public func advisories(of client: ClientID) async throws -> [ClientAdvisory] {
        try await engine.snapshot { connection in
            var found: [AdvisoryID: ClientAdvisory] = [:]
            func advisory(_ row: SQLRow, _ change: (inout ClientAdvisory) throws -> Void) throws {
                let id: AdvisoryID = try row.id(0)
                if found[id] == nil, let one = try connection.rows(AdvisorySQL.one, .text(of: id)).first {
                    found[id] = ClientAdvisory(
                        advisory: try Advisory(one),
                        solution: try one.id(7),
                        slug: try one.text(8),
                        version: try one.integer(9)
                    )
                }
                if var known = found[id] {
                    try change(&known)
                    found[id] = known
                }
            }
            for row in try connection.rows(AdvisorySQL.draftsOfClient, .text(of: client)) {
                try advisory(row) { $0.drafts.append(.init(system: try row.id(1), item: try row.id(2))) }
            }
            for row in try connection.rows(AdvisorySQL.releasesOfClient, .text(of: client)) {
                try advisory(row) {
                    $0.releases.append(
                        .init(system: try row.id(1), number: try row.integer(2), isLive: row[3] != .null)
                    )
                }
            }
            return found.values.sorted { "\($0.advisory.id)" < "\($1.advisory.id)" }
        }
    }
}

extension Connection {
    fileprivate func advisories(about version: SolutionVersionID) throws -> [Advisory] {
        try rows(AdvisorySQL.ofVersion, .text(of: version)).map(Advisory.init)
    }
}
