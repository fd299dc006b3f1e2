import Domain
import Foundation
import Gallery
import TestSupport
import Testing

struct ContentTests {
    @Test("canonical JSON sorts by UTF-16 units and escapes the least (RFC 8785)")
    func canonical() throws {
        let text =
            #"{"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"1":4,"\r":5,"\u0080":6,"\u00f6":7,"</":[true,null,-0,"\u000f\n\"\\/"]}"#
        let value = try JSONValue(parsing: Array(text.utf8))
        let expected =
            "{\"\\r\":5,\"1\":4,\"</\":[true,null,0,\"\\u000f\\n\\\"\\\\/\"],\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":3,"
            + "\"\u{1F600}\":2,\"\u{fb33}\":1}"
        #expect(String(decoding: value.canonical, as: UTF8.self) == expected)
        #expect(try JSONValue(parsing: value.canonical) == value)
    }

    @Test("numbers are integers within ±2^53; broken text is refused with a reason")
    func notJSON() {
        #expect(throws: Never.self) { try JSONValue(parsing: Array("9007199254740992".utf8)) }
        for bad in [
            "1.0", "1e2", "01", "-", "+1", "[1 2]", "{\"a\":1,}", "{\"a\":1,\"a\":1}", "\"a", "\"\\x\"", "\"\n\"",
            "1 1", "tru",
            "\"\\u12\"", "\"\\ud800\\u0041\"", "9007199254740993", "99999999999999999999999", "1.5", "1e400", "{",
            "{\"a\":}", "", "nul", "[1,]", "\"\\ud800\"", "\u{1}",
        ] {
            #expect(throws: NotJSON.self, "\(bad)") { try JSONValue(parsing: Array(bad.utf8)) }
        }
        #expect(throws: NotJSON.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: NotJSON.self) { try JSONValue(parsing: Array(repeating: UInt8(ascii: "["), count: 100_000)) }
    }

    @Test("a schema that says what the evaluator does not know is refused when it is read")
    func unknownKeywords() throws {
        for bad in [
            #"{"pattern":"a"}"#, #"{"type":"number"}"#, #"{"type":["string","number"]}"#, #"{"format":"mail"}"#,
            #"{"$ref":"other.json"}"#, ##"{"$ref":"#/$defs/none"}"##, ##"{"$ref":"common.json#/$defs/none"}"##,
            #"{"additionalProperties":true}"#, #"{"properties":{"a":{"oneOf":[]}}}"#, #"{"oneOf":[{"type":"object"}]}"#,
            #"{"oneOf":[{"properties":{"kind":{"const":"a"}}},{"properties":{"kind":{"const":"a"}}}]}"#,
            #"{"items":{"minimum":"1"}}"#, "[]",
        ] {
            let value = try JSONValue(parsing: Array(bad.utf8))
            #expect(throws: Schema.Unsupported.self, "\(bad)") { try Schema(value) }
        }
    }

    @Test("the shipped gallery is valid: four solutions or more, several items each, in three languages")
    func shippedGallery() throws {
        let solutions = try SolutionFolders.read(SolutionFolders.shipped, format: try ContentFormat())
        #expect(solutions.count >= 4)
        for solution in solutions {
            #expect(solution.items.count >= 3, "\(solution.id)")
            #expect(Set(solution.items.map(\.kind)) == [.shoutOut, .walkThru], "\(solution.id)")
            for item in solution.items { expectLanguages(item.content, "\(solution.id)/\(item.id)") }
        }
    }

