"""The fallback's limits: requests that are not as they should be, readers that stop, origins, secrets, figures.

Source: protocol/spec/fallback.md; protocol/spec/connection.md.
"""

import asyncio
import gzip
import json
from collections.abc import Iterator

import aiohttp
import pytest

from greenroom_protocol import limits
from greenroom_server.delivery.send_queue import CAP_BYTES
from greenroom_server.transport.fallback_socket import BLOCKED_BYTES
from testkit.fallback_wire import Door, FallbackWire, make_key, text
from testkit.hub import API_KEY, HubProcess, Room, token
from testkit.raw_websocket import raw_connection
from testkit.wire import Wire, cid

PAGE = "https://shop.example"
PING = b'{"type":"ping","id":7}'


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that logs all it can and serves pages of one origin."""
    env = {"GREENROOM_LOG_LEVEL": "debug", "GREENROOM_ORIGINS": PAGE}
    with HubProcess(tmp_path_factory.mktemp("hub"), env=env) as process:
        yield process


def connect_frame(user: str, **fields: object) -> bytes:
    command = {"type": "connect", "id": 1, "v": 1, "token": token(user), "device": "phone", **fields}
    return json.dumps(command).encode()


async def end_of(door: Door) -> list[str]:
    """Give the codes of the errors and the close code, as they come."""
    found: list[str] = []
    last = 0
    while True:
        for event in (await door.receive(last))[1]:
            last = event.id
            if event.kind == "close":
                return [*found, event.data]
            found.append(json.loads(event.data).get("code", "ok"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer short"}, 400),
        ({"Authorization": "Bearer " + "k" * 44}, 400),
        ({"Authorization": "Bearer " + "\u00e9" * 43}, 400),
        ({"Authorization": "Basic " + "k" * 43}, 400),
        ({"Greenroom-Batch": "-1"}, 400),
        ({"Greenroom-Batch": "1e3"}, 400),
        ({"Greenroom-Batch": "9" * 40}, 400),
        ({"Greenroom-Ack": "\u0661"}, 400),
        ({"Greenroom-Ack": "1"}, 400),
        ({"Greenroom-Batch": "0"}, 404),
        ({"Greenroom-Batch": "2"}, 404),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_a_request_of_another_form_is_refused(hub: HubProcess, headers: dict[str, str], status: int) -> None:
    async with Door(hub) as door:
        encoded = gzip.compress(PING) if "Content-Encoding" in headers else PING
        assert (
            await door.send(1, encoded, **{name.replace("-", "_"): value for name, value in headers.items()}) == status
        )


async def test_no_query_and_no_other_method(hub: HubProcess) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {make_key()}"}) as session:
        for name in ("send", "stream", "poll", "close"):
            async with session.post(f"{hub.url}/ws/{name}?token=x") as got:
                assert got.status == 400
            async with session.get(f"{hub.url}/ws/{name}") as got:
                assert got.status == 405


@pytest.mark.parametrize(
    ("frames", "ends"),
    [
        (b"not json", ["1007"]),
        (b'{"type":"ping","id":"\xff"}', ["1007"]),
        (b"", ["1007"]),
        (b"null", ["bad_request", "1002"]),
        (b"[]", ["bad_request", "1002"]),
        (b"[" * 30_000, ["bad_request", "1002"]),
        (PING, ["session.not_connected", "1002"]),
        (b'{"type":"connect","id":1,"v":99,"token":"x","device":"d"}', ["version.unsupported", "4503"]),
        (b'{"type":"connect","id":1,"v":1,"token":"x","device":"d"}', ["auth.bad_token", "4500"]),
    ],
)
async def test_a_bad_first_batch_ends_as_on_a_websocket(hub: HubProcess, frames: bytes, ends: list[str]) -> None:
    async with Door(hub) as door:
        assert await door.send(1, frames) == 204
        assert [end.partition(".")[0] for end in await end_of(door)] == [end.partition(".")[0] for end in ends]
        assert await door.send(2, PING) == 410


async def test_a_bad_command_in_a_batch_costs_only_itself_until_the_sixteenth(room: Room) -> None:
    async with Door(room.hub) as door:
        assert await door.send(1, connect_frame(room.id("maya"))) == 204
        bad = b'{"type":"nonsense","id":9}'
        _, events = await door.receive()
        assert await door.send(2, b"[%b,%b]" % (bad, PING)) == 204
        while len(events) < 3:
            events += (await door.receive(events[-1].id))[1]
        assert [json.loads(event.data)["id"] for event in events] == [1, 9, 7]
        assert await door.send(3, b"[%b]" % b",".join([bad] * 20)) == 204
        codes = await end_of(door)
        assert (codes.count("bad_request.type"), codes[-1]) == (16, "4504")


async def test_a_batch_that_is_too_big_closes_with_1009(room: Room) -> None:
    async with Door(room.hub) as door:
        assert await door.send(1, connect_frame(room.id("maya"))) == 204
        assert await door.send(2, b" " * 70_000) == 413
        assert (await end_of(door))[-1] == "1009"
        assert await door.send(3, PING) == 410


async def test_a_gap_between_batches_is_refused_and_nothing_of_it_is_done(room: Room) -> None:
    async with Door(room.hub) as door:
        assert await door.send(1, connect_frame(room.id("maya"))) == 204
        assert await door.send(3, PING) == 409
        assert await door.send(2, PING) == 204


async def test_an_acknowledgement_of_what_never_was_is_refused(room: Room) -> None:
    async with Door(room.hub) as door:
        assert await door.send(1, connect_frame(room.id("maya"))) == 204
        assert await door.send(None, ack=50) == 400
        assert (await door.receive(50))[0] == 400
        assert [event.id for event in (await door.receive())[1]] == [1]


async def test_a_key_of_nobody_gets_nothing(hub: HubProcess) -> None:
    async with Door(hub) as door:
        assert (await door.receive())[0] == 404
        assert (await door.receive(kind="stream"))[0] == 404
        assert await door.send(None, ack=0) == 404
        assert await door.goodbye() == 204


async def test_a_new_request_for_events_ends_the_one_before(room: Room) -> None:
    async with Door(room.hub) as door:
        assert await door.send(1, connect_frame(room.id("maya"))) == 204
        assert len((await door.receive())[1]) == 1
        async with door.session.post(f"{door.url}/stream", headers=door.headers(None, 1, {})) as first:
            assert await first.content.readuntil(b"\n\n") == b": open\n\n"
            second = asyncio.create_task(door.receive(1))
            assert await first.content.read() == b""
            assert await door.send(2, PING) == 204
            assert [json.loads(event.data)["type"] for event in (await second)[1]] == ["ping"]


@pytest.mark.parametrize("kind", ["stream", "poll"])
async def test_a_reader_that_never_acknowledges_is_closed_and_costs_the_others_nothing(room: Room, kind: str) -> None:
    async with Wire(room, "maya") as maya, Door(room.hub) as slow:
        freelancer = room.id("jonas")
        reply = await maya.ask({"type": "thread.open", "freelancer": freelancer, "cid": cid(), "body": "Hello!"})
        assert await slow.send(1, connect_frame(freelancer)) == 204
        assert len((await slow.receive())[1]) == 1
        for number in range(CAP_BYTES // 30_000 + 2):
            await maya.say(reply["thread"], text(number) + "\u20ac" * 9_900)
        status, events = await slow.receive(0, kind=kind)
        assert status == 200
        assert events[-1][1:] == ("close", "4008")
        assert sum(len(event.data.encode()) for event in events) <= CAP_BYTES
        async with Wire(room, "jonas") as jonas:
            assert jonas.connected["type"] == "connect"


async def test_commands_wait_while_too_much_is_unacknowledged(room: Room) -> None:
    async with FallbackWire(room, "maya") as maya, Door(room.hub) as door:
        freelancer = room.id("jonas")
        opened = await maya.ask({"type": "thread.open", "freelancer": freelancer, "cid": cid(), "body": "Hello!"})
        for number in range(12):
            await maya.say(opened["thread"], text(number) + "\u20ac" * 9_900)
        assert await door.send(1, connect_frame(freelancer)) == 204
        _, (connected,) = await door.receive()
        read = {"type": "thread.history", "thread": opened["thread"]}
        pages = [{**read, "id": number} for number in range(2, 12)]
        assert await door.send(2, json.dumps(pages).encode(), ack=connected.id) == 204
        events, batch = [connected], 3
        while await door.send(batch, PING) != 503:
            batch += 1
        assert await door.send(batch, PING) == 503
        replies = 0
        while replies < len(pages):
            _, news = await door.receive(events[-1].id)
            assert sum(len(event.data.encode()) for event in news) < BLOCKED_BYTES + 2 * limits.SERVER_FRAME_BYTES
            events += news
            replies += sum(json.loads(event.data)["type"] == "thread.history" for event in news)
        assert await door.send(batch, PING, ack=events[-1].id) == 204


async def test_pages_of_an_allowed_origin_may_ask_and_read(room: Room) -> None:
    async with Door(room.hub) as door:
        asks = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
        async with door.session.options(f"{door.url}/send", headers=asks) as got:
            assert got.status == 204
            allowed = got.headers["Access-Control-Allow-Headers"].split(", ")
            assert {"authorization", "content-type", "greenroom-ack", "greenroom-batch"} == set(allowed)
            assert "Access-Control-Allow-Credentials" not in got.headers
        async with door.session.options(f"{door.url}/send", headers={**asks, "Origin": "https://evil.example"}) as got:
            assert got.status == 403
            assert "Access-Control-Allow-Origin" not in got.headers
        headers = door.headers(1, None, {"Origin": PAGE})
        frame = connect_frame(room.id("maya"))
        async with door.session.post(f"{door.url}/send", data=frame, headers=headers) as got:
            assert (got.status, got.headers["Access-Control-Allow-Origin"], got.headers["Vary"]) == (
                204,
                PAGE,
                "Origin",
            )
        for name in ("poll", "stream"):
            async with door.session.post(f"{door.url}/{name}", headers=headers) as got:
                assert got.headers["Access-Control-Allow-Origin"] == PAGE
                assert got.headers["Cache-Control"] == "no-store"


async def test_a_body_that_breaks_off_opens_nothing(hub: HubProcess) -> None:
    key = make_key()
    head = (
        f"POST /ws/send HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {key}\r\nGreenroom-Batch: 1\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    async with raw_connection(hub.port) as connection:
        connection.send(head.encode())
    async with Door(hub, key=key) as door:
        assert (await door.receive())[0] == 404


async def test_figures_tell_the_transports_apart_and_the_log_has_no_secrets(room: Room) -> None:
    async with (
        Wire(room, "jonas"),
        FallbackWire(room, "maya", kind="stream") as maya,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {API_KEY}"}) as session,
    ):
        freelancer = room.id("jonas")
        await maya.ask({"type": "thread.open", "freelancer": freelancer, "cid": cid(), "body": "private-words"})
        async with session.get(f"{room.hub.url}/metrics") as got:
            lines = (await got.text()).splitlines()
        figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        assert float(figures['greenroom_transports{kind="stream"}']) >= 1
        assert float(figures['greenroom_transports{kind="websocket"}']) >= 1
        assert float(figures['greenroom_fallback_total{request="send",status="204"}']) >= 2
        key = maya.door.key
    log = room.hub.log_path.read_text()
    assert "Traceback" not in log, log[log.index("Traceback") - 300 :]
    assert [secret for secret in (key, "private-words", "eyJhbGciOi") if secret in log] == []
