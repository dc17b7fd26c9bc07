"""Frames for tests of the client's session, and readers of its effects."""

from typing import Any

from greenroom_protocol import pushes, replies
from greenroom_protocol.client_effects import Deliver, Effect, MessageEvent, Send
from greenroom_protocol.client_session import ClientSession
from greenroom_protocol.commands import ThreadHistory
from greenroom_protocol.events import MessageSent
from greenroom_protocol.replies import Row
from testkit.scripted_peer import connected

T = "t1_a"


def event(seq: int, at: int | None = None) -> MessageSent:
    return MessageSent(seq=seq, at=seq if at is None else at, n=seq, body=f"m{seq}")


def push(mark: int, seq: int, *, thread: str = T, epoch: int = 7, **changes: Any) -> pushes.InboxChanged:
    values: dict[str, Any] = {"from_seq": seq - 1, "n": seq, "read": 0, "state": "direct", "last_at": seq}
    values = values | {"events": [event(seq)]} | changes
    return pushes.InboxChanged(mark=mark, thread=thread, epoch=epoch, seq=seq, **values)


def row(mark: int, seq: int, *, thread: str = T, epoch: int = 7) -> Row:
    return Row(thread=thread, mark=mark, epoch=epoch, seq=seq, n=seq, read=0, state="direct", last_at=seq)


def live(session: ClientSession, now_s: float = 0.0, **changes: Any) -> list[Effect]:
    command = session.connect("token", "device", now_s)
    return session.receive(connected(command.id, **changes), now_s)


def events(effects: list[Effect]) -> list[int]:
    inner = [effect.event for effect in effects if isinstance(effect, Deliver)]
    return [each.event.seq for each in inner if isinstance(each, MessageEvent)]


def delivered(effects: list[Effect], kind: type) -> list[Any]:
    return [each.event for each in effects if isinstance(each, Deliver) and isinstance(each.event, kind)]


def sent(effects: list[Effect], kind: type) -> list[Any]:
    return [each.command for each in effects if isinstance(each, Send) and isinstance(each.command, kind)]


def history(command: Any, to: int, *seqs: int, more: bool = False, epoch: int = 7) -> replies.HistoryPage:
    return replies.HistoryPage(
        id=command.id, thread=command.thread, epoch=epoch, after=command.after, to=to,
        events=[event(seq) for seq in seqs], more=more,
    )  # fmt: skip


def refused(command: Any, code: str = "rate.reads", retry: Any = "later", after_ms: int | None = 500) -> replies.Error:
    return replies.Error(id=command.id, code=code, message="", retry=retry, retry_after_ms=after_ms)


def shown(after: int = 0) -> ClientSession:
    session = ClientSession()
    session.show(T, after)
    (request,) = sent(live(session), ThreadHistory)
    assert session.receive(history(request, after), 0.0) == []
    return session
