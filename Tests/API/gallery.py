"""The Solutions Gallery: versions that never change, copies that nothing links to them, and what is known of an origin."""

from client import Answer, Client
from editing import add, items, shout
from suite import check, expect, expect_same
from world import Account, World


def solution(world: World, person: Client, key: str = "tessera") -> dict:
    """A solution without a version, its name used by no other check."""
    slug = world.unique("solution").replace(" ", "-")
    about = {"slug": slug, "name": {"en": slug}, "summary": {"en": "What *it* does"}}
    return person.post(f"/partners/{key}/solutions", about).expect(201).json


def version(person: Client, made: dict, contents: list[dict], key: str = "tessera", notes: str = "") -> dict:
    """The next version of a solution: what stands in its folder, with these items added."""
    for content in contents:
        add(person, f"/partners/{key}/items", content, folder=made["slug"])
    body = {"notes": notes} if notes else {}
    return person.post(f"/partners/{key}/solutions/{made['id']}/versions", body).expect(201).json


def download(account: Account, made: dict, number: int | None = None) -> Answer:
    body = {"solution": made["id"], **({"version": number} if number else {})}
    return account.admin.post(f"{account.path}/systems/{account.system}/downloads", body)


def audited(person: Client, tenant: str, subject: str) -> list[str]:
    """What a tenant's audit says was done to something, the oldest first."""
    events = [event for event in person.all(f"{tenant}/audit-events") if event["subject"] == subject]
    return [event["action"] for event in sorted(events, key=lambda event: event["sequence"])]


def change_partner_item(world: World, made: dict, patch: dict) -> None:
    path = "/partners/tessera/items"
    item = world.ada.all(f"{path}?folder={made['slug']}")[0]
    world.ada.patch(f"{path}/{item['id']}", {"content": patch}).expect(200)


@check
def versions(world: World) -> None:
    """F-076 F-077 F-078 D-9 publishing in a partner's Editor makes versions, numbered and the same for ever"""
    made = solution(world, world.ada)
    path = f"/partners/tessera/solutions/{made['id']}"
    add(world.ada, "/partners/tessera/items", shout("Elsewhere"), folder="elsewhere")
    world.ada.post(f"{path}/versions", {}).expect(422, "invalid")
    first = version(world.ada, made, [shout("One"), shout("Two")], notes="The first")
    expect_same((first["number"], first["unchanged"]), (1, False), "the first version")
    again = world.ada.post(f"{path}/versions", {"notes": "The first"}).expect(201)
    expect_same((again["number"], again["unchanged"]), (1, True), "the same once more")
    before = world.ada.get(f"{path}/versions/1").expect(200)
    expect_same([one["id"] for one in before["items"]], ["one", "two"], "the items")
    expect_same(before["version"]["notes"], "The first", "the notes")
    change_partner_item(world, made, {"title": {"en": "Changed"}})
    second = version(world.ada, made, [])
    expect_same(second["number"], 2, "the second version")
    expect_same(world.ada.get(f"{path}/versions/1").body, before.body, "the first version afterwards")
    expect(second["digest"] != first["digest"], "another content has another digest")
    expect_same([one["number"] for one in world.ada.all(f"{path}/versions")], [2, 1], "the list")
    patched = world.ada.patch(path, {"name": {"de": "Auf Deutsch"}}).expect(200)
    expect_same(patched["name"], {"en": made["slug"], "de": "Auf Deutsch"}, "the name")
    expect_same(world.ada.get(f"{path}/versions/1").body, before.body, "the first version after another name")
    world.ada.patch(path, {"name": {"en": "x"}}, '"earlier"').expect(412, "stale")
    expect_same(audited(world.ada, "/partners/tessera", f"solution/{made['id']}"),
                ["solution.added", "version.published", "version.published", "solution.changed"], "the audit")
    taken = world.ada.post("/partners/tessera/solutions", {
        "slug": made["slug"], "name": {"en": "x"}, "summary": {"en": "x"}})
    taken.expect(409, "conflict")
    for one in (path, f"{path}/versions/1", f"{path}/versions"):
        world.lena.get(one).expect(404)
        world.lena.get(one.replace("tessera", "lumen")).expect(404)
    about = {"slug": "lumens", "name": {"en": "x"}, "summary": {"en": "x"}}
    for method, one, body in (
        ("GET", "/partners/tessera/solutions", None), ("POST", "/partners/tessera/solutions", about),
        ("PATCH", path, {"name": {"en": "x"}}), ("POST", f"{path}/versions", {}),
        ("PUT", f"{path}/versions/1/withdrawal", None),
        ("POST", "/partners/tessera/publications", {"items": [world.client_id()]}),
    ):
        world.lena.ask(method, one, body, {"If-Match": "*"}).expect(404)


