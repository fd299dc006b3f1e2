import Domain
@testable import Mail
import Testing

struct LanguageTests {
    @Test(
        "the first language of ours in a tag or a list is taken",
        arguments: [
            ("de", Language.german), ("de-CH", .german), ("fr_CA", .french), ("FR", .french),
            ("en-GB,de;q=0.9", .english), ("it-IT, it;q=0.9, fr;q=0.8, en;q=0.7", .french), ("", .english),
            ("*", .english), ("den", .english),
            ("frr", .english), (String(repeating: "x,", count: 10_000) + "de", .english),
        ]
    )
    func tags(tag: String, language: Language) {
        #expect(Language(tag: tag) == language)
    }

    @Test("a moment is written as its readers write it")
    func moments() {
        let moment = Timestamp(milliseconds: 1_772_355_900_123)
        let texts = Language.allCases.map { $0.text(of: moment) }
        #expect(
            texts == ["1 March 2026, 09:05 (UTC)", "1er mars 2026 à 09:05 (UTC)", "1. März 2026, 09:05 Uhr (UTC)"]
        )
        #expect(UTCDate(moment).fieldText == "Sun, 01 Mar 2026 09:05:00 +0000")
    }

    @Test("every role has a name in every language", arguments: Language.allCases)
    func roles(language: Language) {
        let names = ClientRole.allCases.map { $0.name(in: language) } + StaffRole.allCases.map { $0.name(in: language) }
        #expect(Set(names).count == names.count)
    }
}
