/// Who asks for an operation, and from where. Every operation takes one and checks it in one place.
public struct Caller: Sendable {
    /// Who asks.
    public enum Identity: Hashable, Sendable {
        /// Nobody who has signed in.
        case anonymous
        /// Whoever runs this deployment, by command on its machine.
        case `operator`
        /// A person, by session or by API token.
        case person(SignedIn)
    }

    /// Who asks.
    public let identity: Identity
    /// From where.
    public let origin: Origin
    /// What is to be kept with the change that is asked for, so that asking again gives the same answer.
    public var idempotency: IdempotentRequest?

    /// Makes a caller.
    public init(_ identity: Identity, from origin: Origin = Origin(), idempotency: IdempotentRequest? = nil) {
        self.identity = identity
        self.origin = origin
        self.idempotency = idempotency
    }

    /// Whoever runs this deployment.
    public static let `operator` = Caller(.operator)

    /// The person who asks; nil for anyone else.
    public var person: PersonID? {
        guard case .person(let signedIn) = identity else { return nil }
        return signedIn.person
    }

    /// Refuses everyone but the operator.
    public func requireOperator() throws(Refusal) {
        guard identity == .operator else {
            throw Refusal(.forbidden, "Only the operator of this deployment may do that.")
        }
    }
}

/// A person who has shown who they are.
public struct SignedIn: Hashable, Sendable {
    /// By what.
    public enum Credential: Hashable, Sendable {
        /// A password, some time ago.
        case session(SessionID)
        /// A token that a program holds; it reaches what its scopes name and its owner's rights allow now.
        case token(APITokenID, scopes: Set<Right>)
    }

    /// Who.
    public var person: PersonID
    /// By what.
    public var credential: Credential

    /// Puts it together.
    public init(person: PersonID, credential: Credential) {
        self.person = person
        self.credential = credential
    }
}

/// Where a request came from, for the audit.
public struct Origin: Hashable, Sendable {
    /// The peer's network address.
    public var address: String?
    /// The request's id, as its answer tells it.
    public var requestID: String?

    /// Puts it together.
    public init(address: String? = nil, requestID: String? = nil) {
        self.address = address
        self.requestID = requestID
    }
}

/// A request that may be repeated: its answer is stored in the transaction that does what it asks.
public struct IdempotentRequest: Sendable {
    /// An answer as it is stored.
    public struct Answer: Hashable, Sendable {
        /// The HTTP status.
        public var status: Int
        /// What was made, as its path; empty where nothing was.
        public var location: String
        /// The body; nil where it holds a secret, and is not kept.
        public var body: [UInt8]?

        /// Puts it together.
        public init(status: Int, location: String, body: [UInt8]?) {
            self.status = status
            self.location = location
            self.body = body
        }
    }

    /// The caller's key.
    public let key: String
    /// A digest of method, path and body.
    public let request: Digest
    /// The answer to what the change came to; nil for a result that this request does not expect.
    public let answer: @Sendable (any Sendable) throws -> Answer?

    /// Puts it together.
    public init(key: String, request: Digest, answer: @escaping @Sendable (any Sendable) throws -> Answer?) {
        self.key = key
        self.request = request
        self.answer = answer
    }
}