@check
def publications(world: World) -> None:
    """D-9 items published in a partner's Editor go into the solution of their folder, else "other"; the rest stays"""
    folder, path = world.unique("pub").replace(" ", "-"), "/partners/tessera/items"
    one = add(world.ada, path, shout("First"), folder=folder).json
    two = add(world.ada, path, shout("Second"), folder=folder).json
    loose = add(world.ada, path, shout(world.unique("Loose"))).json
    body = {"items": [one["id"], loose["id"]], "notes": "New"}
    made = world.ada.post("/partners/tessera/publications", body).expect(201)["versions"]
    expect_same([(v["slug"], v["number"]) for v in made if v["slug"] == folder], [(folder, 1)], "the folder's solution")
    expect("other" in [v["slug"] for v in made], "what is in no folder goes into 'other'")
    made = world.ada.post("/partners/tessera/publications", {"items": [two["id"]]}).expect(201)["versions"]
    expect_same([(v["slug"], v["number"]) for v in made], [(folder, 2)], "one solution is touched")
    content = world.ada.get(f"/partners/tessera/solutions/{made[0]['solution']}/versions/2").expect(200)
    expect_same([item["id"] for item in content["items"]], ["first", "second"], "both are in it")
    guide = {"kind": "launcher", "name": "Go", "label": {"en": "Go"}, "selector": "#a",
             "action": {"kind": "item", "item": loose["id"]}}
    third = add(world.ada, path, guide, folder=folder).json
    answer = world.ada.post("/partners/tessera/publications", {"items": [third["id"]]}).expect(422, "invalid")
    expect_same(answer["errors"][0]["pointer"], "go#/action/item", "the place of a reference to elsewhere")
    world.ada.post("/partners/tessera/publications", {"items": [world.client_id()]}).expect(422)


@check
def offered(world: World) -> None:
    """F-078 F-079 D-20 a client sees its owner partner's gallery, an invited partner's where the admin switches it on"""
    made = solution(world, world.ada)
    foreign = solution(world, world.lena, "lumen")
    account = world.account()

    def seen() -> list[str]:
        return [one["solution"]["id"] for one in account.admin.all(f"{account.path}/gallery")]

    expect(made["id"] not in seen(), "a solution without a version is not offered")
    version(world.ada, made, [shout("One")])
    version(world.lena, foreign, [shout("Theirs")], "lumen")
    expect(made["id"] in seen() and foreign["id"] not in seen(), "the owner partner's gallery alone is offered")
    account.admin.get(f"{account.path}/gallery/{foreign['id']}").expect(404)
    download(account, foreign).expect(404)
    world.invite(account, "lena@lumen.example", "Lumen")
    world.accept("lena@lumen.example", account.name)
    partners = account.admin.all(account.accounts)
    lumen = next(one for one in partners if one["verified"])
    expect(foreign["id"] not in seen(), "an invited partner's gallery is off at first")
    account.admin.patch(f"{account.accounts}/{lumen['id']}", {"galleryOn": True}).expect(200)
    expect(foreign["id"] in seen(), "switched on, it is offered")
    download(account, foreign).expect(201)
    account.admin.patch(f"{account.accounts}/{lumen['id']}", {"galleryOn": False}).expect(200)
    download(account, foreign).expect(404)
    content = account.admin.get(f"{account.path}/gallery/{made['id']}").expect(200)
    expect_same([item["id"] for item in content["items"]], ["one"], "what it holds")
    world.ada.get(f"{account.path}/gallery/{made['id']}").expect(404)
    _, viewer = world.user(account, "contentViewer", [account.system])
    viewer.post(f"{account.path}/systems/{account.system}/downloads", {"solution": made["id"]}).expect(403)


