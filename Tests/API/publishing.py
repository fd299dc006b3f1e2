"""Publishing: releases of a client's own content and of standard content, live pointers, environments, approval."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from client import Answer, Client
from editing import add, items, shout
from gallery import audited, download, solution, version
from suite import check, expect, expect_same, until
from world import Account, World


def publish(person: Client, account: Account, environment: str = "production", **more) -> Answer:
    body = {"environment": environment, **more}
    return person.post(f"{account.path}/systems/{account.system}/releases?wait=5s", body)


def live(account: Account, environment: str = "production") -> str:
    return f"{account.path}/systems/{account.system}/environments/{environment}/live"


def page(world: World, account: Account, key: str = "") -> tuple[str, bytes]:
    """What a page of the account's gets: the outcome and the body."""
    return world.deployment.snippet(account.client_id, environment=key)


def standard(world: World, partner: Client, key: str, made: dict, number: int = 1, **more) -> Answer:
    """Publishes one version as all the standard content of a partner."""
    body = {"environment": "production", "solutions": [{"solution": made["id"], "version": number}], **more}
    return partner.post(f"/partners/{key}/standard-content/sap-concur/releases?wait=5s", body)


@check
def whole(world: World) -> None:
    """F-080 F-082 F-083 F-084 F-085 F-090 a version is downloaded, customized, tested and published; the next
    moves nothing"""
    key, head = f"atlas-{world.number}", world.address("head", "atlas.example")
    partner = world.partner(world.unique("Atlas"), key, head)
    made = solution(world, partner, key)
    version(partner, made, [shout("Standard")], key)
    standard(world, partner, key, made).expect(200)
    accounts = [world.account(admin=world.address("it"), partner=partner, key=key) for _ in range(3)]
    before = [world.deployment.snippet(one.client_id, partner=key) for one in accounts]
    expect_same({outcome for outcome, _ in before}, {"standard"}, "what clients get at first")
    mine = accounts[0]
    download(mine, made).expect(201)
    one = f"{items(mine)}/{mine.admin.all(items(mine))[0]['id']}"
    mine.admin.patch(one, {"content": {"title": {"en": "Customized"}}}).expect(200)
    tested = publish(mine.admin, mine, "test", notes="To look at").expect(200)
    shown = world.deployment.snippet(mine.client_id, partner=key, environment=tested["environmentKey"])
    expect(shown[0] == "release" and b"Customized" in shown[1], "the test environment shows the copy")
    expect_same(world.deployment.snippet(mine.client_id, partner=key), before[0], "production before publishing")
    published = publish(mine.admin, mine).expect(200)
    expect_same((published["release"], published["state"]), (2, "published"), "the release")
    after = [world.deployment.snippet(one.client_id, partner=key) for one in accounts]
    expect(after[0][0] == "release" and b"Customized" in after[0][1], "production shows the copy at once")
    expect_same(after[1:], before[1:], "what the other clients get")
    item = partner.all(f"/partners/{key}/items?folder={made['slug']}")[0]
    partner.patch(f"/partners/{key}/items/{item['id']}", {"content": {"text": {"en": "As of version 2"}}}).expect(200)
    version(partner, made, [], key)
    standard(world, partner, key, made, 2).expect(200)
    expect_same(world.deployment.snippet(mine.client_id, partner=key), after[0], "the copy after version 2")
    seen = world.deployment.snippet(accounts[1].client_id, partner=key)[1]
    expect(b"As of version 2" in seen, "the others see version 2")
    expect_same(mine.admin.get(f"{one}/origin")["versionsBehind"], 1, "how far behind")
    mine.admin.post(f"{one}/origin", {"take": ["/text/en"]}).expect(201)
    expect_same(world.deployment.snippet(mine.client_id, partner=key), after[0], "after taking a change as a draft")
    publish(mine.admin, mine).expect(200)
    now = world.deployment.snippet(mine.client_id, partner=key)[1]
    expect(b"Customized" in now and b"As of version 2" in now, "the taken change, beside the own one")
    back = mine.admin.put(f"{live(mine)}?wait=5s", {"release": 2}).expect(200)
    expect_same(back["release"], 2, "the release gone back to")
    expect_same(world.deployment.snippet(mine.client_id, partner=key), after[0], "after rolling back")
    mine.admin.delete(live(mine)).expect(204)
    until(lambda: world.deployment.snippet(mine.client_id, partner=key)[0] == "standard", "standard content again", 2)


