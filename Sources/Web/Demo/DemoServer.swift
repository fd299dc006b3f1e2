public import Domain
import HTTPTypes
import Hummingbird
public import Logging

extension WebServer {
    /// A client company that the demo's visitor can be signed in as.
    public struct DemoClient: Sendable {
        /// Its name in the partner app.
        public var name: String
        /// What it is there to show, in a few words.
        public var note: String
        /// The System Client ID that the partner app has for it.
        public var systemClientID: String

        /// Makes a client.
        public init(name: String, note: String, systemClientID: String) {
            self.name = name
            self.note = note
            self.systemClientID = systemClientID
        }
    }

    /// The demo's partner app: an expense application on an origin of its own, which carries the partner's tag.
    ///
    /// Who is signed in, the language and the security policy stand in the query, so that every state has a link.
    ///
    /// - Parameters:
    ///   - clients: Who can be signed in.
    ///   - loader: The origin of the edge, and the loader's address on it.
    ///   - host: The address to listen on.
    ///   - port: 0 for any free one.
    ///   - runtime: Chance, for nonces.
    ///   - logger: For what goes wrong.
    ///   - isBound: Called once, with the port that is really listened on.
    /// - Returns: The listener.
    /// - Throws: Where a template is broken.
    public static func demo(
        clients: [DemoClient],
        loader: @escaping @Sendable () -> (origin: String, url: String),
        host: String,
        port: Int,
        runtime: Runtime,
        logger: Logger,
        isBound: @escaping @Sendable (_ host: String, _ port: Int) -> Void
    ) throws -> WebServer {
        let pages = try Pages(folder: "demo")
        let router = Router(context: WebContext.self)
        for page in DemoPage.allCases {
            router.get(RouterPath(page.rawValue)) { request, _ in
                let state = DemoState(request.uri.queryParameters, clients)
                let nonce = base64(runtime.random(16))
                let view = DemoView(page, state, clients, loader(), nonce: nonce)
                var fields: HTTPFields = [.cacheControl: "no-store"]
                if state.isStrict { fields[.contentSecurityPolicy] = policy(nonce: nonce) }
                return Response("text/html; charset=utf-8", pages.render("layout", view).utf8, fields)
            }
        }
        for (path, type) in [
            ("app.css", "text/css; charset=utf-8"), ("app.js", "text/javascript; charset=utf-8"),
            ("favicon.svg", "image/svg+xml"),
        ] {
            let bytes = EmbeddedFiles.bytes("demo/\(path)") ?? []
            router.get(RouterPath("/\(path)")) { _, _ in Response(type, bytes) }
        }
        return WebServer(router, host: host, port: port, logger: logger, isBound: isBound)
    }

    /// As strict as a partner app can be: scripts by nonce alone, no connections, Trusted Types.
    private static func policy(nonce: String) -> String {
        "default-src 'none'; script-src 'nonce-\(nonce)' 'strict-dynamic'; connect-src 'none'; "
            + "require-trusted-types-for 'script'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"
    }
}

private enum DemoPage: String, CaseIterable {
    case home = "/"
    case expense = "/expense"
    case report = "/expense/report"
    case itemize = "/expense/itemize"
    case travel = "/travel"
    case approvals = "/approvals"
}

/// What the query says.
private struct DemoState {
    var client: String
    var language: String
    var isStrict: Bool

    init(_ query: Parameters, _ clients: [WebServer.DemoClient]) {
        let asked = query["client"].map(String.init)
        client = asked ?? clients.first?.systemClientID ?? ""
        language = query["language"].map(String.init).flatMap { ["en", "fr", "de"].contains($0) ? $0 : nil } ?? "en"
        isStrict = query["policy"] == "strict"
    }

    func link(_ page: DemoPage, _ change: (inout DemoState) -> Void = { _ in }) -> String {
        var state = self
        change(&state)
        let client = state.client.utf8.map { byte in
            byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
                ? String(Unicode.Scalar(byte)) : "%" + hexadecimal([byte])
        }.joined()
        return "\(page.rawValue)?client=\(client)&language=\(state.language)" + (state.isStrict ? "&policy=strict" : "")
    }
}

/// The values of `layout.mustache`.
private struct DemoView {
    struct Client {
        let name: String
        let note: String
        let id: String
        let href: String
        let selected: Bool
    }

    struct Language {
        let label: String
        let href: String
        let selected: Bool
    }

    struct Page {
        let label: String
        let href: String
        let current: Bool
    }

    let appName = "Tessera Expenses"
    let personName = "Alex Morel"
    let clientName: String
    let clientID: String
    let language: String
    let clients: [Client]
    let languages: [Language]
    let pages: [Page]
    let isHome: Bool
    let isExpense: Bool
    let isReport: Bool
    let isItemize: Bool
    let isTravel: Bool
    let isApprovals: Bool
    let nonce: String
    let loaderURL: String
    let edgeOrigin: String
    let strict: Bool
    let strictHref: String

    init(
        _ page: DemoPage,
        _ state: DemoState,
        _ clients: [WebServer.DemoClient],
        _ loader: (origin: String, url: String),
        nonce: String
    ) {
        clientID = state.client
        clientName = clients.first { $0.systemClientID == state.client }?.name ?? "A company without a contract"
        language = state.language
        self.clients = clients.map { client in
            Client(
                name: client.name,
                note: client.note,
                id: client.systemClientID,
                href: state.link(page) { $0.client = client.systemClientID },
                selected: client.systemClientID == state.client
            )
        }
        languages = [("English", "en"), ("Français", "fr"), ("Deutsch", "de")].map { label, code in
            Language(label: label, href: state.link(page) { $0.language = code }, selected: state.language == code)
        }
        pages = [
            ("Home", DemoPage.home), ("Expense", .expense), ("Requests", .travel), ("Approvals", .approvals),
        ].map { label, target in
            let isWithin = target == .expense && (page == .report || page == .itemize)
            return Page(label: label, href: state.link(target), current: page == target || isWithin)
        }
        isHome = page == .home
        isExpense = page == .expense
        isReport = page == .report
        isItemize = page == .itemize
        isTravel = page == .travel
        isApprovals = page == .approvals
        self.nonce = nonce
        loaderURL = loader.url
        edgeOrigin = loader.origin
        strict = state.isStrict
        strictHref = state.link(page) { $0.isStrict.toggle() }
    }
}
