"""The community over real sockets: topics, posts, answers, lists, search, watching, every refusal."""

from collections.abc import AsyncIterator

import pytest

from greenroom_protocol import limits
from testkit.community_wire import amending, code, create, creation, listed, move, posting, read
from testkit.hub import HubProcess, Room, put
from testkit.wire import Wire


@pytest.fixture
async def room(hub: HubProcess) -> Room:
    room = Room(hub)
    for name in ("maya", "jonas"):
        await put(hub, f"/api/v1/users/{room.id(name)}", {"name": name.title()})
    return room


@pytest.fixture
async def maya(room: Room) -> AsyncIterator[Wire]:
    async with Wire(room, "maya") as wire:
        yield wire


@pytest.fixture
async def jonas(room: Room) -> AsyncIterator[Wire]:
    async with Wire(room, "jonas", subprotocol=limits.SUBPROTOCOL_MSGPACK) as wire:
        yield wire


# --- topics and posts


async def test_everybody_reads_what_anybody_writes(room: Room, maya: Wire, jonas: Wire) -> None:
    topic = await create(maya, tags=["pricing"])
    posted = await jonas.ask(posting(topic, reply_to=1))
    assert (posted["seq"], posted["n"], posted["dup"]) == (2, 2, False)
    page = await read(jonas, topic)
    head = page["topic"]
    assert (head["kind"], head["tags"], head["by"], head["posts"], head["seq"]) == (
        "discussion", ["pricing"], maya.user, 2, 2,
    )  # fmt: skip
    assert [(post["by"], post["n"], post.get("reply_to", 0)) for post in page["posts"]] == [
        (maya.user, 1, 0), (jonas.user, 2, 1),
    ]  # fmt: skip
    assert page["names"] == {maya.user: "Maya", jonas.user: "Jonas"}
    assert (page["after"], page["to"], page["more"]) == (0, 2, False)


async def test_a_name_is_the_accounts_of_now(room: Room, maya: Wire) -> None:
    topic = await create(maya)
    await put(room.hub, f"/api/v1/users/{maya.user}", {"name": "Maya L."})
    assert (await read(maya, topic))["names"] == {maya.user: "Maya L."}


async def test_a_repeat_gets_the_first_answer(maya: Wire) -> None:
    creates = creation()
    first, second = await maya.ask(creates), await maya.ask(creates)
    assert second == {**first, "id": second["id"], "dup": True}
    posts = posting(first["topic"])
    post, again = await maya.ask(posts), await maya.ask(posts)
    assert again == {**post, "id": again["id"], "dup": True}
    assert await code(maya, {**creates, "body": "Something else?"}) == "idempotency.conflict"
    assert await code(maya, {**posts, "body": "Something else."}) == "idempotency.conflict"
    assert await code(maya, {**posts, "reply_to": 1}) == "idempotency.conflict"
    assert len((await read(maya, first["topic"]))["posts"]) == 2


async def test_a_repeat_is_answered_after_the_topic_was_locked(room: Room, maya: Wire) -> None:
    topic = await create(maya)
    posts, edits = posting(topic), amending("edit", topic, 1, body="By the hour?")
    first, edited = await maya.ask(posts), await maya.ask(edits)
    await move(room, topic, "lock")
    assert (await maya.ask(posts))["seq"] == first["seq"]
    assert (await maya.ask(edits))["seq"] == edited["seq"]


async def test_an_edit_replaces_the_text_and_an_erasure_leaves_a_tombstone(maya: Wire, jonas: Wire) -> None:
    topic = await create(maya)
    await jonas.ask(posting(topic, "By teh day."))
    await jonas.ask(posting(topic, "Never mind."))
    edited = await jonas.ask(amending("edit", topic, 2, body="By the day."))
    erased = await jonas.ask(amending("erase", topic, 3))
    assert (edited["seq"], erased["seq"]) == (4, 5)
    page = await read(maya, topic)
    assert [(post["seq"], post.get("body", ""), post.get("gone", "")) for post in page["posts"]] == [
        (1, "By the day, or by the piece?", ""), (2, "By the day.", ""), (3, "", "erased"),
    ]  # fmt: skip
    assert page["posts"][1]["edited_at"] == edited["at"]
    since = await read(maya, topic, after=3)
    assert since["posts"] == []
    assert since["changed"] == page["posts"][1:]
    assert "Never mind" not in str(page)


async def test_an_erased_text_is_gone_from_the_store(maya: Wire) -> None:
    topic = await create(maya, body="My secret recipe: zwiebelkuchen.")
    await maya.ask(amending("edit", topic, 1, body="My secret recipe: flammkuchen."))
    await maya.ask(amending("erase", topic, 1))
    assert await listed(maya, "search", text="zwiebelkuchen") == []
    assert await listed(maya, "search", text="flammkuchen") == []
    assert "kuchen" not in str(await read(maya, topic))


async def test_the_asker_accepts_one_answer_and_may_change_it(maya: Wire, jonas: Wire) -> None:
    topic = await create(maya, kind="question")
    for body in ("By the day.", "By the piece."):
        await jonas.ask(posting(topic, body))
    assert (await maya.ask(amending("accept", topic, 2)))["type"] == "topic.accept"
    assert (await read(jonas, topic))["topic"]["accepted"] == 2
    await maya.ask(amending("accept", topic, 3))
    assert (await read(jonas, topic))["topic"]["accepted"] == 3
    await jonas.ask(amending("erase", topic, 3))
    assert (await read(jonas, topic))["topic"].get("accepted", 0) == 0