@check
def for_client(world: World) -> None:
    """D-23 the owner partner publishes versions for a client, activated or not, and sees nothing of its drafts"""
    made = solution(world, world.ada)
    version(world.ada, made, [shout("From the partner")])
    body = {"solutions": [{"solution": made["id"], "version": 1}], "notes": "To begin"}
    admin = world.address("it")
    client = world.new_client([admin])
    system = client["systems"][0]
    path = f"/partners/tessera/clients/{client['id']}/systems/{system['id']}"
    published = world.ada.post(f"{path}/releases?wait=5s", body).expect(200)
    expect_same((published["release"], published["state"]), (1, "published"), "the release")
    outcome, shown = world.deployment.snippet(system["systemClientId"])
    expect(outcome == "release" and b"From the partner" in shown, "pages of a client that nobody has activated")
    member = world.accept(admin, "/activations/")
    own = f"/clients/{client['id']}/systems/{system['id']}"
    told = member.get(f"{own}/releases/1").expect(200)
    origin = world.ada.get(f"/partners/tessera/solutions/{made['id']}/versions/1")["version"]["id"]
    said = told["release"]["notes"], told["items"][0]["origin"]["version"]
    expect_same(said, ("To begin", origin), "what the client sees")
    expect("release.published" in [event["action"] for event in member.all(f"/clients/{client['id']}/audit-events")],
           "the client's audit names it")
    expect_same(member.all(f"{own}/items"), [], "the client's drafts")
    world.ada.get(f"{own}/items").expect(404)
    # Where a client asks for a second person, that is for the partner too.
    member.patch(f"{own}/environments/production", {"needsApproval": True}).expect(200)
    expect_same(world.ada.post(f"{path}/releases", body).expect(200)["state"], "proposed", "with approval")
    member.put(f"{own}/releases/2/approval", {}).expect(200)
    world.ada.delete(f"{path}/live").expect(204)
    until(lambda: world.deployment.outcome(system["systemClientId"]) == "empty", "nothing of its own any longer", 2)
    # No other client, no other system of it, no other partner's solution.
    other = world.account()
    world.ada.post(f"{path.replace(system['id'], other.system)}/releases", body).expect(404)
    world.ada.delete(f"{path.replace(system['id'], other.system)}/live").expect(404)
    key = f"strange-{world.number}"
    stranger = world.partner(world.unique("Strange"), key, world.address("head", "strange.example"))
    stranger.post(f"{path.replace('tessera', key)}/releases", body).expect(404)
    foreign = solution(world, stranger, key)
    version(stranger, foreign, [shout()], key)
    choice = [{"solution": foreign["id"], "version": 1}]
    world.ada.post(f"{path}/releases", {**body, "solutions": choice}).expect(404)
    stranger.post(f"{path.replace('tessera', key)}/releases", {**body, "solutions": choice}).expect(404)
    stranger.delete(f"{path.replace('tessera', key)}/live").expect(404)
    # The client's other environments are its own.
    world.ada.post(f"{path}/releases", {**body, "environment": "test"}).expect(422)
    world.ada.put(f"/partners/tessera/clients/{client['id']}/suspension", {"reason": "Unpaid"}).expect(200)
    world.ada.post(f"{path}/releases", body).expect(409, "conflict")


@check
def planning(world: World) -> None:
    """D-3 a dry run says what changes, what users would no longer see, and changes nothing"""
    account = world.account()
    path, admin = items(account), account.admin
    publish(admin, account, dryRun=True).expect(422, "invalid")
    first = add(admin, path, shout("First")).json
    second = add(admin, path, shout("Second")).json

    def planned() -> dict:
        answer = publish(admin, account, dryRun=True).expect(200)
        expect_same((answer["state"], answer["release"]), ("planned", None), "what a dry run answers")
        return answer["plan"]

    plan = planned()
    expect_same([one["title"] for one in plan["added"]], ["First", "Second"], "what is new")
    expect(plan["bytes"]["snippet"] > 0 and plan["bytes"]["player"] > 0, "how many bytes")
    expect_same(admin.all(f"{account.path}/systems/{account.system}/releases"), [], "releases after a dry run")
    publish(admin, account).expect(200)
    admin.patch(f"{path}/{first['id']}", {"content": {"title": {"en": "First!"}}}).expect(200)
    admin.delete(f"{path}/{second['id']}", "*").expect(204)
    add(admin, path, shout("Third"))
    plan = planned()
    said = {name: [one["title"] for one in plan[name]] for name in ("added", "changed", "noLongerSeen")}
    expect_same(said, {"added": ["Third"], "changed": ["First!"], "noLongerSeen": ["Second"]}, "the plan")
    part = publish(admin, account, "test", items=[first["id"]]).expect(200)
    content = admin.get(f"{account.path}/systems/{account.system}/releases/{part['release']}").expect(200)
    expect_same([item["id"] for item in content["items"]], [first["id"]], "a release of one item")
    expect_same(content["release"]["environment"], "test", "its environment")


