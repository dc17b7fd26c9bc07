"""The client's session against a reference server: whatever the network does, nothing is lost, doubled or reordered."""

from collections import deque

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from greenroom_protocol import limits, pushes, replies
from greenroom_protocol.bases import Command
from greenroom_protocol.client_effects import Deliver, MessageEvent, Recovered, Send, Snapshot
from greenroom_protocol.client_session import ClientSession
from greenroom_protocol.commands import Connect, Delivered, InboxChanges, ThreadHistory, ThreadList
from greenroom_protocol.events import AnyEvent, MessageSent
from greenroom_protocol.replies import Row, ThreadEvents

THREADS = ("t1_a", "t2_b", "t3_c", "t4_d")
SHOWN = THREADS[:3]
FATES = st.lists(st.sampled_from("kkkdp"), min_size=1, max_size=4)
LIMITS = replies.LimitsView(
    client_frame_bytes=limits.CLIENT_FRAME_BYTES,
    server_frame_bytes=limits.SERVER_FRAME_BYTES,
    body_code_points=limits.BODY_CODE_POINTS,
    body_bytes=limits.BODY_BYTES,
    commands_per_frame=limits.COMMANDS_PER_FRAME,
    page_items=2,
    shown_threads=2,
    watched_users=limits.WATCHED_USERS,
    edit_window_s=900,
    reconnect_min_s=0.5,
    reconnect_max_s=20.0,
    pong_timeout_s=10.0,
)
PAGE = 2


class ReferenceServer:
    """One user's inbox and threads, in the plainest way that keeps the promises of the wire."""

    def __init__(self) -> None:
        self.epoch = 100
        self.mark = 0
        self.logs: dict[str, list[AnyEvent | None]] = {thread: [] for thread in THREADS}
        """None stands for an event that is not for this user."""
        self.epochs = dict.fromkeys(THREADS, 7)
        self.marks: dict[str, int] = {}
        self.at = 0

    def append(self, thread: str, *, is_private: bool) -> pushes.InboxChanged:
        log = self.logs[thread]
        self.at += 1
        log.append(None if is_private else MessageSent(seq=len(log) + 1, at=self.at, n=len(log) + 1, body="x"))
        return self.push(thread, len(log) - 1)

    def push(self, thread: str, after: int) -> pushes.InboxChanged:
        self.mark += 1
        self.marks[thread] = self.mark
        row = self.row(thread)
        events = [event for event in self.logs[thread][after:] if event is not None]
        values = {name: getattr(row, name) for name in ("mark", "thread", "epoch", "seq", "n", "read", "state")}
        return pushes.InboxChanged(**values, last_at=row.last_at, from_seq=after, events=events)

    def lose(self, thread: str, count: int) -> None:
        """Lose the end of a log: it goes on in a new epoch."""
        log = self.logs[thread]
        del log[max(0, len(log) - count) :]
        self.epochs[thread] += 1
        self.mark += 1
        self.marks[thread] = self.mark

    def row(self, thread: str) -> Row:
        seq = len(self.logs[thread])
        mark = self.marks[thread]
        return Row(
            thread=thread, mark=mark, epoch=self.epochs[thread], seq=seq, n=seq, read=0, state="direct", last_at=mark
        )

    def changes(self, mark: int) -> tuple[list[Row], int, bool]:
        later = sorted((at, thread) for thread, at in self.marks.items() if at > mark)
        page = [self.row(thread) for _, thread in later[:PAGE]]
        more = len(later) > PAGE
        return page, page[-1].mark if more else self.mark, more

    def top(self, before: int | None) -> tuple[list[Row], int, bool]:
        ordered = sorted((at, thread) for thread, at in self.marks.items() if before is None or at < before)
        page = [self.row(thread) for _, thread in reversed(ordered[-PAGE:])]
        return page, self.mark, len(ordered) > PAGE

    def events(self, thread: str, after: int) -> tuple[list[AnyEvent], int, bool]:
        part = self.logs[thread][after : after + PAGE]
        to = min(after + PAGE, len(self.logs[thread]))
        return [event for event in part if event is not None], max(to, after), to < len(self.logs[thread])

    def answer(self, command: Command) -> replies.AnyReply | None:
        match command:
            case Connect():
                return self._connect(command)
            case InboxChanges():
                recovered = command.epoch == self.epoch
                rows, mark, more = self.changes(command.mark) if recovered else self.top(None)
                more = more and recovered
                return replies.InboxChangesPage(
                    id=command.id, recovered=recovered, epoch=self.epoch, mark=mark, more=more, rows=rows
                )
            case ThreadList():
                rows, mark, more = self.top(command.before)
                return replies.ThreadListPage(id=command.id, epoch=self.epoch, mark=mark, rows=rows, more=more)
            case ThreadHistory():
                after = command.after or 0
                events, to, more = self.events(command.thread, after)
                epoch = self.epochs[command.thread]
                return replies.HistoryPage(
                    id=command.id, thread=command.thread, epoch=epoch, after=after, to=to, events=events, more=more
                )
        assert isinstance(command, Delivered)
        return None

    def _connect(self, command: Connect) -> replies.Connected:
        resume = command.resume
        recovered = resume is not None and resume.epoch == self.epoch
        rows, mark, more = self.changes(resume.mark) if resume is not None and recovered else self.top(None)
        more = more and recovered
        threads = []
        for thread, position in resume.threads.items() if resume is not None and recovered else ():
            head = len(self.logs[thread])
            reset = position.epoch != self.epochs[thread] or position.seq > head
            after = max(0, head - 1) if reset else position.seq
            events, to, _ = self.events(thread, after)
            threads.append(
                ThreadEvents(thread=thread, epoch=self.epochs[thread], reset=reset, after=after, to=to, events=events)
            )
        return replies.Connected(
            id=command.id, v=1, session="s", user="u", now=1_000_000, expires_at=10_000_000_000, ping_s=25.0, caps=[],
            recovered=recovered, epoch=self.epoch, mark=mark, more=more, complete=True, rows=rows, threads=threads,
            limits=LIMITS,
        )  # fmt: skip


