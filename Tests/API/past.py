"""The past: what pages got at a moment and why, and the evidence of which scripts they got from when to when."""

import base64
import hashlib
import itertools
import json
import time
from datetime import UTC, datetime
from urllib.parse import urlencode

from client import Client
from editing import add, items, shout
from gallery import solution, version
from publishing import live, publish, standard
from suite import Fault, check, expect, expect_same
from world import World


@check
def explaining(world: World) -> None:
    """F-086 F-087 what a key leads to, why, since when and by whom: now and at any moment of the past"""
    account = world.account()
    admin = account.admin
    add(admin, items(account), shout("One"))

    def explain(person: Client = admin, at: str = "", **more) -> dict:
        query = {"partner": "tessera", "systemVariable": "sapUserId", "systemClientId": account.client_id, **more}
        if at:
            query["at"] = at
        return person.get("/explanations?" + urlencode(query)).expect(200).json

    def now() -> str:
        time.sleep(0.02)
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        time.sleep(0.02)
        return stamp

    before = now()
    first = publish(admin, account).expect(200)
    one = now()
    add(admin, items(account), shout("Two"))
    second = publish(admin, account).expect(200)
    two = now()
    admin.put(live(account), {"release": 1}).expect(200)
    three = now()
    admin.delete(live(account)).expect(204)
    four = now()
    seen = [explain(at=at)["served"] for at in (before, one, two, three, four)] + [explain()["served"]]
    expect_same([it and it["release"] for it in seen], [None, 1, 2, 1, None, None], "the releases at each moment")
    expect_same((seen[1]["snippet"], seen[2]["snippet"]), (first["snippet"], second["snippet"]), "their digests")
    expect_same({it["content"] for it in seen if it}, {"client"}, "whose content")
    me = f"person/{admin.get('/me')['id']}"
    expect_same({it["liveBy"] for it in seen if it} | {it["madeBy"] for it in seen if it}, {me}, "who")
    expect(seen[3]["generation"] > seen[2]["generation"] > seen[1]["generation"], "in which generations")
    test = publish(admin, account, "test").expect(200)
    for it, wanted, what in (
        (explain(environment="test"), test["release"], "the test environment"),
        (explain(world.ada, one), 1, "for staff of the partner"),
    ):
        expect_same(it["served"] and it["served"]["release"], wanted, what)
    admin.get("/explanations?" + urlencode({"partner": "tessera", "systemVariable": "sapUserId",
                                            "systemClientId": account.client_id, "environment": "typo"})).expect(404)
    query = urlencode({"partner": "tessera", "systemVariable": "sapUserId", "systemClientId": account.client_id})
    world.lena.get(f"/explanations?{query}").expect(404)
    stranger = world.account("Alpina", "alma@alpina.example")
    stranger.admin.get(f"/explanations?{query}").expect(404)
    _, analyst = world.user(account, "analyst", [account.system])
    analyst.get(f"/explanations?{query}").expect(404)
    shown = json.loads(world.deployment.command("resolve", "sapUserId", account.client_id, "--at", two))
    expect_same((shown["served"]["release"], shown["served"]["madeBy"]), (2, me), "by command")


@check
def evidence(world: World) -> None:
    """F-083 F-085 F-088 which scripts pages got from when to when, by whose authority, as a chain that holds together"""
    key, head = f"vega-{world.number}", world.address("head", "vega.example")
    partner = world.partner(world.unique("Vega"), key, head)
    account = world.account(admin=world.address("it"), partner=partner, key=key)
    add(account.admin, items(account), shout("Own"))
    made = solution(world, partner, key)
    version(partner, made, [shout("Standard")], key)
    standard(world, partner, key, made).expect(200)
    publish(account.admin, account).expect(200)
    suspension = f"/partners/{key}/clients/{account.id}/suspension"
    partner.put(suspension, {"reason": "Review"}).expect(200)
    partner.delete(suspension).expect(204)
    account.admin.delete(live(account)).expect(204)
    account.admin.put(f"{account.path}/standard-content", {"off": True}).expect(200)
    words = ("evidence", "export", "--partner", key, "--client", account.client_id, "--edge", "https://edge.example")
    lines = [json.loads(line) for line in world.deployment.command(*words).splitlines()]
    expect_same([line["outcome"] for line in lines],
                ["empty", "standard", "release", "suspended", "release", "standard", "empty"], "the periods")
    expect(all(a["until"] == b["from"] for a, b in itertools.pairwise(lines)), "without gaps")
    expect_same(lines[-1]["until"], None, "the last one holds still")
    for number, line in enumerate(lines):
        body = {name: value for name, value in line.items() if name != "hash"}
        told = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
        expect_same(line["hash"], told.hexdigest(), "a line's hash")
        if number:
            expect_same(line["previous"], lines[number - 1]["hash"], "the hash before")
    me = f"person/{account.admin.get('/me')['id']}"
    own, other = lines[2], lines[1]
    expect_same((own["content"], own["authorization"]["liveBy"]), ("client", me), "who put the client's own live")
    expect_same(other["authorization"]["audit"]["tenant"].split("/")[0], "partner", "whose chain has the standard's")
    events = {event["sequence"]: event for event in account.admin.all(f"{account.path}/audit-events")}
    event = events[own["authorization"]["audit"]["sequence"]]
    expect_same((event["action"], event["details"]["snippet"]), ("release.published", own["scripts"][0]["sha256"]),
                "the event of the audit")
    for script in own["scripts"]:
        expect(script["url"].startswith("https://edge.example/v1/"), "whole URLs")
        digest = bytes.fromhex(script["sha256"])
        expect_same(script["integrity"], "sha256-" + base64.b64encode(digest).decode(), "the integrity")
    player = next(script for script in own["scripts"] if script["role"] == "player")
    edge = world.deployment.get(player["url"].removeprefix("https://edge.example"))
    expect_same(hashlib.sha256(edge).hexdigest(), player["sha256"], "the player that the edge serves")


