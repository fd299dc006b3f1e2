import Domain
import Edge
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A limit of the edge's connections that can be set: its name, its bounds, and where it goes.
private struct EdgeLimitSetting: Sendable {
    let key: Settings.Key
    let bounds: ClosedRange<Int>
    let apply: @Sendable (inout EdgeLimits, Int) -> Void

    static let all: [EdgeLimitSetting] = [
        .init(key: .edgeConnections, bounds: 1...1_000_000) { $0.connections = $1 },
        .init(key: .edgeRequestLineBytes, bounds: 256...65_536) { $0.requestLineBytes = $1 },
        .init(key: .edgeHeadBytes, bounds: 512...262_144) { $0.headBytes = $1 },
        .init(key: .edgeFields, bounds: 8...1000) { $0.fields = $1 },
        .init(key: .edgeBodyBytes, bounds: 0...1_048_576) { $0.bodyBytes = $1 },
        .init(key: .edgeHandshakeSeconds, bounds: 1...3600) { $0.handshakeTime = .seconds(Int64($1)) },
        .init(key: .edgeHeadSeconds, bounds: 1...3600) { $0.headTime = .seconds(Int64($1)) },
        .init(key: .edgeBodySeconds, bounds: 1...3600) { $0.bodyTime = .seconds(Int64($1)) },
        .init(key: .edgeIdleSeconds, bounds: 1...3600) { $0.idleTime = .seconds(Int64($1)) },
        .init(key: .edgeWriteSeconds, bounds: 1...3600) { $0.writeTime = .seconds(Int64($1)) },
        .init(key: .edgeDrainSeconds, bounds: 0...15) { $0.drainTime = .seconds(Int64($1)) },
    ]
}

extension Settings {
    /// The limits of the edge's connections. There are never more connections than open files allow, less those that
    /// everything else needs: a full edge refuses connections, it does not run into errors.
    func edgeLimits() throws -> EdgeLimits {
        var limits = EdgeLimits()
        for setting in EdgeLimitSetting.all { setting.apply(&limits, try number(setting.key, setting.bounds)) }
        limits.connections = max(1, min(limits.connections, Self.openFiles() - Self.otherFiles))
        return limits
    }

    /// For the database, the other listeners and their connections, and event loops.
    private static let otherFiles = 96

    /// How many files this process may have open, after raising that to what it is allowed to.
    private static func openFiles() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// The files of the edge's certificates; empty where it speaks no TLS.
    func certificateFiles() throws -> [EdgeCertificates.Files] {
        func list(_ key: Key) -> [String] {
            value(key).split(separator: ",").map { $0.trimmingPrefix(" ").description }
        }
        let (certificates, keys) = (list(.tlsCertificate), list(.tlsKey))
        guard certificates.count == keys.count else {
            throw Refusal(
                .invalid,
                "--tls-certificate names \(certificates.count) files and --tls-key \(keys.count): each needs the other.",
                field: Key.tlsKey.rawValue
            )
        }
        return zip(certificates, keys).map { EdgeCertificates.Files(certificate: $0, key: $1) }
    }
}
