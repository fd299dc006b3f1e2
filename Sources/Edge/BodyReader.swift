/// Reads the body of one request: a length, or chunks (RFC 9112, section 7.1). It keeps what it reads, up to a limit.
struct BodyReader {
    enum Progress: Equatable {
        case incomplete
        case complete
        case malformed
        case tooLarge
    }

    private enum State: Equatable {
        case counted(Int)
        case size([UInt8])
        case data(Int)
        case dataEnd(Int)
        case trailer([UInt8])
        case done
    }

    private(set) var bytes: [UInt8] = []
    private let bytesMax: Int
    private var state: State
    private var framingBytes = 0

    /// The most bytes of all lines of chunk sizes, extensions and trailers together.
    private static let framingBytesMax = 4096

    init(_ body: RequestHead.Body, bytesMax: Int) {
        self.bytesMax = bytesMax
        state =
            switch body {
            case .none: .done
            case .length(let count): .counted(count)
            case .chunked: .size([])
            }
    }

    /// Takes bytes of the stream.
    ///
    /// - Returns: How far the body is, and how many of the bytes belonged to it.
    mutating func read(_ input: UnsafeRawBufferPointer) -> (Progress, used: Int) {
        if case .counted(let count) = state, count > bytesMax { return (.tooLarge, 0) }
        var position = 0
        while state != .done {
            guard position < input.count else { return (.incomplete, position) }
            switch state {
            case .counted(let left):
                let count = min(left, input.count - position)
                bytes += input[position..<position + count]
                position += count
                state = left == count ? .done : .counted(left - count)
            case .data(let left):
                let count = min(left, input.count - position)
                bytes += input[position..<position + count]
                position += count
                state = left == count ? .dataEnd(0) : .data(left - count)
            case .size(var line):
                line.append(input[position])
                position += 1
                guard let complete = isLine(line) else { return (.malformed, position) }
                guard complete else {
                    state = .size(line)
                    continue
                }
                guard let size = Self.chunkSize(line.dropLast(2)) else { return (.malformed, position) }
                guard size <= bytesMax - bytes.count else { return (.tooLarge, position) }
                state = size == 0 ? .trailer([]) : .data(size)
            case .dataEnd(let count):
                guard input[position] == (count == 0 ? 0x0D : 0x0A) else { return (.malformed, position) }
                position += 1
                state = count == 0 ? .dataEnd(1) : .size([])
            case .trailer(var line):
                line.append(input[position])
                position += 1
                guard let complete = isLine(line) else { return (.malformed, position) }
                guard complete else {
                    state = .trailer(line)
                    continue
                }
                guard line.count == 2 || Self.isField(line) else { return (.malformed, position) }
                state = line.count == 2 ? .done : .trailer([])
            case .done: break
            }
        }
        return (.complete, position)
    }

    /// Whether the bytes so far are a whole line; nil where a CR or LF stands alone, another control but a tab is in it, or
    /// all such lines together are too long.
    private mutating func isLine(_ line: [UInt8]) -> Bool? {
        framingBytes += 1
        guard framingBytes <= Self.framingBytesMax else { return nil }
        let last = line[line.count - 1]
        let previous = line.count > 1 ? line[line.count - 2] : nil
        if last == 0x0A { return previous == 0x0D ? true : nil }
        if previous == 0x0D || last == 0x7F || (last < 0x20 && last != 0x0D && last != 0x09) { return nil }
        return false
    }

    /// Whether a trailer is a field line.
    private static func isField(_ line: [UInt8]) -> Bool {
        let name = line.prefix { isTokenByte($0) }
        return !name.isEmpty && line.count > name.count && line[name.count] == UInt8(ascii: ":")
    }

    /// Hexadecimal digits, then nothing or `;` and extensions, which mean nothing here.
    private static func chunkSize(_ line: ArraySlice<UInt8>) -> Int? {
        let digits = line.prefix { hexDigitValue($0) != nil }
        let rest = line.dropFirst(digits.count)
        // Blanks before the ';' are bad, but to be passed over (RFC 9112, section 7.1.1).
        let extensions = rest.drop { $0 == 0x20 || $0 == 0x09 }
        guard !digits.isEmpty, rest.isEmpty || extensions.first == UInt8(ascii: ";") else { return nil }
        // What no body can have is the largest number there is.
        return digits.reduce(0) { $0 > Int.max >> 4 ? .max : $0 << 4 | (hexDigitValue($1) ?? 0) }
    }

    private static func hexDigitValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x41 + 10
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: nil
        }
    }
}
