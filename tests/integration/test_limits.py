"""One peer never costs the others: rates, floods, readers that stop, garbage, and a log that keeps secrets.

Source: protocol/spec/connection.md; protocol/spec/errors.md; server/docs/server-api.md.
"""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from greenroom_protocol import limits
from greenroom_server.transport.connection import QUEUED_COMMANDS
from greenroom_server.transport.throttle import DEFAULT_RATES
from testkit.hub import API_KEY, HubProcess, Room, token
from testkit.raw_websocket import RawWebSocket, close_frame, frame, raw_connection, request
from testkit.wire import Frame, Wire, cid

TEXT, CLOSE = 0x81, 0x88
HOSTILE_ADDRESS = "127.0.0.77"
SECRETS = ("private-words", "eyJhbGciOi", HOSTILE_ADDRESS, API_KEY)
"""What hostile peers send, where they come from, and what must not be printed."""
PRODUCTION = {
    f"GREENROOM_RATE_{name.upper()}_{what}": f"{value:g}"
    for name, rate in DEFAULT_RATES.items()
    for what, value in (("PER_S", rate.per_s), ("BURST", rate.burst))
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that logs all it can."""
    with HubProcess(tmp_path_factory.mktemp("hub"), env={"GREENROOM_LOG_LEVEL": "debug"}) as process:
        yield process


@pytest.fixture(scope="module")
def throttling_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with the rates of production."""
    with HubProcess(tmp_path_factory.mktemp("throttling"), env=PRODUCTION) as process:
        yield process


@pytest.fixture
async def throttled(throttling_hub: HubProcess) -> Room:
    """A marketplace inside it."""
    room = Room(throttling_hub)
    await room.furnish()
    return room


async def opened(maya: Wire, body: str = "Hello!") -> str:
    freelancer = maya.user.replace("maya", "jonas")
    reply = await maya.ask({"type": "thread.open", "freelancer": freelancer, "cid": cid(), "body": body})
    thread: str = reply["thread"]
    return thread


# --- rates


async def test_sending_too_fast_is_refused_for_a_moment_and_the_same_cid_passes_then(throttled: Room) -> None:
    burst = DEFAULT_RATES["sends"].burst
    async with Wire(throttled, "maya") as phone, Wire(throttled, "maya", device="laptop") as laptop:
        thread = await opened(phone)
        sends = [{"type": "message.send", "thread": thread, "cid": cid(), "body": f"Line {i}."} for i in range(40)]
        replies = await asyncio.gather(*((phone, laptop)[i % 2].ask(send) for i, send in enumerate(sends)))
        refused = [i for i, reply in enumerate(replies) if reply["type"] == "error"]
        assert 0 < len(refused) <= len(sends) - burst, "both devices of a user share one bucket"
        for i in refused:
            assert (replies[i]["code"], replies[i]["retry"]) == ("rate.sends", "later")
            assert 0 < replies[i]["retry_after_ms"] <= 1000 / DEFAULT_RATES["sends"].per_s + 2
        again = refused[0]
        await asyncio.sleep(replies[again]["retry_after_ms"] / 1000)
        passed = await phone.ask(sends[again])
        assert (passed["type"], passed["dup"], passed["seq"]) == ("message.send", False, len(sends) - len(refused) + 2)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("edits", lambda thread: {"type": "message.edit", "thread": thread, "target": 1, "cid": cid(), "body": "x"}),
        ("checks", lambda thread: {"type": "message.check", "thread": thread, "body": "x"}),
        ("ephemeral", lambda _: {"type": "presence.set", "state": "active"}),
        ("reads", lambda thread: {"type": "thread.get", "thread": thread}),
        ("commands", lambda _: {"type": "ping"}),
        (
            "invitations",
            lambda _: {"type": "invitation.send", "job": "x", "freelancer": "x", "cid": cid(), "body": "x"},
        ),
        ("new_threads", lambda _: {"type": "thread.open", "freelancer": "x", "cid": cid(), "body": "x"}),
    ],
)
async def test_what_comes_too_often_is_refused_by_its_class_and_the_session_goes_on(
    throttled: Room, name: str, command: Callable[[str], Frame]
) -> None:
    async with Wire(throttled, "maya") as maya:
        thread = await opened(maya)
        burst = DEFAULT_RATES[name].burst
        replies = await asyncio.gather(*(maya.ask(command(thread)) for _ in range(burst + 50)))
        refused = [reply for reply in replies if reply.get("code") == f"rate.{name}"]
        assert refused
        assert {(reply["retry"], reply["retry_after_ms"] > 0) for reply in refused} == {("later", True)}
        assert "code" not in await maya.ask({"type": "job.list"}) or name == "commands"


