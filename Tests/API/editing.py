"""Drafts in the Editor, of clients and of partners: their life, their history, and what is refused."""

import io
import json
import zipfile

from client import READ, Answer, Client
from joining import at_once
from suite import check, expect, expect_same
from world import Account, World

ARTICLE = {"kind": "article", "text": {"en": "Keep every receipt."}}


def shout(title: str = "Welcome", **more) -> dict:
    """A small valid item."""
    return {"kind": "shoutOut", "name": title, "title": {"en": title}, "text": {"en": f"About **{title}**"}, **more}


def odd(**more) -> dict:
    """An item with other members than it should have."""
    return {**shout(), **more}


def items(account: Account, system: str = "") -> str:
    return f"{account.path}/systems/{system or account.system}/items"


def add(person: Client, path: str, content: dict, **more) -> Answer:
    return person.post(path, {"content": content, **more}).expect(201)


@check
def life(world: World) -> None:
    """F-070 F-071 F-081 a client writes items of its own: made, read, listed, edited, deleted, undeleted"""
    account = world.account()
    path = items(account)
    made = add(account.admin, path, shout("Reports due"), folder="news").json
    expect_same(
        (made["kind"], made["name"], made["folder"], made["slug"], made["revision"], made["origin"]),
        ("shoutOut", "Reports due", "news", "reports-due", 1, None), "the new item",
    )
    one = f"{path}/{made['id']}"
    read = account.admin.get(one).expect(200)
    expect_same(read.json, made, "the item read")
    patch = {"content": {"title": {"fr": "À rendre"}, "button": {"en": "Fine"}}}
    edited = account.admin.patch(one, patch).expect(200).json
    expect_same(edited["content"]["title"], {"en": "Reports due", "fr": "À rendre"}, "the merged title")
    expect_same(edited["revision"], 2, "the revision")
    removed = account.admin.patch(one, {"content": {"button": None}}).expect(200).json
    expect("button" not in removed["content"], "null removes a member")
    account.admin.patch(one, {"folder": None, "slug": "due"}).expect(200)
    account.admin.delete(one, READ).expect(204)
    expect_same(account.admin.all(path), [], "items after deleting")
    expect_same([item["id"] for item in account.admin.all(f"{path}?deleted=true")], [made["id"]], "what can be restored")
    account.admin.patch(one, {"slug": "x"}).expect(409, "conflict")
    back = account.admin.post(f"{one}/history", {"restore": 2}).expect(201).json
    expect_same((back["content"], back["folder"], back["deletedAt"]), (edited["content"], "news", None), "the restored")
    changes = [(one["number"], one["change"]) for one in account.admin.all(f"{one}/history")]
    expect_same(changes, [(6, "restored"), (5, "deleted"), (4, "edited"), (3, "edited"), (2, "edited"), (1, "created")],
                "the history")
    who = {one["madeBy"] for one in account.admin.all(f"{one}/history")}
    me = account.admin.get("/me")["id"]
    expect_same(who, {f"person/{me}"}, "who made the history")
    account.admin.post(f"{one}/history", {"restore": 77}).expect(404)


@check
def locking(world: World) -> None:
    """F-081 two people edit one item: the second is told, and nothing is lost"""
    account = world.account()
    _, other = world.user(account, "builder", [account.system])
    one = f"{items(account)}/{add(account.admin, items(account), shout())['id']}"
    seen = account.admin.get(one).tag
    account.admin.ask("PATCH", one, {"content": {"name": "Mine"}}, {"If-Match": None}).expect(428)
    other.ask("PATCH", one, {"content": {"name": "Theirs"}}, {"If-Match": seen}).expect(200)
    account.admin.ask("PATCH", one, {"content": {"name": "Mine"}}, {"If-Match": seen}).expect(412, "stale")
    account.admin.ask("DELETE", one, None, {"If-Match": seen}).expect(412, "stale")
    expect_same(account.admin.get(one)["name"], "Theirs", "the name")
    people = [f"person/{person.get('/me')['id']}" for person in (other, account.admin)]
    expect_same([state["madeBy"] for state in account.admin.all(f"{one}/history")], people, "who made the history")
    match = {"If-Match": account.admin.get(one).tag}
    statuses = at_once(16, lambda: other.ask("PATCH", one, {"content": {"name": "Ours"}}, match))
    expect_same(statuses, [200] + 15 * [412], "sixteen at once")


