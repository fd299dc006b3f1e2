/// A request that cannot be done, and whose maker can mend it.
///
/// Failures of ours (a full disk, a lost database) are other errors; they keep their cause and are logged.
public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of refusal it is; stable, for programs to test.
    public enum Code: String, Sendable {
        /// The value breaks a rule of its own, whatever else exists.
        case invalid
        /// The value is longer than its named limit.
        case tooLong
        /// The caller may not do this.
        case forbidden
        /// Nothing of that name exists for this caller.
        case notFound
        /// It contradicts something that exists.
        case conflict
        /// The value is well formed, but not one that this deployment supports.
        case unsupported
        /// Nobody has signed in, or what was presented is worth nothing.
        case unauthenticated
        /// What was changed is not what the caller saw.
        case stale
        /// The caller must say which state it saw.
        case preconditionRequired
        /// A link that does not work (any more): used, expired, withdrawn and unknown look the same.
        case linkDead
        /// The caller has done this too often.
        case tooMany
        /// Too much is asked of this process at the moment.
        case busy
    }

    /// One place where the input is wrong, for input that has places (files, lines).
    public struct Fault: Hashable, Sendable {
        /// Where: a file's path with a JSON pointer (`a/b.json#/steps/0`), or a line number.
        public let place: String
        /// What is wrong there; a sentence safe to show.
        public let reason: String

        /// Makes a fault.
        public init(place: String, reason: String) {
            self.place = place
            self.reason = reason
        }
    }

    /// What kind of refusal it is.
    public let code: Code
    /// A sentence that says what is wrong and what to do; safe to show.
    public let message: String
    /// The name of the field at fault, if there is one.
    public let field: String?
    /// The places at fault, where the input has places; at most ``faultsMax``.
    public let faults: [Fault]

    /// In how many seconds to try again, for `tooMany` and `busy`.
    public let retrySeconds: Int?

    /// How many faults a refusal lists at most.
    public static let faultsMax = 100

    /// Makes a refusal.
    public init(
        _ code: Code,
        _ message: String,
        field: String? = nil,
        faults: [Fault] = [],
        retrySeconds: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.field = field
        self.faults = Array(faults.prefix(Self.faultsMax))
        self.retrySeconds = retrySeconds
    }

    /// The same refusal of a part of a longer form: its field is behind `place`.
    public func within(_ place: String) -> Refusal {
        Refusal(code, message, field: field.map { "\(place)/\($0)" }, faults: faults, retrySeconds: retrySeconds)
    }

    /// A refusal of content that has faults, at least one.
    public static func content(_ faults: [Fault]) -> Refusal {
        let count = faults.count == 1 ? "is 1 fault" : "are \(faults.count) faults"
        return Refusal(.invalid, "There \(count) in the content.", field: "content", faults: faults)
    }

    /// The message, then a line for each fault.
    public var description: String {
        ([message] + faults.map { "  \($0.place): \($0.reason)" }).joined(separator: "\n")
    }
}
