import Domain
import Hummingbird
import NIOCore

/// What is known of a request besides itself.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The peer's network address.
    let address: String?
    /// The request's id, told in the answer and written to the audit and the log.
    let requestID: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress
        requestID = Identifier<Self>(.system).description
    }
}
