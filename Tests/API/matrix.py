#!/usr/bin/env python3
"""The authorization matrix over HTTP: every cell of Tests/AccountsTests/matrix.txt that has a route.

Starts `waymark serve` on free ports and temporary data, with a partner with staff of each role, its client with regular
users of each role, and somebody of another partner and another client. Then everybody sends the same request to every
route, made so that only authorization decides: all else about it is right, or is refused later, by 409, 410 or 412, so
that nothing is lost. A route without a request here fails, and so does an action without a route. The operator's column
has no route. The exit code is 1 where anything differs.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import matrix_content
from matrix_site import NOBODY, PARTNER, REASON, ROWS, STALE, STRANGER, Probe, Site, token_body
from world import PASSWORD

EXAMPLE = """
Example:
  pip install -r Tests/MailTests/requirements.txt
  Tests/API/matrix.py --waymark .build/debug/waymark
  Tests/API/matrix.py --waymark .build/debug/waymark --only changeSettings --only readClients
"""
TABLE = Path(__file__).resolve().parent.parent / "AccountsTests" / "matrix.txt"


def read_table() -> dict[str, dict[str, str]]:
    """The cells of each action, by column."""
    lines = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return {line[0]: dict(zip(lines[0][1:-1], line[1:-1], strict=True)) for line in lines[1:]}


def joining(door: str) -> list[Probe]:
    """The routes of mailed links."""
    path, name = f"/{door}/{{token}}", f"{door} {{who}}"

    def at(site: Site, who: str) -> dict[str, str]:
        return {"token": site.link(door, who)}

    def accepting(site: Site, who: str) -> dict:
        return {} if who != NOBODY else {"firstName": "Lee", "lastName": "Moreau", "password": PASSWORD}

    return [
        Probe("openLink", f"GET {path}", at=at),
        Probe("sendCode", f"POST {path}/codes", at=at),
        Probe("declineLink", f"POST {path}/refusal", at=at, uses=name),
        Probe("acceptLink", f"POST {path}/acceptance", accepting, at=at, uses=name),
    ]


def credentials(site: Site, who: str) -> dict:
    return {"email": site.people[who][0] or "ada@tessera.example", "password": PASSWORD}


OWN = [
    Probe("signIn", "POST /sessions", credentials),
    Probe("requestPasswordReset", "POST /password-resets", lambda site, who: {"email": site.world.address("lost")}),
    Probe("resetPassword", "POST /password-resets/{token}", lambda site, who: {"password": PASSWORD},
          at=lambda site, who: {"token": "A" * 43}),
    Probe("readCatalogue", "GET /systems"),
    Probe("readMe", "GET /me"),
    Probe("changeMe", "PATCH /me", lambda site, who: {"language": "en"}, match="*"),
    # A wrong present password is refused by 422, after authorization, and costs one hash rather than two.
    Probe("changePassword", "PUT /me/password",
          lambda site, who: {"currentPassword": "not the one I have", "password": PASSWORD}, later=frozenset({422})),
    Probe("readSessions", "GET /me/sessions"),
    Probe("endSession", "DELETE /me/sessions/{id}", at=lambda site, who: {"id": site.session(who)}),
    Probe("readAccounts", "GET /me/accounts"),
    Probe("readTokens", "GET /api-tokens"),
    Probe("addToken", "POST /api-tokens", lambda site, who: token_body()),
    # Who cannot make a token has none to revoke: then nothing of that id is found, after authorization.
    Probe("deleteToken", "DELETE /api-tokens/{id}", at=lambda site, who: {"id": site.token(who)},
          later=frozenset({404})),
    # The last of all: it ends the sessions that everything else is asked by.
    Probe("signOut", "DELETE /sessions/current"),
]


def of_client(site: Site, who: str) -> dict[str, str]:
    return {"person": site.named_admin()}


def resume(site: Site) -> None:
    site.world.ada.delete(f"{PARTNER}/clients/{site.account.id}/suspension").expect(204)


def reopen(site: Site) -> None:
    site.world.ada.delete(f"{PARTNER}/clients/{site.account.id}/closing").expect(204)


PARTNERS = [
    Probe("readPartner", "GET /partners/{partner}"),
    Probe("readSettings", "GET /partners/{partner}/settings"),
    Probe("changeSettings", "PATCH /partners/{partner}/settings", lambda site, who: {"systemVariable": "sapUserId"},
          match="*"),
    Probe("readStaff", "GET /partners/{partner}/staff"),
    Probe("readStaff", "GET /partners/{partner}/staff/invitations"),
    Probe("readStaff", "GET /partners/{partner}/staff/{person}", at=lambda site, who: {"person": site.staff()}),
    Probe("inviteStaff", "POST /partners/{partner}/staff",
          lambda site, who: {"email": site.world.address("sam"), "role": "partnerViewer"}),
    Probe("inviteStaff", "POST /partners/{partner}/staff/invitations/{id}/mails",
          at=lambda site, who: {"id": site.staff_invitation()}),
    Probe("removeStaff", "DELETE /partners/{partner}/staff/invitations/{id}",
          at=lambda site, who: {"id": site.staff_invitation()}, uses="staff invitation"),
    Probe("changeStaff", "PATCH /partners/{partner}/staff/{person}", lambda site, who: {"role": "partnerViewer"},
          at=lambda site, who: {"person": site.staff()}, match="*"),
    Probe("removeStaff", "DELETE /partners/{partner}/staff/{person}", at=lambda site, who: {"person": site.staff()},
          match=STALE),
    Probe("readClients", "GET /partners/{partner}/clients"),
    Probe("createClient", "POST /partners/{partner}/clients", lambda site, who: site.client_body()),
    Probe("readClient", "GET /partners/{partner}/clients/{client}"),
    Probe("changeClient", "PATCH /partners/{partner}/clients/{client}", lambda site, who: {"cacheClass": None},
          match="*"),
    Probe("removeClient", "DELETE /partners/{partner}/clients/{client}",
          at=lambda site, who: {"client": site.new_client()}, match="*", uses="client"),
    Probe("readClientAdmins", "GET /partners/{partner}/clients/{client}/admins"),
    Probe("addClientAdmin", "POST /partners/{partner}/clients/{client}/admins",
          lambda site, who: {"email": site.world.address("it")}),
    Probe("mailClientAdmin", "POST /partners/{partner}/clients/{client}/admins/{person}/mails", at=of_client),
    Probe("removeClientAdmin", "DELETE /partners/{partner}/clients/{client}/admins/{person}", at=of_client,
          uses="named admin"),
    Probe("suspendClient", "PUT /partners/{partner}/clients/{client}/suspension", lambda site, who: REASON,
          undo=resume),
    Probe("resumeClient", "DELETE /partners/{partner}/clients/{client}/suspension"),
    Probe("closeClientAsPartner", "PUT /partners/{partner}/clients/{client}/closing", lambda site, who: REASON,
          undo=reopen),
    Probe("cancelClosingAsPartner", "DELETE /partners/{partner}/clients/{client}/closing"),
    Probe("importClients", "POST /partners/{partner}/client-imports", lambda site, who: site.rows(), fields=ROWS,
          query="?dryRun=true"),
    Probe("readClientImport", "GET /partners/{partner}/client-imports/{import}",
          at=lambda site, who: {"import": site.client_import()}),
    Probe("readUnknownIDs", "GET /partners/{partner}/unknown-ids"),
    Probe("readPartnerAudit", "GET /partners/{partner}/audit-events"),
]


def of_account(site: Site, who: str) -> dict[str, str]:
    user = site.partner_user()
    return {"account": user["account"]["id"], "person": user["id"]}


def of_user(site: Site, who: str) -> dict[str, str]:
    return {"person": site.user()}


def of_user_invitation(site: Site, who: str) -> dict[str, str]:
    return {"id": site.user_invitation()}


def of_partner_invitation(site: Site, who: str) -> dict[str, str]:
    return {"id": site.partner_invitation()}


def new_system(site: Site, who: str) -> dict:
    world = site.world
    return {"system": "sap-concur", "name": world.unique("Concur"), "systemClientId": world.client_id()}


CLIENTS = [
    Probe("readAccount", "GET /clients/{client}"),
    Probe("readSystems", "GET /clients/{client}/systems"),
    Probe("readSystems", "GET /clients/{client}/systems/{system}"),
    Probe("addSystem", "POST /clients/{client}/systems", new_system),
    Probe("changeSystem", "PATCH /clients/{client}/systems/{system}", lambda site, who: {"cacheClass": None},
          match="*"),
    Probe("deleteSystem", "DELETE /clients/{client}/systems/{system}", match=STALE),
    Probe("readUsers", "GET /clients/{client}/users"),
    Probe("readUsers", "GET /clients/{client}/users/invitations"),
    Probe("readUsers", "GET /clients/{client}/users/{person}", at=of_user),
    Probe("inviteUser", "POST /clients/{client}/users", lambda site, who: site.invited()),
    Probe("mailUser", "POST /clients/{client}/users/invitations/{id}/mails", at=of_user_invitation),
    Probe("removeUser", "DELETE /clients/{client}/users/invitations/{id}", at=of_user_invitation,
          uses="user invitation"),
    Probe("changeUser", "PATCH /clients/{client}/users/{person}", lambda site, who: {"role": "builder"}, at=of_user,
          match="*"),
    Probe("removeUser", "DELETE /clients/{client}/users/{person}", at=of_user, match=STALE),
    Probe("readPartnerInvitations", "GET /clients/{client}/partner-invitations"),
    Probe("invitePartners", "POST /clients/{client}/partner-invitations",
          lambda site, who: {"label": "Brightside", "invitations": [site.invited()]}),
    Probe("mailPartnerInvitation", "POST /clients/{client}/partner-invitations/{id}/mails", at=of_partner_invitation),
    Probe("withdrawPartnerInvitation", "DELETE /clients/{client}/partner-invitations/{id}", at=of_partner_invitation,
          uses="partner invitation"),
    Probe("readPartnerAccounts", "GET /clients/{client}/partner-accounts"),
    Probe("readPartnerAccounts", "GET /clients/{client}/partner-accounts/{account}", at=of_account),
    Probe("changePartnerAccount", "PATCH /clients/{client}/partner-accounts/{account}",
          lambda site, who: {"name": "Brightside"}, at=of_account, match="*"),
    Probe("readPartnerUsers", "GET /clients/{client}/partner-accounts/{account}/users", at=of_account),
    Probe("readPartnerUsers", "GET /clients/{client}/partner-accounts/{account}/users/{person}", at=of_account),
    Probe("changePartnerUser", "PATCH /clients/{client}/partner-accounts/{account}/users/{person}",
          lambda site, who: {"role": "builder"}, at=of_account, match="*"),
    Probe("removePartnerUser", "DELETE /clients/{client}/partner-accounts/{account}/users/{person}", at=of_account,
          match=STALE),
    Probe("mergePartnerAccounts", "POST /clients/{client}/partner-accounts/{account}/merge",
          lambda site, who: {"into": site.partner_user()["account"]["id"]},
          at=lambda site, who: {"account": site.other_account()}, uses="account"),
    # Another name than the account's is refused by 422, after authorization: nothing is deleted.
    Probe("deletePartnerAccount", "POST /clients/{client}/partner-accounts/{account}/deletion",
          lambda site, who: {"confirmName": "Another name"}, at=of_account, later=frozenset({422})),
    Probe("closeClient", "PUT /clients/{client}/closing", lambda site, who: REASON, undo=reopen),
    Probe("cancelClosing", "DELETE /clients/{client}/closing"),
    Probe("readClientAudit", "GET /clients/{client}/audit-events"),
]
PROBES = [*joining("invitations"), *joining("activations"), *PARTNERS, *CLIENTS, *matrix_content.PROBES, *OWN]


def uncovered(site: Site, table: dict[str, dict[str, str]]) -> list[str]:
    """Routes that are not asked here, and actions that no route leads to."""
    paths = site.world.anyone.get("/openapi.json").expect(200)["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods
              if method in ("get", "post", "put", "patch", "delete")}
    here = {probe.route for probe in PROBES}
    return (
        [f"no request for the route {route}" for route in sorted(routes - here)]
        + [f"no such route: {route}" for route in sorted(here - routes)]
        + [f"no route for {action}" for action in sorted(table.keys() - {probe.action for probe in PROBES})]
        + [f"no line for {action}" for action in sorted({probe.action for probe in PROBES} - table.keys())]
    )


def elsewhere(site: Site) -> list[str]:
    """Rights end at the member's own systems (domain.md, Roles): what another system's are answered instead."""
    users, system = f"{site.account.path}/users", f"{site.account.path}/systems/{site.other_system}"
    user = site.user_elsewhere()
    manager, content = site.people["SyM"][1], site.people["CoM"][1]
    asked = {
        "System Manager reads a user of another system": manager.get(f"{users}/{user}"),
        "System Manager changes one": manager.patch(f"{users}/{user}", {"role": "analyst"}, STALE),
        "System Manager removes one": manager.delete(f"{users}/{user}", STALE),
        "System Manager invites to another system": manager.post(users, site.invited(systems=[site.other_system])),
        "System Manager invites above Builder": manager.post(users, site.invited(role="publisher")),
        "Content Manager changes another system": content.patch(system, {"cacheClass": None}, STALE),
        "Content Manager deletes another system": content.delete(system, STALE),
    }
    found = [f"{what}: 403 or 404 expected, the server {answer.status}" for what, answer in asked.items()
             if answer.status not in (403, 404)]
    if any(one["id"] == user for one in manager.all(users)):
        found.append("System Manager lists a user of another system")
    return found


def ask_all(site: Site, table: dict[str, dict[str, str]], only: list[str]) -> tuple[int, int, list[str]]:
    """Sends everything: how many cells, how many requests, what differs."""
    cells: set[tuple[str, str]] = set()
    requests, differences = 0, []
    for probe in PROBES:
        if probe in OWN:
            site.people[STRANGER] = site.outsider
        for who in site.people if not only or probe.action in only else ():
            try:
                seen = probe.send(site, who)
            except Exception as error:  # noqa: BLE001: whatever goes wrong with one cell, the others still count
                seen = f"{type(error).__name__} {error}"
            requests += 1
            cells.add((probe.action, who))
            wanted = table[probe.action][who]
            if seen != wanted:
                differences.append(f"{probe.action:26}{who}  {wanted} in matrix.txt, the server {seen}: {probe.route}")
    return len(cells), requests, differences


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waymark", type=Path, required=True, metavar="BINARY", help="the waymark to test")
    parser.add_argument("--only", action="append", default=[], metavar="ACTION", help="only this action; repeatable")
    options = parser.parse_args()
    started, table = time.monotonic(), read_table()
    with tempfile.TemporaryDirectory(prefix="waymark-matrix-") as folder:
        site = Site(options.waymark.resolve(), Path(folder))
        try:
            differences = uncovered(site, table)
            own = [] if options.only else elsewhere(site) + matrix_content.elsewhere(site)
            cells, requests, found = ask_all(site, table, options.only)
            differences += own + found
        finally:
            site.world.stop()
    seconds = time.monotonic() - started
    print(*differences, sep="\n", end="\n" if differences else "")
    print(f"{cells} cells, {requests} requests, {len(differences)} differences, {seconds:.0f} s")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