@check
def history(world: World) -> None:
    """F-082 releases are numbered, keep who and when and notes, and never change; roll back and forth, unpublish"""
    account = world.account()
    admin = account.admin
    releases = f"{account.path}/systems/{account.system}/releases"
    add(admin, items(account), shout("One"))
    publish(admin, account, notes="The first").expect(200)
    kept = admin.get(f"{releases}/1").expect(200)
    add(admin, items(account), shout("Two"))
    publish(admin, account).expect(200)
    publish(admin, account, "test").expect(200)
    listed = admin.all(releases)
    expect_same([(one["number"], one["environment"], one["live"]) for one in listed],
                [(3, "test", True), (2, "production", True), (1, "production", False)], "the releases")
    expect_same(listed[2]["notes"], "The first", "the notes")
    expect_same(listed[2]["madeBy"], f"person/{admin.get('/me')['id']}", "who")
    admin.put(live(account), {"release": 3}).expect(404)
    admin.put(live(account), {"release": 2}).expect(409, "conflict")
    first = admin.put(f"{live(account)}?wait=5s", {"release": 1}).expect(200)
    expect("waymark-time-to-kill" in first.fields or "time-to-kill" in str(first.fields), "until when caches may answer")
    again = admin.get(f"{releases}/1").expect(200)
    expect_same(again["content"], kept["content"], "the first release's content")
    admin.put(live(account), {"release": 2}).expect(200)
    admin.delete(live(account)).expect(204)
    admin.delete(live(account)).expect(409, "conflict")
    done = [event["action"] for event in admin.all(f"{account.path}/audit-events")]
    for action in ("release.published", "release.restored", "release.unpublished"):
        expect(action in done, f"{action} in the audit")


@check
def rights(world: World) -> None:
    """F-082 D-15 production takes the right to publish there; a builder publishes to test and custom environments"""
    account = world.account()
    add(account.admin, items(account), shout("One"))
    _, builder = world.user(account, "builder", [account.system])
    _, publisher = world.user(account, "publisher", [account.system])
    _, elsewhere = world.user(account, "publisher", [])
    publish(builder, account).expect(403)
    publish(builder, account, "test").expect(200)
    publish(builder, account, "training").expect(403)
    account.admin.post(f"{account.path}/systems/{account.system}/environments", {"name": "training"}).expect(201)
    publish(builder, account, "training").expect(200)
    publish(elsewhere, account, "test").expect(403)
    _, creator = world.user(account, "contentCreator", [account.system])
    publish(creator, account, "test").expect(403)
    publish(publisher, account).expect(200)
    builder.put(live(account), {"release": 1}).expect(403)
    builder.delete(live(account)).expect(403)
    stranger = world.account("Alpina", "alma@alpina.example")
    publish(stranger.admin, account).expect(404)
    publish(world.ada, account).expect(404)
    made = solution(world, world.ada)
    version(world.ada, made, [shout("Standard")])
    _, maker = world.staff("partnerBuilder")
    standard(world, maker, "tessera", made).expect(403)
    for more in ({}, {"dryRun": True}):
        standard(world, world.lena, "tessera", made, **more).expect(404)


