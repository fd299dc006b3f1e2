import Domain
import Foundation
import Mail
import TestSupport
import Testing

struct SMTPTransportTests {
    @Test("a message is taken over byte by byte, dots and all, from the configured sender")
    func accepted() async throws {
        let server = try await TestMailServer()
        let text = MailText(subject: "Dots", text: ".\n..\n.x\n\n.", html: "<p>.</p>\n.\n")
        let message = try Samples.message(text: text)
        try await transport(server).deliver(message)
        #expect(try server.message(1) == message.encoded())
        #expect(
            server.log() == [
                "MAIL bounce@waymark.example from waymark.example clear", "RCPT amelie@nordwind.example", "DATA",
            ]
        )
    }

    @Test(
        "a 4yz reply may pass, a 5yz reply is for good, one about signing in is not",
        arguments: [
            ("later", 451, false), ("unknown", 550, true), ("full", 452, false), ("spam", 554, true),
            ("sign-in-first", 530, false),
        ]
    )
    func refused(name: String, code: Int, isPermanent: Bool) async throws {
        let server = try await TestMailServer()
        let message = try Samples.message(to: "\(name)@x.example")
        let fault = await #expect(throws: MailFault.self) { try await transport(server).deliver(message) }
        #expect(fault?.isPermanent == isPermanent)
        #expect(fault?.reason.contains("\(code)") == true)
        // Neither the server's words, nor who it was for.
        #expect(fault?.reason.contains("secret") == false && fault?.reason.contains(name) == false)
        #expect(throws: (any Error).self) { try server.message(1) }
    }

    @Test("where STARTTLS is required and not offered, nothing is sent")
    func noDowngrade() async throws {
        let server = try await TestMailServer()
        let settings = try SMTPSettings(
            host: "localhost",
            port: server.port,
            security: .startTLS,
            from: try Self.from.get()
        )
        let fault = await #expect(throws: MailFault.self) {
            try await SMTPTransport(settings: settings).deliver(try Samples.message())
        }
        #expect(fault?.isPermanent == false)
        #expect(server.log() == [])
    }

    @Test("TLS is spoken where it is asked for, with a sign-in under it", arguments: [false, true])
    func tls(implicit: Bool) async throws {
        let password = "wörd x"
        let server = try await TestMailServer(
            tls: implicit ? .implicit : .startTLS,
            user: "waymark",
            password: password
        )
        try await transport(server, user: "waymark", password: password).deliver(try Samples.message())
        #expect(server.log().prefix(2) == ["AUTH waymark tls", "MAIL bounce@waymark.example from waymark.example tls"])
        #expect(try server.message(1) == Samples.message().encoded())
    }

    @Test("a refused sign-in is for the operator to mend: no mail is thrown away")
    func signIn() async throws {
        let server = try await TestMailServer(tls: .startTLS, user: "waymark", password: "right")
        for (password, code) in [("wrong", 535), (nil, 530)] {
            let transport = try transport(server, user: password.map { _ in "waymark" }, password: password)
            let fault = await #expect(throws: MailFault.self) { try await transport.deliver(try Samples.message()) }
            #expect(fault?.isPermanent == false && fault?.reason.contains("\(code)") == true)
            #expect(fault?.reason.contains("wrong") == false)
        }
        #expect(server.log().allSatisfy { !$0.hasPrefix("RCPT") })
    }

    @Test("a certificate that is not trusted, or another host's, ends it before anything is sent")
    func certificates() async throws {
        for tls in [TestMailServer.TLS.startTLS, .implicit] {
            let server = try await TestMailServer(tls: tls)
            let security: SMTPSettings.Security = tls == .implicit ? .tls : .startTLS
            let untrusting = try SMTPSettings(
                host: "localhost",
                port: server.port,
                security: security,
                from: try Self.from.get()
            )
            let misnamed = try SMTPSettings(
                host: "127.0.0.1",
                port: server.port,
                security: security,
                caFile: server.certificate,
                from: try Self.from.get()
            )
            for settings in [untrusting, misnamed] {
                let fault = await #expect(throws: MailFault.self) {
                    try await SMTPTransport(settings: settings).deliver(try Samples.message())
                }
                #expect(fault?.isPermanent == false && fault?.reason.contains("libcurl 60") == true)
            }
            #expect(server.log() == [])
        }
    }

    @Test("a server that isn't there may come back")
    func refusedConnection() async throws {
        let server = try await TestMailServer()
        let port = server.port
        try await server.end()
        let settings = try SMTPSettings(host: "127.0.0.1", port: port, security: .none, from: try Self.from.get())
        let fault = await #expect(throws: MailFault.self) {
            try await SMTPTransport(settings: settings).deliver(try Samples.message())
        }
        #expect(fault?.isPermanent == false)
    }

    @Test("a server that falls silent is given up")
    func silent() async throws {
        let server = try await TestMailServer()
        var settings = try SMTPSettings(
            host: "127.0.0.1",
            port: server.port,
            security: .none,
            from: try Self.from.get()
        )
        settings.totalTimeout = .milliseconds(500)
        let transport = SMTPTransport(settings: settings)
        let message = try Samples.message(to: "silent@x.example")
        let time = await ContinuousClock().measure {
            let fault = await #expect(throws: MailFault.self) { try await transport.deliver(message) }
            #expect(fault?.isPermanent == false)
        }
        #expect(time < .seconds(10))
    }

    @Test("settings that could not work, or would send in clear, are refused")
    func settings() throws {
        let sender = try Self.from.get()
        func field(_ host: String, _ port: Int = 587, _ security: SMTPSettings.Security = .tls) -> String? {
            do {
                _ = try SMTPSettings(host: host, port: port, security: security, from: sender)
                return nil
            } catch {
                return error.field
            }
        }
        for host in ["mail.example", "10.0.0.1", "128.0.0.1", "::2", "localhost.example"] {
            #expect(field(host, 25, .none) == "security" && field(host) == nil)
        }
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"] {
            #expect(field(host, 25, .none) == nil)
        }
        for host in ["", "a b", "a/b", "user@host", "a:25", "[::1]", "a#b", "ä.example"] {
            #expect(field(host) == "host")
        }
        #expect(field("mail.example", 0) == "port" && field("mail.example", 65536) == "port")
        let user = #expect(throws: Refusal.self) {
            try SMTPSettings(host: "a", port: 1, security: .tls, user: "u", from: try Self.from.get())
        }
        #expect(user?.field == "user")
    }

    static let from = Result { try EmailAddress("bounce@waymark.example") }

    private func transport(
        _ server: TestMailServer,
        user: String? = nil,
        password: String? = nil
    ) throws -> SMTPTransport {
        let security: SMTPSettings.Security =
            switch server.tls {
            case nil: .none
            case .startTLS: .startTLS
            case .implicit: .tls
            }
        return SMTPTransport(
            settings: try SMTPSettings(
                host: "localhost",
                port: server.port,
                security: security,
                user: user,
                password: password,
                caFile: server.certificate,
                from: try Self.from.get()
            )
        )
    }
}
