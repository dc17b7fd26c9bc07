"""The Python client against the real hub, with a network that breaks."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from greenroom_client import (
    Client,
    ConnectionOptions,
    EventStream,
    GreenroomError,
    MessageEvent,
    PresenceChanged,
    QueuedMessage,
    ReceiptMoved,
    Recovered,
    RowChanged,
    Snapshot,
    StateChanged,
    TypingChanged,
)
from greenroom_protocol import codes
from greenroom_protocol.events import InvitationSent, MessageSent
from testkit.examples import example
from testkit.fault_proxy import FaultProxy
from testkit.hub import Room, token

FAST = ConnectionOptions(reconnect_min_s=0.01, reconnect_max_s=0.05, proxy=None)


def a_client(room: Room, name: str, *, port: int | None = None, **options: Any) -> Client:
    url = f"ws://127.0.0.1:{port or room.hub.port}/ws"
    return Client(url, **{"token": token(room.id(name)), "show_all": True, "options": FAST} | options)


class Interview(NamedTuple):
    """Two people in a thread where both may write, each behind a proxy of their own."""

    thread: str
    maya: Client
    jonas: Client
    maya_network: FaultProxy
    jonas_network: FaultProxy


@asynccontextmanager
async def an_interview(room: Room, codec: Literal["json", "msgpack"] = "json") -> AsyncIterator[Interview]:
    async with AsyncExitStack() as stack:
        networks = [await stack.enter_async_context(FaultProxy(room.hub.port)) for _ in range(2)]
        maya, jonas = [
            await stack.enter_async_context(a_client(room, name, port=network.port, codec=codec))
            for name, network in zip(("maya", "jonas"), networks, strict=True)
        ]
        thread = await invited(room, maya, jonas)
        await maya.send(thread, "Welcome")
        yield Interview(thread, maya, jonas, *networks)


async def invited(room: Room, maya: Client, jonas: Client) -> str:
    """Let jonas be invited to maya's job and accept."""
    thread = (await maya.invitations.send(room.id("jonas"), room.id("logo"), "Would you like to?")).thread
    await jonas.invitations.accept(thread)
    return thread


async def texts(events: EventStream, count: int, thread: str | None = None) -> list[str]:
    """Read the texts of the next messages."""
    found: list[str] = []
    async for event in events:
        if isinstance(event, MessageEvent) and isinstance(event.event, MessageSent) and thread in (None, event.thread):
            found.append(event.event.body)
            if len(found) == count:
                break
    return found


async def until(events: EventStream, kind: type, **values: object) -> Any:
    async for event in events:
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in values.items()):
            return event
    raise AssertionError(f"no {kind.__name__}")


def only(author: str, all_texts: Iterable[str]) -> list[str]:
    return [text for text in all_texts if text.startswith(author)]


@pytest.mark.parametrize(("codec", "seed"), [("json", 1), ("msgpack", 2), ("json", 3)])
async def test_messages_arrive_once_and_in_order_however_often_the_network_breaks(
    room: Room, codec: Literal["json", "msgpack"], seed: int
) -> None:
    chance = random.Random(seed)
    count = 40
    async with an_interview(room, codec) as talk:
        streams = [talk.maya.events(), talk.jonas.events()]
        talk.jonas_network.delay_s = 0.001

        async def break_now_and_then(network: FaultProxy) -> None:
            while True:
                network.cut_after(chance.randrange(1, chance.choice([2_000, 40_000])))  # the larger passes any page
                await network.was_cut()

        async def write(client: Client, name: str) -> None:
            handles = []
            for number in range(count):
                handles.append(client.post(talk.thread, f"{name} {number}"))
                if number % 7 == 0:
                    await asyncio.wait([asyncio.ensure_future(handles[-1].settled())])
            for handle in handles:
                assert (await handle.settled()).state == "sent"

        breakers = [asyncio.create_task(break_now_and_then(n)) for n in (talk.maya_network, talk.jonas_network)]
        await asyncio.gather(write(talk.maya, "maya"), write(talk.jonas, "jonas"))
        for breaker in breakers:
            breaker.cancel()
        for network in (talk.maya_network, talk.jonas_network):
            network.heal()
        seen = await asyncio.gather(*(texts(stream, 2 * count + 1) for stream in streams))
        assert seen[0] == seen[1]
        for name in ("maya", "jonas"):
            assert only(name, seen[0]) == [f"{name} {number}" for number in range(count)]
        assert talk.maya_network.accepted_count > 2  # or nothing was proved
        rows = (talk.maya.rows[talk.thread], talk.jonas.rows[talk.thread])
        assert rows[0].n == rows[1].n == 2 * count + 2