@check
def approval(world: World) -> None:
    """F-082 where an environment asks for it, a second person approves a release before it is live, or rejects it"""
    account = world.account()
    admin, path = account.admin, f"{account.path}/systems/{account.system}"
    add(admin, items(account), shout("Proposed"))
    publish(admin, account, "test").expect(200)
    admin.post(f"{path}/environments", {"name": "training"}).expect(201)
    admin.patch(f"{path}/environments/production", {"needsApproval": True}).expect(200)
    proposed = publish(admin, account).expect(200)
    expect_same((proposed["state"], proposed["generation"]), ("proposed", None), "what publishing answers")
    expect(page(world, account)[0] != "release", "nothing is live yet")
    one = f"{path}/releases/{proposed['release']}/approval"
    admin.put(one, None).expect(403)
    _, builder = world.user(account, "builder", [account.system])
    builder.put(one, None).expect(403)
    _, other = world.user(account, "contentManager", [account.system])
    approved = other.put(f"{one}?wait=5s", None).expect(200)
    expect_same((approved["state"], approved["live"]), ("published", True), "the approved release")
    expect(b"Proposed" in page(world, account)[1], "live after approval")
    other.put(one, None).expect(409)
    add(admin, items(account), shout("Second"))
    again = publish(admin, account).expect(200)["release"]
    other.delete(f"{path}/releases/{again}/approval").expect(204)
    expect_same(admin.get(f"{path}/releases/{again}")["release"]["state"], "rejected", "the rejected release")
    expect(b"Second" not in page(world, account)[1], "nothing of it is live")
    admin.put(live(account), {"release": again}).expect(404)


@check
def overtaken(world: World) -> None:
    """F-082 an approval that would replace something else than its proposer saw is refused; with it goes no withdrawn version"""
    account = world.account()
    admin, path = account.admin, f"{account.path}/systems/{account.system}"
    first = add(admin, items(account), shout("First")).json
    admin.post(f"{path}/environments", {"name": "stage"}).expect(201)
    for name in ("production", "stage"):
        admin.patch(f"{path}/environments/{name}", {"needsApproval": True}, "*").expect(200)
    _, other = world.user(account, "contentManager", [account.system])
    older = publish(admin, account).expect(200)["release"]
    admin.patch(f"{items(account)}/{first['id']}", {"content": {"title": {"en": "Second"}}}).expect(200)
    newer = publish(admin, account).expect(200)["release"]
    other.put(f"{path}/releases/{newer}/approval?wait=5s", None).expect(200)
    other.put(f"{path}/releases/{older}/approval", None).expect(409, "conflict")
    expect(b"Second" in page(world, account)[1], "the newer one stays")
    other.delete(f"{path}/releases/{older}/approval").expect(204)
    # What waits in an environment goes with it, and never into another one of the same name.
    waiting = publish(admin, account, "stage").expect(200)["release"]
    admin.delete(f"{path}/environments/stage", "*").expect(204)
    expect_same(admin.get(f"{path}/releases/{waiting}")["release"]["state"], "rejected", "of a deleted environment")
    admin.post(f"{path}/environments", {"name": "stage"}).expect(201)
    other.put(f"{path}/releases/{waiting}/approval", None).expect(409, "conflict")
    key = f"overtaken-{world.number}"
    partner = world.partner(world.unique("Overtaken"), key, world.address("head", "over.example"))
    made = solution(world, partner, key)
    version(partner, made, [shout("Faulty")], key)
    root = f"/partners/{key}/standard-content/sap-concur"
    # The fixed environments are there as soon as one is made.
    partner.post(f"{root}/environments", {"name": "stage"}).expect(201)
    partner.patch(f"{root}/environments/production", {"needsApproval": True}, "*").expect(200)
    number = standard(world, partner, key, made).expect(200)["release"]
    partner.put(f"/partners/{key}/solutions/{made['id']}/versions/1/withdrawal", None).expect(200)
    second = world.address("second", "over.example")
    partner.post(f"/partners/{key}/staff", {"email": second, "role": "partnerPublisher"}).expect(201)
    world.accept(second).put(f"{root}/releases/{number}/approval", None).expect(409, "conflict")
    # What is live stays, and can be taken as copies: to correct it, say.
    standard(world, partner, key, made, environment="test").expect(409, "conflict")
    version(partner, made, [shout("Right")], key)
    partner.patch(f"{root}/environments/production", {"needsApproval": False}, "*").expect(200)
    standard(world, partner, key, made, 2).expect(200)
    partner.put(f"/partners/{key}/solutions/{made['id']}/versions/2/withdrawal", None).expect(200)
    client = world.account(admin=world.address("it"), partner=partner, key=key)
    warned = client.admin.get(f"{client.path}/standard-content")["systems"][0]["live"][0]["solutions"][0]
    expect((warned["version"], bool(warned["withdrawnAt"])) == (2, True), "what is live stays, and warns")
    taken = client.admin.post(f"{client.path}/systems/{client.system}/downloads", {"standard": True}).expect(201)
    expect_same([one["version"] for one in taken.items], [2], "copies of what is live")
    twice = {"environment": "test", "solutions": [{"solution": made["id"], "version": 1}] * 2}
    partner.post(f"{root}/releases", twice).expect(422, "invalid")


