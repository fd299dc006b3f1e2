/// A type of application under guidance, as the catalogue lists it (decision D-16).
public struct SystemType: Hashable, Sendable, CustomStringConvertible {
    /// The type's id, such as `sap-concur`.
    public let text: String
    /// What people call it.
    public let name: String

    /// SAP Concur, the one type that is enabled (rule F-116).
    public static let sapConcur = SystemType(text: "sap-concur", name: "SAP Concur")

    /// The types that this version supports.
    public static let supported = [sapConcur]

    private init(text: String, name: String) {
        self.text = text
        self.name = name
    }

    /// Reads a type's id.
    ///
    /// - Throws: `unsupported`, naming the supported types, for any other.
    public init(_ text: String) throws(Refusal) {
        guard let type = Self.supported.first(where: { $0.text == text }) else {
            let names = Self.supported.map(\.text).joined(separator: ", ")
            throw Refusal(
                .unsupported,
                "The system '\(text.prefix(64))' is not supported. Supported systems: \(names).",
                field: "system"
            )
        }
        self = type
    }

    /// The type's id.
    public var description: String { text }
}
