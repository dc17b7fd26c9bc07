"""Nobody reads, changes or disturbs what is not theirs; an id of somebody else's thread is like one of nothing.

Every verb of the protocol is in one of the tables below, so that a new one cannot be forgotten.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from redis.asyncio import Redis

from greenroom_protocol import limits
from greenroom_protocol.commands import VERBS
from greenroom_server.domain.ids import thread_partition, user_partition
from testkit.hub import HubProcess, Room
from testkit.wire import Frame, Wire, cid

ON_A_THREAD: dict[str, Frame] = {
    "thread.get": {},
    "thread.history": {},
    "thread.read": {"n": 1},
    "thread.reopen": {"cid": "new"},
    "message.send": {"cid": "new", "body": "Let me in."},
    "message.edit": {"cid": "new", "target": 1, "body": "Let me in."},
    "message.erase": {"cid": "new", "target": 1},
    "message.check": {"body": "Let me in."},
    "invitation.accept": {"cid": "new", "note": "Gladly."},
    "invitation.decline": {"cid": "new"},
    "invitation.withdraw": {"cid": "new"},
    "invitation.ignore": {"cid": "new"},
    "offer.send": {"cid": "new", "terms": {}},
    "offer.accept": {"cid": "new"},
    "offer.decline": {"cid": "new"},
    "offer.withdraw": {"cid": "new"},
    "notice.ack": {"notice": "notice.offplatform_risk"},
    "relationship.declare": {"cid": "new", "note": "We know each other."},
    "member.add": {"cid": "new", "user": "nina", "history": "all"},
    "member.remove": {"cid": "new", "user": "nina"},
    "member.leave": {"cid": "new"},
    "message.react": {"target": 1, "emoji": "\U0001f44d"},
    "thread.mute": {"until": 1},
    "thread.archive": {},
    "proposal.withdraw": {"cid": "new"},
    "proposal.decline": {"cid": "new", "reason": "other"},
    "access.request": {"cid": "new", "holder": "peer", "system": "code_host", "purpose": "To see the code."},
    "access.confirm": {"cid": "new", "request": 1},
    "access.refuse": {"cid": "new", "request": 1},
    "access.share": {"cid": "new", "request": 1, "email": "eve@example.org"},
    "access.revoke": {"cid": "new", "request": 1},
    "held.list": {},
    "verdict.appeal": {"cid": "new", "note": "Not mine to appeal against."},
    "metrics.appeal": {"cid": "new", "obligation": "new", "note": "Not mine to appeal against."},
    "report.create": {"cid": "new", "category": "spam", "note": "Not mine to report."},
}
WITHOUT_REPLY = {"typing.set", "delivered"}
OWN_ONLY: dict[str, Frame] = {
    "inbox.changes": {"epoch": 0, "mark": 0},
    "thread.list": {"before": limits.MAX_INTEGER},
    "job.list": {},
    "metrics.rows": {},
    "settings.set": {"quiet_hours": None},
    "settings.get": {},
    "peer.blocked": {},
    "candidacy.list": {},
    "announcement.list": {},
    "announcement.read": {"seq": 1},
    "announcement.mute": {"on": False},
}
ABOUT_PEOPLE = {
    *("peer.block", "peer.unblock"),
    *("profile.get", "client.get", "thread.open", "invitation.send", "presence.watch"),
}
ABOUT_NOBODY = {
    *("availability.set", "away.set", "hours.set", "held.withdraw"),
    *("connects.get", "connect", "token.refresh", "ping", "presence.set", "directory.search"),
}
OPEN_TO_ALL = {
    *("job.get", "proposal.submit", "feedback.submit"),
    *(f"topic.{word}" for word in ("create", "list", "search", "read", "post", "edit", "erase", "accept", "watch")),
}
"""About what every signed-in user may see; who may change what is tested with jobs, proposals and the community."""

NO_THREADS = [
    "t999_x", "t128_0", "t05_x", "t-1_x", "t_x", "t1_", "t1_X", "t1_x y", "t1_{p9}", "t5_{p9}:x", "t1_x:head",
    "t1_x\n", "t1_x\0", "t1_é", "../../etc/passwd", "#mark", "#epoch", "{p0}:meta", "*3\r\n$3\r\nDEL\r\n", "%s%n",
    "t1_" + "a" * 57, "t1_" + "a" * 61, "' OR 1=1 --", "t１_x",
]  # fmt: skip
"""Ids that no thread can have."""
NO_NAMES = [
    "{p9}", "{p9}:jonas", "jonas:obligations", "a:b", "a b", "a/b", "../x", "a\0", "a\n", "a\r\nDEL x", "é", "-a", ".a",
    "_a", "#rev", "jonas#rev", "*", "ａ",
]  # fmt: skip
"""Ids that no user, freelancer or job can have."""


class Scene(NamedTuple):
    """Maya and jonas have a thread; eve is neither."""

    room: Room
    maya: Wire
    jonas: Wire
    eve: Wire
    thread: str


@pytest.fixture
async def scene(room: Room) -> AsyncIterator[Scene]:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas, Wire(room, "eve") as eve:
        thread = (await maya.ask(opening(room, "jonas")))["thread"]
        await asyncio.gather(maya.event("message.sent"), jonas.event("message.sent"))
        yield Scene(room, maya, jonas, eve, thread)


def opening(room: Room, freelancer: str, **fields: object) -> Frame:
    return {"type": "thread.open", "freelancer": room.id(freelancer), "cid": cid(), "body": "Between us.", **fields}


def on(thread: str, verb: str) -> Frame:
    fields = ON_A_THREAD[verb]
    made = {"cid": cid(), "obligation": f"{thread}.1"}
    return {"type": verb, "thread": thread, **fields, **{name: made[name] for name in made if name in fields}}


def without_id(reply: Frame) -> Frame:
    return {name: value for name, value in reply.items() if name != "id"}


def test_every_verb_is_in_one_of_the_tables() -> None:
    assert set(VERBS) == {*ON_A_THREAD, *WITHOUT_REPLY, *OWN_ONLY, *ABOUT_PEOPLE, *ABOUT_NOBODY, *OPEN_TO_ALL}


@pytest.mark.parametrize("verb", ON_A_THREAD)
async def test_a_thread_of_others_is_answered_exactly_like_none_at_all(scene: Scene, verb: str) -> None:
    room, maya, jonas, eve, thread = scene
    nowhere = thread[:-1] + ("0" if thread[-1] != "0" else "1")
    guessed = [nowhere, "t0_0", f"t{thread_partition(thread)}_{'0' * 16}", *NO_THREADS]
    theirs, *others = await asyncio.gather(*(eve.ask(on(name, verb)) for name in (thread, *guessed)))
    assert theirs["code"] == "not_found"
    for name, reply in zip(guessed, others, strict=True):
        assert without_id(reply) == without_id(theirs), name
    for reply in await asyncio.gather(*(maya.ask(on(name, verb)) for name in NO_THREADS)):
        assert without_id(reply) == without_id(theirs), "nor does it help to be in a thread"
    view = await maya.ask({"type": "thread.get", "thread": thread})
    assert (view["seq"], view["state"], len(view["participants"])) == (1, "direct", 2)
    assert [who.get("read", 0) for who in view["participants"] if who["user"] == room.id("jonas")] == [0]
    assert len(maya.events()) == len(jonas.events()) == 1
    assert not eve.pushes


@pytest.mark.parametrize("verb", OWN_ONLY)
async def test_what_is_about_oneself_shows_nothing_of_others(scene: Scene, verb: str) -> None:
    room, maya, _, eve, thread = scene
    fields = OWN_ONLY[verb]
    if "epoch" in fields:
        fields = {"epoch": maya.connected["epoch"], "mark": 0}
    reply = json.dumps(await eve.ask({"type": verb, **fields}))
    assert '"error"' not in reply
    for theirs in (thread, room.id("maya"), room.id("jonas"), room.id("logo")):
        assert theirs not in reply


async def test_typing_and_delivered_of_an_outsider_reach_nobody(scene: Scene) -> None:
    _, maya, jonas, eve, thread = scene
    for name in (thread, *NO_THREADS):
        await eve.tell({"type": "typing.set", "thread": name})
    await eve.tell({"type": "delivered", "mark": limits.MAX_INTEGER})
    await eve.ask({"type": "ping"})
    await jonas.tell({"type": "typing.set", "thread": thread})
    await maya.until(lambda push: push["type"] == "typing.changed")
    told = [push for device in (maya, jonas, eve) for push in device.pushes if push["type"] != "inbox.changed"]
    assert [push["user"] for push in told] == [jonas.user]


async def test_acknowledging_more_than_was_sent_delivers_only_what_was_sent(scene: Scene) -> None:
    _, maya, jonas, _, thread = scene
    await jonas.tell({"type": "delivered", "mark": limits.MAX_INTEGER})
    await maya.until(lambda push: push["type"] == "receipt.moved" and push["delivered"] == 1)
    read = await jonas.ask({"type": "thread.read", "thread": thread, "n": limits.MAX_INTEGER})
    assert read["n"] == 1


@pytest.mark.parametrize("name", NO_NAMES)
async def test_a_name_that_could_be_part_of_a_key_is_refused_as_a_field(scene: Scene, name: str) -> None:
    room, maya, _, _, thread = scene
    invite = {"type": "invitation.send", "cid": cid(), "body": "Come in.", "job": room.id("logo")}
    commands = [
        {"type": "profile.get", "freelancer": name},
        {"type": "peer.block", "user": name},
        {"type": "peer.unblock", "user": name},
        {"type": "client.get", "client": name},
        {"type": "presence.watch", "users": [room.id("jonas"), name]},
        {**opening(room, "jonas"), "freelancer": name},
        opening(room, "jonas", job=name),
        {**invite, "freelancer": name},
        {**invite, "freelancer": room.id("jonas"), "job": name},
        {"type": "member.add", "thread": thread, "cid": cid(), "user": name, "history": "all"},
        {"type": "member.remove", "thread": thread, "cid": cid(), "user": name},
    ]
    replies = await asyncio.gather(*map(maya.ask, commands))
    assert [reply.get("code") for reply in replies] == ["bad_request.field"] * len(commands)


async def test_a_job_of_somebody_else_cannot_be_used(scene: Scene) -> None:
    room, _, _, eve, _ = scene
    await room.client("eve", "poster")
    invite = {"type": "invitation.send", "freelancer": room.id("jonas"), "body": "Come in."}
    for job in (room.id("logo"), room.id("nothing")):
        assert (await eve.ask({**invite, "cid": cid(), "job": job}))["code"] == "job.not_owner"
        assert (await eve.ask(opening(room, "jonas", job=job)))["code"] == "job.not_owner"
    assert (await eve.ask({**invite, "cid": cid(), "job": room.id("poster")}))["type"] == "invitation.send"


async def test_people_who_do_not_exist_cannot_be_written_to(scene: Scene) -> None:
    room, maya, *_ = scene
    assert (await maya.ask(opening(room, "nobody")))["code"] == "peer.unavailable"
    assert (await maya.ask(opening(room, "maya")))["code"] == "thread.self"
    assert (await maya.ask({"type": "profile.get", "freelancer": room.id("nobody")}))["code"] == "not_found"


async def test_a_cid_of_somebody_else_tells_nothing_and_stands_in_nobodys_way(scene: Scene) -> None:
    room, maya, jonas, eve, thread = scene
    used = cid()
    first = await maya.ask({"type": "message.send", "thread": thread, "cid": used, "body": "Mine."})
    probe = {"type": "message.send", "thread": thread, "cid": used}
    for body in ("Mine.", "Another."):
        assert (await eve.ask({**probe, "body": body}))["code"] == "not_found"
    answer = await jonas.ask({**probe, "body": "Mine."})
    assert (answer["seq"], answer["dup"]) == (first["seq"] + 1, False)
    own = await eve.ask(opening(room, "jonas", cid=used, body="Mine."))
    assert (own["seq"], own["dup"], own["created"]) == (1, False, True)
    assert (await maya.ask({**probe, "body": "Mine."})) == {**first, "id": 4, "dup": True}


async def test_a_target_of_another_thread_cannot_be_amended_through_ones_own(scene: Scene) -> None:
    room, maya, _, eve, thread = scene
    for number in range(3):
        await maya.say(thread, f"Line {number}.")
    own = (await eve.ask(opening(room, "jonas")))["thread"]
    for target in (2, 4, limits.MAX_INTEGER):
        erase = {"type": "message.erase", "thread": own, "target": target, "cid": cid()}
        assert (await eve.ask(erase))["code"] == "not_found"
    history = await maya.ask({"type": "thread.history", "thread": thread})
    assert [event["seq"] for event in history["events"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("page", "seqs"),
    [
        ({}, [1, 2, 3]),
        ({"after": 0}, [1, 2, 3]),
        ({"after": 2}, [3]),
        ({"after": 3}, []),
        ({"after": limits.MAX_INTEGER}, []),
        ({"before": 1}, []),
        ({"before": 3}, [1, 2]),
        ({"before": limits.MAX_INTEGER}, [1, 2, 3]),
        ({"before": limits.MAX_INTEGER, "limit": 1}, [3]),
    ],
    ids=str,
)
async def test_paging_never_leaves_the_log_of_the_thread(scene: Scene, page: Frame, seqs: list[int]) -> None:
    room, maya, _, eve, thread = scene
    await eve.ask(opening(room, "jonas"))
    await maya.say(thread, "Two.")
    await maya.say(thread, "Three.")
    history = await maya.ask({"type": "thread.history", "thread": thread, **page})
    assert [event["seq"] for event in history["events"]] == seqs
    assert {event["by"] for event in history["events"]} <= {room.id("maya")}


async def test_before_and_after_exclude_each_other(scene: Scene) -> None:
    _, maya, _, _, thread = scene
    both = await maya.ask({"type": "thread.history", "thread": thread, "before": 2, "after": 1})
    assert both["code"] == "bad_request.field"


async def test_every_key_in_the_store_is_well_formed_and_in_the_partition_of_its_owner(
    hub: HubProcess, scene: Scene
) -> None:
    assert scene.thread  # at least this one conversation is there
    form = re.compile(r"\{p(\d{1,3})\}:[a-z]+(:[A-Za-z0-9_.-]+)*").fullmatch
    store = Redis(unix_socket_path=str(next(hub.folder.rglob("*.sock"))))
    names = [key.decode() async for key in store.scan_iter(count=1000)]
    await store.aclose()
    assert len(names) > 20
    for name in names:
        match = form(name)
        assert match is not None, name
        kind, _, owner = name.partition("}:")[2].partition(":")
        owner = owner.partition(":")[0]
        if kind == "thread":
            assert thread_partition(owner) == int(match[1]), name
        elif kind in ("inbox", "where", "account", "devices", "watchers", "client", "job", "freelancer"):
            assert user_partition(owner) == int(match[1]), name
