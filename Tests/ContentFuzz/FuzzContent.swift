import ContentProperties
import FuzzDriver

/// Any bytes as an item, as a text in markup and as a ZIP archive, held against the properties of those who read them.
/// Built and run by `Tests/fuzz content`; libFuzzer makes the bytes.
@main
enum ContentFuzzer {
    static let property: ContentProperty = {
        do {
            return try ContentProperty()
        } catch {
            fatalError("The schemas cannot be read: \(error)")
        }
    }()

    static func main() {
        FuzzDriver.run { data, count in
            let bytes = Array(UnsafeBufferPointer(start: data, count: count))
            if let broken = ContentFuzzer.property.check(bytes) {
                fatalError("\(broken)\n\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            }
            return 0
        }
    }
}