async def test_device_that_was_away_gets_what_it_missed_in_all_its_threads(room: Room) -> None:
    async with an_interview(room) as talk:
        events = talk.jonas.events()
        await texts(events, 1)
        talk.jonas_network.blackhole()
        await talk.maya.send(talk.thread, "maya 0")
        talk.jonas_network.refuses = True
        talk.jonas_network.cut()
        await until(events, StateChanged, state="waiting")
        await room.client("noor", "mural")
        async with a_client(room, "noor") as noor:
            second = await noor.invitations.send(room.id("jonas"), room.id("mural"), "And this?")
            for number in range(1, 20):
                await talk.maya.send(talk.thread, f"maya {number}")
        talk.jonas_network.heal()
        found: list[Any] = []
        async for event in events:
            if isinstance(event, MessageEvent):
                found.append(event.event)
            if len(found) == 21:
                break
        assert [event.body for event in found if isinstance(event, MessageSent)] == [f"maya {n}" for n in range(20)]
        assert [event.body for event in found if isinstance(event, InvitationSent)] == ["And this?"]
        assert talk.jonas.rows[second.thread].state == "invited"
        assert talk.jonas.unread == talk.maya.rows[talk.thread].n + 1


async def test_only_shown_threads_give_events_and_from_the_seq_that_was_asked_for(room: Room) -> None:
    async with an_interview(room) as talk, a_client(room, "jonas", show_all=False, codec="msgpack") as phone:
        events = phone.events()
        await until(events, Snapshot)
        await talk.maya.send(talk.thread, "not shown")
        await until(events, RowChanged)
        phone.show(talk.thread, after=0)
        first = await until(events, MessageEvent)
        assert (first.event.seq, type(first.event)) == (1, InvitationSent)
        assert await texts(events, 2) == ["Welcome", "not shown"]
        phone.hide(talk.thread)
        await talk.maya.send(talk.thread, "hidden")
        changed = await until(events, RowChanged)
        assert changed.row.n == 4


async def test_restart_of_the_hub_is_survived_without_being_told(room: Room) -> None:
    async with a_client(room, "maya") as maya, a_client(room, "jonas") as jonas:
        thread = await invited(room, maya, jonas)
        events = jonas.events()
        await maya.send(thread, "before")
        await asyncio.to_thread(room.hub.kill)
        handle = maya.post(thread, "while it was down")
        reply = asyncio.create_task(jonas.thread(thread))
        await asyncio.to_thread(room.hub.start)
        assert (await handle.settled()).state == "sent"
        assert (await reply).state == "candidacy"
        assert await texts(events, 2) == ["before", "while it was down"]


async def test_token_is_renewed_on_the_living_connection(room: Room) -> None:
    asked: list[str] = []
    was_renewed = asyncio.Event()

    async def mint() -> str:
        if asked:
            was_renewed.set()
        asked.append(token(room.id("maya"), ttl_s=3600 if asked else 2))
        return asked[-1]

    async with a_client(room, "maya", token=mint) as maya:
        events = maya.events()
        await until(events, Snapshot)
        await was_renewed.wait()
        await asyncio.sleep(1.0)  # until the first token would have ended
        await maya.ping()
        assert maya.state == "connected"
    assert len(asked) == 2
    assert [type(event) async for event in events].count(StateChanged) == 1


async def test_newer_connection_of_a_device_ends_the_older_for_good(room: Room) -> None:
    async with a_client(room, "maya", device="laptop") as older:
        events = older.events()
        await until(events, StateChanged, state="connected")
        async with a_client(room, "maya", device="laptop") as newer:
            await newer.ping()
            closed = await until(events, StateChanged, state="closed")
            assert closed.code == codes.REPLACED
            await newer.ping()


async def test_bad_token_ends_the_client(room: Room) -> None:
    async with a_client(room, "maya", token="not a token") as client:
        closed = await until(client.events(), StateChanged, state="closed")
        assert closed.code == codes.BAD_TOKEN


