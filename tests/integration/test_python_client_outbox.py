"""The Python client's messages against a scripted peer: refusals, lost answers, restarts of the program."""

import asyncio
from collections.abc import Sequence

import pytest

from greenroom_client import Client, ConnectionOptions, GreenroomError, QueuedMessage
from greenroom_protocol import codes, commands, replies
from greenroom_protocol.bases import PolicyView
from greenroom_protocol.cid import cid_time_ms
from testkit.scripted_peer import NOW_MS, PeerConnection, ScriptedPeer

FAST = ConnectionOptions(reconnect_min_s=0.0, reconnect_max_s=0.0, proxy=None)
T = "t1_thread"


class NotedStorage:
    """Keeps messages in memory, over clients, and counts."""

    def __init__(self) -> None:
        self.messages: list[QueuedMessage] = []
        self.failures_left = 0
        self.save_count = 0

    async def load(self) -> Sequence[QueuedMessage]:
        return self.messages

    async def save(self, messages: Sequence[QueuedMessage]) -> None:
        self.save_count += 1
        if self.failures_left:
            self.failures_left -= 1
            raise OSError("disk full")
        self.messages = list(messages)


async def ack(peer: PeerConnection, seq: int = 1) -> commands.MessageSend:
    command = await peer.receive(commands.MessageSend)
    await peer.send(replies.Sent(id=command.id, mid=f"m{seq}", seq=seq, n=seq, at=NOW_MS, state="sent", dup=False))
    return command


async def refuse(peer: PeerConnection, code: str, retry_after_ms: int | None = None) -> commands.MessageSend:
    command = await peer.receive(commands.MessageSend)
    row = codes.ERRORS[code]
    await peer.send(
        replies.Error(
            id=command.id, code=code, message=row.message, retry=row.retry.value, retry_after_ms=retry_after_ms
        )
    )
    return command


async def test_messages_of_a_thread_leave_one_after_the_other_and_name_the_last_one() -> None:
    seen: list[commands.MessageSend] = []

    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        seen.extend([await ack(peer, seq) for seq in (1, 2, 3)])

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST) as client:
        handles = [client.post(T, text) for text in "abc"]
        assert [handle.state for handle in handles] == ["queued"] * 3
        assert [(await handle.settled()).state for handle in handles] == ["sent"] * 3
        assert [command.body for command in seen] == ["a", "b", "c"]
        assert [command.prev_cid for command in seen] == [None, seen[0].cid, seen[1].cid]
        assert client.outgoing == []


async def test_cid_is_dated_by_the_servers_clock() -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        first = await ack(peer)
        assert 0 <= (cid_time_ms(first.cid) or 0) - NOW_MS < 60_000

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST) as client:
        async for _ in client.events():
            if client.state == "connected":
                break
        await client.send(T, "hello")


@pytest.mark.parametrize("code", ["uncertain", "unavailable", "rate.sends", "outbox.gap"])
async def test_refusal_for_now_is_tried_again_with_the_same_cid_before_the_next(code: str) -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        refused = await refuse(peer, code, retry_after_ms=5)
        assert (await ack(peer, 1)).cid == refused.cid
        assert (await ack(peer, 2)).body == "second"

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST) as client:
        client.post(T, "first")
        assert (await client.send(T, "second")).seq == 2
        await peer.done()


async def test_bounce_is_given_with_its_reason_and_never_sent_again() -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        command = await peer.receive(commands.MessageSend)
        policy = PolicyView(action="bounce", code="policy.contact_email")
        await peer.send(
            replies.Error(id=command.id, code="policy.contact_email", message="no", retry="never", policy=policy)
        )
        assert (await ack(peer, 1)).body == "without"

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST) as client:
        with pytest.raises(GreenroomError) as error:
            await client.send(T, "with an address")
        assert error.value.code == "policy.contact_email"
        assert error.value.policy is not None
        assert (await client.send(T, "without")).seq == 1