    private func expectLanguages(_ value: JSONValue, _ place: String) {
        switch value {
        case .object(let members):
            if members["en"] != nil { #expect(Set(members.keys) == ["en", "fr", "de"], "\(place)") }
            for (name, child) in members { expectLanguages(child, "\(place)/\(name)") }
        case .array(let values):
            for child in values { expectLanguages(child, place) }
        default: break
        }
    }

    @Test("a fault names file, JSON pointer and reason")
    func faults() throws {
        let format = try ContentFormat()
        func faults(_ name: String, _ text: String) -> [String] {
            do {
                _ = try format.items([ContentFile(path: "items/\(name)", bytes: Array(text.utf8))])
                return []
            } catch {
                return error.faults.map { "\($0.place): \($0.reason)" }
            }
        }
        let good =
            #"{"kind":"walkThru","name":"n","title":{"en":"t"},"steps":[{"title":{"en":"t"},"text":{"en":"x"}}]}"#
        #expect(faults("a.json", good) == [])
        #expect(
            faults("a.json", good.replacing(#""text":{"en":"x"}"#, with: #""text":{"en":""}"#))
                == ["items/a.json#/steps/0/text/en: must have at least 1 characters, has 0"]
        )
        #expect(
            faults("a.json", good.replacing(#""name":"n""#, with: #""name":3,"x/y":1"#))
                == ["items/a.json#/name: must be a string, is an integer", "items/a.json#/x~1y: is not a known member"]
        )
        #expect(faults("a.json", #"{"kind":"poll"}"#).first?.contains("#/kind: must be one of the kinds") == true)
        #expect(
            faults("a.json", "{\n  \"kind\": oops\n}") == [
                "items/a.json#/kind: this is no JSON value (line 2, column 11)"
            ]
        )
        #expect(faults("Ä.json", good).first?.contains("named by 1 to 64") == true)
        #expect(faults("a.json", String(repeating: " ", count: 300_000)).first?.contains("at most") == true)
    }

    @Test("a broken file in one solution names it, and the others do not hide it")
    func brokenSolution() throws {
        let files = TestContent.solution("good", "x") + TestContent.solution("bad", "y", system: "oracle")
        let refused = #expect(throws: Refusal.self) { try SolutionFolders.read(files, format: try ContentFormat()) }
        #expect(refused?.faults.map(\.place) == ["gallery/bad/solution.json#/system"])
        #expect(refused?.faults.first?.reason.contains("sap-concur") == true)
        let stray = [ContentFile(path: "gallery/stray/item.json", bytes: files[1].bytes)]
        let lost = #expect(throws: Refusal.self) {
            try SolutionFolders.read(TestContent.solution("good", "x") + stray, format: try ContentFormat())
        }
        #expect(lost?.faults.first?.place == "gallery/stray/item.json")
    }

    @Test("the evaluator agrees with the jsonschema package on generated documents")
    func conformance() async throws {
        let documents = try GeneratedDocuments.make(count: 3000, seed: 11)
        #expect(documents.filter(\.isValid).count > 200)
        #expect(documents.filter { !$0.isValid }.count > 1000)
        let directory = TestDirectory()
        var lines = ""
        for document in documents { lines += "\(document.schema) \(document.isValid) \(document.text)\n" }
        var files = ["documents": lines, "check.py": GeneratedDocuments.checker]
        for name in ItemKind.allCases.map(\.rawValue) + ["solution", "common"] {
            files["\(name).json"] = String(decoding: ContentFormat.schemaFile(name) ?? [], as: UTF8.self)
        }
        try directory.write(files)
        let result = try await run(TestTools.python, ["check.py"], in: directory.path)
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("\(documents.count) agree"), "\(result.output)")
    }
}

/// Documents made of the shipped ones by mutation, with the evaluator's verdict.
struct GeneratedDocuments {
    let schema: String
    let text: String
    let isValid: Bool

    static let checker = """
        import json, re, sys
        from datetime import datetime
        from jsonschema import Draft202012Validator, FormatChecker
        from referencing import Registry, Resource
        formats = FormatChecker(formats=[])
        def hidden(text, allowed=""):
            return any(c not in allowed and (ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or 0x2028 <= ord(c) <= 0x202E
                or 0x2066 <= ord(c) <= 0x2069 or 0xFDD0 <= ord(c) <= 0xFDEF or ord(c) == 0xFEFF
                or 0xFFF9 <= ord(c) <= 0xFFFB or ord(c) & 0xFFFE == 0xFFFE) for c in text)
        label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
        url = re.compile(rf"https://(?=[^/?#:]{{1,253}}([/?#:]|$)){label}(\\.{label})+(:[0-9]{{1,5}})?([/?#][A-Za-z0-9._~:/?#@!$&'*+,;=%-]*)?")
        def links(text):
            return [m[1] if m[2] == ")" else "" for m in re.finditer(r"\\]\\(([^()\\n]*)(.?)", text)]
        def check(name, accepts):
            formats.checks(name)(lambda text: not isinstance(text, str) or bool(accepts(text)))
        check("line", lambda text: not hidden(text))
        check("lines", lambda text: not hidden(text, "\\n"))
        check("markup", lambda text: not hidden(text, "\\n") and all(url.fullmatch(link) for link in links(text)))
        check("https-url", url.fullmatch)
        check("local-path", re.compile(r"/(?!/)[A-Za-z0-9._~:/?#@!$&'*+,;=%-]*").fullmatch)
        check("system-variable", re.compile(r"[A-Za-z_$][\\w$]*(\\.[A-Za-z_$][\\w$]*)*", re.ASCII).fullmatch)
        check("item-id", re.compile(r"[a-z0-9][a-z0-9-]{0,63}").fullmatch)
        def moment(text):
            try:
                return re.fullmatch(r"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z", text) and datetime.fromisoformat(text[:19])
            except ValueError:
                return False
        check("date-time", moment)
        common = json.load(open("common.json", encoding="utf-8"))
        registry = Registry().with_resource("common.json", Resource.from_contents(common))
        @formats.checks("page-path")
        def page_path(text):
            return not isinstance(text, str) or (text[:1] in ("/", "*") and all(ord(c) > 32 and ord(c) != 127 for c in text))
        validators, wrong, count = {}, 0, 0
        for line in open("documents", encoding="utf-8", newline="\\n"):
            name, verdict, text = line.rstrip("\\n").split(" ", 2)
            if name not in validators:
                schema = json.load(open(name + ".json", encoding="utf-8"))
                Draft202012Validator.check_schema(schema)
                validators[name] = Draft202012Validator(schema, format_checker=formats, registry=registry)
            count += 1
            if validators[name].is_valid(json.loads(text)) != (verdict == "true"):
                wrong += 1
                print("differ:", line[:300])
        print(count - wrong, "agree")
        sys.exit(1 if wrong else 0)
        """

