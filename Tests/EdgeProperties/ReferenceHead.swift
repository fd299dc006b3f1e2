import Edge
import Foundation

/// A head read in the plainest way, to hold the edge's scanner against: byte by byte, then line by line, in arrays.
struct ReferenceHead: Equatable {
    enum Fault: Equatable {
        case malformed, requestLineTooLong, headTooLarge, unknownCoding
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
            let emptyLineBytes = lines.isEmpty ? 0 : 2
            if head.requestLine == nil && position + 1 >= limits.requestLineBytes + emptyLineBytes {
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
            let isNumber = !value.isEmpty && value.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return values.count == 1 && isNumber ? nil : .malformed
        case "transfer-encoding":
            guard values.count == 1, requestLine?.version == "HTTP/1.1" else { return .malformed }
            let codings = elements(value.lowercased()).filter { !$0.isEmpty }
            if value.lowercased() == "chunked" { return nil }
            guard codings.count > 1, codings.firstIndex(of: "chunked") == codings.count - 1 else { return .malformed }
            return .unknownCoding
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
            return host.hasSuffix("]") && isAddress(String(host.dropFirst().dropLast()))
        }
        let allowed = Self.letters.subtracting("|^`#".utf8).union("(),;=".utf8)
        let escapes = host.split(separator: "%", omittingEmptySubsequences: false).dropFirst()
        guard escapes.allSatisfy({ $0.utf8.count >= 2 && $0.prefix(2).allSatisfy(\.isHexDigit) }) else { return false }
        return !host.isEmpty && host.unicodeScalars.allSatisfy { $0.isASCII && allowed.contains(UInt8($0.value)) }
    }

    /// Eight groups, or fewer with one gap; the last two may be an IPv4 address.
    private func isAddress(_ text: String) -> Bool {
        let halves = text.components(separatedBy: "::")
        guard halves.count <= 2 else { return false }
        var groups = 0
        for (number, half) in halves.enumerated() where !half.isEmpty {
            let parts = half.components(separatedBy: ":")
            for (place, part) in parts.enumerated() {
                if part.contains(".") {
                    guard number == halves.count - 1, place == parts.count - 1, isOldAddress(part) else { return false }
                    groups += 2
                } else {
                    guard (1...4).contains(part.count), part.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
                        return false
                    }
                    groups += 1
                }
            }
        }
        return halves.count == 2 ? groups < 8 : groups == 8
    }

    private func isOldAddress(_ text: String) -> Bool {
        let parts = text.components(separatedBy: ".")
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && Int(part).map { $0 < 256 && "\($0)" == part } == true
            }
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
        head.length = values("content-length").first.map { Int($0) ?? .max }
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
