package import Domain
import Player
import Publishing
package import Store

extension Storage {
    /// Adds a partner whose key is its name in lower case.
    package func makePartner(_ name: String = "Tessera", variable: String = "sapUserId") async throws -> PartnerRecord {
        let variable = try SystemVariable(variable)
        let loader = TestKey.loader([variable])
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
        var new = NewRelease(
            id: ReleaseID(.system),
            owner: owner,
            environment: environment,
            content: Array(text.utf8),
            snippet: objects[0].digest,
            bundle: nil,
            player: objects[1].digest
        )
        new.signature = TestKey.key.sign(new.statement)
        return try await publish(new)
    }
}

/// Content for tests that look at bytes rather than at meaning.
package enum TestContent {
    /// A snippet whose body names `text`, and a player.
    package static func objects(_ text: String) -> [StoredObject] {
        ["/* snippet: \(text) */\n" + String(repeating: "// filling\n", count: 20), "/* player */\n"].map {
            TestKey.key.signed(StoredObject(mediaType: PlayerScripts.mediaType, body: Array($0.utf8)))
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

    /// A valid item of each kind, with all that its schema knows.
    package static let ofEachKind: [String] = [
        #"""
        {"kind":"shoutOut","name":"News","target":{"paths":["/","/expense*"]},"display":{"show":"once",
        "languages":["en","de"],"from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z",
        "segment":[{"variable":"app.user.role","is":["approver"],"isNot":["guest"]}]},"title":{"en":"News"},
        "text":{"en":"Read [the policy](https://help.example.com/policy)."},"button":{"en":"Show me"},
        "action":{"kind":"item","item":"walk"}}
        """#,
        #"""
        {"kind":"walkThru","name":"Walk","title":{"en":"Walk","fr":"Tour"},"summary":{"en":"How"},"steps":[{"title":
        {"en":"One"},"text":{"en":"**Click** here"},"selector":"#a","fallbacks":["[name=a]",".a"]}]}
        """#,
        #"""
        {"kind":"launcher","name":"Help","label":{"en":"Help"},"selector":"#total","fallbacks":[".total"],
        "side":"left","action":{"kind":"open","url":"https://help.example.com/total"}}
        """#,
        #"""
        {"kind":"smartTip","name":"Tip","label":{"en":"What is this?"},"selector":"#vat","on":"focus",
        "text":{"en":"The tax."}}
        """#,
        #"""
        {"kind":"resource","name":"Article","title":{"en":"Rates"},"summary":{"en":"Per country"},
        "action":{"kind":"article","text":{"en":"- Norway\n- Sweden"}}}
        """#,
        #"{"kind":"shuttle","name":"Go","title":{"en":"New report"},"path":"/expense/new?from=menu"}"#,
        #"""
        {"kind":"survey","name":"Ask","title":{"en":"How was it?"},"text":{"en":"Two questions"},"questions":[
        {"kind":"rating","label":{"en":"How easy?"},"from":1,"to":5},{"kind":"choice","label":{"en":"What for?"},
        "options":[{"en":"Travel"},{"en":"Meals"}],"many":true},{"kind":"words","label":{"en":"Anything else?"}}],
        "thanks":{"en":"Thank you"}}
        """#,
        #"""
        {"kind":"task","name":"First report","title":{"en":"File a report"},"text":{"en":"Once"},"start":"walk",
        "done":{"kind":"finished","item":"walk"}}
        """#,
    ]

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
