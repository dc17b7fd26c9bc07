"""The live thread of the Python client against a peer that loses history, fails and refuses."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from greenroom_client import (
    Client,
    ClosedError,
    ConnectionOptions,
    GreenroomError,
    LiveThread,
    MessageReturned,
    QueuedMessage,
    StateChanged,
)
from greenroom_protocol import replies
from greenroom_protocol.bases import PaymentView, PolicyView
from greenroom_protocol.commands import (
    Delivered,
    InboxChanges,
    InvitationSend,
    MessageCheck,
    MessageSend,
    ThreadGet,
    ThreadHistory,
)
from greenroom_protocol.events import MessageSent
from greenroom_protocol.moderation import HeldList, HeldPage
from greenroom_protocol.policies import ThreadPolicy
from greenroom_protocol.pushes import InboxChanged
from testkit.scripted_peer import PeerConnection, ScriptedPeer

T = "t1_000000000000000a"
FAST = ConnectionOptions(reconnect_min_s=0.01, reconnect_max_s=0.02, proxy=None)


class Log:
    """One thread as the peer tells it."""

    def __init__(self) -> None:
        self.epoch = 1
        self.bodies = ["a", "b", "c"]
        self.refusals: dict[type, list[str]] = {}
        self.changed = asyncio.Event()
        self.mark = 0
        self.seen: list[type] = []

    def events(self, after: int) -> list[Any]:
        return [
            MessageSent(seq=seq, at=self.epoch * 1000 + seq, n=seq, body=body, state="candidacy" if body == "!" else "")
            for seq, body in enumerate(self.bodies, 1)
            if seq > after
        ]

    def push(self) -> InboxChanged:
        self.mark += 1
        seq = len(self.bodies)
        return InboxChanged(
            mark=self.mark, thread=T, epoch=self.epoch, from_seq=seq, seq=seq, n=seq, read=0, state="candidacy",
            last_at=1,
        )  # fmt: skip

    def reply(self, command: Any) -> Any:
        self.seen.append(type(command))
        if refusals := self.refusals.get(type(command), []):
            code = refusals.pop(0)
            is_bounce = code.startswith("policy.")
            return replies.Error(
                id=command.id, code=code, message="No.", retry="later" if is_bounce else "never", retry_after_ms=1,
                policy=PolicyView(action="bounce", code=code) if is_bounce else None,
            )  # fmt: skip
        match command:
            case ThreadHistory():
                after = command.after or 0
                return replies.HistoryPage(
                    id=command.id, thread=T, epoch=self.epoch, after=after, to=len(self.bodies),
                    events=self.events(after), more=False,
                )  # fmt: skip
            case MessageCheck():
                return replies.Checked(id=command.id, policy=PolicyView(action="allow"))
            case HeldList():
                return HeldPage(id=command.id, held=[])
            case InboxChanges():
                return replies.InboxChangesPage(
                    id=command.id, recovered=True, epoch=5, mark=self.mark, more=False, rows=[]
                )
            case ThreadGet():
                return replies.ThreadView(
                    id=command.id, thread=T, epoch=self.epoch, seq=len(self.bodies), n=3, state="candidacy", why="",
                    job="", title="", role="freelancer", gate_opened_at=0, expires_at=0, participants=[],
                    policy=ThreadPolicy(
                        may_write=True, why_not="", contact="blocked", payment="blocked", may_answer_invitation=False,
                        may_request_call=False, notice="", version="", actions=[],
                        pay=PaymentView(fee_required=True, conversion="none", origin="platform"),
                    ),
                )  # fmt: skip
        raise AssertionError(command)

    async def serve(self, peer: PeerConnection) -> None:
        await peer.accept()
        pushing = asyncio.create_task(self._push(peer))
        try:
            while True:
                command = await peer.receive(object)  # type: ignore[type-var]
                if not isinstance(command, Delivered):
                    await peer.send(self.reply(command))
        finally:
            pushing.cancel()

    async def _push(self, peer: PeerConnection) -> None:
        while True:
            await self.changed.wait()
            self.changed.clear()
            await peer.send(self.push())


def bodies(live: LiveThread) -> list[str]:
    return [item.body for item in live.items]


@asynccontextmanager
async def a_client(log: Log) -> AsyncIterator[Client]:
    async with ScriptedPeer(log.serve) as peer, Client(peer.url, token="x", options=FAST) as client:
        yield client


async def test_history_that_was_lost_is_read_anew() -> None:
    log = Log()
    async with a_client(log) as client, client.live(T) as live:
        assert bodies(live) == ["a", "b", "c"]
        log.epoch, log.bodies = 2, ["a", "z"]
        log.changed.set()
        while bodies(live) != ["a", "z"]:
            await anext(live)
        log.bodies.append("y")
        log.changed.set()
        while bodies(live) != ["a", "z", "y"]:
            await anext(live)


async def test_thread_that_cannot_be_read_is_not_live() -> None:
    log = Log()
    log.refusals[ThreadHistory] = ["not_found"]
    async with a_client(log) as client:
        with pytest.raises(GreenroomError, match="not_found"):
            await client.live(T).__aenter__()
        assert not client.is_shown(T)


async def test_thread_that_can_no_longer_be_read_ends_with_the_reason() -> None:
    log = Log()
    async with a_client(log) as client, client.live(T) as live:
        log.refusals[ThreadHistory] = ["forbidden"]
        log.bodies.append("d")
        log.changed.set()
        with pytest.raises(GreenroomError, match="forbidden"):
            await follow(live)
        assert [each async for each in live] == []
        assert not client.is_shown(T)


async def test_what_failed_to_be_read_is_read_at_the_next_step() -> None:
    log = Log()
    async with a_client(log) as client, client.live(T) as live:
        await anext(live)  # the snapshot of the connection
        log.refusals[ThreadGet] = ["unavailable"]
        log.bodies.append("!")
        log.changed.set()
        with pytest.raises(GreenroomError, match="unavailable"):
            await follow(live)
        assert (live.head.seq, bodies(live)[-1]) == (3, "!")
        log.bodies.append("e")
        log.changed.set()
        while bodies(live)[-1] != "e":
            await anext(live)
        assert live.head.seq == 5


async def test_iteration_ends_with_the_client() -> None:
    async with a_client(Log()) as client, client.live(T) as live:
        await client.close()
        assert [each async for each in live] == []
        with pytest.raises(ClosedError):
            live.post("too late")


async def test_what_happened_before_stays_for_the_first_reader_of_events() -> None:
    async with a_client(Log()) as client:
        async with client.live(T):
            pass
        assert await anext(client.events()) == StateChanged("idle", "connecting")


async def test_message_of_an_earlier_run_that_bounces_is_returned() -> None:
    log = Log()
    log.refusals[MessageSend] = ["policy.contact"] * 2
    storage = Kept([QueuedMessage(thread=T, cid="01890a5d-ac96-774b-bcce-b302099a8057", body="Call me", was_sent=True)])
    peer = ScriptedPeer(log.serve)
    async with peer, Client(peer.url, token="x", storage=storage, options=FAST) as client:
        async for event in client.events():
            if isinstance(event, MessageReturned):
                break
        assert (event.message.body, event.message.state) == ("Call me", "bounced")
        await client.check(T, "so that the server has answered")
    assert (storage.messages, log.seen.count(MessageSend)) == ([], 1)


async def test_bounced_command_never_goes_again() -> None:
    log = Log()
    log.refusals[InvitationSend] = ["policy.contact"] * 2
    async with a_client(log) as client:
        with pytest.raises(GreenroomError) as refused:
            await client.invitations.send("jonas", "logo", "Call me")
        assert refused.value.is_bounce
    assert log.seen.count(InvitationSend) == 1


class Kept:
    """An outbox storage in memory."""

    def __init__(self, messages: list[QueuedMessage]) -> None:
        self.messages = messages

    async def load(self) -> Sequence[QueuedMessage]:
        return self.messages

    async def save(self, messages: Sequence[QueuedMessage]) -> None:
        self.messages = list(messages)


async def follow(live: LiveThread) -> None:
    async for _ in live:
        pass
