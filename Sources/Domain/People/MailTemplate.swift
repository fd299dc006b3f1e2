/// The mails that are sent, by what they are about.
public enum MailTemplate: String, Sendable, CaseIterable {
    /// To a named admin of a client that is not activated (rules F-120 to F-122).
    case activation
    /// To a person invited by the Partners tab (F-029).
    case partnerInvitation
    /// To a person invited by the Users tab.
    case userInvitation
    /// To a person invited to a partner's staff.
    case staffInvitation
    /// To whoever asked for a new password.
    case passwordReset
    /// A code that shows that a mailbox is its holder's (decision D-19).
    case mailboxCode
    /// To whoever's password was changed.
    case passwordChanged
    /// To a client's admins: its partner has invited a further admin (decision D-18).
    case adminInvited
    /// To admins: somebody joined.
    case personJoined
    /// To admins: somebody was removed, or left with their partner.
    case personRemoved
    /// To admins: a partner invitation met a regular membership (decision D-13).
    case joiningRefused
    /// To a client's admins: suspended, with the reason.
    case clientSuspended
    /// To a client's admins: resumed.
    case clientResumed
    /// To a client's admins: the client will be closed.
    case clientClosing
    /// To a client's admins: it will not be closed after all.
    case closingCancelled
    /// To a client's admins: other standard content is live.
    case standardContentChanged
    /// To a client's admins: a version that it has copies of is faulty.
    case advisory

    /// Whether somebody sits before a page and waits for it.
    public var isAwaited: Bool { self == .passwordReset || self == .mailboxCode }
}
