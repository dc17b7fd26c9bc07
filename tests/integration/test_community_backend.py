"""The marketplace's side of the community: announcements, moderation, feedback, daily quotas, and none at all."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit.community import policy_with
from testkit.hub import HubProcess, Room, api, put
from testkit.wire import Frame, Wire, cid

COMMANDS: list[Frame] = [
    {"type": "topic.create", "cid": cid(), "kind": "question", "title": "How?", "body": "How?"},
    {"type": "topic.list"},
    {"type": "topic.search", "text": "how"},
    {"type": "topic.read", "topic": "c0_announcements"},
    {"type": "topic.post", "cid": cid(), "topic": "c0_0123456789abcdef", "body": "So."},
    {"type": "topic.edit", "cid": cid(), "topic": "c0_0123456789abcdef", "target": 1, "body": "So."},
    {"type": "topic.erase", "cid": cid(), "topic": "c0_0123456789abcdef", "target": 1},
    {"type": "topic.accept", "cid": cid(), "topic": "c0_0123456789abcdef", "target": 1},
    {"type": "topic.watch", "topics": []},
    {"type": "announcement.list"},
    {"type": "announcement.read", "seq": 1},
    {"type": "announcement.mute"},
    {"type": "feedback.submit", "cid": cid(), "body": "A dark mode, please."},
]


def with_policy(folder: Path, **changes: object) -> HubProcess:
    """Give a hub whose community differs from the shipped one."""
    return HubProcess(folder, env={"GREENROOM_MARKETPLACE_POLICY": str(policy_with(folder, **changes))})


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    limits = {"topics_per_day": 3, "posts_per_day": 3, "feedback_per_day": 2, "edit_window_s": 0}
    with with_policy(tmp_path_factory.mktemp("hub") / "h", **limits) as process:
        yield process


@pytest.fixture
async def room(hub: HubProcess) -> Room:
    return Room(hub)


@pytest.fixture
async def maya(room: Room) -> AsyncIterator[Wire]:
    await put(room.hub, f"/api/v1/users/{room.id('maya')}", {"name": "Maya"})
    async with Wire(room, "maya") as wire:
        yield wire


async def announce(room: Room, title: str, body: str = "Here is why.", **fields: Any) -> Frame:
    return await api(room.hub, "POST", "/api/v1/announcements", {"title": title, "body": body, **fields})


async def create(wire: Wire, **fields: Any) -> str:
    command = {"type": "topic.create", "cid": cid(), "kind": "discussion", "title": "Rates", "body": "Which?", **fields}
    reply = await wire.ask(command)
    assert reply["type"] == "topic.create", reply
    return str(reply["topic"])


async def move(room: Room, topic: str, what: str, post: int = 0) -> Frame:
    return await api(room.hub, "POST", f"/api/v1/topics/{topic}/moves", {"move": what, "post": post})


async def page(wire: Wire, **fields: Any) -> Frame:
    return await wire.ask({"type": "announcement.list", **fields})


# --- announcements


async def test_an_announcement_reaches_every_device_once(room: Room, maya: Wire) -> None:
    async with Wire(room, "maya", device="laptop") as laptop, Wire(room, "jonas") as jonas:
        told = await announce(room, "New: community topics")
        for wire in (maya, laptop, jonas):
            push = await wire.until(lambda push: push["type"] == "announcement.posted")
            assert push["announcement"] == {
                "seq": told["seq"], "n": push["announcement"]["n"], "at": told["at"],
                "title": "New: community topics", "body": "Here is why.",
            }  # fmt: skip
        await announce(room, "And another")
        for wire in (maya, laptop, jonas):
            await wire.until(lambda push: push.get("announcement", {}).get("title") == "And another")
            assert len([push for push in wire.pushes if push["type"] == "announcement.posted"]) == 2


async def test_unread_is_counted_from_ones_own_mark_which_never_moves_back(room: Room, maya: Wire) -> None:
    before = (await page(maya))["unread"]
    seqs = [int((await announce(room, f"Nr {number}"))["seq"]) for number in range(3)]
    listed = await page(maya, limit=2)
    assert [each["seq"] for each in listed["announcements"]] == seqs[:0:-1]
    assert (listed["unread"], listed["read"], listed["before"]) == (before + 3, 0, seqs[1])
    older = await page(maya, before=listed["before"])
    assert older["announcements"][0]["seq"] == seqs[0]
    marked = await maya.ask({"type": "announcement.read", "seq": seqs[1]})
    assert (marked["seq"], marked["unread"]) == (seqs[1], 1)
    assert (await maya.ask({"type": "announcement.read", "seq": seqs[0]}))["unread"] == 1
    assert (await maya.ask({"type": "announcement.read", "seq": 10**9}))["unread"] == 0
    again = await page(maya)
    assert (again["read"], again["unread"]) == (seqs[2], 0)


async def test_a_user_who_muted_is_not_told_but_can_read(room: Room, maya: Wire) -> None:
    assert (await maya.ask({"type": "announcement.mute"}))["on"] is True
    async with Wire(room, "jonas") as jonas:
        await announce(room, "Not for maya")
        await jonas.until(lambda push: push["type"] == "announcement.posted")
        listed = await page(maya)
        assert (listed["muted"], listed["announcements"][0]["title"]) == (True, "Not for maya")
        assert (await maya.ask({"type": "announcement.mute", "on": False}))["on"] is False
        await announce(room, "For maya again")
        push = await maya.until(lambda push: push["type"] == "announcement.posted")
        assert push["announcement"]["title"] == "For maya again"


async def test_an_announcement_is_made_once_for_its_cid(room: Room, maya: Wire) -> None:
    again = cid()
    first, second = await announce(room, "Once", cid=again), await announce(room, "Once", cid=again)
    assert second == {**first, "dup": True}
    with pytest.raises(RuntimeError, match=r"idempotency\.conflict"):
        await announce(room, "Twice", cid=again)
    with pytest.raises(RuntimeError, match="title"):
        await announce(room, "Two\nlines")


async def test_a_hidden_announcement_is_listed_no_more(room: Room, maya: Wire) -> None:
    told = await announce(room, "Oops")
    await move(room, "c0_announcements", "hide", int(str(told["seq"])))
    assert told["seq"] not in [each["seq"] for each in (await page(maya))["announcements"]]
    with pytest.raises(RuntimeError, match=r"perm\.denied"):
        await move(room, "c0_announcements", "delete")


# --- moderation


async def test_a_hidden_post_is_read_by_moderators_alone_until_it_is_shown_again(room: Room, maya: Wire) -> None:
    word = room.id("pelikan").replace("_", "x")
    topic = await create(maya, body=f"Buy {word} coins!")
    first, second = await move(room, topic, "hide", 1), await move(room, topic, "hide", 1)
    assert (first["dup"], second["dup"]) == (False, True)
    (post,) = (await maya.ask({"type": "topic.read", "topic": topic}))["posts"]
    assert (post["gone"], post.get("body", "")) == ("hidden", "")
    edits = {"type": "topic.edit", "cid": cid(), "topic": topic, "target": 1, "body": "Hello."}
    assert (await maya.ask(edits))["code"] == "post.hidden"
    assert (await maya.ask({"type": "topic.search", "text": word}))["topics"] == []
    seen = await api(room.hub, "GET", f"/api/v1/topics/{topic}/posts")
    assert isinstance(seen["posts"], list)
    assert (seen["posts"][0]["body"], seen["to"]) == (f"Buy {word} coins!", 2)
    await move(room, topic, "show", 1)
    (post,) = (await maya.ask({"type": "topic.read", "topic": topic}))["posts"]
    assert post["body"] == f"Buy {word} coins!"
    found = await maya.ask({"type": "topic.search", "text": word})
    assert [each["topic"] for each in found["topics"]] == [topic]


async def test_the_author_may_erase_what_was_hidden(room: Room, maya: Wire) -> None:
    topic = await create(maya, body="Buy my coins!")
    await move(room, topic, "hide", 1)
    await maya.ask({"type": "topic.erase", "cid": cid(), "topic": topic, "target": 1})
    seen = await api(room.hub, "GET", f"/api/v1/topics/{topic}/posts")
    assert "coins" not in str(seen["posts"])
    with pytest.raises(RuntimeError, match=r"post\.erased"):
        await move(room, topic, "show", 1)


@pytest.mark.parametrize(("what", "post"), [("hide", 0), ("lock", 1)])
async def test_a_move_says_which_post_or_none(room: Room, maya: Wire, what: str, post: int) -> None:
    with pytest.raises(RuntimeError, match="hide and show"):
        await move(room, "c0_0123456789abcdef", what, post)


async def test_what_does_not_exist_cannot_be_moderated(room: Room, maya: Wire) -> None:
    for topic in ("c0_0123456789abcdef", "nonsense"):
        with pytest.raises(RuntimeError, match="not_found"):
            await move(room, topic, "lock")
    with pytest.raises(RuntimeError, match="not_found"):
        await move(room, await create(maya), "hide", 2)


# --- quotas and windows


async def test_a_day_has_room_for_so_many_topics_and_posts(room: Room, maya: Wire) -> None:
    topics = [await create(maya) for _ in range(3)]
    creates = {"type": "topic.create", "cid": cid(), "kind": "discussion", "title": "Rates", "body": "Which?"}
    refused = await maya.ask(creates)
    assert (refused["code"], refused["retry"]) == ("rate.topics", "later")
    assert 0 < refused["retry_after_ms"] <= 86_400_000
    posts = [{"type": "topic.post", "cid": cid(), "topic": topics[0], "body": "So."} for _ in range(4)]
    replies = [await maya.ask(post) for post in posts]
    assert [reply.get("code", "") for reply in replies] == ["", "", "", "rate.posts"]
    assert (await maya.ask(posts[0]))["dup"] is True
    async with Wire(room, "jonas") as jonas:
        assert (await jonas.ask(posts[0] | {"cid": cid()}))["type"] == "topic.post"


async def test_a_refused_post_takes_no_room(room: Room, maya: Wire) -> None:
    topic = await create(maya)
    for _ in range(5):
        refused = await maya.ask({"type": "topic.post", "cid": cid(), "topic": topic, "body": "So.", "reply_to": 9})
        assert refused["code"] == "post.no_reply_to"
    assert (await maya.ask({"type": "topic.post", "cid": cid(), "topic": topic, "body": "So."}))["seq"] == 2


async def test_an_old_post_is_not_edited(maya: Wire) -> None:
    topic = await create(maya)
    edits = {"type": "topic.edit", "cid": cid(), "topic": topic, "target": 1, "body": "Hello."}
    refused = await maya.ask(edits)
    assert (refused["code"], refused["hint"]) == ("post.edit_window", "topic.post")


# --- feedback


async def test_feedback_reaches_the_backend_alone_and_once(room: Room, maya: Wire) -> None:
    submits = {"type": "feedback.submit", "cid": cid(), "category": "idea", "body": "A dark mode, please."}
    first, second = await maya.ask(submits), await maya.ask(submits)
    assert second == {**first, "id": second["id"], "dup": True}
    assert (await maya.ask({**submits, "body": "A light mode."}))["code"] == "idempotency.conflict"
    assert (await maya.ask({**submits, "cid": cid()}))["type"] == "feedback.submit"
    assert (await maya.ask({**submits, "cid": cid()}))["code"] == "rate.feedback"
    entries = (await api(room.hub, "GET", "/api/v1/feedback"))["entries"]
    assert isinstance(entries, list)
    mine = [entry for entry in entries if entry["user"] == maya.user]
    assert [(entry["category"], entry["body"]) for entry in mine] == [("idea", "A dark mode, please.")] * 2
    assert mine[0]["at"] == first["at"]
    rest = (await api(room.hub, "GET", f"/api/v1/feedback?after={mine[0]['id']}"))["entries"]
    assert isinstance(rest, list)
    assert mine[1] in rest
    assert mine[0] not in rest


# --- switched off


async def test_without_a_community_its_commands_are_not_available(tmp_path: Path) -> None:
    with with_policy(tmp_path / "off", is_enabled=False) as hub:
        async with Wire(hub, "maya") as maya:
            for command in COMMANDS:
                assert (await maya.ask(command))["code"] == "not_available", command
        for call in (api(hub, "GET", "/api/v1/feedback"), move(Room(hub), "c0_0123456789abcdef", "lock")):
            with pytest.raises(RuntimeError, match=r"404.*not_available"):
                await call
