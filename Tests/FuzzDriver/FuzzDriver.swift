import Foundation

/// libFuzzer's driver, as what a fuzzer's `main` calls.
package enum FuzzDriver {
    /// Hands libFuzzer's inputs to `look`, one after the other on one thread, for as long as the command line says.
    package static func run(_ look: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> Never {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runDriver(&count, &arguments, look))
    }
}

/// `FuzzerInterface.h`
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ look: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
