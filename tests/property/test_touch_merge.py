"""Touches in a real store: repeated and reordered at random they give the row that each of them once, in order, gives.

Order between threads is the order in which rows last grew, so it depends on arrival; what must not depend on it is
every row, that marks are dense, and that nothing which was applied before moves anything again.
"""

import itertools
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom_protocol import inbox
from greenroom_protocol.replies import Row as WireRow
from greenroom_server.domain.ids import user_partition
from greenroom_server.store import keys
from greenroom_server.store.library import library
from greenroom_server.store.records import InboxRow, Row, read_inbox_row, read_row
from testkit.valkey import real_valkey

THREADS: Final = ("t1_a", "t1_b", "t1_c")
STATES: Final = ("direct", "candidacy", "contract")
EXAMPLES: Final = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_numbers = itertools.count()


class Touch(NamedTuple):
    """One touch, as commits of a thread give them."""

    thread: str
    epoch: int
    seq: int
    n: int
    state: str
    last_at: int
    read: int

    def row(self) -> WireRow:
        """Give the row that this touch alone makes."""
        return WireRow(
            thread=self.thread, mark=0, epoch=self.epoch, seq=self.seq, n=self.n, read=self.read, state=self.state,
            last_at=self.last_at,
        )  # fmt: skip


class Inbox:
    """The inbox of somebody new."""

    def __init__(self, client: redis.Redis) -> None:
        self.user = f"user_{next(_numbers)}"
        self._client = client
        self._partition = user_partition(self.user)
        self._names = (*keys.inbox_keys(self.user), keys.nodes(self._partition))

    def touch(self, touches: Sequence[Touch]) -> list[Row | None]:
        """Touch, one after the other."""
        pipeline = self._client.pipeline(transaction=False)
        for t in touches:
            args = (keys.tag(self._partition), "n1", self.user, *t[:2], *t[2:], "")
            pipeline.fcall(library().function("touch"), 4, *self._names, *args)
        return [None if reply is None else read_row(reply) for reply in pipeline.execute()]

    def read(self, thread: str, n: int) -> int | None:
        """Move the read mark; gives where it is now."""
        args = (keys.tag(self._partition), "n1", self.user, thread, n)
        reply = self._client.fcall(library().function("read"), 4, *self._names, *args)
        if reply is None:
            return None
        return int(reply[2]) if reply[1] is None else read_row(reply[1]).read

    def rows(self) -> dict[str, InboxRow]:
        """Give the rows as they are stored."""
        fields = self._client.hgetall(self._names[1])
        return {name.decode(): read_inbox_row(raw) for name, raw in fields.items() if not name.startswith(b"#")}

    def mark(self) -> int:
        """Give the mark."""
        return int(self._client.hget(self._names[1], "#mark") or 0)

    def order(self) -> list[tuple[str, int]]:
        """Give threads with their marks, in the order of the inbox."""
        return [
            (name.decode(), int(mark)) for name, mark in self._client.zrange(self._names[0], 0, -1, withscores=True)
        ]

    def snapshot(self) -> tuple[object, ...]:
        """Give everything that a device could see of it."""
        return self.rows(), self.order(), self.mark()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server, server.client() as connected:
        connected.function_load(library().code)
        yield connected


@st.composite
def histories(draw: st.DrawFn, epochs: int = 1) -> list[Touch]:
    """Give the touches of a user's threads in the order of their commits; at each new epoch a thread begins anew."""
    history: list[Touch] = []
    for thread in THREADS[: draw(st.integers(1, 3))]:
        for epoch in range(1, draw(st.integers(1, epochs)) + 1):
            seq = n = 0
            for step, visible, state, seen in draw(
                st.lists(
                    st.tuples(
                        st.integers(1, 3), st.booleans(), st.sampled_from(STATES), st.sampled_from((0, 0, 1, 2, 9))
                    ),
                    max_size=6,
                )
            ):
                seq, n = seq + step, n + visible
                history.append(Touch(thread, epoch, seq, n, state, 1000 * epoch + seq, min(seen, n)))
    order = sorted(range(len(history)), key=lambda at: (draw(st.integers(0, 9)), at))
    places = {thread: iter([t for t in history if t.thread == thread]) for thread in THREADS}
    return [next(places[history[at].thread]) for at in order]