@check
def copies(world: World) -> None:
    """F-080 F-089 F-090 F-091 a download makes drafts with ids of their own; neither side's doings reach the other"""
    made = solution(world, world.ada)
    walk = add(world.ada, "/partners/tessera/items", {
        "kind": "walkThru", "name": "Walk", "title": {"en": "Walk"},
        "steps": [{"title": {"en": "One"}, "text": {"en": "Do it"}}]}, folder=made["slug"]).json
    go = {"kind": "task", "name": "A task", "title": {"en": "Task"}, "start": walk["id"]}
    version(world.ada, made, [go])
    account = world.account()
    got = download(account, made).expect(201).items[0]
    expect_same((got["version"], got["items"], got["folder"]), (1, 2, made["slug"]), "the download")
    path = items(account)
    copied = account.admin.all(path)
    expect(not {item["id"] for item in copied} & {walk["id"]}, "ids of their own")
    task, guide = sorted(copied, key=lambda item: item["kind"])
    expect_same(task["content"]["start"], guide["id"], "the reference among copies")
    expect_same((guide["origin"]["item"], guide["slug"]), ("walk", "walk"), "the origin")
    expect_same(account.admin.get(f"{path}/{task['id']}/origin").expect(200)["fields"], [], "what differs at first")
    bodies = {item["id"]: account.admin.get(f"{path}/{item['id']}").body for item in copied}
    change_partner_item(world, made, {"title": {"en": "The partner's new title"}})
    version(world.ada, made, [shout("More")])
    world.ada.put(f"/partners/tessera/solutions/{made['id']}/versions/1/withdrawal", None).expect(200)
    for id, body in bodies.items():
        expect_same(account.admin.get(f"{path}/{id}").body, body, "a copy after the partner's doings")
    taken = account.admin.post(f"{path}/{task['id']}/origin", {}).expect(201)["content"]
    expect_same(taken["start"], guide["id"], "the reference among copies after taking a new version")
    original = world.ada.get(f"/partners/tessera/solutions/{made['id']}/versions/1").body
    account.admin.patch(f"{path}/{guide['id']}", {"content": {"title": {"en": "Mine"}}}).expect(200)
    account.admin.delete(f"{path}/{task['id']}", "*").expect(204)
    expect_same(world.ada.get(f"/partners/tessera/solutions/{made['id']}/versions/1").body, original, "the original")
    again = download(account, made).expect(201).items[0]
    expect_same((again["version"], again["folder"]), (2, f"{made['slug']}-2"), "a second download")
    expect_same([one["version"] for one in account.admin.all(f"{account.path}/systems/{account.system}/downloads")],
                [1, 2], "the downloads")
    done = audited(account.admin, account.path, f"system/{account.system}")
    expect_same(done.count("solution.downloaded"), 2, "downloads in the audit")


