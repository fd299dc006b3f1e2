package import Domain
import Player
import Publishing
package import Store

extension Storage {
    /// Adds a partner whose key is its name in lower case.
    package func makePartner(_ name: String = "Tessera", variable: String = "sapUserId") async throws -> PartnerRecord {
        let variable = try SystemVariable(variable)
        let loader = Releases.loader(variables: [variable])
        try await putObjects([loader])
        return try await addPartner(
            name: try OrganisationName(name),
            key: try PartnerKey(name.lowercased()),
            variable: variable,
            loader: loader.digest
        )
    }

    /// Adds a client and returns its system.
    package func makeClient(
        _ id: String,
        of partner: PartnerRecord,
        name: String = "Nordwind"
    ) async throws -> SystemRecord {
        let client = try NewClient(
            name: try OrganisationName(name),
            system: .sapConcur,
            systemClientID: try SystemClientID(id),
            admins: [try EmailAddress("admin@nordwind.example")]
        )
        _ = try await addClients([client], of: partner)
        guard let system = try await systems(named: client.systemClientID.description, of: partner.id).first else {
            throw Refusal(.notFound, "The client that was just added is not there.")
        }
        return system
    }

    /// Gives a system another System Client ID.
    package func rekey(_ system: SystemRecord, to id: SystemClientID, reuse: Bool = false) async throws {
        var edit = SystemEdit()
        edit.systemClientID = id
        edit.reusesKey = reuse
        _ = try await changeSystem(system.id, of: system.client, edit, namingHolder: true, by: .operator)
    }

    /// Publishes a shoutOut of some text; returns where the pointer went.
    @discardableResult
    package func publishText(
        _ text: String,
        for owner: ContentOwner,
        in environment: EnvironmentName = .production
    ) async throws -> LiveRelease {
        let objects = TestContent.objects(text)
        try await putObjects(objects)
        return try await publish(
            NewRelease(
                owner: owner,
                environment: environment,
                content: Array(text.utf8),
                snippet: objects[0].digest,
                bundle: nil,
                player: objects[1].digest
            )
        )
    }
}

/// Content for tests that look at bytes rather than at meaning.
package enum TestContent {
    /// A snippet whose body names `text`, and a player.
    package static func objects(_ text: String) -> [StoredObject] {
        ["/* snippet: \(text) */\n" + String(repeating: "// filling\n", count: 20), "/* player */\n"].map {
            StoredObject(mediaType: PlayerScripts.mediaType, body: Array($0.utf8))
        }
    }

    /// The files of one item each.
    package static func items(_ texts: [String]) -> [ContentFile] {
        texts.enumerated().map { number, text in
            let json = """
                {"kind":"shoutOut","name":"Item \(number)","title":{"en":"\(text)"},"text":{"en":"\(text)"}}
                """
            return ContentFile(path: "items/item-\(number).json", bytes: Array(json.utf8))
        }
    }

    /// The files of a solution of one item.
    package static func solution(_ id: String, _ text: String, system: String = "sap-concur") -> [ContentFile] {
        let about = """
            {"name":{"en":"\(id)"},"system":"\(system)","summary":{"en":"About \(text)"}}
            """
        let item = """
            {"kind":"shoutOut","name":"Item","title":{"en":"\(text)"},"text":{"en":"\(text)"}}
            """
        return [
            ContentFile(path: "gallery/\(id)/solution.json", bytes: Array(about.utf8)),
            ContentFile(path: "gallery/\(id)/item.json", bytes: Array(item.utf8)),
        ]
    }
}
