import ContentProperties
import Domain
import Foundation
import Gallery
import TestSupport
import Testing

struct ArchivesTests {
    private let files = [
        ContentFile(path: "a/one.json", bytes: Array("{}".utf8)),
        ContentFile(path: "two.json", bytes: Array(String(repeating: "text ", count: 5000).utf8)),
        ContentFile(path: "empty.json", bytes: []),
    ]

    private func read(_ bytes: [UInt8], most: Int = 1 << 20) throws(Refusal) -> [ContentFile] {
        try ZipArchive.files(in: bytes, fileBytesMax: most)
    }

    @Test("an archive holds what was put in, for other programs too, and theirs are read")
    func others() async throws {
        let archive = ZipArchive.archive(files)
        #expect(try read(archive) == files)
        #expect(ZipArchive.archive(files) == archive)
        let directory = TestDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try Data(archive).write(to: URL(filePath: directory.path + "/ours.zip"))
        let script = """
            import zipfile
            with zipfile.ZipFile("ours.zip") as ours, zipfile.ZipFile("theirs.zip", "w", zipfile.ZIP_DEFLATED) as theirs:
                assert ours.testzip() is None
                theirs.comment = b"PK and a comment"
                theirs.writestr("folder/", b"")
                for name in ours.namelist():
                    theirs.writestr(name, ours.read(name), zipfile.ZIP_STORED if "one" in name else zipfile.ZIP_DEFLATED)
            """
        try Data(script.utf8).write(to: URL(filePath: directory.path + "/pack.py"))
        let done = try await run("python3", ["pack.py"], in: directory.path)
        #expect(done.status == 0, "\(done.output)")
        let theirs = try Data(contentsOf: URL(filePath: directory.path + "/theirs.zip"))
        #expect(try read([UInt8](theirs)) == files)
    }

    @Test("more than the limits allow is refused before it is unpacked; so is what says something else of itself")
    func limits() throws {
        let archive = ZipArchive.archive(files)
        #expect(throws: Refusal.self) { try read(archive, most: 100) }
        let many = (0...ZipArchive.filesMax).map { ContentFile(path: "\($0).json", bytes: []) }
        #expect(throws: Refusal.self) { try read(ZipArchive.archive(many)) }
        #expect(throws: Refusal.self) { try read(ZipArchive.archive([files[0], files[0]])) }
        // A directory that says 10 bytes of what unpacks to 25,000.
        let size = files[1].bytes.count
        let wanted = withUnsafeBytes(of: UInt32(size).littleEndian) { Array($0) }
        var lying = archive
        for place in archive.indices.dropLast(3) where Array(archive[place..<(place + 4)]) == wanted {
            lying.replaceSubrange(place..<(place + 4), with: [10, 0, 0, 0])
        }
        #expect(lying != archive)
        #expect(throws: Refusal.self) { try read(lying) }
        for bad in [[], Array("PK".utf8), Array(repeating: 0x50, count: 100_000), Array(archive.dropLast())]
            as [[UInt8]]
        {
            #expect(throws: Refusal.self) { try read(bad) }
        }
    }

    @Test("whatever bytes come as an item, as text or as an archive: a refusal that says why, or the same again")
    func properties() throws {
        let property = try ContentProperty()
        var generator = SplitMix(state: 5)
        let archive = ZipArchive.archive(files)
        let texts = ["**a** [b](https://c.example/d) - e", "[x](javascript:alert(1))", "a\u{202E}b](https://"]
        let sources =
            TestContent.ofEachKind.map { [0] + Array($0.utf8) } + texts.map { [1] + Array($0.utf8) } + [[2] + archive]
        for source in sources { #expect(property.check(source) == nil) }
        let pieces = ["](", "https://", "{}", "[[", "\u{202E}", "PK\u{5}\u{6}", "\"__proto__\":", "\\u0000"]
            .map { Array($0.utf8) }
        for _ in 0..<20_000 {
            var bytes = sources.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 1...max(1, bytes.count - 1), using: &generator)
                guard place < bytes.count else { continue }
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 8))
                case 2: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: place)
                default: bytes[place] = [0, 0xFF, 0x7F][Int.random(in: 0..<3, using: &generator)]
                }
            }
            #expect(property.check(bytes) == nil)
        }
    }
}
