import Domain

/// What a request's target asks for.
enum Route: Equatable {
    case snippet(ResolutionKey)
    case manifest(ResolutionKey)
    case loader(PartnerKey?)
    case object(Digest)
    case usage(PartnerKey?)
    /// `OPTIONS *`
    case server
    /// `CONNECT host:port`
    case authority
    case absent
    /// A malformed target or key: 400.
    case malformed
    /// A key longer than its limit: 414.
    case tooLong

    /// Reads a request target: origin form, absolute form, or `*` (RFC 9112, section 3.2).
    init(target: UnsafeRawBufferPointer, method: RequestHead.Method) {
        if FieldText(target).isExactly("*") {
            self = method == .options ? .server : .malformed
            return
        }
        guard let path = Self.path(of: target), let segments = Segments(path) else {
            let isAuthority = method == .other && FieldText(target).isAuthority
            self = isAuthority ? .authority : .malformed
            return
        }
        do throws(Refusal) {
            self = try Self.route(segments)
        } catch {
            self = error.code == .tooLong ? .tooLong : .malformed
        }
    }

    /// The path of the target without query; nil for a target that is not of origin or absolute form.
    private static func path(of target: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard FieldText(target).position(of: UInt8(ascii: "#")) == nil else { return nil }
        let end = FieldText(target).position(of: UInt8(ascii: "?")) ?? target.count
        let path = FieldText(target, 0..<end)
        if path.bytes.first == UInt8(ascii: "/") { return path.bytes }
        for scheme: StaticString in ["http://", "https://"] {
            let start = scheme.utf8CodeUnitCount
            guard path.count >= start, FieldText(path.bytes, 0..<start).equals(scheme) else { continue }
            let rest = FieldText(path.bytes, start..<path.count)
            let slash = rest.position(of: UInt8(ascii: "/")) ?? rest.count
            guard FieldText(rest.bytes, 0..<slash).isAuthority else { return nil }
            return FieldText(rest.bytes, slash..<rest.count).bytes
        }
        return nil
    }

    private static func route(_ segments: Segments) throws(Refusal) -> Route {
        let count = segments.count
        guard (2...7).contains(count), segments.isWord(0, "v1") else { return .absent }
        if count == 3, segments.isWord(1, "objects") { return try object(segments[2]) }
        var start = 1
        var partner: PartnerKey?
        if !isResource(segments, 1) {
            guard count > 2, isResource(segments, 2) else { return .absent }
            partner = try PartnerKey(segments.text(1))
            start = 2
        }
        switch count - start {
        case 1 where segments.isWord(start, "loader.js"): return .loader(partner)
        case 1 where segments.isWord(start, "usage"): return .usage(partner)
        case 3 where segments.isWord(start, "snippets"):
            return try resolutionKey(partner, segments, start + 1, suffix: ".js").map(Route.snippet) ?? .absent
        case 3 where segments.isWord(start, "manifests"):
            return try resolutionKey(partner, segments, start + 1, suffix: ".json").map(Route.manifest) ?? .absent
        case 5 where segments.isWord(start, "env") && segments.isWord(start + 2, "snippets"):
            guard var key = try resolutionKey(partner, segments, start + 3, suffix: ".js") else { return .absent }
            key.environment = try EnvironmentKey(segments.text(start + 1))
            return .snippet(key)
        default: return .absent
        }
    }

    private static func isResource(_ segments: Segments, _ position: Int) -> Bool {
        segments.isWord(position, "snippets") || segments.isWord(position, "manifests")
            || segments.isWord(position, "env") || segments.isWord(position, "usage")
            || segments.isWord(position, "loader.js")
    }

    private static func object(_ name: ArraySlice<UInt8>) throws(Refusal) -> Route {
        guard name.count <= 64 + 3 else { throw Refusal(.tooLong, "An object's name has 64 digits.") }
        guard let stem = stem(of: name, suffix: ".js"),
            let digest = Digest(hexadecimal: String(decoding: stem, as: UTF8.self))
        else { throw Refusal(.invalid, "An object is named by 64 lower-case hexadecimal digits.") }
        return .object(digest)
    }

