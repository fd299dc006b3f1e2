import Testing

@testable import Web

struct CSVTests {
    @Test("cells are quoted where RFC 4180 wants it, and none begins like a formula")
    func cells() {
        let rows = [
            ["a", "b,c"], ["say \"no\"", "two\r\nlines"], ["=1+1", "-2"], ["@x", "+\u{301}3"], ["\tx", "\nx"],
        ]
        let expected = [
            "one,two", "a,\"b,c\"", "\"say \"\"no\"\"\",\"two\r\nlines\"", "'=1+1,'-2", "'@x,'+\u{301}3",
            "'\tx,\"'\nx\"", "",
        ]
        #expect(String(decoding: CSV.table(["one", "two"], rows), as: UTF8.self) == expected.joined(separator: "\r\n"))
    }
}