async def test_typing_too_often_is_dropped_without_a_word(throttled: Room) -> None:
    async with Wire(throttled, "maya") as maya, Wire(throttled, "jonas") as jonas:
        thread = await opened(maya)
        await jonas.event("message.sent")
        for _ in range(200):
            await jonas.tell({"type": "typing.set", "thread": thread})
        await jonas.ask({"type": "ping"})
        await jonas.say(thread, "Done typing.")
        await maya.event("message.sent", body="Done typing.")
        told = [push for push in maya.pushes if push["type"] == "typing.changed"]
        assert DEFAULT_RATES["ephemeral"].burst <= len(told) < 200
        assert not [push for push in jonas.pushes if push["type"] == "error"]


async def test_connecting_too_often_is_refused_and_live_sockets_stay(throttled: Room) -> None:
    burst = DEFAULT_RATES["connects"].burst
    async with Wire(throttled, "maya", device="first") as first:
        others = [Wire(throttled, "maya", device=f"d{n}") for n in range(2 * burst)]
        replies = await asyncio.gather(*(other.open() for other in others))
        refused = [(wire, reply) for wire, reply in zip(others, replies, strict=True) if reply["type"] == "error"]
        assert 0 < len(refused) <= burst + 1
        for wire, reply in refused:
            assert (reply["code"], reply["retry"]) == ("rate.connects", "later")
            assert 0 < reply["retry_after_ms"] <= 1002
            assert await wire.closed() == 4000
        assert (await first.ask({"type": "ping"}))["type"] == "ping"
        for other in others:
            await other.close()


# --- floods and slow readers


