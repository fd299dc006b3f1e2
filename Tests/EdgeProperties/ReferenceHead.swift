import Edge

/// A head read in the plainest way, to hold the edge's scanner against: byte by byte, then line by line, in arrays.
struct ReferenceHead: Equatable {
    enum Fault: Equatable {
        case malformed, requestLineTooLong, headTooLarge
    }

    enum Outcome: Equatable {
        case incomplete
        case refused(Fault)
        case head(ReferenceHead, count: Int)
    }

    var method = ""
    var target = ""
    var version = ""
    var isChunked = false
    var length: Int?
    var keepsAlive = false
    var expectsContinue = false
    var acceptEncodings: [String] = []
    var ifNoneMatches: [String] = []

    static func read(_ bytes: [UInt8], _ limits: EdgeLimits = EdgeLimits()) -> Outcome {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var head = HeadLines()
        for (position, byte) in bytes.enumerated() {
            let isInRequestLine = head.requestLine == nil
            if line.last == 0x0D {
                guard byte == 0x0A else { return .refused(.malformed) }
                line.removeLast()
                lines.append(line)
                let isFirstEmptyLine = lines.count == 1 && line.isEmpty
                if !isFirstEmptyLine {
                    if !isInRequestLine && line.isEmpty {
                        guard let result = head.finished() else { return .refused(.malformed) }
                        return .head(result, count: position + 1)
                    }
                    if let fault = head.take(line, limits) { return .refused(fault) }
                }
                line = []
            } else {
                let isControl = (byte < 0x20 && byte != 0x0D && byte != 0x09) || byte == 0x7F
                if isControl || (byte == 0x09 && isInRequestLine) { return .refused(.malformed) }
                line.append(byte)
            }
            // What has come cannot become a line, or a head, within its limit any more.
            if head.requestLine == nil && position + 1 >= limits.requestLineBytes {
                return .refused(.requestLineTooLong)
            }
            if position + 1 >= limits.headBytes { return .refused(.headTooLarge) }
        }
        return .incomplete
    }
}

private struct HeadLines {
    var requestLine: (method: String, target: String, version: String)?
    var fields: [(name: String, value: String)] = []

    private static let letters = Set(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8
    )

    mutating func take(_ line: [UInt8], _ limits: EdgeLimits) -> ReferenceHead.Fault? {
        guard requestLine != nil else {
            let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
            guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(Self.letters.contains), !parts[1].isEmpty,
                parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { return .malformed }
            let version = text(parts[2])
            guard version == "HTTP/1.1" || version == "HTTP/1.0" else { return .malformed }
            requestLine = (text(parts[0]), text(parts[1]), version)
            return nil
        }
        guard fields.count < limits.fields else { return .headTooLarge }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            line[..<colon].allSatisfy(Self.letters.contains)
        else { return .malformed }
        let name = text(line[..<colon]).lowercased()
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        // A byte a character: values may hold any bytes above 0x7F.
        fields.append((name, String(value.map { Character(Unicode.Scalar($0)) })))
        return fault(name)
    }

    /// What is wrong with the fields so far, of which the last one is of that name.
    private func fault(_ name: String) -> ReferenceHead.Fault? {
        let values = fields.filter { $0.name == name }.map(\.value)
        let value = values.last ?? ""
        switch name {
        case "host": return isAuthority(value) ? nil : .malformed
        case "content-length":
            let isNumber = (1...18).contains(value.count) && value.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return values.count == 1 && isNumber ? nil : .malformed
        case "transfer-encoding":
            let isRight = values.count == 1 && value.lowercased() == "chunked" && requestLine?.version == "HTTP/1.1"
            return isRight ? nil : .malformed
        default: return nil
        }
    }

    private func isAuthority(_ value: String) -> Bool {
        var host = value
        if !host.hasSuffix("]"), let colon = host.lastIndex(of: ":") {
            guard host[host.index(after: colon)...].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return false
            }
            host = String(host[..<colon])
        }
        if host.hasPrefix("[") {
            let inner = host.dropFirst().dropLast()
            return host.hasSuffix("]") && !inner.isEmpty && inner.allSatisfy { "0123456789abcdefABCDEF:.".contains($0) }
        }
        let allowed = Self.letters.subtracting("|^`#".utf8).union("(),;=".utf8)
        return !host.isEmpty && host.unicodeScalars.allSatisfy { $0.isASCII && allowed.contains(UInt8($0.value)) }
    }

    func finished() -> ReferenceHead? {
        guard let requestLine else { return nil }
        func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
        let isOld = requestLine.version == "HTTP/1.0"
        let hosts = values("host").count
        guard hosts == 1 || (hosts == 0 && isOld) else { return nil }
        var head = ReferenceHead()
        (head.method, head.target, head.version) = requestLine
        head.isChunked = !values("transfer-encoding").isEmpty
        head.length = values("content-length").first.flatMap { Int($0) }
        guard !head.isChunked || head.length == nil else { return nil }
        let options = values("connection").flatMap { elements($0) }.map { $0.lowercased() }
        head.keepsAlive = !options.contains("close") && (!isOld || options.contains("keep-alive"))
        head.expectsContinue = !isOld && values("expect").last?.lowercased() == "100-continue"
        head.acceptEncodings = values("accept-encoding")
        head.ifNoneMatches = values("if-none-match")
        return head
    }

    /// The elements of a list; a comma within quotes belongs to its element.
    private func elements(_ list: String) -> [String] {
        var elements = [""]
        var isQuoted = false
        for letter in list {
            if letter == "\"" { isQuoted.toggle() }
            if letter == "," && !isQuoted { elements.append("") } else { elements[elements.count - 1].append(letter) }
        }
        return elements.map { element in
            String(element.drop { " \t".contains($0) }.reversed().drop { " \t".contains($0) }.reversed())
        }
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