@check
def finding(world: World) -> None:
    """F-071 items are found by folder, kind and words, and copied within the Editor"""
    account = world.account()
    path, admin = items(account), account.admin
    first = add(admin, path, shout("Travel policy"), folder="travel").json
    guide = {"kind": "resource", "name": "100% rates_x", "title": {"en": "Rates"}, "action": ARTICLE}
    second = add(admin, path, guide, folder="travel").json
    third = add(admin, path, shout("Meals")).json
    for query, wanted in (
        ("folder=travel", [first, second]), ("kind=resource", [second]), ("words=RECEIPT", [second]),
        ("words=policy", [first]), ("words=0%25%20rates_", [second]), ("words=0_%20rates", []),
        ("words=about", [first, third]), ("folder=travel&kind=shoutOut", [first]),
    ):
        expect_same([item["id"] for item in admin.all(f"{path}?{query}")], [item["id"] for item in wanted], query)
    twin = admin.post(path, {"copyOf": first["id"]}).expect(201).json
    expect_same((twin["content"], twin["folder"], twin["slug"]), (first["content"], "travel", "travel-policy-2"), "a twin")
    expect(twin["id"] != first["id"], "a twin has an id of its own")
    again = admin.post(path, {"content": shout("Travel policy"), "folder": "travel"}).expect(201)
    expect_same(again["slug"], "travel-policy-3", "the third of the name")
    admin.patch(f"{path}/{again['id']}", {"slug": "travel-policy"}).expect(409, "conflict")
    admin.post(path, {"copyOf": world.client_id()}).expect(404)
    admin.post(path, {}).expect(422, "invalid")
    pages = [admin.get(f"{path}?limit=2").expect(200)]
    while pages[-1]["next"]:
        pages.append(admin.get(f"{path}?limit=2&cursor={pages[-1]['next']}").expect(200))
    expect_same(sum(len(page.items) for page in pages), 5, "items by pages")


@check
def kinds(world: World) -> None:
    """F-070 every kind of item is taken, and told by place what is wrong with it"""
    account = world.account()
    path, admin = items(account), account.admin
    line, text = {"en": "Line"}, {"en": "Text"}
    walk = add(admin, path, {"kind": "walkThru", "name": "W", "title": line, "steps": [{"title": line, "text": text}]})
    good = [
        {"kind": "launcher", "label": line, "selector": "#a", "action": {"kind": "item", "item": walk["id"]}},
        {"kind": "smartTip", "selector": "#a", "on": "focus", "text": text},
        {"kind": "resource", "title": line, "action": {"kind": "open", "url": "https://help.example.com/a"}},
        {"kind": "shuttle", "title": line, "path": "/expense/new"},
        {"kind": "survey", "title": line, "questions": [{"kind": "rating", "label": line, "from": 0, "to": 10}]},
        {"kind": "task", "title": line, "start": walk["id"], "done": {"kind": "finished", "item": walk["id"]}},
    ]
    for content in good:
        add(admin, path, {**content, "name": content["kind"]})
    expect_same({item["kind"] for item in admin.all(path)}, {"walkThru", *(one["kind"] for one in good)}, "the kinds")
    for content, place in (
        (odd(kind="poll"), "/content/kind"),
        (odd(title={"en": "a\u202Eb"}), "/content/title/en"),
        (odd(title={"en": "a\u0085b"}), "/content/title/en"),
        (odd(text={"en": "[x](javascript:alert(1))"}), "/content/text/en"),
        (odd(text={"en": "[x](data:text/html,hi)"}), "/content/text/en"),
        (odd(text={"en": "[x](https://a@evil.example/)"}), "/content/text/en"),
        (odd(text={"de": "nur deutsch"}), "/content/text"),
        (odd(__proto__={"a": 1}), "/content/__proto__"),
        (odd(constructor=1), "/content/constructor"),
        (odd(text={"en": "x" * 4001}), "/content/text/en"),
        (odd(display={"from": "tomorrow"}), "/content/display/from"),
        ({**good[2], "name": "R", "action": {"kind": "open", "url": "javascript:alert(1)"}}, "/content/action/url"),
        ({**good[2], "name": "R", "action": {"kind": "run"}}, "/content/action/kind"),
        ({**good[3], "name": "S", "path": "//evil.example/"}, "/content/path"),
        ({**good[3], "name": "S", "path": "https://evil.example/"}, "/content/path"),
        ({**good[4], "name": "Q", "questions": []}, "/content/questions"),
    ):
        answer = admin.post(path, {"content": content}).expect(422, "invalid")
        places = [error["pointer"] for error in answer["errors"]]
        expect(place in places, f"{content}: {places} without {place}")
    deep: dict = shout()
    for _ in range(80):
        deep = {"title": deep}
    admin.post(path, {"content": deep}).expect(400)
    admin.ask("POST", path, b'{"content":{"kind":"shoutOut","name":"\xff"}}').expect(400)
    admin.ask("POST", path, b'{"content":{"kind":1e400}}').expect(400)
    admin.post(path, {"content": odd(name="\0")}).expect(400)
    admin.post(path, {"content": shout(text={"en": "y" * 600_000})}).expect(413)


