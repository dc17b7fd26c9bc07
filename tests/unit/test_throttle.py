"""Token buckets: what passes, what waits and for how long, and that the table covers the protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_protocol.codes import ERRORS, Retry
from greenroom_protocol.commands import VERBS
from greenroom_server.transport import throttle as module
from greenroom_server.transport.throttle import CLASS_OF, DEFAULT_RATES, Rate, Throttle

SLOW = Rate(0.5, 3)


def taken(throttle: Throttle, times: int, *, user: str = "u", now_s: float = 0.0) -> list[int]:
    return [throttle.take(user, "sends", now_s) for _ in range(times)]


@pytest.mark.parametrize("name", DEFAULT_RATES)
def test_every_class_has_an_error_that_asks_to_come_later(name: str) -> None:
    assert ERRORS[f"rate.{name}"].retry is Retry.LATER


def test_every_class_of_a_verb_exists_and_every_verb_of_the_table_does() -> None:
    assert set(CLASS_OF.values()) <= set(DEFAULT_RATES)
    assert set(CLASS_OF) <= set(VERBS)


@pytest.mark.parametrize("verb", ["message.send", "message.edit", "message.check", "thread.open", "invitation.send"])
def test_what_costs_others_has_a_class_of_its_own(verb: str) -> None:
    assert CLASS_OF[verb] not in ("commands", "reads")


def test_a_burst_passes_and_then_one_for_each_that_came_back() -> None:
    throttle = Throttle({"sends": SLOW})
    assert taken(throttle, 4) == [0, 0, 0, 2001]
    assert throttle.take("u", "sends", 1.0) == 1001
    assert throttle.take("u", "sends", 2.0) == 0
    assert taken(throttle, 4, now_s=1000.0) == [0, 0, 0, 2001]


def test_a_refusal_takes_nothing() -> None:
    throttle = Throttle({"sends": SLOW})
    taken(throttle, 100)
    assert throttle.take("u", "sends", 2.0) == 0


def test_users_and_classes_do_not_share_a_bucket() -> None:
    throttle = Throttle({"sends": SLOW})
    taken(throttle, 4)
    assert throttle.take("v", "sends", 0.0) == 0
    assert throttle.take("u", "edits", 0.0) == 0


@given(
    per_s=st.floats(0.001, 1e5), burst=st.integers(1, 50), now_s=st.floats(0, 1e8),
    gaps=st.lists(st.floats(0, 2), max_size=30),
)  # fmt: skip
def test_who_waits_as_long_as_was_said_passes(per_s: float, burst: int, now_s: float, gaps: list[float]) -> None:
    throttle = Throttle({"sends": Rate(per_s, burst)})
    for gap_s in [0.0] * (burst + 1) + gaps:
        now_s += gap_s
        wait_ms = throttle.take("u", "sends", now_s)
        if wait_ms:
            assert wait_ms >= 1
            now_s += wait_ms / 1000
            assert throttle.take("u", "sends", now_s) == 0


@given(st.lists(st.floats(0, 1), max_size=60), st.integers(1, 10), st.floats(0.1, 20))
def test_no_more_pass_than_the_burst_and_what_came_back(gaps: list[float], burst: int, per_s: float) -> None:
    throttle = Throttle({"sends": Rate(per_s, burst)})
    now_s, passed = 0.0, 0
    for gap_s in gaps:
        now_s += gap_s
        passed += not throttle.take("u", "sends", now_s)
        assert passed <= burst + now_s * per_s + 1e-6


def test_full_buckets_are_forgotten_and_empty_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PRUNE_AT", 10)
    throttle = Throttle({"sends": SLOW})
    taken(throttle, 3, user="busy", now_s=0.0)
    for number in range(9):
        throttle.take(f"idle{number}", "sends", 0.0)
    taken(throttle, 3, user="busy", now_s=7.0)  # all others have filled up by now
    throttle.take("new", "sends", 7.0)
    assert {user for user, _ in throttle._buckets} == {"busy", "new"}
    assert throttle.take("busy", "sends", 7.0) > 0


def test_a_storm_of_new_users_does_not_look_at_all_buckets_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PRUNE_AT", 10)
    prunes = 0
    prune = Throttle._prune

    def counted(self: Throttle, now_s: float) -> None:
        nonlocal prunes
        prunes += 1
        prune(self, now_s)

    monkeypatch.setattr(Throttle, "_prune", counted)
    throttle = Throttle({"sends": SLOW})
    for number in range(1000):
        throttle.take(f"u{number}", "sends", 0.0)
    assert 1 <= prunes <= 10