class ClientMachine(RuleBasedStateMachine):
    """Frames travel in two queues; a connection may end at any moment, and pushes may overtake one another."""

    @initialize(show_all=st.booleans())
    def begin(self, show_all: bool) -> None:
        self.server = ReferenceServer()
        self.client = ClientSession(show_all=show_all)
        self.show_all = show_all
        self.now_s = 0.0
        self.up: deque[Command] = deque()
        self.down: deque[object] = deque()
        self.is_open = False
        self.given: dict[str, list[AnyEvent]] = {thread: [] for thread in THREADS}
        self.lost: set[str] = set()
        self.begun_before: set[str] | None = None
        if not show_all:
            for thread in SHOWN:
                self.client.show(thread, after=0)
        self.connect()
        self.work(2)

    @property
    def shown(self) -> tuple[str, ...]:
        return THREADS if self.show_all else SHOWN

    @rule(thread=st.sampled_from(THREADS), fates=FATES)
    def append(self, thread: str, fates: list[str]) -> None:
        """Events of one thread: each is kept, or its push is dropped, or it is private to somebody else."""
        for fate in fates:
            push = self.server.append(thread, is_private=fate == "p")
            if self.is_open and fate != "d":
                self.down.append(push)

    @rule(thread=st.sampled_from(THREADS), back=st.integers(0, 4))
    def push_again(self, thread: str, back: int) -> None:
        if self.is_open and thread in self.server.marks:
            self.down.append(self.server.push(thread, max(0, len(self.server.logs[thread]) - back)))

    @rule(thread=st.sampled_from(THREADS), fates=FATES, steps=st.integers(1, 6))
    def chat(self, thread: str, fates: list[str], steps: int) -> None:
        self.append(thread, fates)
        self.work(steps)

    @precondition(lambda self: not self.is_open)
    @rule()
    def connect(self) -> None:
        self.is_open = True
        self.up.append(self.client.connect("token", "device", self.now_s))

    @rule(
        what=st.sampled_from(["cut"] * 5 + ["new inbox epoch", "lost history", "lost history"]),
        thread=st.sampled_from(THREADS),
        count=st.integers(0, 3),
        reconnects=st.booleans(),
    )
    def disturb(self, what: str, thread: str, count: int, reconnects: bool) -> None:
        """The connection ends; now and then because the store lost something."""
        self.cut()
        if what == "new inbox epoch":
            self.server.epoch += 1
        elif what == "lost history" and self.server.logs[thread]:
            self.server.lose(thread, count)
            self.lost.add(thread)
            self.append(thread, ["k"] * count)
        if reconnects:
            self.connect()
            self.work(2)

    @rule(steps=st.integers(1, 6))
    def work(self, steps: int) -> None:
        for _ in range(steps):
            self._server_step()
            self._client_step()

    @rule()
    def overtake(self) -> None:
        if len(self.down) > 1 and all(isinstance(frame, pushes.Push) for frame in list(self.down)[:2]):
            self.down[0], self.down[1] = self.down[1], self.down[0]

    @rule(seconds=st.sampled_from([0.01, 0.2, 6.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        if self.is_open and self.now_s < self.client.due_s() + 30:
            self._client_step(is_tick=True)

    def cut(self) -> None:
        self.up.clear()
        self.down.clear()
        if self.is_open:
            self.is_open = False
            assert self.client.disconnected() == []

    def _server_step(self) -> None:
        if self.up and (reply := self.server.answer(self.up.popleft())) is not None:
            self.down.append(reply)

    def _client_step(self, *, is_tick: bool = False) -> None:
        if self.down:
            effects = self.client.receive(self.down.popleft(), self.now_s)  # type: ignore[arg-type]
        elif is_tick:
            effects = self.client.tick(self.now_s)
        else:
            return
        for effect in effects:
            if isinstance(effect, Send):
                self.up.append(effect.command)
            elif isinstance(effect, Deliver) and isinstance(effect.event, MessageEvent):
                self.given[effect.event.thread].append(effect.event.event)
            elif isinstance(effect, Deliver) and isinstance(effect.event, Snapshot | Recovered):
                assert not self.client.inbox.is_paging
                if self.begun_before is None:
                    self.begun_before = set(self.server.marks)

    @invariant()
    def events_come_in_order_and_once(self) -> None:
        for thread in getattr(self, "shown", ()):
            given = self.given[thread]
            assert len({(event.seq, event.at) for event in given}) == len(given)
            if thread not in self.lost:
                assert [event.seq for event in given] == sorted(event.seq for event in given)

    def teardown(self) -> None:
        if not hasattr(self, "server"):
            return
        self.cut()
        self.connect()
        for _ in range(600):
            self._server_step()
            self._client_step(is_tick=True)
            self.now_s += 0.05
        threads = self.server.marks if self.show_all else self.client.inbox.rows
        assert self.client.inbox.rows == {thread: self.server.row(thread) for thread in threads}
        assert (self.client.inbox.epoch, self.client.inbox.mark) == (self.server.epoch, self.server.mark)
        for thread in self.shown:
            log = [event for event in self.server.logs[thread] if event is not None]
            if self.show_all and thread in (self.begun_before or ()):
                # only from where the thread stood at the first connection
                log = log[len(log) - len(self.given[thread]) :] if thread not in self.lost else []
            if thread in self.lost:
                assert all(event in self.given[thread] for event in log)
            else:
                assert self.given[thread] == log


ClientMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestClientSessionAgainstReferenceServer = ClientMachine.TestCase
