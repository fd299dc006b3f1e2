import Accounts
import Authorization
import Domain
import HTTPTypes
import Store

/// The Partners tab of a client account: invitations, partner accounts, partner users.
extension API {
    var partnerInvitationEndpoints: [Endpoint] {
        [
            .list(
                "/clients/{client}/partner-invitations",
                .readPartnerInvitations,
                "Open, expired and declined partner invitations.",
                answer: "Invitation"
            ) { call in
                let page: Page<JoiningID> = try call.page()
                let list = try await invitations.list(call.caller, to: try call.id("client"), page)
                return .list(list, limit: page.limit, cursor: { "\($0.id)" }, Representation.invitation)
            },
            Endpoint(
                method: .post,
                path: "/clients/{client}/partner-invitations",
                action: .invitePartners,
                summary: "Invites partner users, each with a role and systems; all or none.",
                body: APISchemas.object(
                    [
                        "partnerAccount": APISchemas.id, "label": APISchemas.name,
                        "invitations": APISchemas.list(
                            APISchemas.object([
                                "email": APISchemas.email, "role": APISchemas.clientRole,
                                "systems": APISchemas.list(APISchemas.id, 1...200),
                            ]),
                            1...Int64(PartnerInvitations.inviteesMax)
                        ),
                    ],
                    optional: ["partnerAccount", "label"]
                ),
                example: [
                    "label": "Brightside Consulting",
                    "invitations": [
                        [
                            "email": "lee@brightside.example", "role": "builder",
                            "systems": ["0190c7a8-0000-7000-8000-000000000001"],
                        ]
                    ],
                ],
                status: .created,
                answer: "Invitation",
                isList: true,
                kept: { ($0 as? [JoiningRecord]).map(Self.sent) },
                run: { Self.sent(try await invite($0)) }
            ),
            .delete(
                "/clients/{client}/partner-invitations/{id}",
                .withdrawPartnerInvitation,
                "Takes an invitation back; its link stops."
            ) { call in
                try await invitations.withdraw(call.caller, try call.id("id"), of: try call.id("client"))
            },
            .invite(
                "/clients/{client}/partner-invitations/{id}/mails",
                .mailPartnerInvitation,
                "Sends an invitation again: another link, another seven days."
            ) { call in
                try await invitations.mail(call.caller, try call.id("id"), of: try call.id("client"))
            },
        ]
    }

    private static func sent(_ joinings: [JoiningRecord]) -> APIAnswer {
        var answer = APIAnswer.list(joinings, limit: joinings.count, cursor: { "\($0.id)" }, Representation.invitation)
        answer.status = .created
        return answer
    }

    private func invite(_ call: APICall) async throws -> [JoiningRecord] {
        let account: PartnerAccountChoice
        switch (call.text("partnerAccount").flatMap { PartnerAccountID($0) }, call.text("label")) {
        case (let id?, nil): account = .existing(id)
        case (nil, let label?): account = .label(try OrganisationName(label))
        default:
            throw Refusal(
                .invalid,
                "Name either an existing partner account, or a label for a new one.",
                field: "partnerAccount"
            )
        }
        let invitees = try (call.array("invitations") ?? []).enumerated().map { number, value in
            PartnerInvitations.Invitee(
                address: try EmailAddress(value["email"]?.text ?? "", field: "invitations/\(number)/email"),
                role: value["role"]?.text.flatMap(ClientRole.init(rawValue:)) ?? .analyst,
                systems: call.systems(in: value) ?? []
            )
        }
        return try await invitations.send(call.caller, invitees, into: account, of: try call.id("client"))
    }

