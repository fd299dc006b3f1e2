import EdgeProperties
import FuzzDriver

/// Any bytes as the head of a request, held against the properties of the scanner and the lanes. Built and run by
/// `Tests/fuzz`; libFuzzer makes the bytes.
@main
enum HeadFuzzer {
    static let property: LaneProperty = {
        do {
            return try LaneProperty.fixture().property
        } catch {
            fatalError("The fixture cannot be made: \(error)")
        }
    }()

    static func main() {
        FuzzDriver.run { data, count in
            let bytes = Array(UnsafeBufferPointer(start: data, count: count))
            if case .broken(let difference) = HeadFuzzer.property.check(bytes, cuts: [count / 2]) {
                fatalError("\(difference)\n\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            }
            return 0
        }
    }
}
