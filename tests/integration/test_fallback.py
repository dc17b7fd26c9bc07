"""The fallback speaks as a WebSocket does: order, resuming, cut responses, repeated batches, ends.

Source: protocol/spec/fallback.md.
"""

import asyncio
import json
from pathlib import Path
from typing import Literal

import aiohttp
import pytest

from testkit.fallback_wire import Door, FallbackWire, text
from testkit.fault_proxy import FaultProxy
from testkit.hub import HubProcess, Room, token
from testkit.wire import Frame, Wire, cid

Kind = Literal["stream", "poll"]
KINDS: tuple[Kind, ...] = ("stream", "poll")


def connect_frame(user: str, **fields: object) -> bytes:
    command = {"type": "connect", "id": 1, "v": 1, "token": token(user), "device": "phone", **fields}
    return json.dumps(command).encode()


def send_frame(number: int, thread: str, body: str) -> Frame:
    return {"type": "message.send", "id": number, "thread": thread, "cid": cid(), "body": body}


async def opened(maya: Wire, body: str = "Hello!") -> str:
    freelancer = maya.user.replace("maya", "jonas")
    reply = await maya.ask({"type": "thread.open", "freelancer": freelancer, "cid": cid(), "body": body})
    thread: str = reply["thread"]
    return thread


@pytest.mark.parametrize("kind", KINDS)
async def test_a_conversation_between_fallback_and_websocket_arrives_in_order(room: Room, kind: Kind) -> None:
    async with FallbackWire(room, "maya", kind=kind) as maya, Wire(room, "jonas") as jonas:
        thread = await opened(maya, "first")
        await jonas.event("message.sent", body="first")
        said = ["first", *(text(n) for n in range(30))]
        for body in said[1:]:
            speaker = maya if body[-1] in "acegi" else jonas
            assert (await speaker.say(thread, body))["type"] == "message.send"
        await maya.event("message.sent", body=said[-1])
        await jonas.event("message.sent", body=said[-1])
        for wire in (maya, jonas):
            assert [event["seq"] for event in wire.events(thread)] == list(range(1, len(said) + 1))
        assert [event["body"] for event in maya.events(thread)] == said


async def test_both_ways_to_receive_can_take_turns_on_one_connection(room: Room) -> None:
    async with FallbackWire(room, "maya") as maya:
        thread = await opened(maya)
        for number in range(6):
            maya.kind = KINDS[number % 2]
            await maya.say(thread, text(number))
        await maya.event("message.sent", body=text(5))
        assert [event["seq"] for event in maya.events(thread)] == list(range(1, 8))


@pytest.mark.parametrize("kind", KINDS)
async def test_an_event_that_was_not_acknowledged_is_given_again(room: Room, kind: Kind) -> None:
    async with Door(room.hub) as door, Wire(room, "jonas") as jonas:
        assert await door.send(1, connect_frame(room.id("maya"))) == 204
        _, (connected,) = await door.receive()
        command = {"type": "thread.open", "id": 2, "freelancer": jonas.user, "cid": cid(), "body": "Hello!"}
        assert await door.send(2, json.dumps(command).encode(), ack=connected.id) == 204
        await jonas.event("message.sent", body="Hello!")
        _, first = await door.receive(connected.id)
        if kind == "poll":
            _, again = await door.receive(connected.id)
        else:
            async with door.session.post(f"{door.url}/stream", headers=door.headers(None, connected.id, {})) as got:
                assert got.headers["Content-Type"] == "text/event-stream"
                assert await got.content.readuntil(b"\n\n") == b": open\n\n"
                again = [
                    event for event in first if f"id: {event.id}\n" in (await got.content.readuntil(b"\n\n")).decode()
                ]
        assert again[: len(first)] == first


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_lost_or_doubled_when_responses_are_cut_again_and_again(room: Room, kind: Kind) -> None:
    """The connection survives: it is the same session before and after every cut, and no resume is needed."""
    async with FaultProxy(room.hub.port) as proxy, Wire(room, "jonas") as jonas:
        url = f"http://127.0.0.1:{proxy.port}/ws"
        maya = CutWire(room, "maya", kind=kind, url=url)
        async with maya:
            thread = await opened(maya)
            await jonas.event("message.sent")
            for number in range(40):
                if number % 4 == 0:
                    proxy.cut_after(150 + 97 * number)
                await maya.say(thread, text(number))
            proxy.heal()
            await maya.event("message.sent", body=text(39))
            assert [event["body"] for event in maya.events(thread)] == ["Hello!", *(text(n) for n in range(40))]
            assert maya.cut_count
            await jonas.event("message.sent", body=text(39))
            assert [event["body"] for event in jonas.events(thread)] == ["Hello!", *(text(n) for n in range(40))]


class CutWire(FallbackWire):
    """Asks again when the network cuts a request, as a client does."""

    cut_count = 0

    async def send_raw(self, data: bytes | str) -> None:
        while True:
            try:
                await super().send_raw(data)
            except (OSError, aiohttp.ClientError):
                self.cut_count += 1
                self._batch -= 1  # the same bytes under the same number
                continue
            return

    async def _read_once(self) -> bool:
        try:
            return await super()._read_once()
        except (OSError, aiohttp.ClientError):
            self.cut_count += 1
            return True


