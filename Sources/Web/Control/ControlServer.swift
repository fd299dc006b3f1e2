public import Domain
import HTTPTypes
import Hummingbird
public import Logging

extension WebServer {
    /// The control listener: the management API and a landing page. The other pages come to it.
    public static func control(
        api: API,
        runtime: Runtime,
        host: String,
        port: Int,
        version: String,
        logger: Logger,
        isBound: @escaping @Sendable (_ host: String, _ port: Int) -> Void
    ) throws -> WebServer {
        let pages = try Pages(folder: "control")
        let style = EmbeddedFiles.bytes("control/landing.css") ?? []
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        try APIRouter(api: api, version: version, runtime: runtime, logger: logger).add(to: router, pages: pages)
        router.get("/") { _, _ in
            Response("text/html; charset=utf-8", pages.render("landing", LandingPage(version: version)).utf8, strict)
        }
        router.get("/landing.css") { _, _ in Response("text/css; charset=utf-8", style, strict) }
        return WebServer(router, host: host, port: port, logger: logger, isBound: isBound)
    }

    /// What every control page is answered with: it loads nothing from elsewhere, and nobody frames it.
    static let strict: HTTPFields = [
        .contentSecurityPolicy:
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            + "require-trusted-types-for 'script'",
        .cacheControl: "no-store",
        .referrerPolicy: "no-referrer",
    ]
}

/// The values of `landing.mustache`.
private struct LandingPage {
    let version: String
}