    /// The key in `…/{variable}/{id}{suffix}`, whose variable stands at `start`; nil without the suffix.
    private static func resolutionKey(
        _ partner: PartnerKey?,
        _ segments: Segments,
        _ start: Int,
        suffix: StaticString
    ) throws(Refusal) -> ResolutionKey? {
        guard let id = stem(of: segments[start + 1], suffix: suffix) else { return nil }
        return ResolutionKey(
            partner: partner,
            variable: try SystemVariable(segments.text(start)),
            client: try SystemClientID(utf8: Array(id))
        )
    }

    private static func stem(of name: ArraySlice<UInt8>, suffix: StaticString) -> ArraySlice<UInt8>? {
        let count = suffix.utf8CodeUnitCount
        guard name.count >= count else { return nil }
        for offset in 0..<count where name[name.endIndex - count + offset] != suffix.utf8Start[offset] { return nil }
        return name.dropLast(count)
    }
}

/// The decoded segments of a path.
private struct Segments {
    private let bytes: [UInt8]
    /// Where each segment ends; the next one starts there. No resource has as many segments as fit.
    private let ends: InlineArray<8, Int>
    /// How many there are, also those that do not fit.
    let count: Int

    /// Percent-escapes decoded once. nil for bad ones, for `%00` and `%2F`, for `.` and `..`, and for what is not UTF-8.
    init?(_ path: UnsafeRawBufferPointer) {
        var ends = InlineArray<8, Int>(repeating: 0)
        var count = 0
        var isASCII = true
        var isMalformed = false
        bytes = [UInt8](unsafeUninitializedCapacity: path.count) { bytes, used in
            var start = 0
            func append(_ plain: FieldText) {
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[used...])
                    .copyMemory(from: plain.bytes)
                used += plain.count
            }
            func end() {
                let first = used > start && bytes[start] == UInt8(ascii: ".")
                let isDots = first && (used - start == 1 || (used - start == 2 && bytes[start + 1] == bytes[start]))
                if isDots { isMalformed = true }
                if !isASCII {
                    let segment = UnsafeBufferPointer(rebasing: bytes[start..<used])
                    if (try? UTF8Span(validating: segment.span)) == nil { isMalformed = true }
                }
                if count < ends.count { ends[count] = used }
                count += 1
                start = used
            }
            // The first byte is the slash before the first segment, or there is none at all.
            var position = 1
            while position <= path.count || count == 0 {
                var rest = FieldText(path, min(position, path.count)..<path.count)
                rest = FieldText(rest.bytes, 0..<(rest.position(of: UInt8(ascii: "/")) ?? rest.count))
                position += rest.count + 1
                while let escape = rest.position(of: UInt8(ascii: "%")) {
                    if escape > 0 { append(FieldText(rest.bytes, 0..<escape)) }
                    guard rest.count - escape >= 3, let high = hexValue(rest.bytes[escape + 1]),
                        let low = hexValue(rest.bytes[escape + 2]), high << 4 | low != 0,
                        high << 4 | low != UInt8(ascii: "/")
                    else {
                        isMalformed = true
                        return
                    }
                    bytes[used] = high << 4 | low
                    used += 1
                    if high >= 8 { isASCII = false }
                    rest = FieldText(rest.bytes, (escape + 3)..<rest.count)
                }
                append(rest)
                end()
                guard !isMalformed else { return }
            }
        }
        guard !isMalformed else { return nil }
        self.ends = ends
        self.count = count
    }

    subscript(position: Int) -> ArraySlice<UInt8> {
        bytes[(position == 0 ? 0 : ends[position - 1])..<ends[position]]
    }

    func text(_ position: Int) -> String { String(decoding: self[position], as: UTF8.self) }

    func isWord(_ position: Int, _ word: StaticString) -> Bool {
        let start = position == 0 ? 0 : ends[position - 1]
        guard ends[position] - start == word.utf8CodeUnitCount else { return false }
        for offset in 0..<word.utf8CodeUnitCount where bytes[start + offset] != word.utf8Start[offset] { return false }
        return true
    }
}