async def test_a_repeated_batch_is_carried_out_once(room: Room) -> None:
    async with Door(room.hub) as door, Wire(room, "maya") as maya:
        thread = await opened(maya)
        assert await door.send(1, connect_frame(room.id("maya"), device="laptop")) == 204
        assert await door.send(1, connect_frame(room.id("maya"), device="laptop")) == 204
        _, events = await door.receive()
        assert [json.loads(event.data)["type"] for event in events] == ["connect"]
        twice = json.dumps(send_frame(2, thread, "once")).encode()
        statuses = await asyncio.gather(*(door.send(2, twice, ack=1) for _ in range(5)))
        assert statuses == [204] * 5
        assert await door.send(3, json.dumps({"type": "ping", "id": 3}).encode()) == 204
        replies: list[Frame] = []
        while not {2, 3} <= {reply.get("id") for reply in replies}:
            _, events = await door.receive(events[-1].id)
            replies += [json.loads(event.data) for event in events]
        assert [reply["id"] for reply in replies if reply["type"] == "message.send"] == [2]
        await maya.event("message.sent", body="once")
        assert [event["body"] for event in maya.events(thread)] == ["Hello!", "once"]


async def test_two_first_batches_at_once_open_one_connection(room: Room) -> None:
    async with Door(room.hub) as door:
        frame = connect_frame(room.id("maya"))
        assert await asyncio.gather(*(door.send(1, frame) for _ in range(4))) == [204] * 4
        _, events = await door.receive()
        assert [json.loads(event.data)["type"] for event in events] == ["connect"]


async def test_commands_of_one_batch_and_of_batches_keep_their_order(room: Room) -> None:
    async with FallbackWire(room, "maya", kind="stream") as maya, Wire(room, "jonas") as jonas:
        thread = await opened(maya)
        numbers = iter(range(1000, 2000))
        for start in range(0, 60, 20):
            batch = [send_frame(next(numbers), thread, text(n)) for n in range(start, start + 20)]
            await maya.send_raw(json.dumps(batch))
        await jonas.event("message.sent", body=text(59))
        assert [event["body"] for event in jonas.events(thread)][1:] == [text(n) for n in range(60)]


@pytest.mark.parametrize("kind", KINDS)
async def test_resumes_on_the_other_transport_from_its_position(room: Room, kind: Kind) -> None:
    async with Wire(room, "maya") as maya:
        thread = await opened(maya)
        jonas = FallbackWire(room, "jonas", kind=kind)
        await jonas.open()
        await maya.say(thread, "seen")
        await jonas.event("message.sent", body="seen")
        seen = next(push for push in reversed(jonas.pushes) if push["type"] == "inbox.changed")
        shown = {thread: {"epoch": seen["epoch"], "seq": seen["seq"]}}
        position = {"epoch": jonas.connected["epoch"], "mark": jonas.mark, "threads": shown}
        await jonas.close()
        await maya.say(thread, "missed")
        again = Wire(room, "jonas")
        reply = await again.open(resume=position)
        assert reply["recovered"]
        assert [event["body"] for event in reply["threads"][0]["events"]] == ["missed"]
        await again.close()


async def test_a_newer_connection_of_the_device_replaces_the_older_one(room: Room) -> None:
    older = FallbackWire(room, "maya", kind="stream")
    await older.open()
    async with Wire(room, "maya"):
        assert await older.closed() == 4505


@pytest.mark.parametrize("kind", KINDS)
async def test_goodbye_ends_the_connection_at_once(room: Room, kind: Kind) -> None:
    async with Door(room.hub) as door:
        assert await door.send(1, connect_frame(room.id("maya"))) == 204
        _, (connected,) = await door.receive()
        waiting = asyncio.create_task(door.receive(connected.id, kind=kind))
        assert await door.goodbye() == 204
        assert await waiting in ((200, []), (404, []))
        assert (await door.receive(connected.id))[0] == 404
        assert await door.send(2, b"{}") == 410
        assert await door.goodbye() == 204


async def test_an_expired_token_closes_with_4002_and_so_does_a_bad_one_with_4500(room: Room) -> None:
    short = FallbackWire(room, "maya", kind="stream")
    await short.open(tok=token(short.user, ttl_s=2))
    assert await short.closed() == 4002
    async with Door(room.hub) as door:
        assert await door.send(1, connect_frame(room.id("maya"), token="nonsense")) == 204
        events = []
        while not events or not events[-1].kind:
            events += (await door.receive(len(events)))[1]
    assert json.loads(events[0].data)["code"] == "auth.bad_token"
    assert events[1][1:] == ("close", "4500")


async def test_a_killed_hub_costs_nothing_acknowledged_and_a_stopped_one_says_goodbye(tmp_path: Path) -> None:
    with HubProcess(tmp_path / "hub") as hub:
        room = Room(hub)
        await room.furnish()
        maya = FallbackWire(room, "maya")
        await maya.open()
        thread = await opened(maya)
        acked = [(await maya.say(thread, text(n)))["seq"] for n in range(10)]
        hub.kill()
        assert await maya.closed() == 1006
        hub.start()
        async with Door(hub, key=maya.door.key) as door:
            assert (await door.receive(maya.acked))[0] == 404
            assert await door.send(maya._batch + 1, b"{}") == 404
        position = {"epoch": maya.connected["epoch"], "mark": 0, "threads": {thread: {"epoch": 0, "seq": 0}}}
        again = FallbackWire(room, "maya")
        reply = await again.open(resume=position)
        assert reply["type"] == "connect"
        history = await again.ask({"type": "thread.history", "thread": thread})
        seqs = [event["seq"] for event in history["events"]]
        assert set(acked) <= set(seqs)
        assert len(seqs) == len(set(seqs))
        again.kind = "stream"
        stopping = asyncio.create_task(asyncio.to_thread(hub.stop))
        assert await again.closed() == 4000
        assert await stopping == 0