async def test_pages_go_on_and_back_from_a_position(maya: Wire) -> None:
    topic = await create(maya)
    for number in range(2, 7):
        await maya.ask(posting(topic, f"Nr {number}."))
    newest = await read(maya, topic, limit=4)
    assert ([post["seq"] for post in newest["posts"]], newest["after"], newest["more"]) == ([3, 4, 5, 6], 2, True)
    older = await read(maya, topic, before=newest["after"] + 1, limit=4)
    assert ([post["seq"] for post in older["posts"]], older["after"], older["more"]) == ([1, 2], 0, False)
    first = await read(maya, topic, after=0, limit=4)
    assert ([post["seq"] for post in first["posts"]], first["to"], first["more"]) == ([1, 2, 3, 4], 4, True)
    assert [post["seq"] for post in (await read(maya, topic, after=4))["posts"]] == [5, 6]


async def test_a_long_page_is_cut_to_fit_a_frame(room: Room, maya: Wire) -> None:
    topic = await create(maya)
    for _ in range(5):
        await maya.ask(posting(topic, "\x01" * 5_000))
    after, seqs = 0, []
    while True:
        page = await read(maya, topic, after=after)
        seqs += [post["seq"] for post in page["posts"]]
        after = page["to"]
        if not page["more"]:
            break
    assert seqs == [1, 2, 3, 4, 5, 6]


# --- lists and search


async def test_topics_are_listed_by_their_last_post(room: Room, maya: Wire, jonas: Wire) -> None:
    tag = room.id("list").replace("_", "-")
    topics = [await create(maya, tags=[tag], kind=kind) for kind in ("discussion", "question", "discussion")]
    assert await listed(jonas, tag=tag) == topics[::-1]
    await jonas.ask(posting(topics[0]))
    assert await listed(jonas, tag=tag) == [topics[0], topics[2], topics[1]]
    assert await listed(jonas, tag=tag, kind="discussion") == [topics[0], topics[2]]
    assert await listed(jonas, tag=tag, kind="question") == [topics[1]]
    assert (await listed(jonas))[:3] == [topics[0], topics[2], topics[1]]
    assert topics[1] not in await listed(jonas, kind="discussion")
    await move(room, topics[1], "pin")
    assert await listed(jonas, tag=tag) == [topics[1], topics[0], topics[2]]
    await jonas.ask(posting(topics[1]))
    await jonas.ask(posting(topics[2]))
    assert await listed(jonas, tag=tag) == [topics[1], topics[2], topics[0]]
    await move(room, topics[1], "unpin")
    assert await listed(jonas, tag=tag) == [topics[2], topics[1], topics[0]]


async def test_topics_are_found_by_all_words_of_title_tags_and_first_post(room: Room, maya: Wire) -> None:
    word = room.id("kolibri").replace("_", "x")
    topics = [
        await create(maya, title=f"About {word}"),
        await create(maya, tags=[word, "birds"]),
        await create(maya, body=f"Who has seen a {word.upper()}, or two?"),
    ]
    assert await listed(maya, "search", text=word) == topics[::-1]
    assert await listed(maya, "search", text=f"seen {word}!") == [topics[2]]
    assert await listed(maya, "search", text=f"{word} birds") == [topics[1]]
    assert await listed(maya, "search", text=f"{word} whales") == []
    assert await listed(maya, "search", text="?!") == []
    await maya.ask(amending("edit", topics[2], 1, body="Who has seen a heron?"))
    assert await listed(maya, "search", text=word) == topics[1::-1]
    assert topics[2] in await listed(maya, "search", text="heron")


# --- watching


async def test_a_watched_topic_tells_its_news(room: Room, maya: Wire, jonas: Wire) -> None:
    topic = await create(maya, kind="question")
    watching = await maya.ask({"type": "topic.watch", "topics": [topic, "c0_0000000000000000", "nonsense"]})
    assert [(name, at["seq"]) for name, at in watching["topics"].items()] == [(topic, 1)]
    posted = await jonas.ask(posting(topic, reply_to=1))
    news = await maya.until(lambda push: push["type"] == "topic.posted")
    assert (news["seq"], news["posts"], news["name"]) == (2, 2, "Jonas")
    assert news["post"] == (await read(maya, topic))["posts"][1]
    assert news["post"]["at"] == posted["at"]
    edited = await jonas.ask(amending("edit", topic, 2, body="By the piece."))
    news = await maya.until(lambda push: push.get("seq") == 3)
    assert (news["post"]["seq"], news["post"]["body"], news["post"]["edited_at"]) == (2, "By the piece.", edited["at"])
    await maya.ask(amending("accept", topic, 2))
    assert (await maya.until(lambda push: push.get("seq") == 4))["accepted"] == 2
    await jonas.ask(amending("erase", topic, 2))
    news = await maya.until(lambda push: push.get("seq") == 5)
    assert (news["post"]["gone"], news.get("accepted", 0)) == ("erased", 0)
    await move(room, topic, "delete")
    assert (await maya.until(lambda push: push.get("seq") == 6))["is_deleted"] is True


async def test_watching_replaces_the_list(maya: Wire, jonas: Wire) -> None:
    first, second = await create(maya), await create(maya)
    await maya.ask({"type": "topic.watch", "topics": [first]})
    await maya.ask({"type": "topic.watch", "topics": [second]})
    await jonas.ask(posting(first))
    await jonas.ask(posting(second))
    await maya.until(lambda push: push.get("topic") == second)
    assert [push["topic"] for push in maya.pushes if push["type"] == "topic.posted"] == [second]
