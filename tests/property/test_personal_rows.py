"""What a user sets for a row, against a model: muted until a time, archived until the next item, in any order.

The model knows the items of a thread one by one; the row knows two numbers.
"""

import itertools
from collections.abc import Iterator
from random import Random

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom_protocol import inbox
from greenroom_protocol.replies import Row as WireRow
from greenroom_server.domain.ids import user_partition
from greenroom_server.store import keys
from greenroom_server.store.library import library
from greenroom_server.store.records import InboxRow, read_inbox_row
from testkit.valkey import real_valkey

THREAD = "t1_a"
NOBODY_LOOKED = 2**53 - 1
_numbers = itertools.count()
EXAMPLES = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Shelf:
    """One row of somebody new, in the store."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._user = f"reader_{next(_numbers)}"
        partition = user_partition(self._user)
        self._names = (*keys.inbox_keys(self._user), keys.nodes(partition))
        self._first = (keys.tag(partition), "n1", self._user, THREAD)

    def touch(self, epoch: int, seq: int, n: int, read: int = 0) -> None:
        self._call("touch", epoch, seq, n, "candidacy", 1000 + seq, read, "")

    def personal(self, what: str, value: int) -> object:
        return self._call("personal", what, value)

    def read(self, n: int) -> None:
        self._call("read", n)

    def row(self) -> InboxRow:
        return read_inbox_row(self._client.hget(self._names[1], THREAD))

    def wire(self) -> WireRow:
        return WireRow(thread=THREAD, **self.row()._asdict())

    def mark(self) -> int:
        return int(self._client.hget(self._names[1], "#mark") or 0)

    def _call(self, function: str, *args: object) -> object:
        return self._client.fcall(library().function(function), 4, *self._names, *self._first, *args)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server, server.client() as connected:
        connected.function_load(library().code)
        yield connected


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["item", "event", "archive", "archive", "glance", "back", "mute", "read"]), st.integers(0, 3)
    ),
    max_size=14,
)


@EXAMPLES
@given(STEPS)
def test_a_thread_is_archived_until_its_next_item_and_settings_survive_everything(
    client: redis.Redis, steps: list[tuple[str, int]]
) -> None:
    shelf = Shelf(client)
    seq, n = 1, 1
    shelf.touch(1, 1, 1)
    is_archived, muted = False, 0
    for step, number in steps:
        before = shelf.mark()
        if step == "item":
            seq, n, is_archived = seq + 1, n + 1, False
            shelf.touch(1, seq, n)
        elif step == "event":
            seq += 1
            shelf.touch(1, seq, n)
        elif step == "archive":
            shelf.personal("archived", NOBODY_LOOKED)
            is_archived = True
        elif step == "glance":
            seen = max(0, n - number)
            shelf.personal("archived", seen)
            is_archived = seen >= n
        elif step == "back":
            shelf.personal("archived", -1)
            is_archived = False
        elif step == "mute":
            muted = number * 1000
            shelf.personal("muted", muted)
        else:
            shelf.read(number)
        row = shelf.row()
        assert inbox.is_archived(shelf.wire()) is is_archived
        assert (row.muted_until, row.seq, row.n, row.state) == (muted, seq, n, "candidacy")
        assert shelf.mark() - before <= 1, "one change, one mark"
        assert row.mark <= shelf.mark()


@EXAMPLES
@given(st.lists(st.integers(0, 1), min_size=1, max_size=8), st.integers(0, 7), st.randoms(use_true_random=False))
def test_an_item_brings_a_thread_back_in_whatever_order_touches_come(
    client: redis.Redis, kinds: list[int], archived_after: int, random: Random
) -> None:
    """Archived with the items up to some n on screen: it stays so exactly if no later item ever comes."""
    n, touches = 1, [(1, 1)]
    for seq, is_item in enumerate(kinds, 2):
        n += is_item
        touches.append((seq, n))
    at = touches[min(archived_after, len(touches) - 1)][1]
    shelf = Shelf(client)
    shelf.touch(1, 1, 1)
    shelf.touch(1, *next(touch for touch in touches if touch[1] == at))
    shelf.personal("archived", at)
    random.shuffle(touches)
    for touch in touches * 2:
        shelf.touch(1, *touch)
    assert inbox.is_archived(shelf.wire()) is (at == n)


@EXAMPLES
@given(st.integers(1, 5), st.integers(-1, 5), st.integers(1, 5), st.integers(1, 5))
def test_a_loss_of_history_archives_nothing_and_hides_no_new_item(
    client: redis.Redis, n: int, archived: int, left: int, more: int
) -> None:
    shelf = Shelf(client)
    shelf.touch(1, n, n)
    shelf.personal("archived", archived)
    was_archived = inbox.is_archived(shelf.wire())
    shelf.touch(2, left, left)
    assert inbox.is_archived(shelf.wire()) is (was_archived and left <= n)
    shelf.touch(2, left + more, left + more)
    assert not inbox.is_archived(shelf.wire())


def test_setting_what_is_set_already_moves_no_mark_but_writes(client: redis.Redis) -> None:
    shelf = Shelf(client)
    assert shelf.personal("muted", 5) is None, "there is no such row"
    shelf.touch(1, 1, 1)
    assert shelf.personal("muted", 5) == [1, [2, 1, 1, 1, 0, b"candidacy", 1001, 5, -1], 5, -1]
    assert shelf.personal("muted", 5) == [1, None, 5, -1]
    assert shelf.personal("archived", 9) == [1, [3, 1, 1, 1, 0, b"candidacy", 1001, 5, 1], 5, 1]
    assert shelf.mark() == 3
