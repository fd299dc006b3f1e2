import Domain
import TestSupport
import Testing

struct KeyTests {
    @Test("a partner key is 3 to 32 of a-z, 0-9 and '-', and no word of the URLs")
    func partnerKeys() throws {
        for good in ["abc", "a-1", "tessera", String(repeating: "k", count: 32)] {
            #expect(try PartnerKey(good).text == good)
        }
        for bad in ["", "ab", "ABC", "a_b", "ä-b", "a b", "snippets", "objects", "env", "manifests", "usage"] {
            #expect(throws: Refusal.self, "\(bad)") { try PartnerKey(bad) }
        }
        #expect(refusal { try PartnerKey(String(repeating: "k", count: 33)) }?.code == .tooLong)
    }

    @Test("a system variable is a JavaScript identifier or a dotted path of them, in ASCII")
    func variables() throws {
        for good in ["sapUserId", "$", "_a1", "app.user.clientId", "a.$b", String(repeating: "v", count: 128)] {
            #expect(try SystemVariable(good).text == good)
        }
        for bad in ["", "1a", "a.", ".a", "a..b", "a-b", "é", "a b", "a.1", "a[0]"] {
            #expect(throws: Refusal.self, "\(bad)") { try SystemVariable(bad) }
        }
        #expect(refusal { try SystemVariable(String(repeating: "v", count: 129)) }?.code == .tooLong)
    }

    @Test("a UUID is held in lower case, anything else byte for byte")
    func clientIDs() throws {
        #expect(
            try SystemClientID("F947CCBA-6ECA-424A-A097-7114278EFFD4").description
                == "f947ccba-6eca-424a-a097-7114278effd4"
        )
        #expect(try SystemClientID("ACME").description == "ACME")
        #expect(try SystemClientID("F947CCBA-6ECA-424A-A097-7114278EFFD").description.hasPrefix("F947"))
        // Two spellings of é: equal as Swift strings, different clients.
        let composed = try SystemClientID("caf\u{E9}")
        let decomposed = try SystemClientID("cafe\u{301}")
        #expect("caf\u{E9}" == "cafe\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test("a System Client ID is printable UTF-8 without slashes, controls and surrounding blanks")
    func badClientIDs() throws {
        for bad in ["", " a", "a ", "\u{A0}a", "a\u{2028}b", "a/b", "a\\b", "a\nb", "a\u{7F}", "a\u{85}b", "\u{0}"] {
            #expect(throws: Refusal.self, "\(bad.debugDescription)") { try SystemClientID(bad) }
        }
        #expect(throws: Refusal.self) { try SystemClientID(utf8: [0xC3, 0x28]) }
        #expect(throws: Refusal.self) { try SystemClientID(utf8: [0xED, 0xA0, 0x80]) }
        #expect(try SystemClientID("a b").description == "a b")
        #expect(try SystemClientID(String(repeating: "x", count: 128)).bytes.count == 128)
        #expect(refusal { try SystemClientID(String(repeating: "x", count: 129)) }?.code == .tooLong)
    }

    @Test("an environment key is 128 random bits in base64url")
    func environmentKeys() throws {
        let key = EnvironmentKey(.test())
        #expect(key.text.utf8.count == 22)
        #expect(try EnvironmentKey(key.text) == key)
        #expect(EnvironmentKey(.test(seed: 2)) != key)
        for bad in ["", "short", String(repeating: "+", count: 22)] {
            #expect(throws: Refusal.self) { try EnvironmentKey(bad) }
        }
    }

    @Test("an unsupported system is refused with a line that names the supported ones")
    func systemTypes() {
        let refused = refusal { try SystemType("oracle") }
        #expect(refused?.code == .unsupported)
        #expect(refused?.message.contains("sap-concur") == true)
        #expect(refused?.message.contains("oracle") == true)
    }

    @Test("an id is a UUIDv7 that sorts by time and reads back")
    func identifiers() throws {
        let early = PartnerID(.test(at: 1_800_000_000_000))
        let late = PartnerID(.test(at: 1_800_000_001_000))
        #expect(early.description < late.description)
        let text = Array(early.description)
        #expect(text.count == 36 && text[14] == "7" && "89ab".contains(text[19]))
        #expect(PartnerID(early.description) == early)
        #expect(PartnerID("not an id") == nil)
        #expect(PartnerID(early.description + "0") == nil)
    }

    @Test("an e-mail address is compared in lower case; what is none is refused")
    func addresses() throws {
        #expect(try EmailAddress("Ana@Example.ORG").text == "ana@example.org")
        #expect(try EmailAddress("o'hara+x.y@mail-1.example").text == "o'hara+x.y@mail-1.example")
        for bad in [
            "", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\n", "<a@b>", "a@b,c@d", "jürg@x.example", "a@bücher.example",
            "a(b)@x.example", "a:b@x.example", "a@[127.0.0.1]", "\"a\"@x.example", ".a@x.example", "a..b@x.example",
            "a@x.example.", "a@x_y.example", "a@b\r\nc", "a\0@b",
        ] {
            #expect(throws: Refusal.self, "\(bad.debugDescription)") { try EmailAddress(bad) }
        }
    }

    @Test("digests have their published forms")
    func digests() {
        let digest = Digest(of: Array("abc".utf8))
        #expect(digest.description == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(digest.integrity == "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
        #expect(Digest(hexadecimal: digest.description) == digest)
        #expect(Digest(hexadecimal: digest.description.uppercased()) == nil)
        #expect(Digest(hexadecimal: "00") == nil)
    }
}

/// What `body` was refused with, if it was.
func refusal(_ body: () throws -> some Any) -> Refusal? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? Refusal
    }
}
