"""Links in mail: what they look like, what they lead to, and that every dead one looks the same."""

from client import Client
from joining import NEW, shape
from suite import check, expect, expect_same, until
from world import World

UNKNOWN = "A" * 43


@check
def button(world: World) -> None:
    """F-029 F-122 the mails' buttons are named as in the sources, in the inviter's language for somebody new"""
    words = {"en": "Accept & Continue", "fr": "Accepter et continuer", "de": "Akzeptieren und Weiter"}
    account = world.account(admin="yves@nordwind.example")
    for language, label in words.items():
        account.admin.patch("/me", {"language": language}).expect(200)
        address = world.address("lee")
        world.invite(account, address, "Brightside")
        mail = world.mailbox.next(address)
        expect(label in mail.text, f"no '{label}' in the text: {mail.text}")
        expect(label.replace("&", "&amp;") in mail.part("html"), f"no '{label}' in the page")
        expect(mail.link and mail.link in mail.part("html"), "the page has another link than the text")
        expect(account.name in mail.text, "the mail does not name the client")
    made = world.new_client([world.address("it")])
    admin = world.ada.get(f"/partners/tessera/clients/{made['id']}/admins").items[0]["email"]
    expect("Activate Account" in world.mailbox.next(admin).text, "no 'Activate Account' in the activation")


@check
def looking(world: World) -> None:
    """F-029 F-030 looking at a link, as mail scanners do, has no effect, and says what it leads to"""
    address = world.address("lee")
    world.invite(world.shared, address, "Brightside")
    mail = world.mailbox.next(address)
    for _ in range(3):
        found = world.anyone.get(mail.path).expect(200).json
        expect_same(world.anyone.ask("HEAD", mail.path).status, 200, "HEAD")
    wanted = {"mode": "signUp", "kind": "partnerUser", "role": "builder", "email": address, "needsCode": False}
    expect_same({name: found[name] for name in wanted}, wanted, "the link")
    joined = world.anyone.post(f"{mail.path}/acceptance", NEW).expect(200)
    expect_same(joined["client"], world.shared.id, "the client joined")


@check
def from_origin(world: World) -> None:
    """F-029 links are built from the configured origin, never from Host"""
    address = world.address("lee")
    one = {"email": address, "role": "builder", "systems": [world.shared.system]}
    body = {"label": "Brightside", "invitations": [one]}
    hosts = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    world.nora.ask("POST", world.shared.invitations, body, hosts).expect(201)
    mail = world.mailbox.next(address)
    expect(mail.link.startswith(world.anyone.control + "/invitations/"), f"the link is {mail.link}")
    expect("evil" not in mail.message.as_string(), "the mail holds what Host said")


def dead_links(world: World) -> dict[str, str]:
    """Paths of links that ended, each in another way."""
    account = world.shared
    paths = {"unknown": f"/invitations/{UNKNOWN}", "no token": "/invitations/abc", "odd": "/invitations/%C3%A9%00x"}
    for end in ("used", "withdrawn", "declined", "sent again", "replaced"):
        address = world.address("lee")
        made = world.invite(account, address, "Brightside")
        path = paths[end] = world.mailbox.next(address).path
        if end == "used":
            world.anyone.post(f"{path}/acceptance", NEW).expect(200)
        elif end == "declined":
            world.anyone.post(f"{path}/refusal").expect(204)
        elif end == "withdrawn":
            account.admin.delete(f"{account.invitations}/{made['id']}").expect(204)
        elif end == "sent again":
            account.admin.post(f"{account.invitations}/{made['id']}/mails").expect(201)
        else:
            world.invite(account, address, "Brightside", role="analyst")
    removed = world.new_client([world.address("it")])
    admin = world.ada.get(f"/partners/tessera/clients/{removed['id']}/admins").items[0]["email"]
    paths["its client removed"] = world.mailbox.next(admin).path
    world.ada.delete(f"/partners/tessera/clients/{removed['id']}", match="*").expect(204)
    return paths


@check
def dead(world: World) -> None:
    """F-025 F-028 used, withdrawn, declined, superseded, orphaned and unknown links get one status and one body"""
    paths = dead_links(world)
    for method, end, body in (("GET", "", None), ("POST", "/codes", None), ("POST", "/acceptance", NEW),
                              ("POST", "/refusal", None)):
        wanted = shape(world.anyone.ask(method, paths["unknown"] + end, body).expect(410, "linkDead"))
        for why, path in paths.items():
            seen = shape(world.anyone.ask(method, path + end, body))
            expect_same(seen, wanted, f"{method} {end} of a link that is {why}")


@check
def scanner_posts_nothing(world: World) -> None:
    """F-029 other methods on a link are refused and change nothing"""
    address = world.address("lee")
    world.invite(world.shared, address, "Brightside")
    path = world.mailbox.next(address).path
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        world.anyone.ask(method, path, {}).expect(405)
    world.anyone.get(f"{path}/acceptance").expect(405)
    until(lambda: world.anyone.get(path).status == 200, "the link works")
    anonymous = Client(world.anyone.control, session="B" * 43)
    anonymous.post(f"{path}/acceptance", NEW).expect(200)


@check
def no_secrets(world: World) -> None:
    """F-029 a link's secret is in no file of the data directory and not in the log; mails' codes neither"""
    address = world.address("lee")
    world.invite(world.shared, address, "Brightside")
    mail = world.mailbox.next(address)
    token = mail.path.split("/")[-1].encode()
    world.anyone.get(mail.path).expect(200)
    session = world.nora.session.encode()
    found = {file.name: file.read_bytes() for file in world.folder.rglob("*") if file.is_file()}
    expect(any(address.encode() in data for data in found.values()), "the invitation itself is in no file")
    for name, data in found.items():
        expect(token not in data and session not in data, f"a secret is in {name}")
    listed = str(world.nora.all(world.shared.invitations))
    expect(token.decode() not in listed, "the secret is in the list")
