import Authorization
public import Domain
public import Store

/// Clients from a file, many at once: the one way of the API's imports and the command's.
public struct ClientImports: Sendable {
    /// A line of NDJSON, or what a line of CSV says.
    public struct Row: Hashable, Sendable {
        /// Its number in the file, from 1.
        public var number: Int
        /// A JSON object; nil for a line that is not UTF-8.
        public var text: String?

        /// Makes a row.
        public init(number: Int, text: String?) {
            self.number = number
            self.text = text
        }
    }

    /// What became of a row.
    public struct Outcome: Hashable, Sendable {
        /// In a word.
        public enum Status: String, Sendable {
            /// The client was added.
            case added
            /// It was there already, in every field the same.
            case unchanged
            /// Nothing was changed.
            case refused
        }

        /// The row's number.
        public var row: Int
        /// What became of it.
        public var status: Status
        /// The client, where it was added or is there.
        public var client: ClientID?
        /// Why it was refused.
        public var reason: String?
    }

    private let storage: Storage
    private let clients: Clients
    private let access: Access

    /// Makes the operations over a store.
    public init(storage: Storage, clients: Clients) {
        self.storage = storage
        self.clients = clients
        access = Access(storage: storage)
    }

    /// Imports rows, at most ``Storage/clientsMax``: one transaction for each partner among them. Bad rows do not hold up the
    /// others.
    ///
    /// - Parameters:
    ///   - caller: The operator, or staff who may manage clients.
    ///   - rows: The rows.
    ///   - partner: Whose clients they are; nil where each row names its partner, which only the operator's may.
    ///   - mails: When their admins are mailed.
    ///   - dryRun: Tell what would become of them, and change nothing.
    /// - Returns: What became of each, in the order of the rows.
    /// - Throws: `tooLong` for too many rows; `forbidden`, `notFound`; a bad row is an outcome.
    public func run(
        _ caller: Caller,
        _ rows: [Row],
        of partner: PartnerRecord?,
        mails: ActivationMails,
        dryRun: Bool
    ) async throws -> [Outcome] {
        guard rows.count <= Storage.clientsMax else {
            throw Refusal(.tooLong, "At most \(Storage.clientsMax) rows are imported at once.")
        }
        if let partner { try await access.partner(caller, partner.id, .importClients) }
        var outcomes: [Int: Outcome] = [:]
        // By bytes: two names that Swift holds equal may be two partners'.
        var partners: [[UInt8]: Result<PartnerRecord, Refusal>] = [:]
        var batches: [PartnerID: (partner: PartnerRecord, rows: [(place: Int, client: NewClient)])] = [:]
        for (place, row) in rows.enumerated() {
            do {
                let (name, client) = try Self.read(row, needsPartner: partner == nil)
                let owner = try await owner(partner, name, caller, &partners)
                batches[owner.id, default: (owner, [])].rows.append((place, client))
            } catch let refusal as Refusal {
                outcomes[place] = Outcome(row: row.number, status: .refused, reason: refusal.message)
            }
        }
        for (owner, batch) in batches.values.map({ ($0.partner, $0.rows) }) {
            let added = try await clients.add(caller, batch.map(\.client), of: owner, mails: mails, dryRun: dryRun)
            for ((place, client), result) in zip(batch, added) {
                outcomes[place] = Self.outcome(rows[place].number, client, result, owner)
            }
        }
        return rows.indices.compactMap { outcomes[$0] }
    }

    /// Keeps the report of an import.
    public func keep(_ caller: Caller, _ report: [UInt8], of partner: PartnerID) async throws -> ImportID {
        try await access.partner(caller, partner, .importClients)
        return try await storage.keepImport(report, of: partner)
    }

    /// The report of an import.
    ///
    /// - Throws: `notFound`.
    public func report(_ caller: Caller, _ id: ImportID, of partner: PartnerID) async throws -> [UInt8] {
        try await access.partner(caller, partner, .readClientImport)
        return try await storage.importReport(id, of: partner)
    }

    private func owner(
        _ partner: PartnerRecord?,
        _ name: String?,
        _ caller: Caller,
        _ known: inout [[UInt8]: Result<PartnerRecord, Refusal>]
    ) async throws -> PartnerRecord {
        guard let name else {
            guard let partner else { throw Refusal(.invalid, "the member 'partner' is missing") }
            return partner
        }
        if let partner {
            guard name == partner.key.text || name == partner.name.text else {
                throw Refusal(.invalid, "the row is of another partner, '\(name.prefix(80))'")
            }
            return partner
        }
        let bytes = Array(name.utf8)
        if known[bytes] == nil {
            try caller.requireOperator()
            do {
                known[bytes] = .success(try await storage.partner(name))
            } catch let refusal as Refusal {
                known[bytes] = .failure(refusal)
            }
        }
        guard let found = try known[bytes]?.get() else { throw Access.noPartner }
        return found
    }

    /// Reads a row.
    ///
    /// - Parameters:
    ///   - row: The row.
    ///   - needsPartner: Whether it must name its partner.
    /// - Returns: The partner's key or name, where it is given, and the client.
    /// - Throws: A refusal whose message says what is wrong.
    public static func read(_ row: Row, needsPartner: Bool) throws(Refusal) -> (partner: String?, client: NewClient) {
        guard let text = row.text else { throw Refusal(.invalid, "this is not UTF-8") }
        guard let value = try? JSONValue(parsing: Array(text.utf8)), case .object(let members) = value else {
            throw Refusal(.invalid, "this is not a JSON object")
        }
        func string(_ name: String) throws(Refusal) -> String {
            guard let member = members[name] else { throw Refusal(.invalid, "the member '\(name)' is missing") }
            guard let text = member.text else { throw Refusal(.invalid, "the member '\(name)' is of the wrong type") }
            return text
        }
        var partner: String?
        if needsPartner || members["partner"] != nil { partner = try string("partner") }
        guard case .array(let listed)? = members["admins"] else {
            throw Refusal(
                .invalid,
                members["admins"] == nil
                    ? "the member 'admins' is missing" : "the member 'admins' is of the wrong type"
            )
        }
        var admins: [EmailAddress] = []
        for value in listed {
            guard let address = value.text else {
                throw Refusal(.invalid, "the member 'admins' is of the wrong type")
            }
            admins.append(try EmailAddress(address))
        }
        let client = try NewClient(
            name: try OrganisationName(try string("name")),
            system: try SystemType(try string("system")),
            systemClientID: try SystemClientID(try string("systemClientId")),
            admins: admins,
            reusesKey: members["reuseKey"] == .bool(true)
        )
        return (partner, client)
    }

    private static func outcome(
        _ row: Int,
        _ client: NewClient,
        _ result: AddedClient,
        _ partner: PartnerRecord
    ) -> Outcome {
        switch result {
        case .added(let id): Outcome(row: row, status: .added, client: id)
        case .unchanged(let id): Outcome(row: row, status: .unchanged, client: id)
        case .reserved(let until):
            Outcome(
                row: row,
                status: .refused,
                reason: """
                    the System Client ID '\(client.systemClientID)' was given up, and stays reserved until \(until); \
                    "reuseKey": true takes it back
                    """
            )
        case .conflict(let id, let holder):
            Outcome(
                row: row,
                status: .refused,
                reason: """
                    the System Client ID '\(client.systemClientID)' belongs to the client '\(holder)' (\(id)) of the \
                    partner '\(partner.name)', with other fields; nothing was changed
                    """
            )
        }
    }
}