@check
def few(world: World) -> None:
    """F-082 a workspace has twenty environments at most, however they are made"""
    account = world.account()
    add(account.admin, items(account), shout("One"))
    for number in range(18):
        publish(account.admin, account, f"e-{number}").expect(200)
    publish(account.admin, account, "test").expect(200)
    publish(account.admin, account).expect(200)
    publish(account.admin, account, "one-more").expect(409, "conflict")
    path = f"{account.path}/systems/{account.system}/environments"
    account.admin.post(path, {"name": "one-more"}).expect(409, "conflict")
    expect_same(len(account.admin.all(path)), 20, "the environments")


@check
def own_systems(world: World) -> None:
    """F-004 D-18 advisories and standard content are shown for the systems that a member was given"""
    account = world.account()
    body = {"system": "sap-concur", "name": "Second", "systemClientId": world.client_id()}
    second = account.admin.post(f"{account.path}/systems", body).expect(201)["id"]
    made = solution(world, world.ada)
    version(world.ada, made, [shout()])
    download(account, made).expect(201)
    advisory = {"severity": "low", "text": "A word."}
    world.ada.post(f"/partners/tessera/solutions/{made['id']}/versions/1/advisories", advisory).expect(201)
    _, viewer = world.user(account, "contentViewer", [second])
    expect_same(viewer.all(f"{account.path}/advisories"), [], "advisories of another system")
    seen = viewer.get(f"{account.path}/standard-content").expect(200)["systems"]
    expect_same([one["system"] for one in seen], [second], "standard content")
    expect_same(len(account.admin.all(f"{account.path}/advisories")), 1, "what the admin sees")


@check
def environments(world: World) -> None:
    """F-082 environments: production and test stay, others are made, archived and deleted; keys rotate at once"""
    account = world.account()
    admin, path = account.admin, f"{account.path}/systems/{account.system}/environments"
    expect_same(admin.all(path), [], "before anything is published")
    made = admin.post(path, {"name": "training"}).expect(201)
    expect_same([one["name"] for one in admin.all(path)], ["production", "test", "training"], "the environments")
    admin.post(path, {"name": "training"}).expect(409)
    admin.post(path, {"name": "No Such"}).expect(422)
    add(admin, items(account), shout("Trained"))
    key = publish(admin, account, "training").expect(200)["environmentKey"]
    expect_same(key, made["key"], "the key")
    expect_same(page(world, account, key)[0], "release", "by the first key")
    new = admin.post(f"{path}/training/key").expect(201)["key"]
    until(lambda: page(world, account, key)[0] == "unknown", "the old key is unknown", 2)
    expect_same(page(world, account, new)[0], "release", "by the new key")
    admin.patch(f"{path}/training", {"archived": True}, '"earlier"').expect(412, "stale")
    admin.patch(f"{path}/training", {"archived": True}).expect(200)
    until(lambda: page(world, account, new)[0] == "unknown", "an archived environment's key is unknown", 2)
    publish(admin, account, "training").expect(409)
    admin.patch(f"{path}/training", {"archived": False}).expect(200)
    until(lambda: page(world, account, new)[0] == "release", "taken out of the archive", 2)
    admin.patch(f"{path}/production", {"archived": True}).expect(409)
    for name in ("production", "training"):
        admin.delete(f"{path}/{name}", "*").expect(409)
    admin.delete(f"{path}/training/live").expect(204)
    admin.delete(f"{path}/training", "*").expect(204)
    expect_same([one["name"] for one in admin.all(path)], ["production", "test"], "afterwards")
    events = [event["action"] for event in admin.all(f"{account.path}/audit-events")]
    done = [action for action in events if action.startswith("environment.")]
    expect_same(sorted(done), ["environment.added", "environment.changed", "environment.changed",
                               "environment.deleted", "environment.keyRotated"], "the audit")
    _, builder = world.user(account, "builder", [account.system])
    builder.post(path, {"name": "mine"}).expect(403)


