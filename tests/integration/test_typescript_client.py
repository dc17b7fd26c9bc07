"""The TypeScript client, as built, against the real hub: what the Python client is held to, and live threads."""

import asyncio
import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
import pytest_asyncio

from greenroom_client import Client, MessageEvent
from testkit.fault_proxy import FaultProxy
from testkit.hub import HubProcess, Room, token
from testkit.moderation import ASK, ASK_AGAIN, decide, moderated
from testkit.typescript import Sdk, SdkClient, SdkError, running_sdk


@pytest_asyncio.fixture
async def sdk() -> AsyncIterator[Sdk]:
    async with running_sdk() as process:
        yield process


@pytest.fixture(scope="module")
def moderated_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub whose marketplace has moderators, so that messages can be held."""
    folder = tmp_path_factory.mktemp("moderated")
    with HubProcess(folder / "hub", env=moderated(folder / "policy")) as hub:
        yield hub


class Interview(NamedTuple):
    """Two people in a thread where both may write, both of the TypeScript client."""

    thread: str
    maya: SdkClient
    jonas: SdkClient


async def an_interview(sdk: Sdk, room: Room, *, port: int | None = None, **fields: Any) -> Interview:
    """Connect both, invite, accept, let maya write; jonas (behind `port`) shows the thread."""
    maya = await sdk.client(room, "maya", "maya", **fields)
    jonas = await sdk.client(room, "jonas", "jonas", port=port, **fields)
    await maya.do("connect")
    await jonas.do("connect")
    invited = await maya.do(
        "verb",
        noun="invitation",
        verb="send",
        fields={"job": room.id("logo"), "freelancer": room.id("jonas"), "body": "Would you like to?"},
    )
    thread: str = invited["thread"]
    await jonas.ask("invitation.accept", thread=thread)
    for client in (maya, jonas):
        await client.do("show", thread=thread)
    await said(maya, thread, "Welcome")
    await jonas.shows(thread, lambda now: "Welcome" in texts(now))
    return Interview(thread, maya, jonas)


async def said(client: SdkClient, thread: str, body: str) -> Any:
    """Send, and wait for what becomes of it."""
    sent = await client.do("send", thread=thread, body=body)
    return await client.do("settled", cid=sent["cid"]) or sent


def line(who: str, number: int) -> str:
    """Make a text that names its place without digits: many numbers in a row look like one of a telephone."""
    return f"{who} {'very ' * number}well"


def texts(snapshot: dict[str, Any]) -> list[str]:
    """Give the messages of a snapshot, as a person sees them."""
    return [item["body"] for item in snapshot["items"] if item["type"] == "message.sent"]


def seqs(snapshot: dict[str, Any]) -> list[int]:
    return [item["seq"] for item in snapshot["items"]]


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_both_sides_see_one_conversation_with_its_receipts(room: Room, sdk: Sdk, codec: str) -> None:
    thread, maya, jonas = await an_interview(sdk, room, codec=codec)
    for number in range(10):
        await (maya, jonas)[number % 2].do(
            "send", thread=thread, body=f"{line('both', number)} \N{SLIGHTLY SMILING FACE}"
        )
    views = [await client.shows(thread, lambda now: len(texts(now)) == 11) for client in (maya, jonas)]
    settled = [await c.shows(thread, lambda now: 0 not in seqs(now)) for c in (maya, jonas)]
    assert texts(settled[0]) == texts(settled[1])
    assert seqs(settled[0]) == seqs(settled[1]) == sorted(seqs(settled[0]))
    assert views[0]["head"]["role"] == "client"
    await jonas.do("read", thread=thread)
    await maya.shows(thread, lambda now: {i["status"] for i in now["items"] if i["isMine"] and i["n"]} == {"read"})
    await jonas.do("type", thread=thread)
    await maya.shows(thread, lambda now: now["typing"] == [room.id("jonas")])


async def test_five_messages_of_an_outage_arrive_once_and_in_order_on_two_devices(room: Room, sdk: Sdk) -> None:
    async with FaultProxy(room.hub.port) as network:
        thread, maya, jonas = await an_interview(sdk, room, port=network.port)
        tablet = await sdk.client(room, "tablet", "jonas")
        await tablet.do("connect")
        await tablet.do("show", thread=thread)
        network.refuses = True
        network.cut()
        await jonas.until("state", lambda data: data["to"] == "waiting")
        for number in range(5):
            await jonas.do("send", thread=thread, body=line("offline", number))
        waiting = await jonas.do("snapshot", thread=thread)
        assert [i["status"] for i in waiting["items"][-5:]] == ["queued"] * 5
        await said(maya, thread, "meanwhile")
        network.heal()
        await jonas.do("signal", name="online")
        expected = ["Welcome", "meanwhile", *(line("offline", number) for number in range(5))]
        for client in (maya, jonas, tablet):
            view = await client.shows(thread, lambda now: len(texts(now)) >= len(expected) and 0 not in seqs(now))
            assert texts(view) == expected
        assert await jonas.do("outgoing") == []


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_nothing_is_lost_doubled_or_reordered_while_the_network_breaks(room: Room, sdk: Sdk, codec: str) -> None:
    async with FaultProxy(room.hub.port) as network:
        thread, maya, jonas = await an_interview(sdk, room, port=network.port, codec=codec)
        for number in range(30):
            if number % 6 == 0:
                network.cut_after(200 + 150 * number)
            await jonas.do("send", thread=thread, body=line("jonas", number))
            await maya.do("send", thread=thread, body=line("maya", number))
            if number % 6 == 5:
                await network.was_cut()
        network.heal()
        views = [
            await client.shows(thread, lambda now: len(texts(now)) >= 61 and 0 not in seqs(now))
            for client in (maya, jonas)
        ]
        assert network.accepted_count > 2  # or nothing was proved
        assert texts(views[0]) == texts(views[1])
        for name in ("maya", "jonas"):
            mine = [text for text in texts(views[0]) if text.startswith(name)]
            assert mine == [line(name, number) for number in range(30)]
        events = [t["data"]["event"]["seq"] for t in sdk.told if t["client"] == "jonas" and t["event"] == "event"]
        assert events == sorted(set(events))


async def test_restart_of_the_hub_is_survived_without_being_told(room: Room, sdk: Sdk) -> None:
    thread, maya, jonas = await an_interview(sdk, room)
    await asyncio.to_thread(room.hub.kill)
    await maya.until("state", lambda data: data["to"] == "waiting")
    sent = await maya.do("send", thread=thread, body="while it was down")
    asked = asyncio.create_task(jonas.ask("thread.get", thread=thread))
    await asyncio.to_thread(room.hub.start)
    settled = await maya.do("settled", cid=sent["cid"])
    assert settled is None or settled["status"] == "sent"
    assert (await asked)["state"] == "candidacy"
    view = await jonas.shows(thread, lambda now: len(texts(now)) == 2)
    assert texts(view) == ["Welcome", "while it was down"]


async def test_token_is_renewed_on_the_living_connection(room: Room, sdk: Sdk) -> None:
    sdk.give_token = lambda user: token(user, ttl_s=3600 if sdk.asked[1:] else 2)
    maya = await sdk.client(room, "maya", "maya")
    await maya.do("connect")
    await sdk.until_asked(["start", "refresh"])
    assert (await maya.ask("ping"))["now"] > 0
    assert [t["data"]["to"] for t in sdk.told if t["event"] == "state"] == ["connecting", "connected"]


async def test_signed_out_person_ends_the_client_for_good(room: Room, sdk: Sdk) -> None:
    sdk.give_token = lambda user: token(user, ttl_s=2) if not sdk.asked[1:] else None
    maya = await sdk.client(room, "maya", "maya")
    await maya.do("connect")
    closed = await maya.until("state", lambda data: data["to"] == "closed")
    assert closed["reason"] == "unauthorized"
    with pytest.raises(SdkError, match=r"client\.closed"):
        await maya.ask("ping")


async def test_refused_token_closes_with_the_servers_code(room: Room, sdk: Sdk) -> None:
    sdk.give_token = lambda user: token(user, secret="another secret of at least thirty-two bytes")
    maya = await sdk.client(room, "maya", "maya")
    with pytest.raises(SdkError) as refused:
        await maya.do("connect")
    assert refused.value.error["closeCode"] == 4500


async def test_bounced_message_returns_to_the_composer_and_is_never_sent_again(room: Room, sdk: Sdk) -> None:
    thread, maya, jonas = await an_interview(sdk, room)
    await maya.do("send", thread=thread, body=ASK)
    returned = await maya.until("returned")
    assert (returned["thread"], returned["body"]) == (thread, ASK)
    assert returned["code"].startswith("policy.")
    view = await maya.do("snapshot", thread=thread)
    assert texts(view) == ["Welcome"]
    assert [message["body"] for message in view["returned"]] == [ASK]
    assert view["returned"][0]["error"]["policy"]["spans"]
    await maya.do("dismiss", thread=thread)
    await said(maya, thread, "Then let us write here")
    await jonas.shows(thread, lambda now: texts(now) == ["Welcome", "Then let us write here"])
    assert (await maya.do("snapshot", thread=thread))["returned"] == []


async def test_second_client_of_a_device_replaces_the_first_which_stays_away(room: Room, sdk: Sdk) -> None:
    first = await sdk.client(room, "first", "maya", device="phone")
    second = await sdk.client(room, "second", "maya", device="phone")
    await first.do("connect")
    await second.do("connect")
    closed = await first.until("state", lambda data: data["to"] == "closed")
    assert closed["code"] == 4505
    assert (await second.ask("ping"))["now"] > 0


async def test_unsent_messages_of_an_earlier_run_go_with_the_next(room: Room, sdk: Sdk) -> None:
    thread, _, jonas = await an_interview(sdk, room)
    async with FaultProxy(room.hub.port) as network:
        run = await sdk.client(room, "run 1", "maya", port=network.port, storage="shelf")
        await run.do("connect")
        network.refuses = True
        network.cut()
        await run.until("state", lambda data: data["to"] == "waiting")
        for number in range(3):
            await run.do("send", thread=thread, body=line("kept", number))
        await run.do("close")
    kept = await sdk.do("stored", storage="shelf")
    assert [message["body"] for message in kept["queue"]] == [line("kept", number) for number in range(3)]
    again = await sdk.client(room, "run 2", "maya", storage="shelf")
    await again.do("connect")
    view = await jonas.shows(thread, lambda now: len(texts(now)) == 4)
    assert texts(view) == ["Welcome", *(line("kept", number) for number in range(3))]
    assert [item["outgoing"] for item in view["items"] if "outgoing" in item] == []
    await again.do("close", wipe=True)
    assert await sdk.do("stored", storage="shelf") is None


async def test_edits_erasures_and_reactions_show_on_both_sides(room: Room, sdk: Sdk) -> None:
    thread, maya, jonas = await an_interview(sdk, room)
    first, second = await said(maya, thread, "first"), await said(maya, thread, "second")
    await maya.ask("message.edit", thread=thread, target=first["seq"], body="first, corrected")
    await jonas.ask("message.react", thread=thread, target=first["seq"], emoji="\N{THUMBS UP SIGN}")
    await maya.ask("message.erase", thread=thread, target=second["seq"])
    fresh = await sdk.client(room, "tablet", "jonas")
    await fresh.do("connect")
    await fresh.do("show", thread=thread)

    def is_done(now: dict[str, Any]) -> bool:
        lines = {item["seq"]: item for item in now["items"]}
        edited, erased = lines.get(first["seq"]), lines.get(second["seq"])
        return bool(
            edited
            and erased
            and (edited["body"], edited["isEdited"]) == ("first, corrected", True)
            and [reaction["users"] for reaction in edited["reactions"]] == [[room.id("jonas")]]
            and (erased["body"], erased["isErased"]) == ("", True)
        )

    for client in (maya, jonas, fresh):
        await client.shows(thread, is_done)


async def test_listeners_that_throw_change_nothing(room: Room, sdk: Sdk) -> None:
    thread, maya, jonas = await an_interview(sdk, room, broken=True)
    await said(maya, thread, "still here")
    view = await jonas.shows(thread, lambda now: len(texts(now)) == 2)
    assert texts(view) == ["Welcome", "still here"]
    assert {told["data"]["where"] for told in sdk.told if told["event"] == "error"} >= {"listener of state"}


def shows_held(view: dict[str, Any], text: str) -> bool:
    """Whether the last line is a text that waits for a moderator."""
    last = view["items"][-1]
    return bool(last["held"]) and last["body"] == text


async def test_held_message_waits_in_view_until_a_moderator_has_decided(moderated_hub: HubProcess, sdk: Sdk) -> None:
    room = Room(moderated_hub)
    await room.furnish()
    thread, maya, jonas = await an_interview(sdk, room)
    assert (await said(maya, thread, ASK))["status"] == "bounced"
    held = []
    for text in (ASK_AGAIN, f"{ASK_AGAIN} Today."):
        device = await sdk.client(room, text, "maya")
        await device.do("connect")
        await device.do("show", thread=thread)
        assert (await said(device, thread, text))["status"] == "held"
        view = await device.shows(thread, functools.partial(shows_held, text=text))
        held.append(view["items"][-1]["held"])
    await said(maya, thread, "Until then")
    view = await maya.shows(thread, lambda now: len(texts(now)) == 4)
    assert [item["status"] for item in view["items"][-2:]] == ["held", "held"]
    await decide(room, held[0], "release")
    await decide(room, held[1], "reject")
    for name in ("maya", f"{ASK_AGAIN} Today."):
        returned = await sdk.until(name, "returned", lambda data: data["code"] == "held.rejected")
        assert returned["body"] == f"{ASK_AGAIN} Today."
    expected = ["Welcome", "Until then", ASK_AGAIN]
    for client in (maya, jonas):
        await client.shows(thread, lambda now: texts(now) == expected)
    commands = [t["data"] for t in sdk.told if t["event"] == "outgoing" and t["data"]["body"] == returned["body"]]
    assert [data["status"] for data in commands] == ["queued", "sending", "held", "failed"]


async def test_both_sdks_see_the_same_events(room: Room, sdk: Sdk) -> None:
    """One person on two devices, one of each SDK, through an outage of both: equal logs, event by event."""
    async with FaultProxy(room.hub.port) as network:
        thread, maya, jonas = await an_interview(sdk, room, port=network.port)
        url = f"ws://127.0.0.1:{network.port}/ws"
        async with Client(url, token=token(room.id("jonas")), device="py") as python:
            stream = python.events()
            python.show(thread, after=0)
            async for event in stream:
                if isinstance(event, MessageEvent) and getattr(event.event, "body", "") == "Welcome":
                    break  # from here on both hear of the same events in the same way
            first = await said(maya, thread, "one")
            await maya.ask("message.edit", thread=thread, target=first["seq"], body="one, edited")
            network.refuses = True
            network.cut()
            for number in range(3):
                last = await said(maya, thread, line("maya", number))
            await maya.ask("message.react", thread=thread, target=last["seq"], emoji="\N{THUMBS UP SIGN}")
            last = await said(maya, thread, "the last one")
            network.heal()
            by_python: dict[int, Any] = {}
            async for event in stream:
                if isinstance(event, MessageEvent):
                    by_python[event.event.seq] = msgspec.to_builtins(event.event)
                    if event.event.seq == last["seq"]:
                        break
        await jonas.until("event", lambda data: data["event"]["seq"] == last["seq"])
        told = [t["data"]["event"] for t in sdk.told if t["client"] == "jonas" and t["event"] == "event"]
        by_typescript = {event["seq"]: event for event in told if event["seq"] >= first["seq"]}
        assert [event["seq"] for event in told] == sorted({event["seq"] for event in told})
        assert by_typescript == {seq: event for seq, event in by_python.items() if seq >= first["seq"]}
        assert len(by_typescript) == 7
