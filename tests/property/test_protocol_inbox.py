"""Rows merge by maximum: in any order, any number of times, to the same inbox."""

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom_protocol import inbox
from greenroom_protocol.pushes import InboxChanged
from greenroom_protocol.replies import Row

STATES = st.sampled_from(["direct", "candidacy", "contract"])
SMALL = st.integers(0, 4)


@st.composite
def rows(draw: st.DrawFn, thread: str = "t1_a") -> Row:
    """Give any row, also ones that no server would send."""
    mark, epoch, seq, n, read, at = (draw(SMALL) for _ in range(6))
    return Row(
        thread=thread, mark=mark, epoch=epoch, seq=seq, n=n, read=read, state=draw(STATES), last_at=at,
        muted_until=draw(SMALL), archived_n=draw(SMALL) - 1,
    )  # fmt: skip


@given(rows(), rows())
def test_merge_commutes(a: Row, b: Row) -> None:
    assert inbox.merge(a, b) == inbox.merge(b, a)


@given(rows(), rows(), rows())
def test_merge_associates(a: Row, b: Row, c: Row) -> None:
    assert inbox.merge(inbox.merge(a, b), c) == inbox.merge(a, inbox.merge(b, c))


@given(rows(), rows())
def test_merge_is_idempotent(a: Row, b: Row) -> None:
    once = inbox.merge(a, b)
    assert inbox.merge(a, a) == a
    assert inbox.merge(once, a) == inbox.merge(once, b) == once


@given(rows(), rows())
def test_nothing_in_a_row_moves_back_within_an_epoch(a: Row, b: Row) -> None:
    after = inbox.merge(a, b)
    assert after.epoch == max(a.epoch, b.epoch)
    for before in (a, b):
        if before.epoch == after.epoch:
            assert (after.seq, after.n, after.read, after.mark) == tuple(
                max(grown, old)
                for grown, old in zip(
                    (after.seq, after.n, after.read, after.mark),
                    (before.seq, before.n, before.read, before.mark),
                    strict=True,
                )
            )


@given(rows(), rows())
def test_a_receipt_never_moves_back(a: Row, b: Row) -> None:
    after = inbox.merge(a, msgspec.structs.replace(b, epoch=a.epoch))
    assert after.read == max(a.read, b.read)
    assert inbox.unread(after) == max(0, max(a.n, b.n) - max(a.read, b.read))


@given(rows(), rows())
def test_what_the_user_set_comes_from_the_later_mark(a: Row, b: Row) -> None:
    later = a if a.mark > b.mark else b
    after = inbox.merge(a, msgspec.structs.replace(b, epoch=a.epoch))
    if a.mark != b.mark:
        assert (after.muted_until, after.archived_n) == (later.muted_until, later.archived_n)


@given(rows())
def test_the_first_row_of_a_thread_is_taken_as_it_is(row: Row) -> None:
    assert inbox.merge(None, row) == row


@settings(max_examples=50)
@given(st.lists(rows() | rows(thread="t1_b"), max_size=8), st.randoms(use_true_random=False))
def test_an_inbox_is_the_same_after_any_order_and_repetition(changes: list[Row], random: Random) -> None:
    shuffled = changes * 2
    random.shuffle(shuffled)
    first: dict[str, Row] = {}
    second: dict[str, Row] = {}
    inbox.apply(first, changes)
    inbox.apply(second, shuffled)
    assert first == second


@given(rows(), SMALL)
def test_a_push_is_a_row_and_nothing_else(row: Row, from_seq: int) -> None:
    fields = {name: getattr(row, name) for name in Row.__struct_fields__}
    assert inbox.row_of(InboxChanged(**fields, from_seq=from_seq)) == row