@check
def origin(world: World) -> None:
    """F-090 a copy's owner sees how far behind it is, field by field, and takes what they want; nothing by itself"""
    made = solution(world, world.ada)
    version(world.ada, made, [shout("Title", button={"en": "Okay"})], notes="First")
    account = world.account()
    download(account, made).expect(201)
    one = f"{items(account)}/{account.admin.all(items(account))[0]['id']}"
    fresh = account.admin.get(f"{one}/origin").expect(200)
    expect_same((fresh["versionsBehind"], fresh["newest"], fresh["fields"]), (0, None, []), "right after")
    account.admin.post(f"{one}/origin", {}).expect(409, "conflict")
    account.admin.patch(one, {"content": {"button": {"en": "Mine"}, "text": {"fr": "À moi"}}}).expect(200)
    change_partner_item(world, made, {"title": {"en": "Better", "de": "Besser"}, "button": {"en": "Theirs"}})
    version(world.ada, made, [], notes="Second")
    change_partner_item(world, made, {"name": "Renamed"})
    version(world.ada, made, [], notes="Third")
    seen = account.admin.get(f"{one}/origin").expect(200)
    expect_same((seen["versionsBehind"], seen["newest"]["number"]), (2, 3), "how far behind")
    expect_same([one["notes"] for one in seen["later"]], ["Third", "Second"], "what changed")
    world.ada.put(f"/partners/tessera/solutions/{made['id']}/versions/2/withdrawal", None).expect(200)
    expect_same(account.admin.get(f"{one}/origin")["versionsBehind"], 1, "how far behind without a withdrawn one")
    fields = {field["pointer"]: field["change"] for field in seen["fields"]}
    expect_same(fields, {"/title/en": "theirs", "/title/de": "theirs", "/name": "theirs", "/button/en": "conflict",
                         "/text/fr": "own"}, "the fields")
    account.admin.post(f"{one}/origin", {"take": ["/nothing"]}).expect(422, "invalid")
    taken = account.admin.post(f"{one}/origin", {"take": ["/title/en", "/button/en"]}).expect(201)["content"]
    expect_same((taken["title"], taken["button"], taken["text"]["fr"], taken["name"]),
                ({"en": "Better"}, {"en": "Theirs"}, "À moi", "Title"), "what was taken")
    expect_same(account.admin.get(f"{one}/history")["items"][0]["change"], "taken", "in the history")
    expect_same(account.admin.get(f"{one}/origin")["versionsBehind"], 0, "afterwards")
    folder = download(account, made, 1).expect(201).items[0]["folder"]
    two = f"{items(account)}/{account.admin.all(f'{items(account)}?folder={folder}')[0]['id']}"
    account.admin.patch(two, {"content": {"button": {"en": "Mine"}}}).expect(200)
    taken = account.admin.post(f"{two}/origin", {}).expect(201)["content"]
    expect_same((taken["title"], taken["button"], taken["name"]),
                ({"en": "Better", "de": "Besser"}, {"en": "Mine"}, "Renamed"), "all that was not edited here")
    gone = world.ada.all(f"/partners/tessera/items?folder={made['slug']}")[0]["id"]
    world.ada.delete(f"/partners/tessera/items/{gone}", "*").expect(204)
    expect_same(account.admin.get(f"{two}/origin")["removed"], False, "while the newest version has the item")
    version(world.ada, made, [shout("Instead")])
    expect_same(account.admin.get(f"{two}/origin")["removed"], True, "where the newest version has it no more")
    account.admin.post(f"{two}/origin", {}).expect(409, "conflict")
    own = add(account.admin, items(account), shout("Own"))["id"]
    account.admin.get(f"{items(account)}/{own}/origin").expect(404)


@check
def withdrawal(world: World) -> None:
    """F-078 a withdrawn version is offered no more; what was made of it stays"""
    made = solution(world, world.ada)
    version(world.ada, made, [shout("One")])
    path = f"/partners/tessera/solutions/{made['id']}/versions/1/withdrawal"
    account = world.account()
    download(account, made).expect(201)
    first = world.ada.put(path, None).expect(200)["withdrawnAt"]
    expect_same(world.ada.put(path, None).expect(200)["withdrawnAt"], first, "withdrawn once more")
    done = audited(world.ada, "/partners/tessera", f"solution/{made['id']}")
    expect_same(done.count("version.withdrawn"), 1, "withdrawals in the audit")
    download(account, made, 1).expect(409, "conflict")
    download(account, made).expect(404)
    offers = [one["solution"]["id"] for one in account.admin.all(f"{account.path}/gallery")]
    expect(made["id"] not in offers, "a solution whose versions are withdrawn is not offered")
    account.admin.get(f"{account.path}/gallery/{made['id']}").expect(404)
    expect_same(len(account.admin.all(items(account))), 1, "the copy stays")


@check
def hosts(world: World) -> None:
    """D-9 links lead to hosts that the partner has named, else no version is made; a client's to those of its system"""
    made = solution(world, world.ada)
    link = {"en": "See [the rates](https://Help.example.com/rates)"}
    add(world.ada, "/partners/tessera/items", shout("Linked", text=link), folder=made["slug"])
    path = f"/partners/tessera/solutions/{made['id']}/versions"
    answer = world.ada.post(path, {}).expect(422, "invalid")
    expect_same(answer["errors"][0]["pointer"], "linked#/text/en", "the place")
    settings = "/partners/tessera/settings"
    for bad in ("https://help.example.com", "help.example.com/x", "localhost", "a b.example", "*.example.com"):
        world.ada.patch(settings, {"linkHosts": [bad]}).expect(422)
    saved = world.ada.patch(settings, {"linkHosts": ["Help.example.com", "a.example"]}).expect(200)
    expect_same(saved["linkHosts"], ["a.example", "help.example.com"], "the hosts")
    world.ada.post(path, {}).expect(201)
    account = world.account()
    add(account.admin, items(account), shout("Linked", text=link))
    own, body = f"{account.path}/systems/{account.system}", {"environment": "production"}
    answer = account.admin.post(f"{own}/releases", body).expect(422, "invalid")
    expect(answer["errors"][0]["pointer"].endswith("#/text/en"), "the place in the client's item")
    account.admin.patch(own, {"linkHosts": ["help.example.com"]}).expect(200)
    account.admin.post(f"{own}/releases", body).expect(200)
    world.ada.patch(settings, {"linkHosts": []}).expect(200)


