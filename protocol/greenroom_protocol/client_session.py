"""A client's side of a session, without I/O: what to send, what to give to the application, what time brings.

Theory. One object outlives its connections. `connect` begins a connection, `receive` takes each decoded frame and
gives effects in the order in which they are to be done, `tick` does what time brings (ask it at `due_s`), and
`disconnected` ends the connection. All times are monotonic seconds of the caller.

What was applied is the `Replica`'s business; this class numbers commands, matches replies, and decides when to ask for
what is missing: holes are looked at after a short patience, since two paths of the server may overtake each other.

Source: protocol/spec/session.md, protocol/spec/client-guide.md.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

from greenroom_protocol import codes, limits, pushes, replies
from greenroom_protocol.bases import Command, Reply
from greenroom_protocol.client_effects import Answer, Deliver, Effect, Reconnect, Refused, Send, WentLive
from greenroom_protocol.client_inbox import InboxTail
from greenroom_protocol.client_replica import Replica
from greenroom_protocol.client_timers import ClientTimers
from greenroom_protocol.codec import ServerFrame
from greenroom_protocol.commands import (
    Connect,
    Delivered,
    InboxChanges,
    ThreadHistory,
    ThreadList,
    ThreadRead,
    TokenRefresh,
)
from greenroom_protocol.errors import LocalProtocolError

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
        self.is_live = False
        """Whether the server accepted `connect` on the present connection."""
        self.user = ""
        self._replica = Replica(show_all=show_all)
        self._timers = ClientTimers()
        self._repair_s = 0.0
        self._last_id = 0
        self._pending: dict[int, tuple[Command, bool]] = {}

    @property
    def inbox(self) -> InboxTail:
        """The rows and the position."""
        return self._replica.inbox

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
            resume=self._replica.resume(),
        )
        self._pending[command.id] = (command, False)
        return command

    def disconnected(self) -> list[int]:
        """End the connection; gives the ids of the application's commands that have no answer, oldest first."""
        lost = [command_id for command_id, (_, is_own) in self._pending.items() if is_own]
        self._pending.clear()
        self._replica.disconnected()
        self._repair_s = 0.0
        self.is_live = False
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
        if isinstance(frame, Reply):
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
        return min(due, self._repair_s) if self.is_live and self._replica.may_read else due

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
        self._replica.shown.show(thread, self.inbox.rows.get(thread), after)

    def is_shown(self, thread: str) -> bool:
        """Whether the events of a thread are given."""
        return self._replica.shown.get(thread) is not None

    def hide(self, thread: str) -> None:
        """Give no more events of a thread."""
        self._replica.shown.hide(thread)

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
        had_hole = self._replica.may_read
        effects += self._replica.pushed(push)
        if self._replica.may_read and not had_hole:
            self._repair_s = max(self._repair_s, now_s + HOLE_PATIENCE_S)

    def _answered(self, reply: Any, now_s: float, effects: _Effects) -> None:
        command, is_own = self._pending.pop(reply.id, (None, False))
        if command is None:
            return
        if not isinstance(reply, replies.Error) and reply.__struct_config__.tag != command.__struct_config__.tag:
            reply = _not_understood(reply.id)
        if is_own:
            effects += self._applied_by_answer(command, reply)
            effects.append(Answer(reply.id, reply))
        elif isinstance(reply, replies.Error):
            self._refused(command, reply, now_s, effects)
        else:
            self._applied(command, reply, now_s, effects)

    def _applied(self, command: Any, reply: Any, now_s: float, effects: _Effects) -> None:
        """Apply the answer to a command of the session itself."""
        left_a_hole = False
        given: Iterable[Deliver] = ()
        if isinstance(reply, replies.Connected):
            self._connected(reply, now_s, effects)
        elif isinstance(reply, replies.TokenRefreshed):
            self._timers.token_ends(reply.expires_at, now_s)
        elif isinstance(reply, replies.HistoryPage):
            given, left_a_hole = self._replica.history_page(command, reply)
        elif isinstance(reply, replies.InboxChangesPage):
            given, left_a_hole = self._replica.changes_page(command, reply)
        else:
            given = self._replica.list_page(command, reply)
        effects += given
        if left_a_hole:
            self._repair_s = now_s + REPAIR_RETRY_S

    def _applied_by_answer(self, command: Command, reply: Any) -> list[Deliver]:
        """Apply what an answer to the application says about rows, without waiting for a push."""
        if isinstance(reply, replies.ReadMoved) and isinstance(command, ThreadRead):
            return self._replica.read_up_to(command.thread, reply.n)
        if isinstance(reply, replies.ThreadListPage) and reply.epoch == self.inbox.epoch:
            return self._replica.merge(reply.rows)
        return []

    def _connected(self, reply: replies.Connected, now_s: float, effects: _Effects) -> None:
        self.is_live = True
        self.user = reply.user
        self._timers.expect(reply.ping_s + reply.limits.pong_timeout_s)
        self._timers.set_clock(reply.now, now_s)
        self._timers.token_ends(reply.expires_at, now_s)
        effects.append(WentLive(reply))
        effects += self._replica.connected(reply)

    def _refused(self, command: Command, error: replies.Error, now_s: float, effects: _Effects) -> None:
        """A command of the session itself was refused."""
        is_later = error.retry != "never"
        if is_later:
            self._repair_s = now_s + (error.retry_after_ms or codes.DEFAULT_RETRY_AFTER_MS) / 1000
        if isinstance(command, Connect):
            effects.append(Refused(error))
        elif isinstance(command, InboxChanges | ThreadList | ThreadHistory):
            effects += self._replica.refused(command, error.code, later=is_later)
            if isinstance(command, InboxChanges) and not is_later:
                self._repair_s = float("inf")
                effects.append(Reconnect(error.code))

    # -- parts ------------------------------------------------------------------------------------------------------

    def _register(self, command: Any, *, is_own: bool) -> Command:
        command = msgspec.structs.replace(command, id=self._next_id())
        self._pending[command.id] = (command, is_own)
        return command  # type: ignore[no-any-return]  # `replace` forgets the type

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _work(self, now_s: float, effects: _Effects) -> None:
        """Ask for what is missing and acknowledge what has arrived."""
        if not self.is_live:
            return
        if now_s >= self._repair_s:
            for request in self._replica.next_reads():
                effects.append(Send(self._register(request, is_own=False)))
        if self._timers.acknowledges(self.inbox.mark, now_s):
            effects.append(Send(Delivered(mark=self.inbox.mark)))


def _not_understood(command_id: int) -> replies.Error:
    """Stand in for an answer that a server of this protocol version does not give."""
    return replies.Error(
        id=command_id, code=NOT_UNDERSTOOD, message="The server's answer could not be understood.", retry="never"
    )
