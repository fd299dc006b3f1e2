public import NIOCore

/// Every limit of the edge's connections, named (`edge-contract.md`, Connections).
public struct EdgeLimits: Sendable {
    /// The longest request line, with its line end.
    public var requestLineBytes = 4 * 1024
    /// The longest head, with its closing empty line.
    public var headBytes = 16 * 1024
    /// The most header fields.
    public var fields = 100
    /// The longest body.
    public var bodyBytes = 16 * 1024
    /// A TLS handshake must be complete so long after the connection was taken.
    public var handshakeTime = TimeAmount.seconds(10)
    /// A head must be complete so long after its first byte.
    public var headTime = TimeAmount.seconds(10)
    /// A body must be complete so long after its head.
    public var bodyTime = TimeAmount.seconds(10)
    /// A connection may wait so long for a next request.
    public var idleTime = TimeAmount.seconds(75)
    /// A client that reads nothing for so long is let go.
    public var writeTime = TimeAmount.seconds(30)
    /// The most connections of the process; further ones are closed as they come.
    public var connections = 10_000
    /// Between not being ready and telling connections to close, so that balancers notice first.
    public var drainNotice = TimeAmount.milliseconds(200)
    /// How long connections are told to close before the listener and those that wait are closed.
    public var drainGrace = TimeAmount.seconds(1)
    /// Before the listener closes, connections whose TCP handshake has begun get so long to come in.
    public var handshakeGrace = TimeAmount.milliseconds(100)
    /// What is still open so long after that is closed.
    public var drainTime = TimeAmount.seconds(10)
    /// An object that the edge lacks must come from upstream within this time.
    public var objectTime = TimeAmount.seconds(2)
    /// Bytes of objects kept in memory that no live release names.
    public var spareObjectBytes = 32 * 1024 * 1024

    /// The limits of the contract.
    public init() {}
}
