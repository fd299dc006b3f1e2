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
            self = .malformed
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
        guard !target.contains(UInt8(ascii: "#")) else { return nil }
        let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
        let path = FieldText(target, 0..<end)
        if path.bytes.first == UInt8(ascii: "/") { return path.bytes }
        for scheme: StaticString in ["http://", "https://"] {
            let start = scheme.utf8CodeUnitCount
            guard path.count >= start, FieldText(path.bytes, 0..<start).equals(scheme) else { continue }
            let rest = FieldText(path.bytes, start..<path.count)
            let slash = rest.bytes.firstIndex(of: UInt8(ascii: "/")) ?? rest.count
            guard FieldText(rest.bytes, 0..<slash).isAuthority else { return nil }
            return FieldText(rest.bytes, slash..<rest.count).bytes
        }
        return nil
    }

    private static func route(_ segments: Segments) throws(Refusal) -> Route {
        let count = segments.count
        guard count >= 2, segments.isWord(0, "v1") else { return .absent }
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
    private var bytes: [UInt8] = []
    /// Where each segment ends; the next one starts there.
    private var ends: [Int] = []

    /// Percent-escapes decoded once. nil for bad ones, for `%00` and `%2F`, for `.` and `..`, and for what is not UTF-8.
    init?(_ path: UnsafeRawBufferPointer) {
        bytes.reserveCapacity(path.count)
        ends.reserveCapacity(8)
        var isASCII = true
        // The first byte is the slash before the first segment, or there is none at all.
        var position = 1
        while position < path.count {
            let byte = path[position]
            position += 1
            if byte == UInt8(ascii: "/") {
                guard end() else { return nil }
            } else if byte == UInt8(ascii: "%") {
                guard path.count - position >= 2, let high = hexValue(path[position]),
                    let low = hexValue(path[position + 1])
                else { return nil }
                let value = high << 4 | low
                guard value != 0, value != UInt8(ascii: "/") else { return nil }
                if value >= 0x80 { isASCII = false }
                bytes.append(value)
                position += 2
            } else {
                bytes.append(byte)
            }
        }
        // Slashes end segments and are ASCII: a path is UTF-8 when its segments are, but for one cut in two by a slash.
        guard end(), isASCII || isUTF8 else { return nil }
    }

    private mutating func end() -> Bool {
        let segment = bytes[(ends.last ?? 0)...]
        guard segment.first != UInt8(ascii: ".") || segment.count > 2 || segment.last != UInt8(ascii: ".") else {
            return false
        }
        ends.append(bytes.count)
        return true
    }

    private var isUTF8: Bool {
        (0..<count).allSatisfy { String(validating: self[$0], as: UTF8.self) != nil }
    }

    var count: Int { ends.count }

    subscript(position: Int) -> ArraySlice<UInt8> {
        bytes[(position == 0 ? 0 : ends[position - 1])..<ends[position]]
    }

    func text(_ position: Int) -> String { String(decoding: self[position], as: UTF8.self) }

    func isWord(_ position: Int, _ word: StaticString) -> Bool {
        let segment = self[position]
        guard segment.count == word.utf8CodeUnitCount else { return false }
        for offset in 0..<segment.count where segment[segment.startIndex + offset] != word.utf8Start[offset] {
            return false
        }
        return true
    }
}
