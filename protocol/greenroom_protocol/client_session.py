"""A client's side of a session, without I/O: what was applied, what is missing, what to ask for and to answer.

Theory. One object outlives its connections. `connect` begins a connection, `receive` takes each decoded frame and
gives effects in the order in which they are to be done, `tick` does what time brings (ask it at `due_s`), and
`disconnected` ends the connection. All times are monotonic seconds of the caller; the server's clock is kept as a
difference to them.

Rows of the inbox are merged in any order. Events reach the application only for shown threads, in the order of their
seq, each once: a hole is filled by reading the thread first. Holes are looked at again after a short patience, since
two paths of the server may overtake each other.

Source: protocol/spec/session.md.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

import msgspec

from greenroom_protocol import codes, limits, pushes, replies
from greenroom_protocol.client_effects import (
    Answer,
    Deliver,
    Effect,
    MessageEvent,
    Reconnect,
    Recovered,
    Refused,
    RowChanged,
    Send,
    Snapshot,
    ThreadHidden,
    ThreadReset,
    WentLive,
)
from greenroom_protocol.client_inbox import InboxTail
from greenroom_protocol.client_shown import ShownThreads
from greenroom_protocol.client_thread import ThreadTail
from greenroom_protocol.client_timers import ClientTimers
from greenroom_protocol.codec import ServerFrame
from greenroom_protocol.commands import (
    Command,
    Connect,
    Delivered,
    InboxChanges,
    Resume,
    ThreadHistory,
    ThreadRead,
    TokenRefresh,
)
from greenroom_protocol.errors import LocalProtocolError
from greenroom_protocol.events import AnyEvent
from greenroom_protocol.replies import Row

HOLE_PATIENCE_S: Final = 0.1
"""How long a hole may close by itself before it is asked for."""
REPAIR_RETRY_S: Final = 1.0
"""Pause after a reading that did not close its hole."""
NOT_UNDERSTOOD: Final = "client.not_understood"
"""Error code, made by the client, of an answer that could not be decoded."""

_Effects = list[Effect]


class ClientSession:
    """One device's session, over any number of connections."""

    def __init__(self, *, show_all: bool = False) -> None:
        """Begin without a position.

        Args:
            show_all: show every thread, each from where it stood at the first connection.
        """
        self.inbox = InboxTail()
        self.is_live = False
        """Whether the server accepted `connect` on the present connection."""
        self.user = ""
        self.limits: replies.LimitsView | None = None
        self._shown = ShownThreads(show_all=show_all)
        self._is_reading_inbox = False
        self._repair_s = 0.0
        self._catching_up: Literal["", "snapshot", "rows"] = ""
        self._is_first = True
        self._snapshot_is_complete = True
        self._last_id = 0
        self._pending: dict[int, tuple[Command, bool]] = {}
        self._timers = ClientTimers()

    # -- the connection -----------------------------------------------------------------------------------------

    def connect(
        self, token: str, device: str, now_s: float, *, state: Literal["active", "background"] = "active"
    ) -> Connect:
        """Begin a connection; gives its first frame."""
        if self._pending or self.is_live:
            raise LocalProtocolError("connect before the last connection was ended")
        self._timers.begin(now_s)
        command = Connect(
            id=self._next_id(),
            v=limits.PROTOCOL_VERSION,
            token=token,
            device=device,
            state=state,
            resume=self._resume(),
        )
        self._pending[command.id] = (command, False)
        return command

    def disconnected(self) -> list[int]:
        """End the connection; gives the ids of the application's commands that have no answer, oldest first."""
        lost = [command_id for command_id, (_, is_own) in self._pending.items() if is_own]
        self._pending.clear()
        self._shown.disconnected()
        self._is_reading_inbox = False
        self._repair_s = 0.0
        self.is_live = False
        self.inbox.disconnected()
        return lost

    def issue(self, command: Command) -> Command:
        """Give a command of the application its id; `Answer` comes back under it.

        Raises:
            LocalProtocolError: not connected.
        """
        if not self.is_live:
            raise LocalProtocolError("command on a session that is not live")
        if "id" not in command.__struct_fields__:
            return command
        return self._register(command, is_own=True)

    def refresh_token(self, token: str) -> Command:
        """Give the command that replaces the token of this connection."""
        return self._register(TokenRefresh(id=0, token=token), is_own=False)

    def postpone_refresh(self, until_s: float) -> None:
        """Ask for another token at this time, since none could be had now."""
        self._timers.refresh_at(until_s)

    def receive_garbage(self, command_id: int | None, now_s: float) -> _Effects:
        """Take a frame that could not be decoded: the command with this id, if any, has no usable answer."""
        return [] if command_id is None else self.receive(_not_understood(command_id), now_s)

    def receive(self, frame: ServerFrame, now_s: float) -> _Effects:
        """Take one frame of the server; gives what is to be done now, in order."""
        self._timers.heard(now_s)
        effects: _Effects = []
        if isinstance(frame, replies.Reply):
            self._answered(frame, now_s, effects)
        else:
            self._pushed(frame, now_s, effects)
        self._work(now_s, effects)
        return effects

    def tick(self, now_s: float) -> _Effects:
        """Do what is due at this time."""
        effects = self._timers.tick(now_s)
        self._work(now_s, effects)
        return effects

    def due_s(self) -> float:
        """Say when `tick` has something to do next."""
        due = self._timers.due_s(self.inbox.mark if self.is_live else None)
        return min(due, self._repair_s) if self.is_live and self._wants_repair() else due

    def server_now_ms(self, now_s: float) -> int | None:
        """Give the server's clock, UTC ms; None before the first connection."""
        return self._timers.server_now_ms(now_s)

    def has_token_left(self, now_s: float) -> bool:
        """Whether the last token may open another connection: the last fifth of its life does not count."""
        return self._timers.has_token_left(now_s)

    # -- what is shown --------------------------------------------------------------------------------------------

    def show(self, thread: str, after: int | None = None) -> None:
        """Give the events of a thread from now on: those above `after`, or the ones not heard of yet.

        What is missing is asked for by the next `tick`. More than `limits.SHOWN_THREADS` may be shown; the rest is
        read after a reconnection instead of coming with it.
        """
        self._shown.show(thread, self.inbox.rows.get(thread), after)

    def hide(self, thread: str) -> None:
        """Give no more events of a thread."""
        self._shown.hide(thread)

    # -- frames ---------------------------------------------------------------------------------------------------

    def _pushed(self, push: Any, now_s: float, effects: _Effects) -> None:
        if isinstance(push, pushes.InboxChanged):
            self._inbox_changed(push, now_s, effects)
        elif isinstance(push, pushes.Heartbeat):
            self._timers.set_clock(push.now, now_s)
            self._timers.beat()
        elif isinstance(push, pushes.Draining):
            self._timers.leave_at(now_s + push.reconnect_in_ms / 1000)
        elif isinstance(push, pushes.InboxReset):
            effects.append(Reconnect("inbox_reset"))
        else:
            effects.append(Deliver(push))

    def _inbox_changed(self, push: pushes.InboxChanged, now_s: float, effects: _Effects) -> None:
        had_hole = self._wants_repair()
        row = self.inbox.push(push)
        if row is not None:
            effects.append(Deliver(RowChanged(row)))
        tail = self._shown.get(push.thread, start=push.from_seq if self._is_first else 0)
        if tail is not None:
            self._reach(tail, push.epoch, push.seq, push.from_seq, effects)
            self._give(tail, tail.push(push.epoch, push.events), effects)
            self._shown.look_at(tail)
        if self._wants_repair() and not had_hole:
            self._repair_s = max(self._repair_s, now_s + HOLE_PATIENCE_S)

    def _answered(self, reply: Any, now_s: float, effects: _Effects) -> None:
        command, is_own = self._pending.pop(reply.id, (None, False))
        if command is None:
            return
        if not isinstance(reply, replies.Error) and reply.__struct_config__.tag != command.__struct_config__.tag:
            reply = _not_understood(reply.id)
        if is_own:
            self._applied_by_answer(command, reply, effects)
            effects.append(Answer(reply.id, reply))
        elif isinstance(reply, replies.Error):
            self._refused(command, reply, now_s, effects)
        elif (handle := self._HANDLERS.get(type(reply))) is not None:
            handle(self, command, reply, now_s, effects)

    def _connected(self, _: Any, reply: replies.Connected, now_s: float, effects: _Effects) -> None:
        self.is_live = True
        self.user = reply.user
        self.limits = reply.limits
        self._timers.expect(reply.ping_s + reply.limits.pong_timeout_s)
        self._timers.set_clock(reply.now, now_s)
        self._timers.token_ends(reply.expires_at, now_s)
        self._snapshot_is_complete = reply.complete
        effects.append(WentLive(reply))
        self._page(reply, effects)
        for part in reply.threads:
            tail = self._shown.get(part.thread)
            if tail is not None:
                self._reach(tail, part.epoch, part.to, part.after, effects)
                self._give(tail, tail.page(part.epoch, part.after, part.to, part.events, more=False), effects)
        for tail in self._shown:
            self._shown.look_at(tail)

    def _inbox_page(self, _: Any, reply: replies.InboxChangesPage, now_s: float, effects: _Effects) -> None:
        self._is_reading_inbox = False
        before = self.inbox.mark
        self._page(reply, effects)
        if self.inbox.is_behind and self.inbox.mark == before and reply.recovered:
            self._repair_s = now_s + REPAIR_RETRY_S

    def _page(self, reply: replies.Connected | replies.InboxChangesPage, effects: _Effects) -> None:
        """Apply a page of rows, of the connect reply or of `inbox.changes`."""
        if not reply.recovered:
            self._catching_up = "snapshot"
        elif isinstance(reply, replies.Connected) and not self._catching_up:
            self._catching_up = "rows"
        grown = self.inbox.page(reply.epoch, reply.mark, reply.rows, more=reply.more, is_snapshot=not reply.recovered)
        self._rows_grew(grown, effects)
        if reply.more or not self._catching_up:
            return
        done = Snapshot(self._snapshot_is_complete) if self._catching_up == "snapshot" else Recovered()
        self._catching_up = ""
        self._is_first = False
        effects.append(Deliver(done))

    def _rows_grew(self, rows: Iterable[Row], effects: _Effects) -> None:
        for row in rows:
            if self._catching_up != "snapshot":
                effects.append(Deliver(RowChanged(row)))
            tail = self._shown.get(row.thread, start=row.seq if self._is_first else 0)
            if tail is not None:
                self._reach(tail, row.epoch, row.seq, row.seq, effects)
                self._shown.look_at(tail)

    def _history_page(
        self, command: ThreadHistory, reply: replies.HistoryPage, now_s: float, effects: _Effects
    ) -> None:
        tail = self._shown.was_read(command.thread)
        if tail is None:
            return
        before = tail.seq
        self._reach(tail, reply.epoch, reply.to, reply.after, effects)
        self._give(tail, tail.page(reply.epoch, reply.after, reply.to, reply.events, more=reply.more), effects)
        self._shown.look_at(tail)
        if tail.seq == before and tail.missing_after is not None and command.after == before:
            self._repair_s = now_s + REPAIR_RETRY_S

    def _token_refreshed(self, _: Any, reply: replies.TokenRefreshed, now_s: float, effects: _Effects) -> None:
        self._timers.token_ends(reply.expires_at, now_s)

    def _refused(self, command: Command, error: replies.Error, now_s: float, effects: _Effects) -> None:
        """A command of the session itself was refused."""
        is_later = error.retry != "never"
        if is_later:
            self._repair_s = now_s + (error.retry_after_ms or codes.DEFAULT_RETRY_AFTER_MS) / 1000
        if isinstance(command, Connect):
            effects.append(Refused(error))
        elif isinstance(command, InboxChanges):
            self._is_reading_inbox = False
            if not is_later:
                self._repair_s = float("inf")
                effects.append(Reconnect(error.code))
        elif isinstance(command, ThreadHistory):
            tail = self._shown.was_read(command.thread)
            if is_later and tail is not None:
                self._shown.look_at(tail)
            elif not is_later and self._shown.hide(command.thread):
                effects.append(Deliver(ThreadHidden(command.thread, error.code)))

    def _applied_by_answer(self, command: Command, reply: Any, effects: _Effects) -> None:
        """Apply what an answer says about one's own row, without waiting for its push."""
        if isinstance(reply, replies.ReadMoved) and isinstance(command, ThreadRead):
            row = self.inbox.read_up_to(command.thread, reply.n)
            if row is not None:
                effects.append(Deliver(RowChanged(row)))

    _HANDLERS: Final[dict[type, Callable[..., None]]] = {
        replies.Connected: _connected,
        replies.InboxChangesPage: _inbox_page,
        replies.HistoryPage: _history_page,
        replies.TokenRefreshed: _token_refreshed,
    }

    # -- parts ------------------------------------------------------------------------------------------------------

    def _resume(self) -> Resume | None:
        if not self.inbox.epoch:
            return None
        threads = self._shown.positions(self.inbox.rows)
        return Resume(epoch=self.inbox.epoch, mark=self.inbox.mark, threads=threads)

    def _register(self, command: Any, *, is_own: bool) -> Command:
        command = msgspec.structs.replace(command, id=self._next_id())
        self._pending[command.id] = (command, is_own)
        return command  # type: ignore[no-any-return]

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _reach(self, tail: ThreadTail, epoch: int, seq: int, start: int, effects: _Effects) -> None:
        if tail.reach(epoch, seq, start=start):
            effects.append(Deliver(ThreadReset(tail.thread)))

    def _give(self, tail: ThreadTail, events: list[AnyEvent], effects: _Effects) -> None:
        effects.extend(Deliver(MessageEvent(tail.thread, tail.epoch, event)) for event in events)

    def _wants_repair(self) -> bool:
        """Whether something is missing that was not asked for yet."""
        return self._shown.may_read or (self.inbox.is_behind and not self._is_reading_inbox)

    def _work(self, now_s: float, effects: _Effects) -> None:
        """Ask for what is missing and acknowledge what has arrived."""
        if not self.is_live:
            return
        if now_s >= self._repair_s:
            self._ask(effects)
        if self._timers.acknowledges(self.inbox.mark, now_s):
            effects.append(Send(Delivered(mark=self.inbox.mark)))

    def _ask(self, effects: _Effects) -> None:
        if self.inbox.is_behind and not self._is_reading_inbox:
            self._is_reading_inbox = True
            request = InboxChanges(id=0, epoch=self.inbox.epoch, mark=self.inbox.mark)
            effects.append(Send(self._register(request, is_own=False)))
        for history in self._shown.next_reads():
            effects.append(Send(self._register(history, is_own=False)))


def _not_understood(command_id: int) -> replies.Error:
    """Stand in for an answer that a server of this protocol version does not give."""
    return replies.Error(
        id=command_id, code=NOT_UNDERSTOOD, message="The server's answer could not be understood.", retry="never"
    )
