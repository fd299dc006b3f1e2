import EdgeProperties
import Foundation

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
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runDriver(&count, &arguments, look))
    }

    /// Called with each input, on one thread.
    private static let look: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { data, count in
        let bytes = Array(UnsafeBufferPointer(start: data, count: count))
        if case .broken(let difference) = property.check(bytes, cuts: [count / 2]) {
            fatalError("\(difference)\n\(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
        return 0
    }
}

/// libFuzzer's driver (`FuzzerInterface.h`).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ look: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
