/// The head of one request, as the strict scanner read it (RFC 9112).
struct RequestHead: Equatable {
    enum Method: Equatable {
        case get, head, options, post, other
    }

    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
    }

    var method: Method
    /// The target as sent, printable ASCII.
    var target: [UInt8]
    /// HTTP/1.0 rather than 1.1.
    var isOld: Bool
    var body: Body
    /// Whether the connection is to stay open, as far as the client is concerned.
    var keepsAlive: Bool
    var expectsContinue: Bool
    /// All `Accept-Encoding` fields as one list; nil where there is none.
    var acceptEncoding: [UInt8]?
    /// All `If-None-Match` fields as one list; nil where there is none.
    var ifNoneMatch: [UInt8]?
}

/// Why a head was refused: the status of the answer, after which the connection closes.
enum HeadFault: Error, Equatable {
    case malformed
    case requestLineTooLong
    case headTooLarge
}

/// Finds the end of heads in a stream of bytes, and refuses what no head may hold, as soon as it comes.
///
/// Each byte is looked at once, however the stream is cut, so a slow sender costs no more than a fast one.
struct HeadFramer {
    private let limits: EdgeLimits
    private var position = 0
    private var lineStart = 0
    private var sawCR = false
    private var isInRequestLine = true

    init(limits: EdgeLimits) {
        self.limits = limits
    }

    /// Whether no byte has been looked at.
    var isAtStart: Bool { position == 0 }

    /// Looks at the bytes that came since the last call. `bytes` starts where the head starts.
    ///
    /// - Returns: How many bytes the head has, its closing empty line included; nil while it is incomplete.
    mutating func end(of bytes: UnsafeRawBufferPointer) throws(HeadFault) -> Int? {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if sawCR {
                guard byte == 0x0A else { throw .malformed }
                sawCR = false
                let isEmptyLine = position - lineStart == 2
                lineStart = position
                // One empty line before a request is passed over (RFC 9112, section 2.2).
                if isInRequestLine && isEmptyLine && position > 2 { throw .malformed }
                if isInRequestLine && isEmptyLine { continue }
                if isEmptyLine { return position }
                if isInRequestLine && position > limits.requestLineBytes { throw .requestLineTooLong }
                isInRequestLine = false
            } else {
                switch byte {
                case 0x0D: sawCR = true
                case 0x0A, 0x00: throw .malformed
                default: break
                }
            }
            if isInRequestLine && position > limits.requestLineBytes { throw .requestLineTooLong }
            if position >= limits.headBytes { throw .headTooLarge }
        }
        return nil
    }
}

extension RequestHead {
    /// Reads a complete head, as ``HeadFramer`` found it: lines end in CR LF, and it holds no other CR, LF or NUL.
    init(_ bytes: UnsafeRawBufferPointer, limits: EdgeLimits) throws(HeadFault) {
        var lines = Lines(bytes: bytes)
        var line = lines.next()
        if line.isEmpty { line = lines.next() }
        (method, target, isOld) = try Self.requestLine(bytes, line)
        var hosts = 0
        var fields = 0
        var length: Int?
        var isChunked = false
        var saysClose = false
        var saysKeepAlive = false
        expectsContinue = false
        while true {
            let line = lines.next()
            if line.isEmpty { break }
            fields += 1
            guard fields <= limits.fields else { throw .headTooLarge }
            let (name, value) = try Self.field(bytes, line)
            switch name.count {
            case 4 where name.equals("host"):
                hosts += 1
                guard isAuthority(value.bytes[...]) else { throw .malformed }
            case 6 where name.equals("expect"):
                expectsContinue = value.equals("100-continue")
            case 10 where name.equals("connection"):
                for option in value.list {
                    if option.equals("close") { saysClose = true }
                    if option.equals("keep-alive") { saysKeepAlive = true }
                }
            case 13 where name.equals("if-none-match"):
                ifNoneMatch = Self.joined(ifNoneMatch, value)
            case 14 where name.equals("content-length"):
                guard length == nil, let number = Self.number(value) else { throw .malformed }
                length = number
            case 15 where name.equals("accept-encoding"):
                acceptEncoding = Self.joined(acceptEncoding, value)
            case 17 where name.equals("transfer-encoding"):
                guard !isChunked, !isOld, value.equals("chunked") else { throw .malformed }
                isChunked = true
            default: break
            }
        }
        guard hosts == 1 || (hosts == 0 && isOld), length == nil || !isChunked else { throw .malformed }
        body = isChunked ? .chunked : (length ?? 0) > 0 ? .length(length ?? 0) : .none
        keepsAlive = !saysClose && (!isOld || saysKeepAlive)
        expectsContinue = expectsContinue && !isOld
    }

