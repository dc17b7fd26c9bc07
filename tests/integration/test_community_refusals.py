"""Whatever is refused in the community, over real sockets: each code, and the contact filter on all texts."""

from collections.abc import AsyncIterator, Iterator

import pytest

from greenroom_protocol import limits
from testkit.community import policy_with
from testkit.community_wire import amending, code, create, creation, listed, move, posting, read
from testkit.hub import HubProcess, Room, put
from testkit.wire import Frame, Wire, cid

CONTACT = "Write to me at jonas@fernlight.co for the price list."
ASKING = "What is your WhatsApp number?"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub whose limits can be reached."""
    folder = tmp_path_factory.mktemp("hub")
    with HubProcess(
        folder, env={"GREENROOM_MARKETPLACE_POLICY": str(policy_with(folder, posts_per_topic=6))}
    ) as process:
        yield process


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


@pytest.mark.parametrize("text", [CONTACT, ASKING])
async def test_no_text_of_the_community_carries_a_contact(maya: Wire, text: str) -> None:
    topic = await create(maya)
    for command in (
        creation(body=text), creation(title=text), posting(topic, text), amending("edit", topic, 1, body=text),
        {"type": "feedback.submit", "cid": cid(), "body": text},
    ):  # fmt: skip
        reply = await maya.ask(command)
        if reply["type"] == "error":
            assert reply["code"].startswith("policy."), reply
            assert reply["policy"]["action"] == "bounce"
        else:
            assert reply["policy"]["action"] == "redact"
    assert "fernlight" not in str(await read(maya, topic))
    assert "WhatsApp" not in str(await read(maya, topic))


async def test_a_title_and_tags_pass_whole_or_not_at_all(maya: Wire) -> None:
    for change in ({"title": f"Prices: {CONTACT}"}, {"tags": ["rates", "call-0049-171-1234567"]}):
        creates = creation(**change)
        first, second = await maya.ask(creates), await maya.ask(creates)
        assert (first["code"].partition(".")[0], first["policy"]["action"]) == ("policy", "bounce")
        assert second == {**first, "id": second["id"]}


async def test_a_bounce_is_kept_under_its_cid(maya: Wire) -> None:
    topic = await create(maya)
    for command in (posting(topic, ASKING), amending("edit", topic, 1, body=ASKING), creation(body=ASKING)):
        first, second = await maya.ask(command), await maya.ask(command)
        assert second == {**first, "id": second["id"]}
        assert await code(maya, {**command, "body": "What is your rate?"}) == "idempotency.conflict"


async def test_the_filter_is_on_between_people_with_a_contract(room: Room) -> None:
    await room.furnish()
    async with Wire(room, "maya") as client, Wire(room, "jonas") as freelancer:
        opened = await client.ask(
            {
                "type": "thread.open",
                "freelancer": freelancer.user,
                "cid": cid(),
                "body": "Hello!",
                "job": room.id("logo"),
            }
        )
        await room.move(opened["thread"], "start_contract")
        await freelancer.event("contract.changed", change="started")
        topic = await create(client)
        posted = await freelancer.ask(posting(topic, CONTACT))
        assert posted["policy"]["code"] == "policy.contact_email"


async def test_only_the_author_changes_a_post(maya: Wire, jonas: Wire) -> None:
    topic = await create(maya)
    assert await code(jonas, amending("edit", topic, 1, body="Mine now.")) == "post.author_only"
    assert await code(jonas, amending("erase", topic, 1)) == "post.author_only"
    await maya.ask(amending("erase", topic, 1))
    assert await code(maya, amending("erase", topic, 1)) == "post.erased"
    assert await code(maya, amending("edit", topic, 1, body="Back again.")) == "post.erased"
    assert await code(maya, amending("edit", topic, 2, body="An erasure is no post.")) == "not_found"
    assert await code(maya, amending("erase", topic, 9)) == "not_found"


async def test_only_answers_to_ones_own_question_are_accepted(maya: Wire, jonas: Wire) -> None:
    question, discussion = await create(maya, kind="question"), await create(maya)
    await jonas.ask(posting(question))
    await jonas.ask(posting(question, "Hm."))
    await jonas.ask(amending("erase", question, 3))
    assert await code(maya, amending("accept", discussion, 1)) == "topic.not_a_question"
    assert await code(jonas, amending("accept", question, 2)) == "topic.asker_only"
    for target in (1, 3, 4, 9):
        assert await code(maya, amending("accept", question, target)) == "post.not_an_answer"


async def test_a_reply_needs_its_post(maya: Wire) -> None:
    topic = await create(maya)
    await maya.ask(amending("edit", topic, 1, body="By the hour?"))
    for nothing in (2, 3, 99):
        assert await code(maya, posting(topic, reply_to=nothing)) == "post.no_reply_to"


async def test_a_full_topic_takes_no_more_and_a_locked_one_nothing(room: Room, maya: Wire) -> None:
    topic = await create(maya)
    for _ in range(5):
        await maya.ask(posting(topic))
    refused = await maya.ask(posting(topic))
    assert (refused["code"], refused["hint"]) == ("topic.full", "topic.create")
    assert (await maya.ask(amending("edit", topic, 2, body="By the week.")))["type"] == "topic.edit"
    other = await create(maya)
    await move(room, other, "lock")
    assert await code(maya, posting(other)) == "topic.locked"
    assert await code(maya, amending("edit", other, 1, body="Hello?")) == "topic.locked"
    assert (await maya.ask(amending("erase", other, 1)))["type"] == "topic.erase"
    await move(room, other, "unlock")
    assert (await maya.ask(posting(other)))["type"] == "topic.post"


async def test_a_deleted_topic_is_gone(room: Room, maya: Wire) -> None:
    creates = creation(title="Something to regret")
    topic = (await maya.ask(creates))["topic"]
    await move(room, topic, "delete")
    assert await code(maya, posting(topic)) == "not_found"
    assert await code(maya, {"type": "topic.read", "topic": topic}) == "not_found"
    assert topic not in await listed(maya)
    assert topic not in await listed(maya, "search", text="regret")
    assert (await maya.ask(creates))["dup"] is True
    assert await code(maya, {"type": "topic.read", "topic": topic}) == "not_found"


@pytest.mark.parametrize("topic", ["c0_0123456789abcdef", "c1_0123456789abcdef", "t1_abc", "c0_{p0}", "c999_x"])
async def test_what_is_no_topic_is_not_found(maya: Wire, topic: str) -> None:
    for command in (
        {"type": "topic.read", "topic": topic}, posting(topic), amending("edit", topic, 1, body="x"),
        amending("erase", topic, 1), amending("accept", topic, 1),
    ):  # fmt: skip
        assert await code(maya, command) == "not_found"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (creation(kind="announcement"), "perm.service_only"),
        (posting("c0_announcements"), "perm.service_only"),
        (creation(title="a\nb"), "bad_request.field"),
        (creation(title="x" * 121), "bad_request.field"),
        (creation(title=" "), "bad_request.field"),
        (creation(body="x" * 5_001), "bad_request.field"),
        (creation(body=" "), "bad_request.body"),
        (creation(tags=["No"]), "bad_request.field"),
        (creation(tags=list("abcdef")), "bad_request.field"),
        (creation(cid="0" * 36), "cid.invalid"),
        (creation(cid=cid(age_s=8 * 86_400)), "cid.outside_window"),
        ({"type": "topic.list", "cursor": "nonsense"}, "bad_request.field"),
        ({"type": "topic.read", "topic": "c0_announcements", "after": 1, "before": 3}, "bad_request.field"),
        ({"type": "topic.watch", "topics": ["c0_x"] * 21}, "bad_request.field"),
        ({"type": "feedback.submit", "cid": cid(age_s=8 * 86_400), "body": "Hello."}, "cid.outside_window"),
    ],
)
async def test_what_cannot_be_is_refused(maya: Wire, command: Frame, expected: str) -> None:
    assert await code(maya, command) == expected