async def test_refusals_carry_their_code_and_verdicts_their_reason(room: Room) -> None:
    async with an_interview(room) as talk:
        with pytest.raises(GreenroomError) as refused:
            await talk.jonas.invitations.send(room.id("jonas"), room.id("logo"), "Myself")
        assert refused.value.retry == "never"
        with pytest.raises(GreenroomError) as missing:
            await talk.jonas.send("t1_0000000000000000", "Anybody?")
        assert missing.value.code == "not_found"
        checked = await talk.jonas.check(talk.thread, "Write to me: jonas.k@gmail.com")
        assert checked.policy.action in ("redact", "bounce")
        assert (await talk.jonas.read(talk.thread, 2)).n == 2
        assert talk.jonas.unread == 0


async def test_two_devices_agree_on_what_was_read_and_see_each_others_messages(room: Room) -> None:
    async with an_interview(room) as talk, a_client(room, "jonas") as phone:
        events = phone.events()
        await until(events, Snapshot)
        assert phone.unread == 2
        await talk.jonas.read(talk.thread, 2)
        assert (await until(events, RowChanged)).row.read == 2
        await talk.jonas.send(talk.thread, "from the other one")
        assert await texts(events, 1) == ["from the other one"]
        assert phone.unread == 0


async def test_typing_presence_and_receipts_reach_the_other_side(room: Room) -> None:
    async with an_interview(room) as talk:
        events = talk.maya.events()
        jonas = room.id("jonas")
        assert (await talk.maya.watch([jonas])).users == {jonas: "active"}
        talk.jonas.typing(talk.thread)
        assert (await until(events, TypingChanged)).user == jonas
        await talk.jonas.read(talk.thread, 2)
        assert (await until(events, ReceiptMoved, read=2)).user == jonas
        await talk.jonas.set_state("background")
        assert await until(events, PresenceChanged) == PresenceChanged(user=jonas, state="background")


async def test_recovered_is_told_after_a_short_loss(room: Room) -> None:
    async with an_interview(room) as talk:
        events = talk.maya.events()
        await until(events, Snapshot)
        talk.maya_network.cut()
        await until(events, StateChanged, state="connected")
        await until(events, Recovered)


async def test_example_bot_answers_invitations_of_before_and_after_its_start(room: Room, tmp_path: Path) -> None:
    bot = example("invitation_bot")
    await room.client("noor", "mural")
    async with a_client(room, "maya") as maya, a_client(room, "noor") as noor:
        early = (await maya.invitations.send(room.id("jonas"), room.id("logo"), "Early")).thread
        async with a_client(room, "jonas", storage=bot.OutboxFile(tmp_path / "outbox")) as client:
            serving = asyncio.create_task(bot.serve(client, ["bakery"]))
            maya_events, noor_events = maya.events(), noor.events()
            while (await until(maya_events, RowChanged)).row.state != "accepted":
                pass
            late = (await noor.invitations.send(room.id("jonas"), room.id("mural"), "Late")).thread
            while (await until(noor_events, RowChanged)).row.state != "accepted":
                pass
        await serving
        assert maya.rows[early].state == noor.rows[late].state == "accepted"


async def test_example_outbox_file_gives_back_what_it_was_given(tmp_path: Path) -> None:
    storage = example("invitation_bot").OutboxFile(tmp_path / "outbox")
    assert list(await storage.load()) == []
    messages = [QueuedMessage(thread="t1_a", cid="c", body="text", was_sent=True)]
    await storage.save(messages)
    assert list(await storage.load()) == messages


async def test_ten_line_example_prints_and_answers(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    async with an_interview(room) as talk:
        events = talk.maya.events()
        await texts(events, 1)
        url = f"ws://127.0.0.1:{room.hub.port}/ws"
        running = asyncio.create_task(example("ten_lines").main(url, token(room.id("jonas"))))
        await talk.maya.watch([room.id("jonas")])
        answer = ""
        while not answer:
            await talk.maya.send(talk.thread, "hello")
            await asyncio.sleep(0.05)
            answer = next((text for text in await texts(events, 1) if text.startswith("You wrote")), "")
        assert answer == "You wrote 5 characters."
        running.cancel()
        await asyncio.wait([running])
    assert "hello" in capsys.readouterr().out