async def test_a_flood_of_commands_gets_one_reply_each_and_the_hub_lives(room: Room) -> None:
    count = 10 * limits.COMMANDS_PER_FRAME
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await opened(maya)
        ids = iter(range(10_000, 10_000 + count))
        flood = []
        for _ in range(count // limits.COMMANDS_PER_FRAME):
            batch = [{"type": "thread.get", "id": next(ids), "thread": thread} for _ in range(63)]
            flood.append(
                maya.encode([*batch, {"type": "message.check", "id": next(ids), "thread": thread, "body": "x"}])
            )
        silent = maya.encode([{"type": "typing.set", "thread": thread}] * 64)
        await asyncio.gather(*map(maya.send_raw, [*flood, silent, silent]))
        async with asyncio.timeout(20):
            alive = await jonas.ask({"type": "ping"})
            while sum("id" in push for push in maya.pushes) < count:
                await maya.until(lambda push: push.get("id", 0) >= 10_000)
                await asyncio.sleep(0)
        assert alive["type"] == "ping"
        replies = [push for push in maya.pushes if "id" in push]
        assert sorted(reply["id"] for reply in replies) == list(range(10_000, 10_000 + count))
        results = {reply.get("code", reply["type"]) for reply in replies}
        assert results == {"thread.get", "message.check", "session.busy"}
        assert sum(reply["type"] != "error" for reply in replies) >= QUEUED_COMMANDS
        assert (await maya.ask({"type": "ping"}))["type"] == "ping"


@asynccontextmanager
async def lazy_socket(room: Room, name: str) -> AsyncIterator[tuple[RawWebSocket, Frame]]:
    """A connected device with small buffers that reads only what the test reads."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.setblocking(False)
    await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", room.hub.port))
    reader, writer = await asyncio.open_connection(sock=peer, limit=4096)
    try:
        lazy = RawWebSocket(reader, writer)
        lazy.send(request(Sec_WebSocket_Protocol=limits.SUBPROTOCOL_JSON))
        await lazy.head()
        connect = {"type": "connect", "id": 1, "v": 1, "token": token(room.id(name)), "device": "lazy"}
        lazy.send(frame(TEXT, json.dumps(connect).encode()))
        yield lazy, json.loads((await lazy.frame())[1])
    finally:
        writer.transport.abort()


async def until_close(lazy: RawWebSocket) -> tuple[list[Frame], int]:
    """Read on: give what still came and the close code."""
    found: list[Frame] = []
    while True:
        first, payload = await lazy.frame()
        if first == CLOSE:
            return found, int.from_bytes(payload[:2], "big")
        found.append(json.loads(payload))


async def test_a_reader_that_stops_is_closed_with_4008_and_resumes_complete_while_others_lose_nothing(
    room: Room,
) -> None:
    body = "語" * limits.BODY_CODE_POINTS
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        async with lazy_socket(room, "jonas") as (lazy, connected):
            thread, count = await opened(maya), 1
            while await slow_count(room) == 0:
                assert count < 1000, "nothing ever stops this reader"
                replies = await asyncio.gather(*(maya.say(thread, body) for _ in range(32)))
                assert {reply["type"] for reply in replies} == {"message.send"}
                count += len(replies)
            pushes, code = await until_close(lazy)
        assert code == 4008
        await jonas.event("message.sent", seq=count)
        assert [event["seq"] for event in jonas.events(thread)] == list(range(1, count + 1))
        got = [event["seq"] for push in pushes for event in push.get("events", ())]
        assert got == list(range(1, len(got) + 1))
        assert len(got) < count
        at = {"epoch": connected["epoch"], "mark": pushes[-1]["mark"]}
        shown = {thread: {"epoch": pushes[-1]["epoch"], "seq": got[-1]}}
        back = Wire(room, "jonas", device="lazy")
        reply = await back.open(resume={**at, "threads": shown})
        assert (reply["recovered"], reply["rows"][0]["seq"]) == (True, count)
        page = reply["threads"][0]
        while True:
            got += [event["seq"] for event in page["events"]]
            if got[-1] == count:
                break
            page = await back.ask({"type": "thread.history", "thread": thread, "after": got[-1], "limit": 300})
        await back.close()
    assert got == list(range(1, count + 1))


async def slow_count(room: Room) -> int:
    async with raw_connection(room.hub.port) as connection:
        head = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\nConnection: close\r\n\r\n"
        connection.send(head.encode())
        lines = (await connection.rest()).decode().splitlines()
    return sum(int(float(line.split()[1])) for line in lines if line.startswith("greenroom_slow_consumers_total "))


async def test_a_peer_that_asks_for_much_and_reads_late_gets_all_of_it(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        thread = await opened(maya)
        await asyncio.gather(*(maya.say(thread, "語" * limits.BODY_CODE_POINTS) for _ in range(6)))
    async with lazy_socket(room, "jonas") as (lazy, _):
        asked = [{"type": "thread.history", "id": 100 + n, "thread": thread} for n in range(60)]
        lazy.send(frame(TEXT, json.dumps(asked).encode()))  # ten times what may wait for a connection
        for number in range(60):
            page = json.loads((await lazy.frame())[1])
            assert (page["type"], page["id"]) == ("thread.history", 100 + number)


# --- garbage


def upgraded(*frames: bytes) -> bytes:
    return request(Sec_WebSocket_Protocol=limits.SUBPROTOCOL_JSON) + b"".join(frames)


def said(**command: Any) -> bytes:
    return frame(TEXT, json.dumps(command).encode())


GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01" + b"private-words",
    b"private-words\r\n\r\n",
    b"GET /private-words HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer eyJhbGciOi.private-words\r\n\r\n",
    b"GET /ws?token=eyJhbGciOi.private-words HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
    request("GET /ws?token=eyJhbGciOi.private-words", Cookie="private-words"),
    b"PUT /api/v1/users/private-words HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc",
    b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nprivate-words\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /\0private-words HTTP/1.1\r\nX-Private: private-words\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X-Private: private-words\r\n" * 1000,
    request(Sec_WebSocket_Protocol="private-words"),
    upgraded(b"\0private-words"),
    upgraded(frame(TEXT, b"private-words\xff")),
    upgraded(frame(TEXT, b"private-words")),
    upgraded(frame(0x82, b"private-words")),
    upgraded(frame(TEXT, announced=2**62)),
    upgraded(frame(TEXT, b"[" * 60_000)),
    upgraded(said(type="private-words", id=1), said(type="ping", id=1)),
    upgraded(*(said(type="connect", id=n, v="private-words") for n in range(1, 20))),
    upgraded(said(type="connect", id=1, v=1, token="eyJhbGciOi.private-words.x", device="phone")),
    upgraded(said(type="connect", id=1, v=1, token="eyJhbGciOi", device="private-words {}")),
    upgraded(said(type="connect", id=1, v=1, token="x" * 8192, device="x"), frame(0x89, b"private-words")),
    upgraded(frame(0x01, b"private-words") * 2, close_frame(1005)),
    upgraded(frame(0x01), *[frame(0x00, b"x")] * 500),
]


async def throw(port: int, chance: random.Random) -> None:
    """One hostile connection: garbage, perhaps cut, perhaps never read."""
    data = chance.choice(GARBAGE)
    data = data[: chance.randrange(1, len(data))] if chance.random() < 0.3 else data
    address = (HOSTILE_ADDRESS, 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=address)
    try:
        writer.write(data)
        if chance.random() < 0.7:
            async with asyncio.timeout(1):
                await reader.read(100)
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.transport.abort()


async def test_garbage_on_two_hundred_connections_at_once_costs_a_conversation_nothing(room: Room) -> None:
    chance = random.Random(20_260)
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await opened(maya)
        storm = [asyncio.create_task(throw(room.hub.port, chance)) for _ in range(200)]
        for number in range(50):
            speaker = jonas if number % 2 else maya
            sent = await speaker.say(thread, f"We go on, line {number}.")
            assert (sent["type"], sent["seq"]) == ("message.send", number + 2)
        await asyncio.gather(*storm)
        for device in (maya, jonas):
            await device.event("message.sent", seq=51)
            assert [event["seq"] for event in device.events(thread)] == list(range(1, 52))
    assert room.hub.is_healthy()


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /private-words HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "not_found"),
        (b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "not_found"),
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405, "bad_request.type"),
        (b"DELETE /api/v1/freelancers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405, "bad_request.type"),
        (b"BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400, None),
        (b"GET /api/v1/freelancers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 401, "auth.api_key"),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 401, "auth.api_key"),
        (b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "not_found"),
        (b"\0\1\2private-words", 400, None),
        (b"GET /private-words HTTP/1.1\r\nbad header\r\n\r\n", 400, None),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431, None),
        (request("GET /ws?token=private-words"), 400, None),
    ],
)
async def test_a_request_that_is_wrong_gets_the_documented_answer_and_nothing_of_itself(
    hub: HubProcess, sent: bytes, status: int, code: str | None
) -> None:
    async with raw_connection(hub.port) as connection:
        connection.send(sent)
        head, _, body = (await connection.rest()).decode().partition("\r\n\r\n")
    assert head.startswith((f"HTTP/1.1 {status} ", f"HTTP/1.0 {status} ")), head
    assert "private-words" not in head + body
    assert "Traceback" not in body
    if code is not None:
        assert json.loads(body)["code"] == code


async def test_the_log_holds_no_traceback_no_text_no_token_and_no_address(room: Room) -> None:
    async with Wire(room, "maya") as maya:
        made = token(maya.user)
        await maya.ask({"type": "token.refresh", "token": made})
        thread = await opened(maya, "private-words to you.")
        await maya.say(thread, "Write to private-words@mail.example, call +49 170 1234567.")
        await maya.ask({"type": "message.check", "thread": thread, "body": "private-words"})
        await maya.ask({"type": "directory.search", "text": "private-words"})
        await maya.ask({"type": "thread.get", "thread": "private-words"})
    await asyncio.gather(*(throw(room.hub.port, random.Random(seed)) for seed in range(60)))
    assert room.hub.is_healthy()
    text = room.hub.log_path.read_text()
    assert '"serving"' in text, "this is the log"
    for word in ("Traceback", '"level": "error"', '"level":"error"', "1234567", *SECRETS, *made.split(".")):
        assert word not in text, word
