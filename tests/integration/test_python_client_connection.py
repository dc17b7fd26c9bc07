"""The Python client against a scripted peer: close codes, tokens, heartbeats, garbage, and how it ends."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from greenroom_client import (
    Client,
    ClosedError,
    ConnectionOptions,
    EventStream,
    GreenroomError,
    MessageEvent,
    PresenceChanged,
    Recovered,
    RowChanged,
    Snapshot,
    StateChanged,
    UnauthorizedError,
)
from greenroom_protocol import codes, commands, limits, pushes, replies
from greenroom_protocol.events import MessageSent
from testkit.scripted_peer import NOW_MS, PeerConnection, ScriptedPeer, limits_view

FAST = ConnectionOptions(reconnect_min_s=0.0, reconnect_max_s=0.0, proxy=None)
T = "t1_thread"
E = TypeVar("E")


def a_push(mark: int, seq: int) -> pushes.InboxChanged:
    event = MessageSent(seq=seq, at=seq, n=seq, body=f"m{seq}")
    return pushes.InboxChanged(
        mark=mark, thread=T, epoch=7, from_seq=seq - 1, seq=seq, n=seq, read=0, state="direct", last_at=seq,
        events=[event],
    )  # fmt: skip


async def stay(peer: PeerConnection) -> None:
    await peer.accept()
    await peer.gone()


def close_with(code: int) -> Callable[[PeerConnection], object]:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        await peer.close(code)

    return script


async def until_state(events: EventStream, state: str) -> StateChanged:
    async for event in events:
        if isinstance(event, StateChanged) and event.state == state:
            return event
    raise AssertionError(f"the client never was {state}")


async def next_of(events: EventStream, kind: type[E]) -> E:
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"no {kind.__name__} came")


@pytest.mark.parametrize("code", [code for code, row in codes.CLOSES.items() if row.reconnect])
async def test_reconnects_and_resumes_after_a_close_code_that_says_so(code: int) -> None:
    async def second(peer: PeerConnection) -> None:
        connect = await peer.accept(recovered=True)
        assert connect.resume == commands.Resume(epoch=5, mark=0)
        await peer.gone()

    async with ScriptedPeer(close_with(code), second) as peer:
        asked = 0

        async def token() -> str:
            nonlocal asked
            asked += 1
            return f"token-{asked}"

        async with Client(peer.url, token=token, options=FAST) as client:
            events = client.events()
            await next_of(events, Snapshot)
            waiting = await next_of(events, StateChanged)
            assert (waiting.state, waiting.code, waiting.reason) == ("waiting", code, codes.CLOSES[code].name)
            await next_of(events, Recovered)
        assert asked == (2 if code == codes.TOKEN_EXPIRED else 1)


@pytest.mark.parametrize("code", [code for code, row in codes.CLOSES.items() if not row.reconnect])
async def test_stays_closed_after_a_final_close_code(code: int) -> None:
    async with ScriptedPeer(close_with(code)) as peer, Client(peer.url, token="t", options=FAST) as client:
        closed = await until_state(client.events(), "closed")
        assert (closed.code, closed.reason) == (code, codes.CLOSES[code].name)
        with pytest.raises(ClosedError) as error:
            await client.ping()
        assert error.value.close_code == code
        assert peer.connection_count == 1


async def test_unauthorized_from_the_token_callback_is_final() -> None:
    async def token() -> str:
        raise UnauthorizedError

    async with ScriptedPeer(stay) as peer, Client(peer.url, token=token, options=FAST) as client:
        assert (await until_state(client.events(), "closed")).reason == "unauthorized"
        assert peer.connection_count == 0


async def test_other_exceptions_of_the_token_callback_are_tried_again() -> None:
    attempts = iter([ValueError("secret"), OSError("secret"), None])

    async def token() -> str:
        error = next(attempts)
        if error is not None:
            raise error
        return "good"

    async with ScriptedPeer(stay) as peer, Client(peer.url, token=token, options=FAST) as client:
        await until_state(client.events(), "connected")
        assert peer.connection_count == 1


async def test_a_plain_token_that_expired_ends_the_client() -> None:
    async with ScriptedPeer(close_with(codes.TOKEN_EXPIRED)) as peer:
        async with Client(peer.url, token="once", options=FAST) as client:
            assert (await until_state(client.events(), "closed")).reason == "unauthorized"
        assert peer.connection_count == 1


async def test_token_is_refreshed_before_it_expires() -> None:
    async def script(peer: PeerConnection) -> None:
        assert (await peer.accept(expires_at=NOW_MS + 50)).token == "token-1"
        refresh = await peer.receive(commands.TokenRefresh)
        assert refresh.token == "token-2"
        await peer.send(replies.TokenRefreshed(id=refresh.id, expires_at=NOW_MS + 100))
        assert (await peer.receive(commands.TokenRefresh)).token == "token-3"

    asked = 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        return f"token-{asked}"

    async with ScriptedPeer(script) as peer, Client(peer.url, token=token, options=FAST):
        await peer.done()


async def test_refused_connect_with_an_expired_token_asks_for_another() -> None:
    async def refuse(peer: PeerConnection) -> None:
        command = await peer.receive(commands.Connect)
        await peer.send(replies.Error(id=command.id, code="auth.token_expired", message="", retry="after_refresh"))
        await peer.close(codes.TOKEN_EXPIRED)

    async def second(peer: PeerConnection) -> None:
        assert (await peer.accept()).token == "token-2"
        await peer.gone()

    numbers = iter("12")

    async def token() -> str:
        return f"token-{next(numbers)}"

    async with ScriptedPeer(refuse, second) as peer, Client(peer.url, token=token, options=FAST) as client:
        await until_state(client.events(), "connected")


async def test_heartbeat_is_answered_with_the_mark() -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        await peer.send([a_push(1, 1), a_push(2, 2)])
        await peer.send(pushes.Heartbeat(now=NOW_MS))
        marks = [0]
        while marks[-1] < 2:
            marks.append((await peer.receive(commands.Delivered)).mark)
        await peer.send(pushes.Heartbeat(now=NOW_MS))
        assert (await peer.receive(commands.Delivered)).mark == 2

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST):
        await peer.done()


async def test_silence_of_the_server_leads_to_a_new_connection() -> None:
    async def silent(peer: PeerConnection) -> None:
        await peer.accept(ping_s=0.02, limits=limits_view(pong_timeout_s=0.02))
        await peer.gone()

    async with ScriptedPeer(silent, stay) as peer, Client(peer.url, token="t", options=FAST) as client:
        events = client.events()
        assert (await until_state(events, "waiting")).reason == "silence"
        await until_state(events, "connected")


async def test_draining_server_is_left_at_the_given_time() -> None:
    async def draining(peer: PeerConnection) -> None:
        await peer.accept()
        await peer.send(pushes.Draining(reconnect_in_ms=10))
        await peer.gone()

    async with ScriptedPeer(draining, stay) as peer, Client(peer.url, token="t", options=FAST) as client:
        events = client.events()
        assert (await until_state(events, "waiting")).reason == "server_drain"
        await until_state(events, "connected")


async def test_unknown_frames_are_passed_over_and_broken_ones_not_without_end() -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        for number in range(limits.BAD_FRAMES):
            await peer.socket.send('{"type":"of.tomorrow"}')
            if number == limits.BAD_FRAMES - 1:
                await peer.send(pushes.TypingChanged(thread=T, user="bob", is_typing=True))
            await peer.socket.send('{"type":"typing.changed","thread":1}')
        await peer.gone()

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST) as client:
        events = client.events()
        await next_of(events, pushes.TypingChanged)
        closed = await next_of(events, StateChanged)
        assert (closed.state, closed.code, closed.reason) == ("closed", codes.PROTOCOL_ERROR, "bad_frames")


async def test_frame_above_the_limit_ends_the_client_instead_of_a_loop() -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        await peer.socket.send("x" * (limits.SERVER_FRAME_BYTES * 2))
        await peer.gone()

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST) as client:
        assert (await until_state(client.events(), "closed")).code == codes.TOO_BIG


async def test_answer_that_cannot_be_understood_is_an_error_of_its_request() -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        first = await peer.receive(commands.Ping)
        await peer.socket.send(f'{{"id":{first.id},"type":"ping","now":"late"}}')
        second = await peer.receive(commands.Ping)
        await peer.send(replies.ReadMoved(id=second.id, n=1))
        await peer.gone()

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST) as client:
        for _ in range(2):
            with pytest.raises(GreenroomError) as error:
                await client.ping()
            assert error.value.code == "client.not_understood"


async def test_request_without_an_answer_is_sent_again_after_a_reconnection() -> None:
    async def lose(peer: PeerConnection) -> None:
        await peer.accept()
        first = await peer.receive(commands.InvitationAccept)
        seen.append(first.cid)
        peer.socket.transport.abort()

    async def answer(peer: PeerConnection) -> None:
        await peer.accept()
        command = await peer.receive(commands.InvitationAccept)
        seen.append(command.cid)
        await peer.send(replies.InvitationAcceptedReply(id=command.id, seq=3, at=NOW_MS, state="accepted", dup=True))
        await peer.gone()

    seen: list[str] = []
    async with ScriptedPeer(lose, answer) as peer, Client(peer.url, token="t", options=FAST) as client:
        assert (await client.invitations.accept(T)).seq == 3
        assert seen[0] == seen[1]


async def test_watched_presence_is_asked_for_again_on_each_connection() -> None:
    async def first(peer: PeerConnection) -> None:
        await peer.accept()
        command = await peer.receive(commands.PresenceWatch)
        await peer.send(replies.PresenceSnapshot(id=command.id, users={"bob": "active"}))
        await peer.close(codes.SERVICE_RESTART)

    async def second(peer: PeerConnection) -> None:
        await peer.accept()
        command = await peer.receive(commands.PresenceWatch)
        await peer.send(replies.PresenceSnapshot(id=command.id, users={"bob": "offline"}))
        await peer.gone()

    async with ScriptedPeer(first, second) as peer, Client(peer.url, token="t", options=FAST) as client:
        assert (await client.watch(["bob"])).users == {"bob": "active"}
        assert await next_of(client.events(), PresenceChanged) == PresenceChanged(user="bob", state="offline")


@pytest.mark.parametrize("codec", ["json", "msgpack"])
async def test_first_stream_also_gives_what_came_before_it(codec: str) -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        await peer.receive(commands.Ping)
        await peer.send([a_push(1, 1), a_push(2, 2)])
        await peer.send(replies.Pong(id=2, now=NOW_MS))
        await peer.gone()

    async with ScriptedPeer(script) as peer:
        async with Client(peer.url, token="t", codec=codec, show_all=True, options=FAST) as client:  # type: ignore[arg-type]
            await client.ping()
            assert client.unread == 2
        kinds = [type(event) for event in [event async for event in client.events()]]
        assert kinds == [
            *(StateChanged, StateChanged, Snapshot),
            *(RowChanged, MessageEvent, RowChanged, MessageEvent),
            StateChanged,
        ]


async def test_close_frees_everything_and_ends_who_waits() -> None:
    before = asyncio.all_tasks()

    async def deaf(peer: PeerConnection) -> None:
        await peer.accept()
        await peer.gone()

    async with ScriptedPeer(deaf) as peer:
        client = Client(peer.url, token="t", options=FAST)
        await client.start()
        await until_state(client.events(), "connected")
        handle = client.post(T, "hello")
        request = asyncio.create_task(client.ping())
        await asyncio.sleep(0)
        await client.close()
        await client.close()
        with pytest.raises(ClosedError):
            await request
        with pytest.raises(ClosedError):
            await handle.settled()
        with pytest.raises(ClosedError):
            client.post(T, "too late")
        assert [event async for event in client.events()] == []
    assert asyncio.all_tasks() == before
