"""Blocking over real sockets, on two hubs: what was acked holds everywhere, and who was blocked is not told."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from testkit.grants import interview, request
from testkit.hub import HubProcess, Room, api
from testkit.valkey import real_valkey
from testkit.wire import Frame, Wire, cid


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubProcess, HubProcess]]:
    folder = tmp_path_factory.mktemp("hubs")
    with real_valkey(folder / "v") as store:
        env = {"GREENROOM_VALKEY_URL": f"unix://{store.socket}"}
        first = HubProcess(folder / "a", env=env)
        first.start(wait=False)
        try:
            with HubProcess(folder / "b", env=env) as second:
                first.until_healthy()
                yield first, second
        finally:
            first.stop()


class Pair:
    """Maya on one hub and jonas on the other, in an interview."""

    def __init__(self, room: Room, maya: Wire, jonas: Wire, thread: str) -> None:
        self.room, self.maya, self.jonas, self.thread = room, maya, jonas, thread

    def sides(self, blocker: str) -> tuple[Wire, Wire]:
        return (self.maya, self.jonas) if blocker == "maya" else (self.jonas, self.maya)


@pytest.fixture
async def pair(hubs: tuple[HubProcess, HubProcess]) -> AsyncIterator[Pair]:
    room = Room(hubs[0])
    await room.furnish()
    async with Wire(room, "maya") as maya, Wire(hubs[1], room.id("jonas")) as jonas:
        yield Pair(room, maya, jonas, await interview(room, maya, jonas))


async def block(by: Wire, whom: Wire, **fields: str) -> None:
    reply = await by.ask({"type": "peer.block", "user": whom.user, **fields})
    assert reply["type"] == "peer.block", reply


async def unblock(by: Wire, whom: Wire) -> None:
    assert (await by.ask({"type": "peer.unblock", "user": whom.user}))["type"] == "peer.unblock"


@pytest.mark.parametrize("blocker", ["maya", "jonas"])
async def test_a_block_ends_writing_both_ways_and_is_told_to_the_blocker_only(pair: Pair, blocker: str) -> None:
    own, other = pair.sides(blocker)
    before = await other.say(pair.thread, "Are you there?")
    await block(own, other)
    assert (await own.say(pair.thread, "Hello?"))["code"] == "peer.blocked"
    assert (await other.say(pair.thread, "Hello?"))["code"] == "peer.unavailable"
    edit = {
        "type": "message.edit",
        "thread": pair.thread,
        "cid": cid(),
        "target": before["seq"],
        "body": "Now read this.",
    }
    assert (await other.ask(edit))["code"] == "peer.unavailable"
    assert (await other.ask(request(pair.thread)))["code"] == "peer.unavailable"
    views = [await wire.ask({"type": "thread.get", "thread": pair.thread}) for wire in (own, other)]
    assert [(view["policy"]["may_write"], view["policy"]["why_not"]) for view in views] == [
        (False, "peer.blocked"),
        (False, "peer.unavailable"),
    ]
    history = await other.ask({"type": "thread.history", "thread": pair.thread})
    assert "block" not in str(history)
    await unblock(own, other)
    assert (await other.say(pair.thread, "Hello again."))["type"] == "message.send"


async def test_each_side_lifts_its_own_block_only(pair: Pair) -> None:
    maya, jonas = pair.maya, pair.jonas
    await block(maya, jonas)
    await block(jonas, maya)
    await unblock(maya, jonas)
    assert (await maya.say(pair.thread, "Hi."))["code"] == "peer.unavailable"
    assert (await jonas.say(pair.thread, "Hi."))["code"] == "peer.blocked"
    await unblock(jonas, maya)
    path = f"/api/v1/pairs/{maya.user}/{jonas.user}"
    await api(pair.room.hub, "PUT", path, {"blocked": True})
    await block(jonas, maya)
    await unblock(jonas, maya)
    assert (await maya.say(pair.thread, "Hi."))["code"] == "peer.blocked"
    await api(pair.room.hub, "PUT", path, {"blocked": False})
    assert (await maya.say(pair.thread, "Hi."))["type"] == "message.send"


async def test_after_a_block_was_acked_no_message_gets_in(pair: Pair) -> None:
    maya, jonas = pair.maya, pair.jonas
    is_over = asyncio.Event()

    async def chat() -> list[Frame]:
        replies = []
        while not is_over.is_set():
            replies.append(await maya.say(pair.thread, f"Line {len(replies)}."))
        return replies

    chatting = [asyncio.create_task(chat()) for _ in range(4)]
    await jonas.event("message.sent", body="Line 3.")
    await block(jonas, maya)
    history = await jonas.ask({"type": "thread.history", "thread": pair.thread, "limit": 1})
    last = history["events"][-1]["seq"]
    for _ in range(5):
        assert (await maya.say(pair.thread, "Still there?"))["code"] == "peer.unavailable"
    is_over.set()
    replies = [reply for chat in await asyncio.gather(*chatting) for reply in chat]
    sent = [reply["seq"] for reply in replies if reply["type"] == "message.send"]
    assert {reply["code"] for reply in replies if reply["type"] == "error"} == {"peer.unavailable"}
    assert max(sent) == last


async def test_a_blocked_client_can_neither_open_nor_invite(pair: Pair) -> None:
    await pair.room.client("maya", "shop")
    await block(pair.jonas, pair.maya)
    opening = {"type": "thread.open", "freelancer": pair.jonas.user, "job": pair.room.id("shop"), "body": "Hello!"}
    inviting = {"type": "invitation.send", "freelancer": pair.jonas.user, "job": pair.room.id("shop"), "body": "Hello!"}
    for command in (opening, inviting):
        assert (await pair.maya.ask({**command, "cid": cid()}))["code"] == "peer.unavailable"
    await unblock(pair.jonas, pair.maya)
    await block(pair.maya, pair.jonas)
    for command in (opening, inviting):
        assert (await pair.maya.ask({**command, "cid": cid()}))["code"] == "peer.blocked"


async def test_a_blocked_freelancer_cannot_propose_and_an_invitation_cannot_be_accepted(pair: Pair) -> None:
    maya, jonas = pair.maya, pair.jonas
    await pair.room.client("maya", "shop", "poster")
    inviting = {"type": "invitation.send", "freelancer": jonas.user, "job": pair.room.id("shop"), "body": "Hello!"}
    invited = await maya.ask({**inviting, "cid": cid()})
    await block(maya, jonas)
    proposal = {"type": "proposal.submit", "job": pair.room.id("poster"), "cid": cid(), "body": "I would love to."}
    assert (await jonas.ask(proposal))["code"] == "peer.unavailable"
    answer = {"type": "invitation.accept", "thread": invited["thread"], "cid": cid()}
    assert (await jonas.ask(answer))["code"] == "peer.unavailable"
    declined = {"type": "invitation.decline", "thread": invited["thread"], "cid": cid()}
    assert (await jonas.ask(declined))["type"] == "invitation.decline"


async def test_a_block_ends_presence_and_typing_between_the_two(pair: Pair) -> None:
    maya, jonas = pair.maya, pair.jonas
    watching = await jonas.ask({"type": "presence.watch", "users": [maya.user]})
    assert watching["users"] == {maya.user: "active"}
    await block(maya, jonas)
    await jonas.until(lambda push: push["type"] == "presence.changed" and push["state"] == "offline")
    again = await jonas.ask({"type": "presence.watch", "users": [maya.user]})
    assert again["users"] == {maya.user: "offline"}
    assert (await maya.ask({"type": "presence.watch", "users": [jonas.user]}))["users"] == {jonas.user: "offline"}
    seen = len(jonas.pushes)
    await maya.tell({"type": "typing.set", "thread": pair.thread})
    await maya.ask({"type": "presence.set", "state": "background"})
    await maya.ask({"type": "presence.set", "state": "active"})
    await unblock(maya, jonas)
    assert (await maya.say(pair.thread, "Hello again."))["type"] == "message.send"
    await jonas.event("message.sent", body="Hello again.")
    told = {push["type"] for push in jonas.pushes[seen:]}
    assert not told & {"presence.changed", "typing.changed"}
    back = await jonas.ask({"type": "presence.watch", "users": [maya.user]})
    assert back["users"] == {maya.user: "active"}
    await maya.ask({"type": "presence.set", "state": "background"})
    await jonas.until(lambda push: push["type"] == "presence.changed" and push["state"] == "background")


async def test_the_list_is_ones_own(pair: Pair) -> None:
    maya, jonas = pair.maya, pair.jonas
    await block(maya, jonas, reason="Rude on the phone.")
    await block(maya, jonas, reason="Again.")
    listed = (await maya.ask({"type": "peer.blocked"}))["users"]
    assert [(user["user"], user["name"], user["reason"]) for user in listed] == [
        (jonas.user, "Jonas", "Rude on the phone.")
    ]
    assert (await jonas.ask({"type": "peer.blocked"}))["users"] == []
    await unblock(maya, jonas)
    await unblock(maya, jonas)
    assert (await maya.ask({"type": "peer.blocked"}))["users"] == []
    assert "Rude" not in pair.room.hub.log_path.read_text()


async def test_one_cannot_block_oneself_or_nobody(pair: Pair) -> None:
    assert (await pair.maya.ask({"type": "peer.block", "user": pair.maya.user}))["code"] == "peer.self"
    assert (await pair.maya.ask({"type": "peer.block", "user": "nobody_at_all"}))["code"] == "not_found"


async def test_obligations_of_a_blocked_pair_count_neither_way(pair: Pair) -> None:
    await pair.maya.say(pair.thread, "When can you start?")
    await block(pair.maya, pair.jonas)
    rows = (await pair.jonas.ask({"type": "metrics.rows"}))["rows"]
    assert {row["outcome"] for row in rows} == {"excluded_blocked"}
    await unblock(pair.maya, pair.jonas)
    rows = (await pair.jonas.ask({"type": "metrics.rows"}))["rows"]
    assert "excluded_blocked" not in {row["outcome"] for row in rows}


async def test_who_writes_to_a_suspended_person_is_told_that_they_are_unavailable(pair: Pair) -> None:
    maya, jonas = pair.maya, pair.jonas
    path = f"/api/v1/users/{jonas.user}"
    await api(jonas.hub, "PUT", path, {"name": "Jonas", "suspended": True})
    assert (await maya.say(pair.thread, "Hello?"))["code"] == "peer.unavailable"
    view = await maya.ask({"type": "thread.get", "thread": pair.thread})
    assert view["policy"]["why_not"] == "peer.unavailable"
    assert await jonas.closed() == 4502
    await api(jonas.hub, "PUT", path, {"name": "Jonas", "suspended": False})
    assert (await maya.say(pair.thread, "Welcome back."))["type"] == "message.send"
