public import Domain
public import Store

/// Partners: organisations that run a partner app. Only the operator's act makes one (decision D-6).
public struct Partners: Sendable {
    private let storage: Storage
    private let runtime: Runtime
    private let loader: @Sendable ([SystemVariable]) -> StoredObject

    /// Makes the operations over a store.
    ///
    /// - Parameters:
    ///   - storage: The store.
    ///   - runtime: Chance, for keys.
    ///   - loader: Makes the object of the loader that reads the given variables.
    public init(
        storage: Storage,
        runtime: Runtime,
        loader: @escaping @Sendable ([SystemVariable]) -> StoredObject
    ) {
        self.storage = storage
        self.runtime = runtime
        self.loader = loader
    }

    /// Adds a partner; the first becomes the deployment's default partner.
    ///
    /// - Parameters:
    ///   - caller: The operator.
    ///   - name: Its name, which no other partner has.
    ///   - variable: Its system variable.
    ///   - key: Its public key; nil for one made of its name and some random characters.
    /// - Returns: The partner.
    /// - Throws: `conflict` where the key or the name is taken.
    public func add(
        _ caller: Caller,
        name: OrganisationName,
        variable: SystemVariable,
        key: PartnerKey?
    ) async throws -> PartnerRecord {
        try caller.requireOperator()
        let loader = loader([variable])
        let key = try key ?? made(of: name)
        try await storage.putObjects([loader])
        return try await storage.addPartner(name: name, key: key, variable: variable, loader: loader.digest)
    }

    /// The partner of a key, else of a name.
    public func find(_ caller: Caller, _ keyOrName: String) async throws -> PartnerRecord {
        try caller.requireOperator()
        return try await storage.partner(keyOrName)
    }

    private func made(of name: OrganisationName) throws(Refusal) -> PartnerKey {
        let letters = name.text.lowercased().unicodeScalars.map { scalar -> Character in
            let isPlain = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            return isPlain ? Character(scalar) : "-"
        }
        let words = String(letters).split(separator: "-").joined(separator: "-").prefix(24)
        return try PartnerKey((words.isEmpty ? "partner" : words) + "-" + hexadecimal(runtime.random(3)))
    }
}