@check
def suspended(world: World) -> None:
    """F-082 a suspended client reads, and publishes nothing"""
    account = world.account()
    add(account.admin, items(account), shout("One"))
    publish(account.admin, account).expect(200)
    suspension = f"/partners/tessera/clients/{account.id}/suspension"
    world.ada.put(suspension, {"reason": "Review"}).expect(200)
    publish(account.admin, account).expect(409, "conflict")
    account.admin.delete(live(account)).expect(409)
    account.admin.get(f"{account.path}/systems/{account.system}/releases").expect(200)
    world.ada.delete(suspension).expect(204)
    publish(account.admin, account).expect(200)


@check
def standards(world: World) -> None:
    """F-085 D-9 standard content is an ordered list of versions; a withdrawn one is not chosen; many clients: confirmed"""
    key, head = f"argo-{world.number}", world.address("head", "argo.example")
    partner = world.partner(world.unique("Argo"), key, head)
    first, second = solution(world, partner, key), solution(world, partner, key)
    version(partner, first, [shout("First solution")], key)
    version(partner, second, [shout("Second solution")], key)
    path = f"/partners/{key}/standard-content/sap-concur"
    rows = [{"name": f"Client {n}", "system": "sap-concur", "systemClientId": f"argo-{n}", "admins": ["a@argo.example"]}
            for n in range(101)]
    partner.ask("POST", f"/partners/{key}/client-imports", "\n".join(json.dumps(row) for row in rows).encode(),
                {"Content-Type": "application/x-ndjson"}).expect(201)
    body = {"environment": "production", "solutions": [{"solution": one["id"], "version": 1} for one in (second, first)]}
    plan = partner.post(f"{path}/releases", {**body, "dryRun": True}).expect(200)["plan"]
    expect_same((plan["reaches"], [one["title"] for one in plan["added"]]), (101, ["Second solution", "First solution"]),
                "the plan")
    partner.post(f"{path}/releases", body).expect(409, "conflict")
    partner.post(f"{path}/releases", {**body, "confirm": "yes"}).expect(409, "conflict")
    done = partner.post(f"{path}/releases?wait=5s", {**body, "confirm": key}).expect(200)
    outcome, text = world.deployment.snippet("argo-7", partner=key)
    expect(outcome == "standard" and text.index(b"Second solution") < text.index(b"First solution"), "in that order")
    got = partner.get(f"{path}/releases/{done['release']}").expect(200)
    expect_same([(one["slug"], one["version"]) for one in got["solutions"]], [(second["slug"], 1), (first["slug"], 1)],
                "what it was made from")
    partner.put(f"/partners/{key}/solutions/{first['id']}/versions/1/withdrawal", None).expect(200)
    partner.post(f"{path}/releases", {**body, "confirm": key}).expect(409, "conflict")
    expect_same(world.deployment.snippet("argo-7", partner=key)[1], text, "what is live stays")
    partner.delete(f"{path}/environments/production/live").expect(204)
    until(lambda: world.deployment.snippet("argo-7", partner=key)[0] == "empty", "nothing is live", 2)


@check
def reached(world: World) -> None:
    """F-082 a publish can wait until every edge serves it, and tells which do"""
    account = world.account()
    one = f"{items(account)}/{add(account.admin, items(account), shout('Waited for'))['id']}"
    generation = publish(account.admin, account).expect(200)["generation"]
    expect(b"Waited for" in page(world, account)[1], "served when publishing answers")

    def served(number: int) -> bytes:
        return page(world, account, publish(account.admin, account, f"try-{number}")["environmentKey"])[1]

    # Many at once, so that the edge has something to catch up with.
    for times in range(5):
        title = f"Waited {times} times"
        account.admin.patch(one, {"content": {"title": {"en": title}}}).expect(200)
        with ThreadPoolExecutor(8) as pool:
            late = [body for body in pool.map(served, range(8)) if title.encode() not in body]
        expect(not late, f"served in all 8 environments when publishing answers, {times} times before")
    state = account.admin.get(f"/generations/{generation}").expect(200)
    expect(state["served"] and all(edge["serves"] for edge in state["edges"]), "which edges serve it")
    started = time.monotonic()
    late = account.admin.get(f"/generations/{generation + 1_000_000}?wait=1s").expect(200)
    expect_same(late["served"], False, "a generation to come")
    expect(time.monotonic() - started > 0.9, "who waits is answered when the time is over")
    account.admin.get(f"/generations/{generation}?wait=1h").expect(422)
    world.anyone.get(f"/generations/{generation}").expect(401)