@check
def rights(world: World) -> None:
    """D-15 content rights reach the member's systems only; a translator changes texts and nothing else"""
    account = world.account()
    other = account.admin.post(
        f"{account.path}/systems", {"system": "sap-concur", "name": "Two", "systemClientId": world.client_id()}
    ).expect(201)["id"]
    path = items(account)
    one = f"{path}/{add(account.admin, path, shout())['id']}"
    _, builder = world.user(account, "builder", [other])
    builder.get(path).expect(403, "forbidden")
    builder.post(path, {"content": shout()}).expect(403, "forbidden")
    add(builder, items(account, other), shout())
    builder.get(f"{items(account, other)}/{one.split('/')[-1]}").expect(404)
    _, analyst = world.user(account, "analyst", [account.system])
    analyst.get(path).expect(403, "forbidden")
    _, translator = world.user(account, "translator", [account.system])
    translated = translator.patch(one, {"content": {"text": {"fr": "Bonjour", "de": None}, "title": {"en": "New"}}})
    expect_same(translated.expect(200)["content"]["text"]["fr"], "Bonjour", "the translation")
    for patch in ({"content": {"name": "x"}}, {"folder": "x"}, {"slug": "x"}, {"content": {"target": {"paths": ["/"]}}},
                  {"content": {"kind": "survey"}}, {"content": {"text": None}}):
        refused = translator.patch(one, patch)
        expect(refused.status in (403, 422), f"{patch} by a translator: {refused.status}")
    expect_same(account.admin.get(one)["revision"], 2, "the revision after what was refused")
    stranger = world.account("Alpina", "alma@alpina.example")
    for ask in (stranger.admin.get(path), stranger.admin.get(one), world.ada.get(path)):
        ask.expect(404)
    expect_same(stranger.admin.get(f"{items(stranger)}/{one.split('/')[-1]}").expect(404).status, 404, "by another path")


@check
def partner(world: World) -> None:
    """F-070 F-072 a partner has drafts of its own, for its content staff; no client and no other partner sees them"""
    path = "/partners/tessera/items"
    made = add(world.ada, path, shout("For all"), folder="basics", system="sap-concur").json
    one = f"{path}/{made['id']}"
    _, builder = world.staff("partnerBuilder")
    _, viewer = world.staff("partnerViewer")
    _, manager = world.staff("clientManager")
    builder.patch(one, {"content": {"name": "For everybody"}}).expect(200)
    expect_same(viewer.get(one)["name"], "For everybody", "the name")
    viewer.patch(one, {"content": {"name": "x"}}).expect(403)
    manager.get(one).expect(403)
    standard = "/partners/tessera/standard-content/sap-concur"
    manager.get(f"{standard}/releases").expect(403)
    builder.post(f"{standard}/environments", {"name": "training"}).expect(403)
    viewer.post("/partners/tessera/publications", {"items": [made["id"]]}).expect(403)
    world.lena.get(one).expect(404)
    world.lena.get(f"/partners/lumen/items/{made['id']}").expect(404)
    world.nora.get(one).expect(404)
    world.ada.post(path, {"content": shout(), "system": "oracle"}).expect(422)
    world.ada.get(f"{path}?system=oracle").expect(422)
    expect(made["id"] in [item["id"] for item in world.ada.all(f"{path}?folder=basics")], "listed in its folder")


@check
def repeated(world: World) -> None:
    """F-081 a repeated request makes one item"""
    account = world.account()
    key = {"Idempotency-Key": "draft-1"}
    answers = [account.admin.ask("POST", items(account), {"content": shout()}, key).expect(201) for _ in range(3)]
    expect_same(len({answer["id"] for answer in answers}), 1, "items made")
    expect_same(len(account.admin.all(items(account))), 1, "items listed")