    static func make(count: Int, seed: UInt64) throws -> [GeneratedDocuments] {
        var generator = SplitMix(state: seed)
        let shipped = try SolutionFolders.shipped.prefix(6).map { try JSONValue(parsing: $0.bytes) }
        let sources = try shipped + TestContent.ofEachKind.map { try JSONValue(parsing: Array($0.utf8)) }
        func schema(_ name: String) throws -> JSONValue {
            try JSONValue(parsing: try #require(ContentFormat.schemaFile(name)))
        }
        var schemas: [String: Schema] = [:]
        for name in ItemKind.allCases.map(\.rawValue) + ["solution"] {
            schemas[name] = try Schema(try schema(name), common: try schema("common"))
        }
        return (0..<count).compactMap { number in
            let source = sources[Int.random(in: 0..<sources.count, using: &generator)]
            let name = source["kind"]?.text ?? "solution"
            var value = source
            for _ in 0..<(number % 4) { value = mutated(value, &generator) }
            let faults = schemas[name]?.faults(in: value) ?? []
            return GeneratedDocuments(
                schema: name,
                text: String(decoding: value.canonical, as: UTF8.self),
                isValid: faults.isEmpty
            )
        }
    }

    /// The value with one place in it changed.
    private static func mutated(_ value: JSONValue, _ generator: inout SplitMix) -> JSONValue {
        if Int.random(in: 0..<4, using: &generator) == 0 { return replacement(value, &generator) }
        switch value {
        case .object(var members):
            guard let name = members.keys.sorted().randomElement(using: &generator), let child = members[name] else {
                return replacement(value, &generator)
            }
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: members[name] = nil
            case 1: members["extra~/"] = .null
            default: members[name] = mutated(child, &generator)
            }
            return .object(members)
        case .array(var values):
            guard !values.isEmpty else { return .array([.null]) }
            let place = Int.random(in: 0..<values.count, using: &generator)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: values.remove(at: place)
            case 1: values += Array(repeating: values[place], count: 45)
            default: values[place] = mutated(values[place], &generator)
            }
            return .array(values)
        default: return replacement(value, &generator)
        }
    }

    private static func replacement(_ value: JSONValue, _ generator: inout SplitMix) -> JSONValue {
        let choices: [JSONValue] = [
            .null, .bool(true), .integer(7), .integer(-JSONValue.integerMax), .string(""), .string("/x*"),
            .string("x y"), .string(String(repeating: "\u{1F600}", count: 120)),
            .string(String(repeating: "a", count: 121)), .string(String(repeating: "e\u{301}", count: 2001)),
            .array([]), .object([:]), .object(["en": .string("a")]), .object(["en": .string("a"), "it": .string("b")]),
            .string("shoutOut"), .string("a\u{202E}b"), .string("[a](https://help.example.com/x) b"),
            .string("[a](javascript:alert(1))"), .string("https://help.example.com:8443/a?b#c"),
            .string("//evil.example"),
            .string("2026-02-30T00:00:00Z"), .string("2026-02-28T23:59:59Z"), .string("a\nb"), .string("a.b.$c"),
            .object(["kind": "item", "item": "first"]), .object(["kind": "open", "url": "http://help.example.com/"]),
            .object(["__proto__": ["a": 1]]), value,
        ]
        return choices.randomElement(using: &generator) ?? .null
    }
}