@check
def switch(world: World) -> None:
    """D-18 a client sees which standard content is live for it, and switches it off and on"""
    key, head = f"orion-{world.number}", world.address("head", "orion.example")
    partner = world.partner(world.unique("Orion"), key, head)
    account = world.account(admin=world.address("it"), partner=partner, key=key)
    path = f"{account.path}/standard-content"
    expect_same(account.admin.get(path).expect(200)["systems"], [{"system": account.system, "off": False, "live": []}],
                "at first")
    made = solution(world, partner, key)
    version(partner, made, [shout("Standard")], key)
    standard(world, partner, key, made, notes="Spring").expect(200)
    seen = account.admin.get(path)["systems"][0]["live"][0]
    expect_same((seen["environment"], seen["release"], seen["notes"], seen["solutions"][0]["slug"]),
                ("production", 1, "Spring", made["slug"]), "what is live")
    second = {"system": "sap-concur", "name": "Two", "systemClientId": world.client_id()}
    second["id"] = account.admin.post(f"{account.path}/systems", second).expect(201)["id"]
    account.admin.put(path, {"off": True}).expect(200)
    until(lambda: world.deployment.outcome(account.client_id, partner=key) == "empty", "nothing is shown", 2)
    now = account.admin.put(path, {"off": False, "system": account.system}).expect(200)
    expect_same({one["system"]: one["off"] for one in now["systems"]}, {account.system: False, second["id"]: True},
                "switched on for one system")
    expect_same(audited(account.admin, account.path, f"system/{account.system}")[-2:],
                ["standardContent.switchedOff", "standardContent.switchedOn"], "the audit")
    until(lambda: world.deployment.outcome(account.client_id, partner=key) == "standard", "standard content again", 2)
    _, builder = world.user(account, "builder", [account.system])
    builder.get(path).expect(200)
    builder.put(path, {"off": True}).expect(403)


@check
def told(world: World) -> None:
    """D-3 D-18 clients are told when standard content changes, and take all of it as copies in one act"""
    key, head = f"lyra-{world.number}", world.address("head", "lyra.example")
    partner = world.partner(world.unique("Lyra"), key, head)
    address, other = world.address("it"), world.address("off")
    account = world.account(admin=address, partner=partner, key=key)
    silent = world.account(admin=other, partner=partner, key=key)
    silent.admin.put(f"{silent.path}/standard-content", {"off": True}).expect(200)
    downloads = f"{account.path}/systems/{account.system}/downloads"
    account.admin.post(downloads, {"standard": True}).expect(409, "conflict")
    made = [solution(world, partner, key) for _ in range(2)]
    for one, title in zip(made, ("First", "Second"), strict=True):
        version(partner, one, [shout(title)], key)
    body = {"environment": "production", "solutions": [{"solution": one["id"], "version": 1} for one in made]}
    path = f"/partners/{key}/standard-content/sap-concur/releases"
    for pause in (2, 0):
        partner.post(path, body).expect(200)
        time.sleep(pause)
    world.mailbox.next(address, "standard content", 20)
    world.mailbox.settle()
    expect(not world.mailbox.find(address, "standard content"), "two publications in a row are told once")
    expect(not world.mailbox.find(other, "standard content"), "who has it switched off is not told")
    account.admin.post(downloads, {"standard": True, "version": 1}).expect(422)
    taken = account.admin.post(downloads, {"standard": True}).expect(201).items
    expect_same([one["slug"] for one in taken], [one["slug"] for one in made], "what was taken")
    expect_same({item["name"] for item in account.admin.all(items(account))}, {"First", "Second"}, "the copies")
    plan = publish(account.admin, account, dryRun=True).expect(200)["plan"]
    expect(plan["replacesStandardContent"] and len(plan["noLongerSeen"]) == 2, "what users would no longer see")