@check
def archives(world: World) -> None:
    """F-071 F-072 an Editor's content leaves and comes as the gallery's folder format in a ZIP archive"""
    account, other = world.account(), world.account()
    path, admin = items(account), account.admin
    walk = {"kind": "walkThru", "name": "W", "title": {"en": "W"}, "steps": [{"title": {"en": "1"}, "text": {"en": "x"}}]}
    guide = add(admin, path, walk, folder="tour", slug="guide")["id"]
    add(admin, path, {"kind": "task", "name": "T", "title": {"en": "T"}, "start": guide}, folder="tour", slug="first")
    add(admin, path, shout("Loose"))
    archive = account.path + f"/systems/{account.system}/archive"
    packed = admin.get(archive).expect(200)
    expect_same(packed.fields["content-type"], "application/zip", "the media type")
    with zipfile.ZipFile(io.BytesIO(packed.body)) as files:
        expect_same(sorted(files.namelist()), ["loose.json", "tour/first.json", "tour/guide.json"], "the files")
        expect_same(json.loads(files.read("tour/first.json"))["start"], "guide", "the reference by name")
    target = other.path + f"/systems/{other.system}/archive"
    zipped = {"Content-Type": "application/zip"}
    made = other.admin.ask("POST", target, packed.body, zipped).expect(201)
    expect_same(len(made.items), 3, "the items made")
    held = {item["slug"]: item for item in other.admin.all(items(other))}
    expect_same(held["first"]["content"]["start"], held["guide"]["id"], "the reference to the new item")
    again = other.admin.ask("POST", target, packed.body, zipped).expect(201)
    expect_same({item["slug"] for item in again.items}, {"guide-2", "first-2", "loose-2"}, "a second time")
    for name, content, place in (
        ("../evil.json", "{}", "../evil.json"), ("a/b/c.json", "{}", "a/b/c.json"), ("note.txt", "x", "note.txt"),
        ("Tour/a.json", "{}", "Tour/a.json"), ("a.json", "{", "a.json#"), ("a.json", '{"kind":"poll"}', "a.json#/kind"),
        ("/a.json", "{}", "/a.json"), ("con\\aux.json", "{}", "con\\aux.json"),
    ):
        bad = io.BytesIO()
        with zipfile.ZipFile(bad, "w") as files:
            files.writestr(zipfile.ZipInfo(name), content)
        answer = other.admin.ask("POST", target, bad.getvalue(), zipped).expect(422, "invalid")
        expect_same([error["pointer"] for error in answer["errors"]], [place], f"the place of {name}")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("bomb.json", b"0" * (64 << 20))
    other.admin.ask("POST", target, bomb.getvalue(), zipped).expect(422, "tooLong")
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as files:
        files.writestr("stored.json", json.dumps(shout("Stored")))
    changed = stored.getvalue().replace(b"About", b"Above")
    for junk in (b"PK", b"not a zip", packed.body[:-30], packed.body[:60] + b"\0" * 20 + packed.body[80:], changed):
        other.admin.ask("POST", target, junk, zipped).expect(422, "invalid")
    other.admin.ask("POST", target, packed.body, {"Content-Type": "application/json"}).expect(415)
    expect_same(len(other.admin.all(items(other))), 6, "items after what was refused")
    stranger = world.account("Alpina", "alma@alpina.example").admin
    stranger.get(target).expect(404)
    stranger.ask("POST", target, packed.body, zipped).expect(404)
    partner = world.ada.ask("POST", "/partners/tessera/archive", packed.body, zipped).expect(201)
    expect_same(len(partner.items), 3, "into the partner's Editor")
    _, viewer = world.user(account, "contentViewer", [account.system])
    viewer.get(archive).expect(200)
    viewer.ask("POST", archive, packed.body, zipped).expect(403)


@check
def archived_references(world: World) -> None:
    """F-071 an archive's items name those of other folders too; one that the archive does not hold stays named by its id"""
    account, other = world.account(), world.account()
    path, admin = items(account), account.admin
    walk = {"kind": "walkThru", "name": "W", "title": {"en": "W"}, "steps": [{"title": {"en": "1"}, "text": {"en": "x"}}]}
    task = {"kind": "task", "name": "T", "title": {"en": "T"}}
    tour, outside = (add(admin, path, walk, folder="aa", slug=slug)["id"] for slug in ("tour", "outside"))
    add(admin, path, {**task, "start": tour}, folder="bb", slug="across")
    add(admin, path, {**task, "start": outside}, folder="bb", slug="lost")
    root = f"/systems/{account.system}/archive"
    packed = admin.get(account.path + root).expect(200).body
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as files, zipfile.ZipFile(kept, "w") as fewer:
        for name in files.namelist():
            if name != "aa/outside.json":
                fewer.writestr(name, files.read(name))
    zipped = {"Content-Type": "application/zip"}
    target = other.path + f"/systems/{other.system}/archive"
    other.admin.ask("POST", target, kept.getvalue(), zipped).expect(201)
    held = {item["slug"]: item for item in other.admin.all(items(other))}
    expect_same(held["across"]["content"]["start"], held["tour"]["id"], "the item of another folder")
    expect_same(held["lost"]["content"]["start"], "outside", "one that is not there")
    # It is a draft like others: it can be edited, and leave and come again; published it is refused, by its place.
    other.admin.patch(f"{items(other)}/{held['lost']['id']}", {"content": {"title": {"en": "Lost"}}}).expect(200)
    again = other.admin.get(target).expect(200).body
    other.admin.ask("POST", target, again, zipped).expect(201)
    releases = f"{other.path}/systems/{other.system}/releases"
    answer = other.admin.post(releases, {"environment": "test"}).expect(422, "invalid")
    expect({error["pointer"].split("#")[1] for error in answer["errors"]} == {"/start"}, "where it is wrong")
