"""The Python client's areas and live views against a hub with moderators."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from greenroom_client import (
    Client,
    ConnectionOptions,
    GreenroomError,
    LiveThread,
    MessageEvent,
    MessageReturned,
    Snapshot,
    StateChanged,
    TopicNews,
    TopicPositions,
)
from greenroom_protocol.offers import OfferTerms
from greenroom_protocol.personal import QuietHours
from testkit.examples import example
from testkit.fault_proxy import FaultProxy
from testkit.hub import HubProcess, Room, api, put, token
from testkit.moderation import ASK, ASK_AGAIN, decide, moderated

FAST = ConnectionOptions(reconnect_min_s=0.01, reconnect_max_s=0.05, proxy=None)
HOSTILE = '<script>alert(1)</script>\u202e & "quotes"'


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("moderated")
    with HubProcess(folder, env=moderated(folder, {"client_start_lead_s": "0"})) as process:
        yield process


def a_client(room: Room, name: str, *, port: int | None = None, **options: Any) -> Client:
    url = f"ws://127.0.0.1:{port or room.hub.port}/ws"
    return Client(url, **{"token": token(room.id(name)), "options": FAST} | options)


class Talk(NamedTuple):
    """An interview of maya, the client, and jonas; the log holds four events and two items."""

    thread: str
    maya: Client
    jonas: Client


@asynccontextmanager
async def an_interview(room: Room) -> AsyncIterator[Talk]:
    async with a_client(room, "maya") as maya, a_client(room, "jonas") as jonas:
        thread = (await maya.invitations.send(room.id("jonas"), room.id("logo"), "Would you like to?")).thread
        await jonas.invitations.accept(thread, "Gladly")
        await maya.send(thread, "Welcome")
        yield Talk(thread, maya, jonas)


async def until(events: Any, kind: type, **values: object) -> Any:
    async for event in events:
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in values.items()):
            return event
    raise AssertionError(f"no {kind.__name__}")


async def shows(live: LiveThread, what: Any) -> None:
    """Follow a live thread until it looks as wanted."""
    while not what(live):
        await anext(live)


def bodies(live: LiveThread) -> list[str]:
    return [item.body for item in live.items if item.event.n or item.is_erased]


async def refusal(call: Any) -> GreenroomError:
    with pytest.raises(GreenroomError) as refused:
        await call
    return refused.value


async def test_a_proposal_becomes_a_contract(room: Room) -> None:
    async with a_client(room, "maya") as maya, a_client(room, "jonas") as jonas:
        before = (await jonas.connects.get()).connects.balance
        job = (await jonas.jobs.get(room.id("logo"))).job
        assert [each.job for each in (await maya.jobs.list()).jobs] == [job.job]
        submitted = await jonas.proposals.submit(job.job, "I have drawn logos for three bakeries.")
        assert (await jonas.connects.get()).connects.balance == before - job.cost == before - submitted.cost
        thread = submitted.thread
        listed = (await maya.proposals.candidacies(states=["proposed"])).rows
        assert [(row.thread, row.awaiting) for row in listed] == [(thread, "me")]
        await maya.send(thread, "Tell me more.")
        await maya.offers.send(thread, OfferTerms(amount="900.50", currency="EUR"))
        assert (await jonas.offers.decline(thread, "Too little")).state == "candidacy"
        await maya.offers.send(thread, OfferTerms(amount="1100", currency="EUR"))
        assert (await jonas.offers.accept(thread)).state == "contract"
        assert (await jonas.thread(thread)).policy.contact == "allowed"
        too_late = await refusal(maya.proposals.decline(thread, "budget"))
        assert too_late.retry == "never"


async def test_refusals_carry_their_numbers(room: Room) -> None:
    async with a_client(room, "maya") as maya, a_client(room, "jonas") as jonas:
        await room.client("noor", *(f"job{number}" for number in range(31)))
        for number in range(30):
            await jonas.proposals.submit(room.id(f"job{number}"), "I can do that.")
        refused = await refusal(jonas.proposals.submit(room.id("job30"), "I can do that."))
        assert (refused.code, refused.data["need"], refused.data["have"]) == ("connects.insufficient", 2, 0)
        assert (await refusal(maya.connects.get())).data == {}


async def test_access_is_asked_for_agreed_to_and_ended(room: Room) -> None:
    async with an_interview(room) as talk:
        asked = await talk.maya.access.request(talk.thread, "peer", "code_host", "To see the repository.")
        assert (asked.grant, (await talk.jonas.thread(talk.thread)).grants[0].state) == ("granted", "granted")
        await talk.jonas.access.share(talk.thread, asked.seq, "jonas@example.com")
        await talk.maya.access.revoke(talk.thread, asked.seq)
        mine = await talk.jonas.access.request(talk.thread, "me", "code_host", "To give access.")
        await talk.maya.access.refuse(talk.thread, mine.seq)
        states = [grant.state for grant in (await talk.jonas.thread(talk.thread)).grants]
        assert states == ["revoked", "refused"]
        assert (await refusal(talk.maya.access.confirm(talk.thread, mine.seq))).retry == "never"


async def test_people_are_found_and_say_when_they_are_there(room: Room) -> None:
    async with a_client(room, "maya") as maya, a_client(room, "jonas") as jonas:
        found = await maya.directory.search("jonas", skills=["logo"], limit=50)
        assert room.id("jonas") in [profile.freelancer for profile in found.profiles]
        until_ms = time.time_ns() // 1_000_000 + 3_600_000
        assert (await jonas.availability.away(until_ms)).until == until_ms
        assert (await maya.directory.freelancer(room.id("jonas"))).profile.away_until == until_ms
        assert (await jonas.availability.away(None)).until is None
        assert (await jonas.availability.hours("UTC", [])).hours.shifts == []
        assert (await refusal(jonas.availability.badge(True))).retry == "never"
        assert (await jonas.directory.client(room.id("maya"))).client.open_jobs == 1
        assert (await jonas.speed.rows()).speed.t50_s is None


async def test_staff_comes_and_goes(room: Room) -> None:
    await put(room.hub, f"/api/v1/users/{room.id('alba')}", {"name": "Alba", "staff_of": [room.id("maya")]})
    async with an_interview(room) as talk, a_client(room, "alba") as alba:
        await talk.maya.team.add(talk.thread, room.id("alba"), history="all", rights=["decline"])
        assert [person.is_member for person in (await alba.thread(talk.thread)).participants].count(True) == 1
        await alba.team.leave(talk.thread)
        await talk.maya.team.add(talk.thread, room.id("alba"), history="from_now")
        await talk.maya.team.remove(talk.thread, room.id("alba"))
        assert (await refusal(alba.send(talk.thread, "Still here?"))).retry == "never"


async def test_blocks_and_reports(room: Room) -> None:
    async with an_interview(room) as talk:
        assert (await talk.jonas.safety.report(talk.thread, "spam", "Look at this", target=3)).report
        await talk.jonas.safety.block(talk.maya.user, "Too many questions")
        blocked = (await talk.jonas.safety.blocked()).users
        assert [(each.user, each.reason) for each in blocked] == [(room.id("maya"), "Too many questions")]
        assert (await refusal(talk.maya.send(talk.thread, "Hello?"))).retry == "never"
        await talk.jonas.safety.unblock(talk.maya.user)
        assert (await talk.maya.send(talk.thread, "Hello again")).state == "sent"


async def test_what_is_ones_own_stays_ones_own(room: Room) -> None:
    async with an_interview(room) as talk:
        events = talk.jonas.events()
        await until(events, Snapshot)
        assert [row.thread for row in talk.jonas.inbox] == [talk.thread]
        assert (await talk.jonas.mute(talk.thread, 4_000_000_000_000)).muted_until == 4_000_000_000_000
        await talk.jonas.archive(talk.thread, seen=2)
        assert (await talk.jonas.threads()).rows == []
        archived = (await talk.jonas.threads(archived=True)).rows
        assert [row.thread for row in archived] == [talk.thread]
        assert talk.jonas.inbox == []
        assert [row.thread for row in talk.maya.inbox] == [talk.thread]
        quiet = QuietHours(from_="20:00", to="08:00", tz="UTC")
        assert (await talk.jonas.settings.set(quiet_hours=quiet, private_read=True)).private_read
        assert (await talk.jonas.settings.get()).quiet_hours == quiet
        assert (await talk.maya.react(talk.thread, 3, "👍")).dup is False


async def test_watched_topics_tell_their_news_and_where_they_stand_after_a_reconnection(room: Room) -> None:
    jonas = a_client(room, "jonas")
    async with FaultProxy(room.hub.port) as network, a_client(room, "maya", port=network.port) as maya, jonas:
        topic = (await jonas.community.create("question", "How do you price a logo?", "By day?", tags=["logo"])).topic
        assert [each.topic for each in (await maya.community.list(kind="question", tag="logo")).topics][:1] == [topic]
        events = maya.events()
        assert (await maya.community.watch([topic])).topics[topic].seq == 1
        await jonas.community.post(topic, "Or by the piece?")
        assert (await until(events, TopicNews)).seq == 2
        network.cut()
        await until(events, StateChanged, state="connected")
        assert (await until(events, TopicPositions)).topics[topic].seq == 2
        answer = await maya.community.post(topic, "By the piece.", reply_to=1)
        await jonas.community.accept(topic, answer.seq)
        page = await maya.community.read(topic, after=1)
        assert (page.topic.accepted, [post.seq for post in page.posts]) == (answer.seq, [2, 3])


async def test_announcements_are_read_and_feedback_is_taken(room: Room) -> None:
    async with a_client(room, "jonas") as jonas:
        page = await jonas.announcements.list()
        assert (await jonas.announcements.mute()).on is True
        assert (await jonas.announcements.read(0)).unread == page.unread
        assert (await jonas.announcements.feedback("More colours, please.", "idea")).dup is False


async def test_a_live_thread_shows_what_the_others_do_to_it(room: Room) -> None:
    async with an_interview(room) as talk, talk.jonas.live(talk.thread) as live:
        assert bodies(live) == ["Would you like to?", "Welcome"]
        assert (live.head.state, live.has_older) == ("candidacy", False)
        sent = live.post("Thank you")
        await sent.settled()
        await shows(live, lambda live: bodies(live)[-1] == "Thank you")
        assert live.outgoing == []
        assert sent.sent is not None
        await talk.maya.edit(talk.thread, 3, "Welcome!")
        await talk.maya.react(talk.thread, sent.sent.seq, "🎉")
        await shows(live, lambda live: any(item.reactions for item in live.items))
        assert bodies(live) == ["Would you like to?", "Welcome!", "Thank you"]
        await talk.maya.erase(talk.thread, 3)
        await shows(live, lambda live: any(item.is_erased for item in live.items))
        assert bodies(live) == ["Would you like to?", "", "Thank you"]
        await talk.maya.read(talk.thread, 3)
        await shows(live, lambda live: {person.read for person in live.head.participants} == {3})
        await live.read()
        assert talk.jonas.unread == 0
        await room.move(talk.thread, "start_contract")
        await shows(live, lambda live: live.head.state == "contract")
        assert live.head.policy.contact == "allowed"


async def test_a_live_thread_beside_a_reader_of_everything_takes_nothing_from_it(room: Room) -> None:
    async with an_interview(room) as talk, a_client(room, "jonas", show_all=True, device="bot") as bot:
        async with bot.live(talk.thread) as live, bot.live(talk.thread) as other:
            await talk.maya.send(talk.thread, "One")
            for each in (live, other):
                await shows(each, lambda live: bodies(live)[-1] == "One")
        await talk.maya.send(talk.thread, "Two")
        found: list[str] = []
        async for event in bot.events():
            body = getattr(getattr(event, "event", None), "body", "")
            found += [body] if body else []
            if body == "Two":
                break
        assert found == ["One", "Two"]


async def test_older_pages_of_a_live_thread(room: Room) -> None:
    async with an_interview(room) as talk:
        for number in range(60):
            talk.maya.post(talk.thread, f"message {number}")
        await talk.maya.send(talk.thread, "last")
        async with talk.jonas.live(talk.thread) as live:
            assert (len(live.items), live.has_older) == (50, True)
            assert await live.older() is False
            assert [item.event.seq for item in live.items] == list(range(1, 66))
            assert await live.older() is False


async def test_bounced_and_held_messages_come_back_to_their_author_and_never_go_again(room: Room) -> None:
    async with an_interview(room) as talk, talk.jonas.live(talk.thread) as live:
        events = talk.jonas.events()
        handle = live.post(ASK)
        assert (await handle.settled()).state == "bounced"
        await shows(live, lambda live: live.returned)
        [back] = live.returned
        assert (back.body, back.cid, back.code) == (ASK, handle.cid, "policy.contact_request")
        assert back.policy is not None
        assert back.policy.spans
        assert ASK not in repr(back) + repr(handle)
        returned: MessageReturned = await until(events, MessageReturned)
        assert (returned.message is handle, handle.error is not None and handle.error.is_bounce) == (True, True)
        live.returned.clear()
        held = await talk.jonas.send(talk.thread, ASK_AGAIN)
        assert held.state == "held"
        await shows(live, lambda live: live.held)
        assert ([each.body for each in live.held], live.outgoing, ASK_AGAIN in bodies(live)) == ([ASK_AGAIN], [], False)
        await decide(room, held.mid, "reject")
        await shows(live, lambda live: live.returned)
        assert [(back.body, back.code) for back in live.returned] == [(ASK_AGAIN, "held.rejected")]
        assert live.held == []
        assert (await talk.jonas.review.held(talk.thread)).held == []
        await talk.jonas.review.appeal(talk.thread, handle.cid, "It is my job title.")
        assert bodies(live) == ["Would you like to?", "Welcome"], "nothing went again"


async def test_a_released_message_moves_from_the_held_ones_into_the_thread(room: Room) -> None:
    async with an_interview(room) as talk, talk.jonas.live(talk.thread) as live:
        await refusal(talk.jonas.send(talk.thread, ASK))
        held = await talk.jonas.send(talk.thread, ASK_AGAIN)
        second = await talk.jonas.send(talk.thread, "And what is your Telegram name?")
        await shows(live, lambda live: len(live.held) == 2)
        await decide(room, held.mid, "release")
        await shows(live, lambda live: bodies(live)[-1] == ASK_AGAIN and len(live.held) == 1)
        await talk.jonas.review.withdraw(second.mid)
        await shows(live, lambda live: not live.held and any(back.code == "held.withdrawn" for back in live.returned))


async def test_transcript_is_complete_and_never_markup(room: Room, tmp_path: Path) -> None:
    export = example("export_transcript")
    async with an_interview(room) as talk:
        for number in range(310):
            talk.maya.post(talk.thread, f"message {number}")
        sent = await talk.maya.send(talk.thread, HOSTILE)
        await talk.maya.edit(talk.thread, sent.seq - 1, "changed")
        await talk.maya.erase(talk.thread, sent.seq - 2)
        await talk.jonas.react(talk.thread, sent.seq, "👍")
        transcript = await export.fetch(room.hub.ws_url, token(room.id("jonas")), talk.thread)
        export.save(transcript, tmp_path / "talk.json")
        export.save(transcript, tmp_path / "talk.html")
    written = json.loads((tmp_path / "talk.json").read_text("utf-8"))
    lines = {line["seq"]: line for line in written["lines"]}
    assert [line.get("text") for line in written["lines"] if line["kind"] == "message.sent"][1:309] == [
        f"message {number}" for number in range(308)
    ]
    assert (lines[sent.seq - 1]["text"], lines[sent.seq - 1]["is_edited"]) == ("changed", True)
    assert lines[sent.seq - 2]["is_erased"]
    assert (lines[sent.seq]["text"], lines[sent.seq]["reactions"]) == (HOSTILE, {"👍": [room.id("jonas")]})
    page = (tmp_path / "talk.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<bdi>Maya</bdi>" in page


async def test_a_topic_kept_by_a_moderator_is_refused_with_its_code(room: Room) -> None:
    async with a_client(room, "maya") as maya, a_client(room, "jonas") as jonas:
        topic = (await maya.community.create("discussion", "Fonts", "Which do you like?")).topic
        await api(room.hub, "POST", f"/api/v1/topics/{topic}/moves", {"move": "lock", "post": 0})
        assert (await refusal(jonas.community.post(topic, "Any"))).retry == "never"
        await maya.community.erase(topic, 1)
        assert (await jonas.community.read(topic)).posts[0].gone == "erased"
        assert (await jonas.community.search("Fonts")).cursor is None


async def test_a_live_thread_ends_with_the_right_to_read_it(room: Room) -> None:
    await put(room.hub, f"/api/v1/users/{room.id('alba')}", {"name": "Alba", "staff_of": [room.id("maya")]})
    async with an_interview(room) as talk, a_client(room, "alba") as alba:
        await talk.maya.team.add(talk.thread, room.id("alba"), history="all")
        async with alba.live(talk.thread) as live:
            assert alba.is_shown(talk.thread)
            await talk.maya.team.remove(talk.thread, room.id("alba"))
            await talk.maya.send(talk.thread, "Between us")
            await shows(live, lambda live: not live.head.policy.may_write)
            assert "Between us" not in bodies(live)
        assert not alba.is_shown(talk.thread)


async def test_notices_of_ones_own_log_come_unasked_and_after_an_outage(room: Room) -> None:
    async with FaultProxy(room.hub.port) as network, a_client(room, "jonas", port=network.port) as jonas:
        await room.client("noor", "mural")
        events = jonas.events()
        await jonas.proposals.submit(room.id("logo"), "I can do that.")
        first = await until(events, MessageEvent)
        assert (first.event.change, jonas.rows[first.thread].state) == ("proposal", "self")
        assert [row.thread for row in jonas.inbox] != [first.thread]
        async with a_client(room, "jonas") as phone:
            await until(phone.events(), Snapshot)
            network.cut()
            await phone.proposals.submit(room.id("mural"), "That, too.")
        second = await until(events, MessageEvent)
        assert (second.event.amount, second.event.balance) == (first.event.amount, first.event.balance - 2)
