import Domain
import NIOCore

/// Answers complete, ordinary requests for snippets straight from the bytes of the head: no text, no allocation.
///
/// What it does not recognise it leaves to the slow lane: `Route` and `Responder`, which know the whole contract. It never
/// answers what they would answer otherwise; `LaneTests` and `Tests/fuzz` hold the two against each other.
package enum FastLane {
    /// The answer to `GET` or `HEAD` of `/v1/{partner}/snippets/{variable}/{client}.js`, or the same without partner.
    ///
    /// - Parameters:
    ///   - head: What the scanner read; it must be complete.
    ///   - bytes: The bytes that it was read from.
    ///   - shown: What is served.
    /// - Returns: nil for anything but a well-formed path of a known partner that needs no decoding.
    package static func answer(
        to head: RequestHead,
        _ bytes: UnsafeRawBufferPointer,
        in shown: ShownIndex
    ) -> Answer? {
        guard head.method == .get || head.method == .head, head.body == .none, head.ifNoneMatchToo.isEmpty,
            let path = Path(UnsafeRawBufferPointer(rebasing: bytes[head.target])),
            let number = path.partner.map({ shown.index.snippets.partner($0) }) ?? shown.index.snippets.defaultPartner,
            shown.index.snippets.partners[Int(number)].isReadable
        else { return nil }
        var found = SnippetTable.Shown.noOp(.unknown)
        if isAccepted(path.variable, shown.index.snippets.partners[Int(number)].variables) {
            found = shown.index.snippets.find(number, path.client) ?? found
        } else if !path.variableIsPlain {
            return nil
        }
        let (responses, cache) =
            switch found {
            case .noOp(let outcome): (shown.noOps[outcome], CachePolicy.short)
            case .content(let content, let cache): (content, cache)
            }
        return responses.answer(head.accepted, cache: cache) { tag in
            guard let range = head.ifNoneMatch else { return false }
            return matches(ifNoneMatch: FieldText(bytes, range), tag: tag)
        }
    }

    /// Writes a byte of an id as it stands in a path.
    static func appendEscaped(_ byte: UInt8, to path: inout [UInt8]) {
        guard !Path.isPlain(byte) else { return path.append(byte) }
        path.append(UInt8(ascii: "%"))
        for digit in [byte >> 4, byte & 0xF] { path.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }

    private static func isAccepted(_ variable: UnsafeRawBufferPointer, _ accepted: [[UInt8]]) -> Bool {
        for name in accepted where FieldText(variable).isExactly(name) { return true }
        return false
    }

    /// The parts of a snippet's path, where each can only be read in one way.
    private struct Path {
        /// nil for the default partner.
        var partner: UnsafeRawBufferPointer?
        var variable: UnsafeRawBufferPointer
        /// Whether the variable, accepted or not, is certainly a well-formed name.
        var variableIsPlain: Bool
        /// In the form in which it is stored.
        var client: UnsafeRawBufferPointer

        init?(_ target: UnsafeRawBufferPointer) {
            var path = target
            // The query is ignored; a fragment has no place in a target, and the slow lane says so.
            if let query = FieldText(target).position(of: UInt8(ascii: "?")) {
                guard FieldText(target, query..<target.count).position(of: UInt8(ascii: "#")) == nil else { return nil }
                path = UnsafeRawBufferPointer(rebasing: target[..<query])
            }
            guard path.count > 4, path.loadUnaligned(as: UInt32.self) == UInt32(littleEndian: 0x2F31_762F) else {
                return nil  // not "/v1/"
            }
            guard let first = Self.slash(path, 4) else { return nil }
            var rest = first + 1
            let segment = FieldText(path, 4..<first)
            if !segment.isExactly("snippets") {
                partner = segment.bytes
                guard path.count > rest + 9, FieldText(path, rest..<(rest + 9)).isExactly("snippets/") else {
                    return nil
                }
                rest += 9
            }
            guard let second = Self.slash(path, rest), second - rest <= SystemVariable.bytesMax else { return nil }
            variable = UnsafeRawBufferPointer(rebasing: path[rest..<second])
            variableIsPlain = Self.isPlainName(variable)
            let start = second + 1
            let end = path.count - 3
            guard end > start, end - start <= SystemClientID.bytesMax, path[end] == UInt8(ascii: "."),
                path[end + 1] == UInt8(ascii: "j"), path[end + 2] == UInt8(ascii: "s")
            else { return nil }
            var hasCapitalDigit = false
            for position in start..<end {
                let byte = path[position]
                guard Self.isPlain(byte) else { return nil }
                if byte >= 0x41 && byte <= 0x46 { hasCapitalDigit = true }
            }
            client = UnsafeRawBufferPointer(rebasing: path[start..<end])
            // A UUID may have to be put into lower case.
            if hasCapitalDigit && client.count == 36 { return nil }
        }

        private static func slash(_ path: UnsafeRawBufferPointer, _ start: Int) -> Int? {
            var position = start
            while position < path.count, path[position] != UInt8(ascii: "/") { position += 1 }
            return position > start && position < path.count ? position : nil
        }

        /// Printable ASCII that stands for itself in a path and may stand in an id: not `%`, `/`, `\`, `?`, `#`.
        @inline(__always)
        static func isPlain(_ byte: UInt8) -> Bool {
            let word: UInt64 = byte < 64 ? 0x7FFF_7FD6_0000_0000 : byte < 128 ? 0x7FFF_FFFF_EFFF_FFFF : 0
            return word >> UInt64(byte & 63) & 1 == 1
        }

        /// Letters, `_`, `$`, and digits after the first of them: no dots.
        private static func isPlainName(_ name: UnsafeRawBufferPointer) -> Bool {
            var isFirst = true
            for byte in name {
                let letter = byte | 0x20
                let isDigit = byte >= 0x30 && byte <= 0x39
                guard
                    (letter >= 0x61 && letter <= 0x7A) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
                        || (isDigit && !isFirst)
                else { return false }
                isFirst = false
            }
            return true
        }
    }
}

/// A state as event loops hold it: one reference, which reading does not copy.
package final class ShownIndex: Sendable {
    let index: EdgeIndex
    let noOps: NoOps

    /// Takes a state to be shown.
    ///
    /// - Parameters:
    ///   - index: What is served.
    ///   - noOps: The answers of outcomes that have nothing to run.
    package init(_ index: EdgeIndex, noOps: NoOps) {
        self.index = index
        self.noOps = noOps
    }
}

/// The answers of outcomes that have nothing to run.
package struct NoOps: Sendable {
    private let empty: ResponseSet
    private let suspended: ResponseSet
    private let unknown: ResponseSet

    package init(_ object: PreparedObject) {
        empty = ResponseSet(object, outcome: .empty)
        suspended = ResponseSet(object, outcome: .suspended)
        unknown = ResponseSet(object, outcome: .unknown)
    }

    subscript(_ outcome: Outcome) -> ResponseSet {
        switch outcome {
        case .empty, .release, .standard: empty
        case .suspended: suspended
        case .unknown: unknown
        }
    }
}
