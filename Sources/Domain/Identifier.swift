/// The id of one kind of thing: a UUIDv7 (RFC 9562, section 5.7), written in lower case.
///
/// `Kind` only keeps ids of different things apart.
public struct Identifier<Kind>: Hashable, Sendable, CustomStringConvertible {
    // Not one UInt128: as arguments, those are aligned to 16 bytes, and Swift 6.3.1 on x86-64 then loses the way back from
    // async functions whose arguments do not all fit in registers.
    private let high: UInt64
    private let low: UInt64

    /// The 128 bits.
    public var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }

    /// Makes an id of 128 known bits, as they stand in an entry or a row.
    public init(bits: UInt128) {
        high = UInt64(truncatingIfNeeded: bits >> 64)
        low = UInt64(truncatingIfNeeded: bits)
    }

    /// Makes a new id: 48 bits of time, 74 random bits.
    public init(_ runtime: Runtime) {
        var random = UInt128(0)
        for byte in runtime.random(10) {
            random = random << 8 | UInt128(byte)
        }
        let milliseconds = UInt128(UInt64(bitPattern: runtime.now().milliseconds) & 0xFFFF_FFFF_FFFF)
        let high = random >> 68 & 0xFFF
        let low = random & 0x3FFF_FFFF_FFFF_FFFF
        self.init(bits: milliseconds << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low)
    }

    /// Reads the 8-4-4-4-12 form; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard let bits = uuidBits(text.utf8) else { return nil }
        self.init(bits: bits)
    }

    /// The 8-4-4-4-12 form in lower case.
    public var description: String {
        var text = ""
        text.reserveCapacity(36)
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { text.append("-") }
            text.unicodeScalars.append(hexDigit(UInt8(truncatingIfNeeded: bits >> UInt128(124 - 4 * nibble)) & 0xF))
        }
        return text
    }
}

/// The bits of a UUID written 8-4-4-4-12 in either case; nil for any other text.
func uuidBits(_ text: some Sequence<UInt8>) -> UInt128? {
    var bits = UInt128(0)
    var position = 0
    for byte in text {
        switch position {
        case 8, 13, 18, 23:
            guard byte == UInt8(ascii: "-") else { return nil }
        case 0..<36:
            guard let digit = hexValue(byte) else { return nil }
            bits = bits << 4 | UInt128(digit)
        default: return nil
        }
        position += 1
    }
    return position == 36 ? bits : nil
}

/// The kinds of things that have ids.
public enum IdentifierKind {
    /// See ``PartnerID``.
    public enum Partner {}
    /// See ``ClientID``.
    public enum Client {}
    /// See ``SystemID``.
    public enum System {}
    /// See ``WorkspaceID``.
    public enum Workspace {}
    /// See ``EnvironmentID``.
    public enum Environment {}
    /// See ``ReleaseID``.
    public enum Release {}
    /// See ``SolutionID``.
    public enum Solution {}
    /// See ``SolutionVersionID``.
    public enum SolutionVersion {}
    /// See ``PersonID``.
    public enum Person {}
    /// See ``JoiningID``.
    public enum Joining {}
    /// See ``PartnerAccountID``.
    public enum PartnerAccount {}
    /// See ``SessionID``.
    public enum Session {}
    /// See ``APITokenID``.
    public enum APIToken {}
    /// See ``MailID``.
    public enum Mail {}
    /// See ``ItemID``.
    public enum Item {}
    /// See ``DownloadID``.
    public enum Download {}
    /// See ``AdvisoryID``.
    public enum Advisory {}
    /// See ``ImportID``.
    public enum Import {}
}

/// Names a partner: an organisation that runs a partner app.
public typealias PartnerID = Identifier<IdentifierKind.Partner>
/// Names a client of a partner.
public typealias ClientID = Identifier<IdentifierKind.Client>
/// Names one application of a client under guidance.
public typealias SystemID = Identifier<IdentifierKind.System>
/// Names the place where the content of one system, or of a partner for one system type, is published from.
public typealias WorkspaceID = Identifier<IdentifierKind.Workspace>
/// Names an environment of a workspace.
public typealias EnvironmentID = Identifier<IdentifierKind.Environment>
/// Names a release.
public typealias ReleaseID = Identifier<IdentifierKind.Release>
/// Names a solution of the gallery.
public typealias SolutionID = Identifier<IdentifierKind.Solution>
/// Names one version of a solution.
public typealias SolutionVersionID = Identifier<IdentifierKind.SolutionVersion>
/// Names a person: one identity, whatever accounts it belongs to.
public typealias PersonID = Identifier<IdentifierKind.Person>
/// Names an invitation or activation, by which a person joins an account.
public typealias JoiningID = Identifier<IdentifierKind.Joining>
/// Names a partner as it appears inside one client account.
public typealias PartnerAccountID = Identifier<IdentifierKind.PartnerAccount>
/// Names a session of a person who signed in.
public typealias SessionID = Identifier<IdentifierKind.Session>
/// Names an API token; not the secret itself.
public typealias APITokenID = Identifier<IdentifierKind.APIToken>
/// Names a mail of the outbox.
public typealias MailID = Identifier<IdentifierKind.Mail>
/// Names an item of a workspace.
public typealias ItemID = Identifier<IdentifierKind.Item>
/// Names the act by which a client took a solution version.
public typealias DownloadID = Identifier<IdentifierKind.Download>
/// Names a warning about a solution version.
public typealias AdvisoryID = Identifier<IdentifierKind.Advisory>
/// Names an import of clients.
public typealias ImportID = Identifier<IdentifierKind.Import>
