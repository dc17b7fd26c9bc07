"""Who gets a session, what ends it, and that nothing survives its check: tokens, bans, origins, devices.

Source: protocol/spec/connection.md; protocol/spec/session.md.
"""

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from greenroom_protocol import codes, limits
from greenroom_protocol.commands import Connect
from greenroom_protocol.session import Beat, ServerSession
from testkit.hub import API_KEY, SECRET, HubProcess, Room, put, token
from testkit.raw_websocket import raw_connection, request
from testkit.wire import Frame, Wire, cid

ORIGIN = "https://www.market.example"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that pages of one origin may connect to."""
    folder: Path = tmp_path_factory.mktemp("hub")
    with HubProcess(folder, env={"GREENROOM_ORIGINS": ORIGIN}) as process:
        yield process


@pytest.fixture
async def maya(room: Room) -> AsyncIterator[Wire]:
    """The client, connected."""
    async with Wire(room, "maya") as wire:
        yield wire


def claims(user: str, **changed: Any) -> Frame:
    now_s = int(time.time())
    made = {"sub": user, "iat": now_s, "exp": now_s + 600, "aud": "greenroom", **changed}
    return {name: value for name, value in made.items() if value is not None}


def signed(payload: Frame, *, secret: str = SECRET, **header: Any) -> str:
    """Sign what a library would refuse to write."""
    head: Frame = {"alg": "HS256", "typ": "JWT", **header}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, payload)]
    digest = {"HS256": "sha256", "HS384": "sha384"}.get(head["alg"])
    signature = hmac.digest(secret.encode(), b".".join(parts), digest) if digest else b""
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


async def refusal(wire: Wire, **connect: Any) -> tuple[str, int]:
    """Connect; give the code of the refusal and of the close."""
    reply = await wire.open(**connect)
    assert reply["type"] == "error", reply
    return reply["code"], await wire.closed()


# --- before, during and after `connect`


@pytest.mark.parametrize(
    "command",
    [
        {"type": "ping", "id": 1},
        {"type": "message.send", "id": 1, "thread": "t1_x", "cid": cid(), "body": "x"},
        {"type": "token.refresh", "id": 1, "token": "x"},
        {"type": "delivered", "mark": 1},
        {"type": "typing.set", "thread": "t1_x"},
    ],
    ids=lambda command: command["type"],
)
async def test_a_command_before_connect_closes_with_1002(room: Room, command: Frame) -> None:
    wire = Wire(room, "maya")
    await wire.open_socket()
    await wire.tell(command)
    assert await wire.closed() == codes.PROTOCOL_ERROR
    assert [(push["id"], push["code"]) for push in wire.pushes] == [(command.get("id", 0), "session.not_connected")]


async def test_a_command_in_the_frame_of_connect_closes_with_1002_and_opens_nothing(room: Room) -> None:
    wire = Wire(room, "maya")
    await wire.open_socket()
    connect = {"type": "connect", "id": 1, "v": 1, "token": token(wire.user), "device": "phone"}
    await wire.send_raw(wire.encode([connect, {"type": "ping", "id": 2}]))
    assert await wire.closed() == codes.PROTOCOL_ERROR
    assert [push.get("code") for push in wire.pushes] == ["session.not_connected"]


async def test_a_second_connect_closes_with_1002(maya: Wire) -> None:
    again = await maya.ask({"type": "connect", "v": 1, "token": token(maya.user), "device": "laptop"})
    assert again["code"] == "session.already_connected"
    assert await maya.closed() == codes.PROTOCOL_ERROR


@pytest.mark.parametrize("has_begun", [False, True], ids=["waiting", "connecting"])
def test_a_connection_that_is_not_live_after_ten_seconds_closes_with_4001(has_begun: bool) -> None:
    session = ServerSession(100.0)
    if has_begun:
        session.admit(Connect(id=1, v=1, token="x", device="d"))
    session.heard(109.0)  # other frames do not help
    assert session.tick(109.9) is Beat.NOTHING
    assert session.tick(110.0) is Beat.CLOSE
    assert session.close_code == codes.NO_CONNECT


async def test_a_peer_that_leaves_while_it_connects_leaves_nothing_behind(hub: HubProcess, room: Room) -> None:
    async def hit_and_run(number: int) -> None:
        wire = Wire(room, "maya", device=f"d{number}")
        await wire.open_socket()
        connect = {"type": "connect", "id": 1, "v": 1, "token": token(wire.user), "device": wire.device}
        await wire.tell(connect)
        if number % 2:
            await wire.tell({"type": "presence.watch", "id": 2, "users": [room.id("jonas")]})
        await wire.drop()

    async with Wire(room, "jonas") as jonas:
        for _ in range(5):
            await asyncio.gather(*(hit_and_run(number) for number in range(20)))
        async with asyncio.timeout(10):
            while await gauges(hub) != {"greenroom_connections": 1.0, "greenroom_users": 1.0}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # a gauge announces itself to nobody
        watching = await jonas.ask({"type": "presence.watch", "users": [room.id("maya")]})
        assert watching["users"] == {room.id("maya"): "offline"}


async def gauges(hub: HubProcess) -> dict[str, float]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {API_KEY}"}) as session,
        session.get(f"{hub.url}/metrics") as response,
    ):
        lines = (await response.text()).splitlines()
    wanted = ("greenroom_connections ", "greenroom_users ")
    return {name: float(value) for name, value in (line.split() for line in lines if line.startswith(wanted))}


# --- versions, devices, tokens


@pytest.mark.parametrize("version", [0, 2, -1, 2**63])
async def test_another_version_closes_with_4503_whatever_the_token(room: Room, version: int) -> None:
    wire = Wire(room, "maya")
    assert await refusal(wire, v=version, tok="no token") == ("version.unsupported", codes.UPGRADE_REQUIRED)


@pytest.mark.parametrize("device", ["{p9}", "a:b", "a b", "../x", "é", "-x", "x\0", "x\n", "#mark"])
async def test_a_device_name_that_could_be_part_of_a_key_is_refused(room: Room, device: str) -> None:
    assert await refusal(Wire(room, "maya"), device=device) == ("bad_request.field", codes.PROTOCOL_ERROR)


async def test_what_is_refused_before_the_token_does_not_replace_the_device(room: Room, maya: Wire) -> None:
    await refusal(Wire(room, "maya"), v=2)
    await refusal(Wire(room, "maya"), tok=token("nobody", secret="another secret of at least 32 bytes!"))
    assert (await maya.ask({"type": "ping"}))["type"] == "ping"


NOW_S = int(time.time())


@pytest.mark.parametrize(
    ("changed", "header"),
    [
        ({"aud": "another"}, {}),
        ({"aud": None}, {}),
        ({"aud": []}, {}),
        ({"sub": None}, {}),
        ({"sub": ""}, {}),
        ({"sub": "{p9}:x"}, {}),
        ({"sub": "a/b"}, {}),
        ({"sub": ["u"]}, {}),
        ({"exp": None}, {}),
        ({"exp": str(NOW_S + 600)}, {}),
        ({"exp": NOW_S + 600.5}, {}),
        ({"exp": 2**80}, {}),
        ({"exp": NOW_S + 10 * 86_400}, {}),
        ({"iat": NOW_S + 3600, "exp": NOW_S + 3900}, {}),
        ({"iat": None}, {}),
        ({"nbf": NOW_S + 3600}, {}),
        ({}, {"jku": "https://evil.example/keys"}),
        ({}, {"x5u": "https://evil.example/keys"}),
        ({}, {"jwk": {"kty": "oct", "k": "AAAA"}}),
        ({}, {"crit": ["exp"]}),
        ({}, {"typ": "refresh+jwt"}),
    ],
    ids=lambda value: " ".join(value),
)
async def test_a_token_that_is_not_exactly_right_closes_with_4500(room: Room, changed: Frame, header: Frame) -> None:
    made = signed(claims(room.id("maya"), **changed), **header)
    assert await refusal(Wire(room, "maya"), tok=made) == ("auth.bad_token", codes.BAD_TOKEN)


@pytest.mark.parametrize(
    "made",
    [
        "x",
        "a.b.c",
        "..",
        "\0",
        signed(claims("u"), secret="another secret of at least 32 bytes!"),
        signed(claims("u"), alg="HS384"),
        signed(claims("u"))[:-2],
        signed(claims("u")) + "=",
        signed(claims("u")).rpartition(".")[0] + ".",
        signed(claims("u"), alg="none"),
        signed(claims("u"), alg="none").rstrip("."),
        signed(claims("u"), alg="RS256"),
        signed(claims("u"), alg="hs256"),
    ],
    ids=range(13),
)
async def test_a_token_that_is_not_signed_by_the_marketplace_closes_with_4500(room: Room, made: str) -> None:
    assert await refusal(Wire(room, "maya"), tok=made) == ("auth.bad_token", codes.BAD_TOKEN)


async def test_an_expired_token_closes_with_4002_so_that_the_client_gets_another(room: Room) -> None:
    old = token(room.id("maya"), issued_s=time.time() - 7200)
    assert await refusal(Wire(room, "maya"), tok=old) == ("auth.token_expired", codes.TOKEN_EXPIRED)


async def test_a_token_of_more_than_8_kib_is_no_field_and_the_connection_may_try_again(room: Room) -> None:
    wire = Wire(room, "maya")
    reply = await wire.open(tok="x" * (limits.TOKEN_BYTES + 1))
    assert reply["code"] == "bad_request.field"
    connect = {"type": "connect", "v": 1, "token": token(wire.user), "device": "phone"}
    assert (await wire.ask(connect))["user"] == wire.user
    await wire.close()


async def test_a_session_ends_with_its_token_unless_it_was_refreshed(room: Room) -> None:
    now_s = time.time()
    short = signed(claims(room.id("maya"), iat=int(now_s) - 60, exp=int(now_s) - 1))
    ends, stays = Wire(room, "maya", device="phone"), Wire(room, "maya", device="laptop")
    await ends.open(tok=short)  # within the leeway for clocks
    await stays.open(tok=short)
    refreshed = await stays.ask({"type": "token.refresh", "token": token(stays.user, ttl_s=300)})
    assert refreshed["expires_at"] > (now_s + 200) * 1000
    assert await ends.closed() == codes.TOKEN_EXPIRED
    assert (await stays.ask({"type": "ping"}))["type"] == "ping"
    await stays.close()


@pytest.mark.parametrize(
    ("name", "made", "code"),
    [
        ("another user", lambda room: token(room.id("jonas")), "auth.wrong_user"),
        ("garbage", lambda _: "garbage", "auth.bad_token"),
        ("expired", lambda room: token(room.id("maya"), issued_s=time.time() - 7200), "auth.token_expired"),
    ],
)
async def test_a_refresh_with_a_bad_token_changes_nothing(
    room: Room, maya: Wire, name: str, made: Any, code: str
) -> None:
    assert (await maya.ask({"type": "token.refresh", "token": made(room)}))["code"] == code, name
    listed = await maya.ask({"type": "job.list"})
    assert [job["job"] for job in listed["jobs"]] == [room.id("logo")]


# --- what was taken away meanwhile


async def test_a_suspension_closes_live_sockets_and_is_not_undone_by_a_resume(hub: HubProcess, room: Room) -> None:
    phone, laptop = Wire(room, "maya", device="phone"), Wire(room, "maya", device="laptop")
    await phone.open()
    await laptop.open()
    position = {"epoch": phone.connected["epoch"], "mark": phone.mark}
    path = f"/api/v1/users/{room.id('maya')}"
    await put(hub, path, {"name": "Maya", "suspended": True})
    assert await phone.closed(within_s=2) == await laptop.closed(within_s=2) == codes.BANNED
    assert await refusal(Wire(room, "maya")) == ("auth.revoked", codes.BANNED)
    assert await refusal(Wire(room, "maya"), resume=position) == ("auth.revoked", codes.BANNED)
    await put(hub, path, {"name": "Maya B.", "suspended": None})
    assert await refusal(Wire(room, "maya")) == ("auth.revoked", codes.BANNED)
    await put(hub, path, {"name": "Maya", "suspended": False})
    async with Wire(room, "maya") as back:
        assert back.connected["user"] == room.id("maya")


async def test_signing_out_everywhere_ends_old_tokens_and_their_sockets_while_a_new_one_works(
    hub: HubProcess, room: Room
) -> None:
    old = token(room.id("maya"), issued_s=time.time() - 60)
    wire, refreshing = Wire(room, "maya", device="phone"), Wire(room, "maya", device="laptop")
    await wire.open(tok=old)
    await refreshing.open()
    answer = await put(hub, f"/api/v1/users/{room.id('maya')}", {"name": "Maya", "revoke_sessions": True})
    assert await wire.closed(within_s=2) == await refreshing.closed(within_s=2) == codes.REVOKED
    resume = {"epoch": wire.connected["epoch"], "mark": wire.mark}
    assert await refusal(Wire(room, "maya"), tok=old, resume=resume) == ("auth.revoked", codes.REVOKED)
    new = token(room.id("maya"), issued_s=float(str(answer["revoked_before"])))
    async with Wire(room, "jonas") as jonas:
        stolen = await jonas.ask({"type": "token.refresh", "token": old})
        assert stolen["code"] == "auth.wrong_user"
    fresh = Wire(room, "maya")
    assert (await fresh.open(tok=new))["type"] == "connect"
    assert (await fresh.ask({"type": "token.refresh", "token": old}))["code"] == "auth.revoked"
    await fresh.close()


async def test_nothing_is_delivered_to_a_suspended_user(hub: HubProcess, room: Room, maya: Wire) -> None:
    jonas = Wire(room, "jonas")
    await jonas.open()
    command = {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Hello!"}
    thread = (await maya.ask(command))["thread"]
    await jonas.event("message.sent")
    await put(hub, f"/api/v1/users/{room.id('jonas')}", {"name": "Jonas", "suspended": True})
    assert await jonas.closed() == codes.BANNED
    seen = len(jonas.pushes)
    assert (await maya.say(thread, "Are you there?"))["code"] == "peer.unavailable"
    assert len(jonas.pushes) == seen


# --- positions and presence


async def test_the_position_of_somebody_else_gives_a_snapshot_of_ones_own_inbox(room: Room, maya: Wire) -> None:
    command = {"type": "thread.open", "freelancer": room.id("jonas"), "cid": cid(), "body": "Between us."}
    thread = (await maya.ask(command))["thread"]
    await maya.event("message.sent")
    at = {"epoch": maya.connected["epoch"], "mark": maya.mark, "threads": {thread: {"epoch": 0, "seq": 0}}}
    eve = Wire(room, "eve")
    reply = await eve.open(resume=at)
    assert (reply["recovered"], reply.get("rows", []), reply.get("threads", [])) == (False, [], [])
    own = {**at, "epoch": reply["epoch"], "mark": reply["mark"]}
    await eve.close()
    reply = await eve.open(resume=own)
    assert (reply["recovered"], reply.get("rows", []), reply.get("threads", [])) == (True, [], [])
    await eve.close()


@pytest.mark.parametrize("ahead", [1, 2**53 - 2], ids=["by one", "by all"])
async def test_a_mark_ahead_of_the_inbox_gives_a_snapshot(room: Room, maya: Wire, ahead: int) -> None:
    await maya.close()
    mark = maya.mark
    reply = await maya.open(resume={"epoch": maya.connected["epoch"], "mark": mark + ahead})
    assert (reply["recovered"], reply["mark"]) == (False, mark)


async def test_presence_is_that_of_the_most_active_connection(room: Room) -> None:
    async with Wire(room, "jonas") as jonas:
        maya_id = room.id("maya")
        await jonas.ask({"type": "presence.watch", "users": [maya_id]})
        laptop, phone = Wire(room, "maya", device="laptop"), Wire(room, "maya", device="phone")
        await laptop.open(state="active")
        await phone.open(state="background")
        watching = await jonas.ask({"type": "presence.watch", "users": [maya_id]})
        assert watching["users"] == {maya_id: "active"}
        await laptop.drop()
        await jonas.until(lambda push: push.get("user") == maya_id and push.get("state") == "background")
        await phone.close()
        await jonas.until(lambda push: push.get("user") == maya_id and push.get("state") == "offline")


# --- the handshake


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        ("GET /ws", {}, 101),
        ("GET /ws", {"Origin": ORIGIN}, 101),
        *(
            ("GET /ws", {"Origin": origin}, 403)
            for origin in (
                "null", "", "https://evil.example", "http://www.market.example", f"{ORIGIN}.evil.example",
                f"{ORIGIN}/", f"{ORIGIN}:443", f"{ORIGIN}:8443", "https://WWW.market.example",
                "https://www.market.exampl", "https://xwww.market.example", "https://market.example",
                f"https://evil.example/{ORIGIN}", f"https://{ORIGIN}", f"{ORIGIN}@evil.example", f"{ORIGIN} x",
                f"{ORIGIN}, https://evil.example",
            )
        ),
        ("GET /ws", {"Origin": f"{ORIGIN}\r\nOrigin: {ORIGIN}"}, 403),
        ("GET /ws", {"Origin": f"{ORIGIN}\r\nOrigin: https://evil.example"}, 403),
        ("GET /ws?token=private-words", {}, 400),
        ("GET /ws?", {}, 400),
        ("GET /ws", {"Sec_WebSocket_Protocol": None}, 400),
        ("GET /ws", {"Sec_WebSocket_Protocol": "greenroom.v2.json"}, 400),
        ("GET /ws", {"Sec_WebSocket_Protocol": "GREENROOM.V1.JSON"}, 400),
        ("GET /ws", {"Sec_WebSocket_Protocol": "chat, greenroom.v1.msgpack"}, 101),
    ],
)  # fmt: skip
async def test_a_handshake_is_admitted_only_from_a_listed_origin_without_query_with_a_subprotocol(
    hub: HubProcess, line: str, headers: dict[str, str | None], status: int
) -> None:
    asked: dict[str, str | None] = {"Sec_WebSocket_Protocol": limits.SUBPROTOCOL_JSON, **headers}
    async with raw_connection(hub.port) as connection:
        connection.send(request(line, **asked))
        head = await connection.head()
        assert head.startswith(f"HTTP/1.1 {status} "), head
        assert "private-words" not in head
