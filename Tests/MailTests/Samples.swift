import Domain
import Foundation
import Mail

/// Values and messages that the suites share.
enum Samples {
    /// A value of every name, each with a text of its own.
    static let values = [
        "clientName": "Nordwind Logistik", "partnerName": "Tessera Beratung", "personName": "Amélie Brunner",
        "personAddress": "amelie@nordwind.example", "role": "contentManager", "reason": "The invoice is not paid.",
        "link": link, "code": "48213907", "minutes": "1017", "expiresAt": "2026-03-01T09:05:00Z",
        "changedAt": "2026-03-02T10:00:00Z", "closesAt": "2026-04-01T00:00:00Z",
        "solutionName": "Travel policy", "version": "31", "advisory": "The rates are those of last year.",
        "fixedIn": "42",
    ]

    /// The templates; reading them takes a while, so they are read once.
    static func templates() throws -> MailTemplates { try read.get() }
    private static let read = Result { try MailTemplates() }

    static let link = "https://control.waymark.example/invitations/9mY-4Xb_0?a=1&b=2"

    static func address(_ text: String) throws -> EmailAddress { try EmailAddress(text) }

    static func message(
        to: String = "amelie@nordwind.example",
        from: String = "Waymark",
        text: MailText? = nil,
        id: String = "0197a1c4-3b5f-7c2e@waymark.example",
        milliseconds: Int64 = 1_772_355_900_123
    ) throws -> MailMessage {
        try MailMessage(
            sender: MailSender(name: from, address: try EmailAddress("no-reply@waymark.example")),
            recipient: try EmailAddress(to),
            text: try text ?? templates().message(.partnerInvitation, .french, values: values),
            messageID: id,
            date: Timestamp(milliseconds: milliseconds),
            language: .french
        )
    }
}

/// A directory for one test; it goes with the object.
final class TestDirectory: Sendable {
    let path = "/dev/shm/waymark-mail-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
