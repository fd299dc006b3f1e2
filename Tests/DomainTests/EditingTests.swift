import Domain
import Testing

/// What the Editor does with content: patches, comparisons, references, names.
struct EditingTests {
    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test(
        "merge patches are those of RFC 7396, appendix A",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ]
    )
    func merging(target: String, patch: String, result: String) throws {
        #expect(try json(target).merging(try json(patch)) == json(result))
    }

    @Test("three states of an item, field by field; what is taken is what the newest has")
    func comparing() throws {
        let origin = try json(#"{"t":{"en":"a"},"s":[{"x":1},{"x":2}],"k":"same","b":{"en":"b"}}"#)
        let newest = try json(#"{"t":{"en":"a","de":"A"},"s":[{"x":1},{"x":3}],"k":"same","n/~":true}"#)
        let own = try json(#"{"t":{"en":"mine"},"s":[{"x":9},{"x":2}],"k":"same","b":{"en":"b"},"n/~":true}"#)
        let fields = FieldComparison.all(origin: origin, newest: newest, own: own)
        let changes = Dictionary(uniqueKeysWithValues: fields.map { ($0.pointer, $0.change) })
        #expect(
            changes == [
                "/b": .theirs, "/n~1~0": .same, "/s/0/x": .own, "/s/1/x": .theirs, "/t/de": .theirs, "/t/en": .own,
            ]
        )
        var taken = own
        for field in fields where field.change == .theirs { taken = taken.setting(field.pointer, to: field.newest) }
        #expect(try taken == json(#"{"t":{"en":"mine","de":"A"},"s":[{"x":9},{"x":3}],"k":"same","n/~":true}"#))
        #expect(FieldComparison.all(origin: origin, newest: origin, own: origin).isEmpty)
        // Steps were added: the list is one field, and both changed it.
        let longer = origin.setting("/s", to: [["x": 1], ["x": 2], ["x": 3]])
        let both = FieldComparison.all(origin: origin, newest: longer, own: own).first { $0.pointer == "/s" }
        #expect(both?.change == .conflict)
        #expect(origin.setting("/s/7/x", to: 1) == origin)
    }

    @Test("a translator's change is one of texts and nothing else")
    func translating() throws {
        let item = try json(#"{"kind":"shoutOut","name":"n","title":{"en":"t"},"steps":[{"text":{"en":"x"}}]}"#)
        func isText(_ patch: String) throws -> Bool { item.merging(try json(patch)).differsOnlyInText(from: item) }
        for patch in [
            #"{"title":{"en":"other"}}"#, #"{"title":{"fr":"autre","de":"anders"}}"#,
            #"{"steps":[{"text":{"en":"y","fr":"z"}}]}"#, "{}",
        ] {
            #expect(try isText(patch), "\(patch)")
        }
        for patch in [
            #"{"name":"m"}"#, #"{"title":{"it":"altro"}}"#, #"{"title":"t"}"#, #"{"title":null}"#, #"{"steps":[]}"#,
            #"{"button":{"en":"b"}}"#, #"{"title":{"en":null}}"#, #"{"kind":"survey"}"#,
        ] {
            #expect(try !isText(patch), "\(patch)")
        }
    }

    @Test("references are renamed where the schemas have them, and nowhere else")
    func references() throws {
        let format = try ContentFormat()
        let task = try format.item(
            ["kind": "task", "name": "start", "title": ["en": "walk"], "start": "walk", "done": ["kind": "ticked"]],
            id: "task",
            at: ""
        )
        let copy = task.copied(as: "new") { $0 == "walk" ? "other" : nil }
        #expect(copy.references.map(\.id) == ["other"] && copy.references.map(\.pointer) == ["/start"])
        #expect(copy.content["title"] == ["en": "walk"] && copy.id == "new")
        let faults = ContentRules.faults(in: [copy], linkHosts: [])
        #expect(faults.map(\.place) == ["new#/start"])
        let link: JSONValue = [
            "kind": "resource", "name": "r", "title": ["en": "r"],
            "action": ["kind": "open", "url": "https://HELP.example.com:8443/a?b"],
        ]
        let resource = try format.item(link, id: "r", at: "")
        #expect(ContentRules.faults(in: [resource], linkHosts: []).map(\.place) == ["r#/action/url"])
        #expect(ContentRules.faults(in: [resource], linkHosts: [try HostName("help.Example.com")]).isEmpty)
    }

    @Test("names in files and URLs are made of words, numbered, and never too long")
    func slugs() throws {
        for (words, name) in [
            ("Travel policy", "travel-policy"), ("  Über 100 %!  ", "ber-100"), ("日本語", "item"), ("---", "item"),
            ("A_b.c", "a-b-c"),
        ] {
            #expect(Slug(from: words, else: "item").text == name, "\(words)")
        }
        let long = Slug(from: String(repeating: "long word ", count: 20), else: "item")
        for slug in [long, long.numbered(2000), try Slug(String(repeating: "a", count: 64), field: "").numbered(99)] {
            #expect(throws: Never.self) { try Slug(slug.text, field: "slug") }
        }
        for bad in ["", "-a", "A", "a/b", "..", "a b", "é", String(repeating: "a", count: 65)] {
            #expect(throws: Refusal.self, "\(bad)") { try Slug(bad, field: "slug") }
        }
    }
}
