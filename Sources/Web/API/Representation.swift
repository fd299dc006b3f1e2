import Accounts
import Authorization
import Domain
import Store

/// The API's JSON of each record; its schema stands in ``APISchemas``, and tests hold the two together.
enum Representation {
    static func person(_ person: PersonRecord) -> JSONValue {
        [
            "id": id(person.id), "email": text(person.address), "firstName": text(person.firstName),
            "lastName": text(person.lastName), "language": .string(person.language.rawValue),
        ]
    }

    static func session(_ session: SessionRecord, current: SessionID?) -> JSONValue {
        [
            "id": id(session.id), "createdAt": time(session.createdAt), "usedAt": time(session.usedAt),
            "address": text(session.origin), "agent": text(session.agent), "current": .bool(session.id == current),
        ]
    }

    static func token(_ token: APITokenRecord) -> JSONValue {
        [
            "id": id(token.id), "name": .string(token.name),
            "scopes": .array(token.scopes.map(\.rawValue).sorted().map(JSONValue.string)),
            "createdAt": time(token.createdAt), "expiresAt": time(token.expiresAt),
        ]
    }

    static func partner(_ partner: PartnerRecord, hasAdmin: Bool) -> JSONValue {
        [
            "id": id(partner.id), "key": .string(partner.key.text), "name": .string(partner.name.text),
            "state": .string(partner.isSuspended ? "suspended" : hasAdmin ? "active" : "pending"),
        ]
    }

    static func settings(_ partner: PartnerRecord) -> JSONValue {
        let retiring = partner.retiring.sorted { $0.key.text < $1.key.text }
        return [
            "systemVariable": .string(partner.variables.first?.text ?? ""),
            "retiringVariables": .array(
                retiring.map { ["systemVariable": .string($0.key.text), "until": time($0.value)] }
            ),
            "cacheClass": .string(partner.cacheClass.rawValue), "linkHosts": hosts(partner.linkHosts),
        ]
    }

    static func staff(_ staff: StaffRecord) -> JSONValue {
        [
            "id": id(staff.person.id), "email": text(staff.person.address), "firstName": text(staff.person.firstName),
            "lastName": text(staff.person.lastName), "role": .string(staff.role.rawValue),
            "createdAt": time(staff.createdAt),
        ]
    }

    static func client(_ client: ClientRecord) -> JSONValue {
        [
            "id": id(client.id), "partner": id(client.partner), "name": .string(client.name.text),
            "state": .string(client.state.rawValue), "activatedAt": time(client.activatedAt),
            "suspension": client.suspendedAt.map {
                ["since": time($0), "reason": text(client.suspensionReason)]
            } ?? .null,
            "closing": client.closingAt.map { ["at": time($0), "reason": text(client.closingReason)] } ?? .null,
            "createdAt": time(client.createdAt), "systems": .array(client.systems.map(system)),
        ]
    }

    static func system(_ system: SystemRecord) -> JSONValue {
        [
            "id": id(system.id), "system": .string(system.type.text), "name": .string(system.name.text),
            "systemClientId": .string(system.systemClientID.description),
            "cacheClass": system.cacheClass.map { .string($0.rawValue) } ?? .null,
            "standardContentOff": .bool(system.standardContentOff), "createdAt": time(system.createdAt),
            "linkHosts": hosts(system.linkHosts),
        ]
    }

    private static func hosts(_ hosts: [HostName]) -> JSONValue { .array(hosts.map { .string($0.text) }) }

    static func member(_ member: MemberRecord) -> JSONValue {
        [
            "id": id(member.person.id), "email": text(member.person.address),
            "firstName": text(member.person.firstName), "lastName": text(member.person.lastName),
            "role": .string(member.role.rawValue), "systems": .array(member.systems.map { id($0) }),
            "partnerAccount": member.account.map { id($0) } ?? .null, "createdAt": time(member.createdAt),
        ]
    }

    static func invitation(_ joining: JoiningRecord) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": id(joining.id), "email": .string(joining.address.text),
            "role": .string(joining.seat.role), "status": .string(joining.state.rawValue),
            "systems": .array(joining.systems.map { id($0) }), "invitedBy": joining.invitedBy.map { id($0) } ?? .null,
            "createdAt": time(joining.createdAt), "sentAt": time(joining.sentAt), "expiresAt": time(joining.expiresAt),
            "partnerAccount": .null, "label": .null,
        ]
        if case .partner(_, _, let choice) = joining.seat {
            // "Pending approval" (rules F-022, F-023).
            if joining.state == .pending { members["status"] = "pendingApproval" }
            switch choice {
            case .existing(let account): members["partnerAccount"] = id(account)
            case .label(let name): members["label"] = .string(name.text)
            }
        }
        return .object(members)
    }

    static func account(_ account: PartnerAccountRecord) -> JSONValue {
        [
            "id": id(account.id), "name": .string(account.name.text), "status": .string(account.status.rawValue),
            "verified": .bool(account.partner != nil), "galleryOn": .bool(account.isGalleryOn),
            "users": .integer(account.users), "createdAt": time(account.createdAt),
        ]
    }

    static func accounts(_ accounts: PersonAccounts) -> JSONValue {
        [
            "partner": accounts.home.map { home in
                [
                    "id": id(home.partner), "key": .string(home.key), "name": .string(home.name),
                    "role": .string(home.role.rawValue),
                ]
            } ?? .null,
            "clients": .array(accounts.clients.map(accountOfClient)),
        ]
    }

    private static func accountOfClient(_ one: PersonAccounts.Client) -> JSONValue {
        [
            "id": id(one.client.id), "name": .string(one.client.name.text),
            "state": .string(one.client.state.rawValue), "partnerName": .string(one.partnerName),
            "partnerAccountStatus": one.account.map { .string($0.status.rawValue) } ?? .null,
            "role": .string(one.role.rawValue),
            "products": .array(one.role.products.map { .string($0.rawValue) }),
            "systems": .array(one.systems.map { ["id": id($0.id), "name": .string($0.name.text)] }),
        ]
    }

    static func link(_ open: OpenJoining) -> JSONValue {
        let kind =
            switch open.joining.seat {
            case .staff: "staff"
            case .regular: open.activates ? "activation" : "user"
            case .partner: "partnerUser"
            }
        return [
            "mode": .string(open.hasIdentity ? "signIn" : "signUp"), "kind": .string(kind),
            "role": .string(open.joining.seat.role),
            "email": .string(open.joining.address.text), "organisation": .string(open.organisation.text),
            "partnerName": .string(open.partnerName), "needsCode": .bool(open.needsCode && !open.hasIdentity),
            "expiresAt": time(open.joining.expiresAt),
        ]
    }

    static func event(_ event: AuditEvent) -> JSONValue {
        [
            "sequence": .integer(event.sequence), "at": time(event.at), "actor": .string(event.actor),
            "action": .string(event.action), "subject": .string(event.subject),
            "details": (try? JSONValue(parsing: Array(event.details.utf8))) ?? [:],
            "address": text(event.origin), "requestId": text(event.requestID),
        ]
    }

    static func id<Kind>(_ id: Identifier<Kind>) -> JSONValue { .string(id.description) }

    static func text(_ text: (some CustomStringConvertible)?) -> JSONValue {
        text.map { .string($0.description) } ?? .null
    }

    static func time(_ time: Timestamp?) -> JSONValue {
        time.map { .string($0.description) } ?? .null
    }
}
