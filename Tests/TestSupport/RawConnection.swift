import Foundation

/// A TCP connection that sends exactly the bytes it is given, and waits off the test's own thread.
package final class RawConnection: Sendable {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "raw connection")

    /// An answer as it came over the wire.
    package struct Answer: Sendable, CustomStringConvertible {
        package var status: Int
        /// Field lines in order; names in lower case.
        package var fields: [(name: String, value: String)]
        package var body: [UInt8]

        package subscript(name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }

        package var text: String { String(decoding: body, as: UTF8.self) }

        package var description: String { "\(status) \(fields) \(text.prefix(200))" }
    }

    package struct Failed: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    package init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw Failed(description: "connect to \(port): \(String(cString: strerror(errno)))")
        }
        var time = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        close(descriptor)
    }

    package func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    package func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Ends the sending side.
    package func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Everything until the peer closes.
    package func readToEnd() async throws -> [UInt8] {
        try await off { connection in
            var bytes: [UInt8] = []
            while let more = try connection.receive(), !more.isEmpty { bytes += more }
            return bytes
        }
    }

    /// The next answer; `hasBody` false for one to a HEAD.
    package func answer(hasBody: Bool = true) async throws -> Answer {
        try await answers(1, hasBody: hasBody)[0]
    }

    /// The next answers in order.
    package func answers(_ count: Int, hasBody: Bool = true) async throws -> [Answer] {
        try await off { connection in
            var bytes: [UInt8] = []
            var answers: [Answer] = []
            while answers.count < count {
                if let (answer, used) = Self.parse(bytes, hasBody: hasBody) {
                    answers.append(answer)
                    bytes.removeFirst(used)
                    continue
                }
                guard let more = try connection.receive(), !more.isEmpty else {
                    throw Failed(
                        description: "closed after \(answers.count) of \(count) answers, \(bytes.count) bytes more"
                    )
                }
                bytes += more
            }
            guard bytes.isEmpty else { throw Failed(description: "\(bytes.count) bytes after the last answer") }
            return answers
        }
    }

    /// All answers until the peer closes.
    package static func answers(in bytes: [UInt8]) throws -> [Answer] {
        var rest = bytes
        var answers: [Answer] = []
        while !rest.isEmpty {
            guard let (answer, used) = parse(rest, hasBody: true) else {
                throw Failed(description: "half an answer: \(String(decoding: rest, as: UTF8.self))")
            }
            answers.append(answer)
            rest.removeFirst(used)
        }
        return answers
    }

    private func off<Result: Sendable>(
        _ work: @escaping @Sendable (RawConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try work(self) }) }
        }
    }

    private func receive() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else {
            if errno == ECONNRESET { return [] }
            throw Failed(description: "receive: \(String(cString: strerror(errno)))")
        }
        return Array(buffer.prefix(count))
    }

    private static func parse(_ bytes: [UInt8], hasBody: Bool) -> (Answer, Int)? {
        let end = Array("\r\n\r\n".utf8)
        guard let headEnd = bytes.firstRange(of: end)?.upperBound else { return nil }
        let lines = String(decoding: bytes[..<(headEnd - 4)], as: UTF8.self).components(separatedBy: "\r\n")
        let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        let fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (
                name: line[..<colon].lowercased(),
                value: line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
            )
        }
        let length = fields.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        let bodyCount = hasBody && status != 304 && status >= 200 ? length : 0
        guard bytes.count >= headEnd + bodyCount else { return nil }
        let answer = Answer(status: status, fields: fields, body: Array(bytes[headEnd..<headEnd + bodyCount]))
        return (answer, headEnd + bodyCount)
    }
}

/// One request on a connection of its own.
package func ask(
    _ port: Int,
    _ path: String,
    method: String = "GET",
    _ fields: [String] = [],
    body: String = ""
) async throws -> RawConnection.Answer {
    let connection = try RawConnection(port: port)
    let head = ["\(method) \(path) HTTP/1.1", "Host: edge.example"] + fields
    connection.send(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
    return try await connection.answer(hasBody: method != "HEAD")
}
