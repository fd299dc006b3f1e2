/// One request as the slow lane takes it, of whatever protocol: it holds what it needs, so that it outlives the bytes it
/// came in.
package struct Request {
    var method: RequestHead.Method
    var route: Route
    var accepted: AcceptedCodings
    /// All `If-None-Match` fields, as they were sent.
    var ifNoneMatch: [[UInt8]] = []
    /// What to do with the connection afterwards; always kept with HTTP/2.
    var keepsAlive = true
    /// Whether the client speaks HTTP/1.0.
    var isOld = false

    init(method: RequestHead.Method, route: Route, accepted: AcceptedCodings) {
        self.method = method
        self.route = route
        self.accepted = accepted
    }

    /// Takes a head over, with the bytes that it was read from.
    package init(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) {
        method = head.method
        route = Route(target: UnsafeRawBufferPointer(rebasing: bytes[head.target]), method: head.method)
        accepted = head.accepted
        if let range = head.ifNoneMatch {
            ifNoneMatch = ([range] + head.ifNoneMatchToo).map { Array(bytes[$0]) }
        }
        keepsAlive = head.keepsAlive
        isOld = head.isOld
    }

    /// Whether the client says to have the entity of this tag.
    func knows(_ tag: [UInt8]) -> Bool {
        ifNoneMatch.contains { field in
            field.withUnsafeBytes { matches(ifNoneMatch: FieldText($0), tag: tag) }
        }
    }
}
