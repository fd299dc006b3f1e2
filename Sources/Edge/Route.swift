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

    /// The methods that the resource has, as `Allow` lists them.
    var allow: StaticString {
        switch self {
        case .usage: "POST, OPTIONS"
        default: "GET, HEAD, OPTIONS"
        }
    }

    /// Reads a request target: origin form, absolute form, or `*` (RFC 9112, section 3.2).
    init(target: [UInt8], method: RequestHead.Method) {
        if target == [UInt8(ascii: "*")] {
            self = method == .options ? .server : .malformed
            return
        }
        guard let path = Self.path(of: target), let segments = Self.segments(of: path) else {
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
    private static func path(of target: [UInt8]) -> ArraySlice<UInt8>? {
        guard !target.contains(UInt8(ascii: "#")) else { return nil }
        var path = target.prefix { $0 != UInt8(ascii: "?") }
        if path.first != UInt8(ascii: "/") {
            for scheme in ["http://", "https://"] {
                let start = path.prefix(scheme.utf8.count)
                guard start.map({ $0 | 0x20 }).elementsEqual(scheme.utf8.map { $0 | 0x20 }) else { continue }
                let rest = path.dropFirst(scheme.utf8.count)
                let authority = rest.prefix { $0 != UInt8(ascii: "/") }
                guard isAuthority(authority) else { return nil }
                path = rest.dropFirst(authority.count)
                return path.isEmpty ? [UInt8(ascii: "/")] : path
            }
            return nil
        }
        return path
    }

    /// The decoded segments; nil where one is malformed.
    private static func segments(of path: ArraySlice<UInt8>) -> [[UInt8]]? {
        var segments: [[UInt8]] = []
        for raw in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let segment = decoded(raw), segment != Array(".".utf8), segment != Array("..".utf8) else {
                return nil
            }
            segments.append(segment)
        }
        return segments
    }

    /// Percent-escapes decoded once; nil for bad ones, for `%00` and `%2F`, and for what is not UTF-8.
    private static func decoded(_ raw: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var position = raw.startIndex
        while position < raw.endIndex {
            let byte = raw[position]
            position += 1
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard raw.endIndex - position >= 2, let high = hexValue(raw[position]),
                let low = hexValue(raw[position + 1])
            else { return nil }
            let value = high << 4 | low
            guard value != 0, value != UInt8(ascii: "/") else { return nil }
            bytes.append(value)
            position += 2
        }
        return String(validating: bytes, as: UTF8.self) == nil ? nil : bytes
    }

    private static func route(_ segments: [[UInt8]]) throws(Refusal) -> Route {
        guard segments.first == Array("v1".utf8), segments.count >= 2 else { return .absent }
        var rest = segments.dropFirst()
        if let object = try object(rest) { return object }
        var partner: PartnerKey?
        let words = ["snippets", "manifests", "env", "usage", "loader.js"].map { Array($0.utf8) }
        if let first = rest.first, !words.contains(first) {
            rest = rest.dropFirst()
            guard let next = rest.first, words.contains(next) else { return .absent }
            partner = try PartnerKey(text(first))
        }
        switch (rest.first.map(text) ?? "", rest.count) {
        case ("loader.js", 1): return .loader(partner)
        case ("usage", 1): return .usage(partner)
        case ("snippets", 3):
            guard let key = try resolutionKey(partner, rest, suffix: ".js") else { return .absent }
            return .snippet(key)
        case ("manifests", 3):
            guard let key = try resolutionKey(partner, rest, suffix: ".json") else { return .absent }
            return .manifest(key)
        case ("env", 5):
            let start = rest.startIndex
            guard text(rest[start + 2]) == "snippets",
                var key = try resolutionKey(partner, rest[(start + 2)...], suffix: ".js")
            else { return .absent }
            key.environment = try EnvironmentKey(text(rest[start + 1]))
            return .snippet(key)
        default: return .absent
        }
    }

    private static func object(_ rest: ArraySlice<[UInt8]>) throws(Refusal) -> Route? {
        guard rest.first == Array("objects".utf8), rest.count == 2, let name = rest.last else { return nil }
        guard name.count <= 64 + 3 else { throw Refusal(.tooLong, "An object's name has 64 digits.") }
        guard let stem = stem(of: name, suffix: ".js"), let digest = Digest(hexadecimal: text(stem)) else {
            throw Refusal(.invalid, "An object is named by 64 lower-case hexadecimal digits.")
        }
        return .object(digest)
    }

    /// The key in `…/{variable}/{id}{suffix}`; nil without the suffix.
    private static func resolutionKey(
        _ partner: PartnerKey?,
        _ segments: ArraySlice<[UInt8]>,
        suffix: String
    ) throws(Refusal) -> ResolutionKey? {
        let start = segments.startIndex
        guard let id = stem(of: segments[start + 2], suffix: suffix) else { return nil }
        return ResolutionKey(
            partner: partner,
            variable: try SystemVariable(text(segments[start + 1])),
            client: try SystemClientID(utf8: Array(id))
        )
    }

    private static func stem(of name: [UInt8], suffix: String) -> ArraySlice<UInt8>? {
        guard name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) else { return nil }
        return name.dropLast(suffix.utf8.count)
    }

    private static func text(_ segment: some Sequence<UInt8>) -> String {
        String(decoding: Array(segment), as: UTF8.self)
    }
}
