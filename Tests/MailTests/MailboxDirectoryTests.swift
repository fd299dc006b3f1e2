import Domain
import Foundation
import Mail
import Testing

struct MailboxDirectoryTests {
    let directory: TestDirectory
    let path: String
    let mailbox: MailboxDirectory

    init() throws {
        directory = try TestDirectory()
        path = directory.path + "/mail"
        mailbox = try MailboxDirectory(path: path)
    }

    @Test("what was delivered is listed, newest last, and its text holds the link")
    func roundTrip() async throws {
        let words = try Samples.templates().message(.activation, .german, values: Samples.values)
        let early = try Samples.message(to: "early@x.example", id: "c@x", milliseconds: 9_000)
        let late = try Samples.message(to: "late@x.example", text: words, id: "b@x", milliseconds: 20_000)
        let later = try Samples.message(to: "later@x.example", text: words, id: "a@x", milliseconds: 100_000)
        for message in [late, early, later] { try await mailbox.deliver(message) }
        let entries = try mailbox.list()
        #expect(entries.map(\.to) == ["early@x.example", "late@x.example", "later@x.example"])
        #expect(entries.map(\.id) == ["9000-c@x", "20000-b@x", "100000-a@x"])
        #expect(entries[1].date == Timestamp(milliseconds: 20_000) && entries[1].subject == words.subject)
        #expect(try mailbox.text(entries[1].id) == words.text && words.text.contains("\n\(Samples.link)\n"))
        #expect(try mailbox.show(entries[0].id) == early.encoded())
    }

    @Test("the same message again takes the place of the first")
    func again() async throws {
        for _ in 0..<2 { try await mailbox.deliver(try Samples.message()) }
        #expect(try mailbox.list().count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/tmp") == [])
    }

    @Test("folders and files are their owner's alone, also where they were not before")
    func modes() async throws {
        #expect(chmod(path + "/new", 0o777) == 0)
        let again = try MailboxDirectory(path: path)
        // What a crash has left.
        try Data("half".utf8).write(to: URL(fileURLWithPath: path + "/tmp/1-a@b.eml"))
        try await again.deliver(try Samples.message(id: "a@b", milliseconds: 1))
        let modes = try ["", "/new", "/tmp", "/new/1-a@b.eml"].map {
            try FileManager.default.attributesOfItem(atPath: path + $0)[.posixPermissions] as? Int
        }
        #expect(modes == [0o700, 0o700, 0o700, 0o600])
    }

    @Test(
        "an id that isn't one leads to no file",
        arguments: ["", "1", "../secret", "1-../../secret@x", "01-a@b", "1-a@b/../../secret", "1-a@b\0", "+1-a@b"]
    )
    func ids(id: String) async throws {
        try await mailbox.deliver(try Samples.message(id: "a@b", milliseconds: 1))
        try Data("secret".utf8).write(to: URL(fileURLWithPath: path + "/secret.eml"))
        let refused = #expect(throws: Refusal.self) { try mailbox.show(id) }
        #expect(refused?.code == .notFound)
    }

    @Test("other files are not listed")
    func foreign() throws {
        for name in ["README", "x.eml", "1-a.eml", "1-a@b.eml~"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/new/\(name)"))
        }
        #expect(try mailbox.list() == [])
    }

    @Test("a directory that can't be made is refused, one that is gone is a fault to try again")
    func unusable() async throws {
        try Data().write(to: URL(fileURLWithPath: path + "/file"))
        #expect(throws: Refusal.self) { try MailboxDirectory(path: path + "/file/mail") }
        #expect(throws: Refusal.self) { try MailboxDirectory(path: path + "/file") }
        try FileManager.default.removeItem(atPath: path)
        let fault = await #expect(throws: MailFault.self) { try await mailbox.deliver(try Samples.message()) }
        #expect(fault?.isPermanent == false)
    }
}