@check
def warned(world: World) -> None:
    """F-090 a partner warns of a version: exactly the clients that hold copies or releases of it are told, edited or not"""
    made = solution(world, world.ada)
    version(world.ada, made, [shout("Faulty")])
    people = {name: world.address(name) for name in ("holder", "editor", "publisher", "remover", "nobody", "later")}
    accounts = {name: world.account(admin=address) for name, address in people.items()}
    for name in ("holder", "editor", "publisher", "remover"):
        download(accounts[name], made).expect(201)

    def copy(name: str) -> str:
        return f"{items(accounts[name])}/{accounts[name].admin.all(items(accounts[name]))[0]['id']}"

    accounts["editor"].admin.patch(copy("editor"), {"content": {"title": {"en": "Edited"}}}).expect(200)
    one = copy("publisher")
    accounts["publisher"].admin.post(
        f"{accounts['publisher'].path}/systems/{accounts['publisher'].system}/releases", {"environment": "production"}
    ).expect(200)
    for name, path in (("publisher", one), ("remover", copy("remover"))):
        accounts[name].admin.delete(path, "*").expect(204)
    change_partner_item(world, made, {"title": {"en": "Right"}})
    version(world.ada, made, [])
    download(accounts["later"], made).expect(201)
    path = f"/partners/tessera/solutions/{made['id']}/versions/1/advisories"
    world.ada.post(path, {"severity": "high", "text": "x", "fixedIn": 9}).expect(404)
    world.ada.post(path, {"severity": "bad", "text": "x"}).expect(422)
    body = {"severity": "high", "text": "The rates are wrong.", "fixedIn": 2}
    answer = world.ada.post(path, body).expect(201)
    expect_same(answer["told"], 3, "how many are told")
    for name, address in people.items():
        told = name in ("holder", "editor", "publisher")
        seen = accounts[name].admin.all(f"{accounts[name].path}/advisories")
        expect_same([it["advisory"]["id"] for it in seen], [answer["id"]] if told else [], f"what {name} is shown")
        if told:
            mail = world.mailbox.next(address, "The rates are wrong.")
            expect(made["slug"] in mail.text and "Version 2" in mail.text, f"the mail to {name}")
    shown = accounts["publisher"].admin.all(f"{accounts['publisher'].path}/advisories")[0]
    expect_same((shown["resolved"], shown["drafts"], shown["releases"][0]["live"]), (False, [], True), "live still")
    expect_same(world.ada.get(path)["showing"], 1, "how many show it")
    system = f"{accounts['publisher'].path}/systems/{accounts['publisher'].system}"
    accounts["publisher"].admin.delete(f"{system}/environments/production/live").expect(204)
    expect_same(accounts["publisher"].admin.all(f"{accounts['publisher'].path}/advisories")[0]["resolved"], True, "resolved")
    expect_same(world.ada.get(path)["showing"], 0, "nobody shows it")
    accounts["holder"].admin.post(f"{copy('holder')}/origin", {}).expect(201)
    expect_same(accounts["holder"].admin.all(f"{accounts['holder'].path}/advisories"), [], "after taking the new version")
    world.mailbox.settle()
    for address in (people["remover"], people["nobody"], people["later"]):
        expect(not world.mailbox.find(address, "The rates are wrong."), f"no mail to {address}")
    world.lena.post(path, body).expect(404)
    world.lena.get(path).expect(404)
    expect("advisory.made" in audited(world.ada, "/partners/tessera", f"solution/{made['id']}"), "in the audit")
