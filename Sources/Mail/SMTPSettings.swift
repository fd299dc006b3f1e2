public import Domain
import Foundation

/// Which mail server to use, and how.
public struct SMTPSettings: Sendable {
    /// How the connection is protected. There is no "TLS if it is offered": whoever sits between could take it away.
    public enum Security: String, CaseIterable, Sendable {
        /// Not at all: only for a server on this machine.
        case none
        /// The connection turns to TLS before anything is said; where it can't, nothing is sent.
        case startTLS
        /// TLS from the first byte.
        case tls
    }

    /// The server's name or address.
    public let host: String
    /// Its port; usually 587 for `startTLS`, 465 for `tls`.
    public let port: Int
    /// How the connection is protected.
    public let security: Security
    /// Whom to sign in as; nil for no sign-in.
    public let user: String?
    /// The password for it.
    public let password: String?
    /// A file of certificates (PEM) to trust in place of the system's.
    public let caFile: String?
    /// The envelope's sender, where bounces go; its host name is what this machine calls itself.
    public let from: EmailAddress
    /// How long connecting may take.
    public var connectTimeout: Duration = .seconds(10)
    /// How long one delivery may take in all.
    public var totalTimeout: Duration = .seconds(60)

    /// Checks settings.
    ///
    /// - Parameters:
    ///   - host: A host name, an IPv4 address, or an IPv6 address without brackets.
    ///   - port: 1...65535.
    ///   - security: How the connection is protected; `none` only where the host is this machine.
    ///   - user: Whom to sign in as; nil for no sign-in.
    ///   - password: The password for it.
    ///   - caFile: A file of certificates (PEM) to trust in place of the system's.
    ///   - from: The envelope's sender.
    /// - Throws: `invalid`, with the field at fault.
    public init(
        host: String,
        port: Int,
        security: Security,
        user: String? = nil,
        password: String? = nil,
        caFile: String? = nil,
        from: EmailAddress
    ) throws(Refusal) {
        let isName = !host.isEmpty && host.utf8.allSatisfy { isAlphanumeric($0) || ".-".utf8.contains($0) }
        guard isName || Self.isIPv6(host) else {
            throw Refusal(.invalid, "The mail server's host is a host name or an IP address.", field: "host")
        }
        guard (1...65535).contains(port) else {
            throw Refusal(.invalid, "The mail server's port is a number from 1 to 65535.", field: "port")
        }
        guard security != .none || Self.isLoopback(host) else {
            throw Refusal(
                .invalid,
                "Mail goes without TLS only to this machine (localhost, 127.0.0.1, ::1): use startTLS or tls.",
                field: "security"
            )
        }
        guard (user == nil) == (password == nil), user?.isEmpty != true,
            [user, password, caFile].allSatisfy({ $0?.utf8.contains(0) != true })
        else {
            throw Refusal(.invalid, "The mail server's user and password go together, without NUL.", field: "user")
        }
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
        self.caFile = caFile
        self.from = from
    }

    /// What libcurl opens; the path is what EHLO says.
    var url: String {
        let host = Self.isIPv6(host) ? "[\(host)]" : host
        let name = from.text.split(separator: "@").last ?? ""
        return "\(security == .tls ? "smtps" : "smtp")://\(host):\(port)/\(name)"
    }

    private static func isIPv6(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, host, &address) == 1
    }

    private static func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
        return host.lowercased() == "localhost" || host == "::1"
    }
}
