import HTTPTypes

/// Field names that HTTPTypes does not know.
extension HTTPField.Name {
    static let host = known("Host")
    static let link = known("Link")
    static let referrerPolicy = known("Referrer-Policy")
    static let requestID = known("X-Request-Id")
    static let idempotencyKey = known("Idempotency-Key")
    static let timeToKill = known("Waymark-Time-To-Kill")
    static let fetchSite = known("Sec-Fetch-Site")

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is a field name.") }
        return name
    }
}
