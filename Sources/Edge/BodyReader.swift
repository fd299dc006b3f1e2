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
        case trailer([UInt8], bytes: Int)
        case done
    }

    private(set) var bytes: [UInt8] = []
    private let bytesMax: Int
    private var state: State

    /// The longest line of a chunk's size with its extensions, and of all trailers.
    private static let lineBytesMax = 1024

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
                guard line.count <= Self.lineBytesMax else { return (.malformed, position) }
                guard let complete = Self.isLine(line) else { return (.malformed, position) }
                guard complete else {
                    state = .size(line)
                    continue
                }
                guard let size = Self.chunkSize(line.dropLast(2)) else { return (.malformed, position) }
                guard size <= bytesMax - bytes.count else { return (.tooLarge, position) }
                state = size == 0 ? .trailer([], bytes: 0) : .data(size)
            case .dataEnd(let count):
                guard input[position] == (count == 0 ? 0x0D : 0x0A) else { return (.malformed, position) }
                position += 1
                state = count == 0 ? .dataEnd(1) : .size([])
            case .trailer(var line, let count):
                line.append(input[position])
                position += 1
                guard count < Self.lineBytesMax else { return (.malformed, position) }
                guard let complete = Self.isLine(line) else { return (.malformed, position) }
                state =
                    complete
                    ? (line.count == 2 ? .done : .trailer([], bytes: count + 1)) : .trailer(line, bytes: count + 1)
            case .done: break
            }
        }
        return (.complete, position)
    }

    /// Whether the bytes so far are a whole line; nil where a CR or LF stands alone, or a NUL is in it.
    private static func isLine(_ line: [UInt8]) -> Bool? {
        let last = line[line.count - 1]
        let previous = line.count > 1 ? line[line.count - 2] : nil
        if last == 0x00 { return nil }
        if last == 0x0A { return previous == 0x0D ? true : nil }
        return previous == 0x0D ? nil : false
    }

    /// 1 to 8 hexadecimal digits, then nothing or `;` and extensions, which mean nothing here.
    private static func chunkSize(_ line: ArraySlice<UInt8>) -> Int? {
        let digits = line.prefix { hexDigitValue($0) != nil }
        let rest = line.dropFirst(digits.count)
        guard (1...8).contains(digits.count), rest.isEmpty || rest.first == UInt8(ascii: ";") else { return nil }
        return digits.reduce(0) { $0 << 4 | (hexDigitValue($1) ?? 0) }
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