@check
def evidence_follows(world: World) -> None:
    """F-083 evidence follows a system through other ids and its end, and an environment through other keys"""
    account = world.account()
    admin, root = account.admin, f"{account.path}/systems"
    body = {"system": "sap-concur", "name": "Second", "systemClientId": world.client_id()}
    made = admin.post(root, body).expect(201)
    account.system, account.client_id = made["id"], made["systemClientId"]
    add(admin, items(account), shout("One"))
    publish(admin, account).expect(200)
    key = publish(admin, account, "test").expect(200)["environmentKey"]
    rotated = admin.post(f"{root}/{account.system}/environments/test/key").expect(201)["key"]
    other = world.client_id()
    admin.patch(f"{root}/{account.system}", {"systemClientId": other}, "*").expect(200)

    def inventory(environment: str) -> list[dict]:
        words = ("--partner", "tessera", "--client", account.system, "--environment", environment)
        return [json.loads(line) for line in world.deployment.command("evidence", "export", *words).splitlines()]

    lines = inventory("production")
    expect_same([(line["systemClientId"], line["outcome"]) for line in lines],
                [(account.client_id, "empty"), (account.client_id, "release"), (other, "release")], "by either id")
    urls = [line["scripts"][0]["url"] for line in inventory("test") if line.get("release")]
    places = [f"/v1/tessera/env/{one}/snippets/sapUserId/{id}.js"
              for one, id in ((key, account.client_id), (rotated, account.client_id), (rotated, other))]
    expect_same(urls, places, "the URLs in test")
    admin.delete(f"{root}/{account.system}?confirm=true", "*").expect(204)
    ended = inventory("production")
    expect_same([line["outcome"] for line in ended], ["empty", "release", "release", "unknown"], "after its end")
    try:
        inventory("typo")
    except Fault as fault:
        expect("never had an environment" in str(fault), f"the refusal: {fault}")
    else:
        raise Fault("an environment that never was is exported")


@check
def explained_environments(world: World) -> None:
    """F-088 D-18 an archived environment explains nothing, and no one is told of another tenant's people"""
    account = world.account()
    add(account.admin, items(account), shout("One"))
    publish(account.admin, account, "stage").expect(200)
    publish(account.admin, account).expect(200)
    about = {"partner": "tessera", "systemVariable": "sapUserId", "systemClientId": account.client_id}
    stage, production = ("/explanations?" + urlencode(about | more) for more in ({"environment": "stage"}, {}))
    expect_same(account.admin.get(stage).expect(200)["outcome"], "release", "an environment")
    # What a client tests, and that it does, is not its partner's to know; nor the other way round.
    seen, other = (world.ada.get(stage.replace("=stage", f"={name}")).expect(404) for name in ("stage", "nowhere"))
    expect_same(seen.json["detail"], other.json["detail"].replace("nowhere", "stage"), "for the partner's staff")
    expect("stage," not in other.json["detail"] and " stage." not in other.json["detail"], "no name is told")
    made = solution(world, world.ada)
    version(world.ada, made, [shout("Tested standard")])
    standard(world, world.ada, "tessera", made, environment="rehearsal", confirm="tessera").expect(200)
    rehearsal = "/explanations?" + urlencode(about | {"systemClientId": world.account().client_id, "environment": "rehearsal"})
    expect_same(world.ada.get(rehearsal).expect(200)["served"]["environment"], "rehearsal", "the partner's own")
    account.admin.get(stage.replace("=stage", "=rehearsal")).expect(404)
    account.admin.patch(f"{account.path}/systems/{account.system}/environments/stage", {"archived": True}, "*").expect(200)
    account.admin.get(stage).expect(404)
    me = f"person/{account.admin.get('/me')['id']}"
    expect_same(account.admin.get(production)["served"]["liveBy"], me, "for a member")
    seen = world.ada.get(production).expect(200)["served"]
    expect_same((seen["release"], seen["liveBy"], seen["madeBy"]), (2, None, None), "for the partner")