async def test_held_message_settles_as_held() -> None:
    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        command = await peer.receive(commands.MessageSend)
        await peer.send(replies.Sent(id=command.id, mid="h1", seq=0, n=0, at=NOW_MS, state="held", dup=False))

    async with ScriptedPeer(script) as peer, Client(peer.url, token="t", options=FAST) as client:
        assert (await client.post(T, "hm").settled()).state == "held"


async def test_message_without_an_answer_goes_again_with_its_cid_and_in_its_place() -> None:
    lost: list[str] = []

    async def lose(peer: PeerConnection) -> None:
        await peer.accept()
        lost.append((await peer.receive(commands.MessageSend)).cid)
        peer.socket.transport.abort()

    async def answer(peer: PeerConnection) -> None:
        await peer.accept()
        assert (await ack(peer, 1)).cid == lost[-1]
        assert (await ack(peer, 2)).body == "second"

    async with ScriptedPeer(lose, lose, answer) as peer, Client(peer.url, token="t", options=FAST) as client:
        first, second = client.post(T, "first"), client.post(T, "second")
        await second.settled()
        assert (first.sent and first.sent.seq, second.sent and second.sent.seq) == (1, 2)
        assert len(set(lost)) == 1


async def test_id_that_is_too_old_is_stamped_anew_if_the_message_never_left() -> None:
    storage = NotedStorage()
    old = "0180c1a0-0000-7000-8000-000000000000"
    storage.messages = [QueuedMessage(thread=T, cid=old, body="from last month")]

    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        assert (await refuse(peer, "cid.outside_window")).cid == old
        assert (cid_time_ms((await ack(peer)).cid) or 0) >= NOW_MS

    async with ScriptedPeer(script) as peer:
        async with Client(peer.url, token="t", options=FAST, storage=storage) as client:
            (handle,) = client.outgoing
            assert (await handle.settled()).state == "sent"
            assert handle.cid != old
        assert storage.messages == []


async def test_message_is_stored_before_it_leaves_and_survives_a_restart_of_the_program() -> None:
    storage = NotedStorage()
    stored: list[list[str]] = []
    left = asyncio.Event()

    async def lose(peer: PeerConnection) -> None:
        await peer.accept()
        await peer.receive(commands.MessageSend)
        stored.append([message.body for message in storage.messages])
        left.set()
        await peer.gone()

    async def answer(peer: PeerConnection) -> None:
        await peer.accept()
        assert (await ack(peer, 1)).cid == cids[0]
        assert (await ack(peer, 2)).cid == cids[1]

    async with ScriptedPeer(lose, answer) as peer:
        async with Client(peer.url, token="t", options=FAST, storage=storage) as client:
            cids = [client.post(T, "first").cid, client.post(T, "second").cid]
            await left.wait()
        assert stored == [["first", "second"]]
        async with Client(peer.url, token="t", options=FAST, storage=storage) as client:
            assert [handle.cid for handle in client.outgoing] == cids
            for handle in client.outgoing:
                await handle.settled()
    assert storage.messages == []


async def test_nothing_leaves_while_the_storage_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenroom_client.courier.SAVE_RETRY_S", 0.0)
    storage = NotedStorage()
    storage.failures_left = 2

    async def script(peer: PeerConnection) -> None:
        await peer.accept()
        command = await ack(peer)
        assert [message.cid for message in storage.messages] == [command.cid]

    async with ScriptedPeer(script) as peer:
        async with Client(peer.url, token="t", options=FAST, storage=storage) as client:
            await client.send(T, "hello")
        assert storage.save_count >= 3


@pytest.mark.parametrize("body", ["", "x" * 10_001, "\U0001f600" * 9_000, "\ud800"])
async def test_text_that_cannot_be_sent_is_refused_at_once(body: str) -> None:
    async with Client("ws://127.0.0.1:9/ws", token="t", options=FAST) as client:
        with pytest.raises(GreenroomError) as error:
            client.post(T, body)
        assert error.value.code == "bad_request.body"
        assert client.outgoing == []