    var partnerAccountEndpoints: [Endpoint] {
        [
            .list(
                "/clients/{client}/partner-accounts",
                .readPartnerAccounts,
                "The partners of a client account, with their status.",
                answer: "PartnerAccount"
            ) { call in
                let page: Page<PartnerAccountID> = try call.page()
                let list = try await invitations.accounts(call.caller, of: try call.id("client"), page)
                return .list(list, limit: page.limit, cursor: { "\($0.id)" }, Representation.account)
            },
            .get(
                "/clients/{client}/partner-accounts/{account}",
                .readPartnerAccounts,
                "One partner account.",
                answer: "PartnerAccount"
            ) { call in
                Representation.account(
                    try await invitations.account(call.caller, try call.id("account"), of: try call.id("client"))
                )
            },
            .patch(
                "/clients/{client}/partner-accounts/{account}",
                .changePartnerAccount,
                "Renames a partner account, or switches its gallery on or off.",
                body: APISchemas.object(
                    ["name": APISchemas.name, "galleryOn": APISchemas.flag],
                    optional: ["name", "galleryOn"]
                ),
                example: ["galleryOn": true],
                answer: "PartnerAccount"
            ) { call in
                let account = try await invitations.change(
                    call.caller,
                    try call.id("account"),
                    of: try call.id("client"),
                    name: try call.text("name").map { try OrganisationName($0) },
                    isGalleryOn: call.flag("galleryOn"),
                    expecting: call.expecting(Representation.account)
                )
                return Representation.account(account)
            },
            Endpoint(
                method: .post,
                path: "/clients/{client}/partner-accounts/{account}/deletion",
                action: .deletePartnerAccount,
                summary: "Deletes a partner account with all its users; irreversible, so its name is repeated.",
                body: APISchemas.object(["confirmName": APISchemas.name]),
                example: ["confirmName": "Brightside Consulting"],
                status: .noContent,
                kept: { ($0 as? Void).map { .done } },
                run: { call in
                    try await invitations.delete(
                        call.caller,
                        try call.id("account"),
                        of: try call.id("client"),
                        confirmedName: try call.required("confirmName")
                    )
                    return .done
                }
            ),
            .post(
                "/clients/{client}/partner-accounts/{account}/merge",
                .mergePartnerAccounts,
                "Moves all users of a labelled partner account to another one.",
                body: APISchemas.object(["into": APISchemas.id]),
                example: ["into": "0190c7a8-0000-7000-8000-000000000001"],
                status: .ok,
                answer: "PartnerAccount",
                render: { (account: PartnerAccountRecord) in .ok(Representation.account(account)) }
            ) { call in
                guard let target = PartnerAccountID(try call.required("into")) else {
                    throw Refusal(.invalid, "This is no id.", field: "into")
                }
                return try await invitations.merge(
                    call.caller,
                    try call.id("account"),
                    into: target,
                    of: try call.id("client")
                )
            },
            .list(
                "/clients/{client}/partner-accounts/{account}/users",
                .readPartnerUsers,
                "The users of a partner account.",
                answer: "Member"
            ) { call in
                let page: Page<PersonID> = try call.page()
                let list = try await invitations.users(
                    call.caller,
                    of: try call.id("account"),
                    try call.id("client"),
                    page
                )
                return .list(list, limit: page.limit, cursor: { "\($0.person.id)" }, Representation.member)
            },
            .get(
                "/clients/{client}/partner-accounts/{account}/users/{person}",
                .readPartnerUsers,
                "One user of a partner account.",
                answer: "Member"
            ) { call in
                let member = try await invitations.user(
                    call.caller,
                    try call.id("person"),
                    of: try call.id("account"),
                    try call.id("client")
                )
                return Representation.member(member)
            },
            .patch(
                "/clients/{client}/partner-accounts/{account}/users/{person}",
                .changePartnerUser,
                "Changes a partner user's role or systems; none is allowed.",
                body: APISchemas.member,
                example: ["role": "builder"],
                answer: "Member"
            ) { call in
                let member = try await invitations.changeUser(
                    call.caller,
                    try call.id("person"),
                    of: try call.id("account"),
                    try call.id("client"),
                    role: call.text("role").flatMap(ClientRole.init(rawValue:)),
                    systems: call.systems(),
                    expecting: call.expecting(Representation.member)
                )
                return Representation.member(member)
            },
            .delete(
                "/clients/{client}/partner-accounts/{account}/users/{person}",
                .removePartnerUser,
                "Removes a partner user from this client.",
                needsMatch: true
            ) { call in
                try await invitations.removeUser(
                    call.caller,
                    try call.id("person"),
                    of: try call.id("account"),
                    try call.id("client"),
                    expecting: call.expecting(Representation.member)
                )
            },
        ]
    }
}
