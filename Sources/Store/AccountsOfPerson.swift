public import Domain

/// Everything that a person belongs to.
public struct PersonAccounts: Hashable, Sendable {
    /// The partner whose staff the person is.
    public struct Home: Hashable, Sendable {
        /// The partner.
        public let partner: PartnerID
        /// Its name.
        public let name: String
        /// Its public key.
        public let key: String
        /// The person's role there.
        public let role: StaffRole
    }

    /// A client account.
    public struct Client: Hashable, Sendable {
        /// The client, without its systems.
        public let client: ClientRecord
        /// Its owner partner's name.
        public let partnerName: String
        /// The person's role there.
        public let role: ClientRole
        /// The partner account, and its derived status, by which a partner user belongs; nil for a regular user.
        public let account: PartnerAccountRecord?
        /// The systems that the person reaches.
        public let systems: [SystemRecord]
    }

    /// The partner; nil for one who is no staff.
    public let home: Home?
    /// The clients, in the order they were made.
    public let clients: [Client]
}

extension Storage {
    /// Everything that a person belongs to.
    public func accounts(of person: PersonID) async throws -> PersonAccounts {
        try await engine.snapshot { connection in
            let home = try connection.rows(StaffSQL.home, .text(of: person)).first.map { row in
                guard let role = StaffRole(rawValue: try row.text(1)) else { throw row.damaged(1) }
                return PersonAccounts.Home(
                    partner: try row.id(0),
                    name: try row.text(2),
                    key: try row.text(3),
                    role: role
                )
            }
            let clients = try connection.rows(MembershipSQL.ofPerson, .text(of: person)).map { row in
                let record = try connection.clientWithSystems(try row.id(0))
                let member = try connection.member(person, of: record.id)
                let all = member.role == .admin && member.account == nil
                return PersonAccounts.Client(
                    client: record,
                    partnerName: try connection.partnerName(record.partner),
                    role: member.role,
                    account: try member.account.map { try connection.account($0, of: record.id) },
                    systems: record.systems.filter { all || member.systems.contains($0.id) }
                )
            }
            return PersonAccounts(home: home, clients: clients)
        }
    }
}
