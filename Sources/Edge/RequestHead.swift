/// The head of one request, as ``HeadScanner`` read it (RFC 9112). Ranges are positions in the bytes that were scanned.
package struct RequestHead: Equatable {
    package enum Method: Equatable {
        case get, head, options, post, other
    }

    package enum Body: Equatable {
        case none
        case length(Int)
        case chunked
    }

    package var method = Method.other
    /// The target as sent: printable ASCII.
    package var target = 0..<0
    /// HTTP/1.0 rather than 1.1.
    package var isOld = false
    package var body = Body.none
    /// Whether the connection is to stay open, as far as the client is concerned.
    package var keepsAlive = true
    package var expectsContinue = false
    /// What all `Accept-Encoding` fields allow.
    package var accepted = AcceptedCodings()
    /// The value of the first `If-None-Match`; nil where there is none.
    package var ifNoneMatch: Range<Int>?
    /// The values of further ones.
    package var ifNoneMatchToo: [Range<Int>] = []
}

/// Why a head was refused: the status of the answer, after which the connection closes.
package enum HeadFault: Error, Equatable {
    case malformed
    case requestLineTooLong
    case headTooLarge
    /// A transfer coding that is not known, before the one that is.
    case unknownCoding
}

/// The one strict scanner of heads: frames every HTTP/1 request and reads what the edge needs of it.
///
/// It works line by line on the bytes that have come so far and looks at each byte once, however the stream is cut: a
/// slow sender costs no more than a fast one, and what is found does not depend on the cuts. The first fault in the
/// order of the bytes is the one that counts. No allocation.
package struct HeadScanner {
    /// What has been read; complete when ``scan(_:)`` has returned an end.
    package private(set) var head = RequestHead()

    private let requestLineBytesMax: Int
    private let headBytesMax: Int
    private let fieldsMax: Int
    private var lineStart = 0
    /// No line ends between `lineStart` and here.
    private var searched = 0
    private var isInRequestLine = true
    private var fields = 0
    private var hosts = 0
    private var length: Int?
    private var isChunked = false
    private var saysClose = false
    private var saysKeepAlive = false

    package init(limits: EdgeLimits) {
        requestLineBytesMax = limits.requestLineBytes
        headBytesMax = limits.headBytes
        fieldsMax = limits.fields
    }

    /// Whether no byte has been looked at.
    var isAtStart: Bool { searched == 0 }

    /// Reads on.
    ///
    /// - Parameter bytes: All that has come, from the head's first byte on.
    /// - Returns: How many bytes the head has, its closing empty line included; nil while it is incomplete.
    /// - Throws: The first fault, after which nothing more may be read.
    package mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(HeadFault) -> Int? {
        while true {
            let most = isInRequestLine ? lineStart + requestLineBytesMax : headBytesMax
            let stop = firstControl(in: bytes, from: searched, to: min(bytes.count, most))
            searched = stop
            guard stop < min(bytes.count, most) else {
                if stop >= most { throw tooLong }
                return nil
            }
            switch bytes[stop] {
            case 0x09 where !isInRequestLine: searched = stop + 1
            case 0x0D:
                // A line's two end bytes belong to what is limited.
                guard stop + 1 < most else { throw tooLong }
                guard stop + 1 < bytes.count else { return nil }
                guard bytes[stop + 1] == 0x0A else { throw .malformed }
                let line = lineStart..<stop
                lineStart = stop + 2
                searched = lineStart
                if isInRequestLine {
                    // One empty line before a request is passed over (RFC 9112, section 2.2).
                    if line.isEmpty && line.lowerBound == 0 { continue }
                    try readRequestLine(bytes, line)
                    isInRequestLine = false
                } else if line.isEmpty {
                    try finish()
                    return lineStart
                } else {
                    try readField(bytes, line)
                }
            default: throw .malformed
            }
        }
    }

    private var tooLong: HeadFault { isInRequestLine ? .requestLineTooLong : .headTooLarge }

    private mutating func readRequestLine(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(HeadFault) {
        var position = line.lowerBound
        while position < line.upperBound, isTokenByte(bytes[position]) { position += 1 }
        let method = FieldText(bytes, line.lowerBound..<position)
        guard method.count > 0, position < line.upperBound, bytes[position] == 0x20 else { throw .malformed }
        let start = position + 1
        // The version is the last eight bytes, and a blank stands before it.
        let end = line.upperBound - 9
        guard end > start, bytes[end] == 0x20 else { throw .malformed }
        // Controls and DEL end a scan before they come here.
        let target = FieldText(bytes, start..<end)
        guard target.isASCII, target.position(of: 0x20) == nil else { throw .malformed }
        let version = FieldText(bytes, (end + 1)..<line.upperBound)
        if version.isExactly("HTTP/1.1") {
            head.isOld = false
        } else if version.isExactly("HTTP/1.0") {
            head.isOld = true
        } else {
            throw .malformed
        }
        head.target = start..<end
        switch method.count {
        case 3 where method.isExactly("GET"): head.method = .get
        case 4 where method.isExactly("HEAD"): head.method = .head
        case 4 where method.isExactly("POST"): head.method = .post
        case 7 where method.isExactly("OPTIONS"): head.method = .options
        default: head.method = .other
        }
    }

    /// Reads a field line. One that starts with a blank (obs-fold) has no name, and is refused with the rest.
    private mutating func readField(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(HeadFault) {
        fields += 1
        guard fields <= fieldsMax else { throw .headTooLarge }
        var colon = line.lowerBound
        while colon < line.upperBound, isTokenByte(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else {
            throw .malformed
        }
        let name = FieldText(bytes, line.lowerBound..<colon)
        switch name.count {
        case 4 where name.equals("host"):
            hosts += 1
            guard value(bytes, colon, line).isAuthority else { throw .malformed }
        case 6 where name.equals("expect"):
            head.expectsContinue = value(bytes, colon, line).equals("100-continue")
        case 10 where name.equals("connection"):
            value(bytes, colon, line).forEach(separatedBy: UInt8(ascii: ",")) { option in
                if option.equals("close") { saysClose = true }
                if option.equals("keep-alive") { saysKeepAlive = true }
            }
        case 13 where name.equals("if-none-match"):
            let value = value(bytes, colon, line)
            let start = value.bytes.baseAddress.map { $0 - (bytes.baseAddress ?? $0) } ?? 0
            let range = start..<(start + value.count)
            if head.ifNoneMatch == nil { head.ifNoneMatch = range } else { head.ifNoneMatchToo.append(range) }
        case 14 where name.equals("content-length"):
            guard length == nil, let number = Self.number(value(bytes, colon, line)) else { throw .malformed }
            length = number
        case 15 where name.equals("accept-encoding"):
            head.accepted.take(value(bytes, colon, line))
        case 17 where name.equals("transfer-encoding"):
            guard !isChunked, !head.isOld else { throw .malformed }
            try readTransferCodings(value(bytes, colon, line))
            isChunked = true
        default: break
        }
    }

    /// The last coding must be `chunked`, and it alone is known (RFC 9112, sections 6.1 and 6.3).
    private func readTransferCodings(_ value: FieldText) throws(HeadFault) {
        if value.equals("chunked") { return }
        var codings = 0
        var endsChunked = false
        var isRepeated = false
        value.forEach(separatedBy: UInt8(ascii: ",")) { coding in
            codings += 1
            if endsChunked { isRepeated = true }
            endsChunked = coding.equals("chunked")
        }
        throw endsChunked && !isRepeated && codings > 1 ? .unknownCoding : .malformed
    }

    @inline(__always)
    private func value(_ bytes: UnsafeRawBufferPointer, _ colon: Int, _ line: Range<Int>) -> FieldText {
        FieldText(bytes, (colon + 1)..<line.upperBound).trimmed
    }

    private mutating func finish() throws(HeadFault) {
        guard hosts == 1 || (hosts == 0 && head.isOld), length == nil || !isChunked else { throw .malformed }
        head.body = isChunked ? .chunked : (length ?? 0) > 0 ? .length(length ?? 0) : .none
        head.keepsAlive = !saysClose && (!head.isOld || saysKeepAlive)
        head.expectsContinue = head.expectsContinue && !head.isOld
    }

    /// Any number of digits; what no body can have is the largest number there is.
    private static func number(_ value: FieldText) -> Int? {
        guard value.count > 0 else { return nil }
        var number = 0
        for byte in value.bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carries) = tens.addingReportingOverflow(Int(byte - 0x30))
            number = overflow || carries ? .max : sum
        }
        return number
    }
}

/// The position of the first byte below 0x20, or 0x7F, eight bytes at a time; `end` where there is none.
@inline(__always)
private func firstControl(in bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int {
    var position = start
    let ones: UInt64 = 0x0101_0101_0101_0101
    while position + 8 <= end {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        // The top bit of each byte that is below 0x20, or 0x7F. A borrow can only mark a byte behind a true one.
        let low = (word &- ones &* 0x20) & ~word
        let deleted = word ^ (ones &* 0x7F)
        let found = (low | ((deleted &- ones) & ~deleted)) & (ones &* 0x80)
        if found != 0 { return position + found.trailingZeroBitCount / 8 }
        position += 8
    }
    while position < end, bytes[position] >= 0x20, bytes[position] != 0x7F { position += 1 }
    return position
}