    private static func requestLine(
        _ bytes: UnsafeRawBufferPointer,
        _ line: Range<Int>
    ) throws(HeadFault) -> (Method, [UInt8], Bool) {
        let text = UnsafeRawBufferPointer(rebasing: bytes[line])
        guard let first = text.firstIndex(of: 0x20), first > 0,
            let second = text[(first + 1)...].firstIndex(of: 0x20), second > first + 1
        else { throw .malformed }
        let method = UnsafeRawBufferPointer(rebasing: text[..<first])
        let target = UnsafeRawBufferPointer(rebasing: text[(first + 1)..<second])
        let version = UnsafeRawBufferPointer(rebasing: text[(second + 1)...])
        guard method.allSatisfy(isTokenByte), target.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .malformed }
        let isOld: Bool
        if version.elementsEqual("HTTP/1.1".utf8) {
            isOld = false
        } else if version.elementsEqual("HTTP/1.0".utf8) {
            isOld = true
        } else {
            throw .malformed
        }
        let known: Method =
            if method.elementsEqual("GET".utf8) {
                .get
            } else if method.elementsEqual("HEAD".utf8) {
                .head
            } else if method.elementsEqual("OPTIONS".utf8) {
                .options
            } else if method.elementsEqual("POST".utf8) {
                .post
            } else {
                .other
            }
        return (known, Array(target), isOld)
    }

    /// Splits a field line. A line that starts with a blank (obs-fold) has no name, and is refused with the rest.
    private static func field(
        _ bytes: UnsafeRawBufferPointer,
        _ line: Range<Int>
    ) throws(HeadFault) -> (name: FieldText, value: FieldText) {
        guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")), colon > line.lowerBound,
            bytes[line.lowerBound..<colon].allSatisfy(isTokenByte)
        else { throw .malformed }
        let value = FieldText(bytes[(colon + 1)..<line.upperBound]).trimmed
        guard value.bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw .malformed }
        return (FieldText(bytes[line.lowerBound..<colon]), value)
    }

    private static func number(_ value: FieldText) -> Int? {
        guard !value.bytes.isEmpty, value.bytes.count <= 18 else { return nil }
        var number = 0
        for byte in value.bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }

    private static func joined(_ list: [UInt8]?, _ value: FieldText) -> [UInt8] {
        guard let list else { return value.bytes }
        return list + [UInt8(ascii: ",")] + value.bytes
    }
}

/// Whether it is `uri-host [":" port]` (RFC 9110, section 7.2; RFC 3986, section 3.2.2), not empty.
func isAuthority(_ authority: ArraySlice<UInt8>) -> Bool {
    var host = authority
    if let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]") {
        guard host[(colon + 1)...].allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        host = host[..<colon]
    }
    if host.first == UInt8(ascii: "[") {
        let inner = host.dropFirst().dropLast()
        return host.last == UInt8(ascii: "]") && !inner.isEmpty
            && inner.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x46, 0x61...0x66, UInt8(ascii: ":"), UInt8(ascii: "."): true
                default: false
                }
            }
    }
    return !host.isEmpty
        && host.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "|"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "#"): false
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="): true
            default: isTokenByte(byte)
            }
        }
}

/// The lines of a head, without their CR LF.
private struct Lines {
    let bytes: UnsafeRawBufferPointer
    var position = 0

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func next() -> Range<Int> {
        let start = position
        while position < bytes.count, bytes[position] != 0x0D { position += 1 }
        let line = start..<position
        position = min(position + 2, bytes.count)
        return line
    }
}

/// `tchar` of RFC 9110, section 5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
        UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
        true
    default: false
    }
}
