package import Domain
package import Edge
import NIOCore

/// What must hold for any bytes that a client can send as a head.
///
/// 1. The scanner reads what the plain reference reads, and refuses what it refuses, with the same fault.
/// 2. It comes to the same, however the bytes are cut.
/// 3. Where the fast lane answers, the slow lane would have answered with the same bytes.
package struct LaneProperty {
    private let shown: ShownIndex
    private let limits = EdgeLimits()
    private let date = Array("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".utf8)

    /// What one look came to.
    package enum Result: Equatable {
        case incomplete, refused, fast, slow
        /// A property that does not hold.
        case broken(String)
    }

    /// - Parameters:
    ///   - index: What is served.
    ///   - noOp: The script of outcomes that have nothing to run.
    package init(index: EdgeIndex, noOp: StoredObject) {
        shown = ShownIndex(index, noOps: NoOps(PreparedObject(noOp)))
    }

    /// Looks at some bytes.
    ///
    /// - Parameters:
    ///   - bytes: A head, or anything.
    ///   - cuts: Where else to cut them; none for at every byte.
    /// - Returns: What became of the request, or what does not hold.
    package func check(_ bytes: [UInt8], cuts: [Int]? = nil) -> Result {
        let expected = ReferenceHead.read(bytes)
        let whole = scan(bytes, upTo: [bytes.count])
        guard let difference = difference(whole, expected, bytes) else {
            let every = scan(bytes, upTo: Array(0...bytes.count))
            guard every == whole else { return .broken("byte by byte: \(every), whole: \(whole)") }
            for cut in cuts ?? Array(0...bytes.count) {
                let halves = scan(bytes, upTo: [min(cut, bytes.count), bytes.count])
                guard halves == whole else { return .broken("cut at \(cut): \(halves), whole: \(whole)") }
            }
            switch whole {
            case .incomplete: return .incomplete
            case .refused: return .refused
            case .head(let head, _): return compareLanes(head, bytes)
            }
        }
        return .broken(difference)
    }

    private enum Scan: Equatable {
        case incomplete
        case refused(HeadFault)
        case head(RequestHead, count: Int)
    }

    /// Scans bytes of which first so many have come, then so many, and so on.
    private func scan(_ bytes: [UInt8], upTo counts: [Int]) -> Scan {
        var scanner = HeadScanner(limits: limits)
        return bytes.withUnsafeBytes { all in
            for count in counts {
                do throws(HeadFault) {
                    guard let end = try scanner.scan(UnsafeRawBufferPointer(rebasing: all[..<count])) else { continue }
                    return .head(scanner.head, count: end)
                } catch {
                    return .refused(error)
                }
            }
            return .incomplete
        }
    }

    /// How the scanner differs from the reference; nil where it does not.
    private func difference(_ scan: Scan, _ expected: ReferenceHead.Outcome, _ bytes: [UInt8]) -> String? {
        switch (scan, expected) {
        case (.incomplete, .incomplete): return nil
        case (.refused(.malformed), .refused(.malformed)): return nil
        case (.refused(.requestLineTooLong), .refused(.requestLineTooLong)): return nil
        case (.refused(.headTooLarge), .refused(.headTooLarge)): return nil
        case (.refused(.unknownCoding), .refused(.unknownCoding)): return nil
        case (.head(let head, let count), .head(let reference, let referenceCount)):
            func text(_ range: Range<Int>) -> String {
                String(bytes[range].map { Character(Unicode.Scalar($0)) })
            }
            let methods: [RequestHead.Method: String] = [
                .get: "GET", .head: "HEAD", .post: "POST", .options: "OPTIONS",
            ]
            let known = methods[head.method]
            var accepted = ReferenceCodings()
            for field in reference.acceptEncodings { accepted.take(field) }
            let pairs: [(String, Bool)] = [
                ("end", count == referenceCount),
                ("method", known == nil ? !methods.values.contains(reference.method) : known == reference.method),
                ("target", text(head.target) == reference.target),
                ("version", head.isOld == (reference.version == "HTTP/1.0")),
                ("keeps alive", head.keepsAlive == reference.keepsAlive),
                ("expects", head.expectsContinue == reference.expectsContinue),
                (
                    "body",
                    head.body
                        == (reference.isChunked
                            ? .chunked : (reference.length ?? 0) > 0 ? .length(reference.length ?? 0) : .none)
                ),
                (
                    "If-None-Match",
                    ([head.ifNoneMatch].compactMap { $0 } + head.ifNoneMatchToo).map(text) == reference.ifNoneMatches
                ),
                ("br", head.accepted.brotli == accepted.allows("br")),
                ("gzip", head.accepted.gzip == accepted.allows("gzip")),
                ("identity", head.accepted.identity == accepted.allows("identity")),
            ]
            let wrong = pairs.filter { !$0.1 }.map(\.0)
            return wrong.isEmpty ? nil : "read differently: \(wrong.joined(separator: ", "))"
        default: return "scanner: \(scan), reference: \(expected)"
        }
    }

    private func compareLanes(_ head: RequestHead, _ bytes: [UInt8]) -> Result {
        bytes.withUnsafeBytes { all in
            guard let fast = FastLane.answer(to: head, all, in: shown) else { return .slow }
            guard case .answer(let slow) = Responder.reply(to: Request(head, all), body: [], in: shown) else {
                return .broken("the slow lane would fetch")
            }
            let (one, other) = (written(fast), written(slow))
            guard one == other, fast.outcome == slow.outcome, fast.closes == slow.closes else {
                return .broken("fast: \(String(buffer: one)) slow: \(String(buffer: other))")
            }
            return .fast
        }
    }

    private func written(_ answer: Answer) -> ByteBuffer {
        var buffer = ByteBuffer()
        answer.writeHead(to: &buffer, date: date, keepsAlive: true, isOld: false)
        if let body = answer.body { buffer.writeImmutableBuffer(body) }
        return buffer
    }
}

/// `Accept-Encoding` in the plainest way.
private struct ReferenceCodings {
    private var named: [String: Bool] = [:]

    mutating func take(_ field: String) {
        for element in split(field, ",") {
            let parts = element.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
            let name = trimmed(String(parts[0])).lowercased()
            let parameters = parts.count > 1 ? split(String(parts[1]), ";") : []
            let refuses = parameters.contains { parameter in
                guard parameter.lowercased().hasPrefix("q") else { return false }
                let rest = trimmed(String(parameter.dropFirst()))
                guard rest.hasPrefix("=") else { return false }
                let weight = trimmed(String(rest.dropFirst()))
                return !weight.isEmpty && weight.allSatisfy { $0 == "0" || $0 == "." }
            }
            named[name == "x-gzip" ? "gzip" : name] = !refuses
        }
    }

    func allows(_ coding: String) -> Bool { named[coding] ?? named["*"] ?? (coding == "identity") }

    private func trimmed(_ text: String) -> String {
        String(text.drop { " \t".contains($0) }.reversed().drop { " \t".contains($0) }.reversed())
    }

    private func split(_ text: String, _ separator: Character) -> [String] {
        var parts = [""]
        var isQuoted = false
        for letter in text {
            if letter == "\"" { isQuoted.toggle() }
            if letter == separator && !isQuoted { parts.append("") } else { parts[parts.count - 1].append(letter) }
        }
        return parts.map(trimmed).filter { !$0.isEmpty }
    }
}