def disturbed(history: list[Touch], random: Random) -> list[Touch]:
    """Repeat some touches and put all in any order."""
    touches = history + random.choices(history, k=len(history)) if history else []
    random.shuffle(touches)
    return touches


def merged(history: list[Touch]) -> dict[str, WireRow]:
    rows: dict[str, WireRow] = {}
    inbox.apply(rows, (touch.row() for touch in history))
    return rows


@EXAMPLES
@given(histories(), st.randoms(use_true_random=False))
def test_touches_in_any_order_any_number_of_times_give_the_same_rows(
    client: redis.Redis, history: list[Touch], random: Random
) -> None:
    once, often = Inbox(client), Inbox(client)
    once.touch(history)
    often.touch(disturbed(history, random))
    expected = merged(history)
    for stored in (once.rows(), often.rows()):
        assert {name: row[:6] for name, row in stored.items()} == {
            name: (row.epoch, row.seq, row.n, row.read, row.state, row.last_at) for name, row in expected.items()
        }


@EXAMPLES
@given(histories(epochs=3), st.randoms(use_true_random=False))
def test_the_newest_epoch_wins_in_any_order(client: redis.Redis, history: list[Touch], random: Random) -> None:
    box = Inbox(client)
    box.touch(disturbed(history, random))
    expected = merged(history)
    rows = box.rows()
    assert rows.keys() == expected.keys()
    for name, row in rows.items():
        model = expected[name]
        assert (row.epoch, row.seq, row.n, row.state, row.last_at) == (
            model.epoch, model.seq, model.n, model.state, model.last_at,
        )  # fmt: skip
        # What was read in an older epoch is carried over as far as the new one reaches.
        assert model.read <= row.read <= row.n


@EXAMPLES
@given(histories(epochs=2), st.randoms(use_true_random=False))
def test_marks_are_dense_and_the_inbox_is_in_the_order_of_growth(
    client: redis.Redis, history: list[Touch], random: Random
) -> None:
    box = Inbox(client)
    touches = disturbed(history, random)
    given = [(touch.thread, row) for touch, row in zip(touches, box.touch(touches), strict=True) if row is not None]
    assert [row.mark for _, row in given] == list(range(1, len(given) + 1))
    assert box.mark() == len(given)
    last = {thread: row.mark for thread, row in given}
    assert box.order() == sorted(last.items(), key=lambda item: item[1])
    assert {name: row.mark for name, row in box.rows().items()} == last


@EXAMPLES
@given(histories(epochs=2), st.randoms(use_true_random=False))
def test_repeats_of_what_was_applied_change_neither_row_nor_order_nor_mark(
    client: redis.Redis, history: list[Touch], random: Random
) -> None:
    once, stuttering = Inbox(client), Inbox(client)
    once.touch(history)
    stuttering.touch(
        [touch for at in range(len(history)) for touch in (history[at], random.choice(history[: at + 1]), history[at])]
    )
    before = once.snapshot()
    assert stuttering.snapshot() == before
    assert once.touch(disturbed(history, random)) == [None] * (2 * len(history))
    assert once.snapshot() == before


@EXAMPLES
@given(
    histories(),
    st.lists(st.tuples(st.sampled_from(THREADS), st.integers(0, 20)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_a_read_mark_never_moves_back_and_never_passes_n(
    client: redis.Redis, history: list[Touch], reads: list[tuple[str, int]], random: Random
) -> None:
    box = Inbox(client)
    steps: list[Touch | tuple[str, int]] = [*disturbed(history, random), *reads]
    random.shuffle(steps)
    known: dict[str, int] = {}
    for step in steps:
        if isinstance(step, Touch):
            box.touch([step])
        else:
            assert box.read(*step) == (box.rows()[step[0]].read if step[0] in box.rows() else None)
        for name, row in box.rows().items():
            assert known.get(name, 0) <= row.read <= row.n
            known[name] = row.read
