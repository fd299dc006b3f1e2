public import Domain

/// What a template's sentences are made of.
///
/// Values are those of any language: a role by its raw value, a moment (`…At`) as `Timestamp` describes it. Names and
/// reasons are shown as given, in quotation marks. `personName` is who invites, in an invitation, else who it is about.
extension MailTemplate {
    /// A secret in a mail: whoever reads it can act.
    public enum Carried: Sendable {
        /// No secret.
        case nothing
        /// The value `link`, as a button and as text.
        case link
        /// The value `code`.
        case code
    }

    /// Whether a link or a code is in it.
    public var carries: Carried {
        if values.contains("link") { return .link }
        return values.contains("code") ? .code : .nothing
    }

    /// The names of the values that it cannot be made without.
    public var values: Set<String> {
        switch self {
        case .activation: ["clientName", "partnerName", "link", "expiresAt"]
        case .partnerInvitation, .userInvitation: ["clientName", "role", "link", "expiresAt"]
        case .staffInvitation: ["partnerName", "role", "link", "expiresAt"]
        case .passwordReset: ["link"]
        case .mailboxCode: ["code", "minutes"]
        case .passwordChanged: []
        case .personJoined: ["personName", "role"]
        case .adminInvited: ["clientName", "partnerName", "personAddress"]
        case .personRemoved: ["personName"]
        case .joiningRefused: ["clientName", "personName"]
        case .clientSuspended: ["clientName", "reason"]
        case .clientClosing: ["clientName", "closesAt", "reason"]
        case .clientResumed, .closingCancelled, .standardContentChanged: ["clientName"]
        case .advisory: ["clientName", "partnerName", "solutionName", "version", "advisory"]
        }
    }

    /// The names of values of which it needs one: where it is about a client's account or a partner's staff.
    public var alternativeValues: Set<String> {
        switch self {
        case .personJoined, .personRemoved: ["clientName", "partnerName"]
        default: []
        }
    }

    /// The names of values that it shows where they are given.
    public var optionalValues: Set<String> {
        switch self {
        case .partnerInvitation: ["personName", "partnerName"]
        case .userInvitation, .staffInvitation: ["personName"]
        case .passwordReset: ["expiresAt"]
        case .passwordChanged: ["changedAt"]
        case .personJoined, .personRemoved, .joiningRefused: ["personAddress"]
        case .clientSuspended, .standardContentChanged: ["partnerName"]
        case .advisory: ["fixedIn"]
        default: []
        }
    }
}