@check
def foreign(world: World) -> None:
    """F-079 F-083 D-15 nobody reaches another client's system by its id, whatever path it stands in"""
    mine, theirs = world.account(), world.account("Alpina", "alma@alpina.example")
    add(theirs.admin, items(theirs), shout("Theirs"))
    for _ in range(2):
        publish(theirs.admin, theirs).expect(200)
    publish(theirs.admin, theirs, "test").expect(200)
    before = page(world, theirs)
    made = solution(world, world.ada)
    version(world.ada, made, [shout("Copied")])
    download(theirs, made).expect(201)
    item = next(item["id"] for item in theirs.admin.all(items(theirs)) if item["origin"])
    asks = [
        ("PUT", "environments/production/live", {"release": 1}), ("DELETE", "environments/production/live", None),
        ("POST", "environments/test/key", None), ("POST", "releases", {"environment": "production"}),
        ("POST", "releases", {"environment": "production", "dryRun": True}),
        ("PUT", "releases/1/approval", None), ("DELETE", "releases/1/approval", None), ("GET", "releases", None),
        ("GET", "environments", None), ("GET", "items", None), ("POST", "items", {"content": shout()}),
        ("POST", "environments", {"name": "mine"}), ("GET", "archive", None), ("GET", "downloads", None),
        ("GET", "releases/1", None), ("GET", f"items/{item}", None), ("GET", f"items/{item}/history", None),
        ("GET", f"items/{item}/origin", None), ("POST", f"items/{item}/origin", {}),
        ("POST", "downloads", {"standard": True}), ("DELETE", f"items/{item}", None),
        ("PATCH", f"items/{item}", {"content": {"title": {"en": "Mine"}}}),
    ]
    for account, what in ((mine, "a foreign system in one's own path"), (theirs, "a foreign system in its own path")):
        for method, end, body in asks:
            path = f"{account.path}/systems/{theirs.system}/{end}"
            answer = mine.admin.ask(method, path, body, {"If-Match": "*"})
            expect_same((end, method, answer.status), (end, method, 404), what)
    for end in ("gallery", "advisories", "standard-content"):
        mine.admin.get(f"{theirs.path}/{end}").expect(404)
    expect_same(page(world, theirs), before, "what is served")
    state = theirs.admin.all(f"{theirs.path}/systems/{theirs.system}/environments")
    expect_same([(one["name"], one["live"]) for one in state], [("production", 2), ("test", 3)], "what is live")


@check
def gone(world: World) -> None:
    """F-082 a deleted environment's releases stay readable; an archived one takes no approval"""
    account = world.account()
    admin, path = account.admin, f"{account.path}/systems/{account.system}"
    add(admin, items(account), shout("One"))
    publish(admin, account, "training").expect(200)
    admin.delete(f"{path}/environments/training/live").expect(204)
    admin.delete(f"{path}/environments/training", "*").expect(204)
    expect_same([one["environment"] for one in admin.all(f"{path}/releases")], ["training"], "the releases")
    admin.get(f"{path}/releases/1").expect(200)
    publish(admin, account, "training").expect(200)
    admin.patch(f"{path}/environments/training", {"needsApproval": True}).expect(200)
    _, other = world.user(account, "contentManager", [account.system])
    number = publish(admin, account, "training").expect(200)["release"]
    admin.patch(f"{path}/environments/training", {"archived": True}).expect(200)
    other.put(f"{path}/releases/{number}/approval", None).expect(409, "conflict")
    admin.get(f"{path}/environments/No%20Such").expect(404)


@check
def repeating(world: World) -> None:
    """F-082 who may publish no more is not told again what publishing came to; a restored item is restored once"""
    account = world.account()
    add(account.admin, items(account), shout("One"))
    _, publisher = world.user(account, "publisher", [account.system])
    path, key = f"{account.path}/systems/{account.system}/releases", {"Idempotency-Key": "publish-1"}
    body = {"environment": "production"}
    first = publisher.ask("POST", path, body, key).expect(200)
    expect_same(publisher.ask("POST", path, body, key).expect(200)["release"], first["release"], "the same release")
    person = next(user for user in account.admin.all(f"{account.path}/users") if user["role"] == "publisher")
    account.admin.patch(f"{account.path}/users/{person['id']}", {"role": "builder"}).expect(200)
    again = publisher.ask("POST", path, body, key)
    expect(again.status in (401, 403), f"repeated without the right: {again.status}")
    one = f"{items(account)}/{account.admin.all(items(account))[0]['id']}"
    account.admin.patch(one, {"content": {"name": "Other"}}).expect(200)
    revisions = []
    for name in ("Another", "Third"):
        restored = account.admin.ask("POST", f"{one}/history", {"restore": 1}, {"Idempotency-Key": "r"})
        revisions.append(restored.expect(201)["revision"])
        account.admin.patch(one, {"content": {"name": name}}).expect(200)
    expect_same(revisions, [3, 3], "the revision")
    changes = [state["change"] for state in account.admin.all(f"{one}/history")]
    expect_same(changes.count("restored"), 1, "how often it was restored")
