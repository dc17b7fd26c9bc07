"""The server's session: what it admits, and when it beats and ends. Traces cover the rest."""

import pytest

from greenroom_protocol import codes, limits
from greenroom_protocol.cid import cid_time_ms, make_cid
from greenroom_protocol.commands import Connect, Ping
from greenroom_protocol.errors import LocalProtocolError, RemoteProtocolError
from greenroom_protocol.session import ADMISSION, TRANSITIONS, Beat, ServerSession, SessionState

CONNECT = Connect(id=1, v=1, token="x", device="d")


def live(*, first_beat_early_s: float = 0.0) -> ServerSession:
    session = ServerSession(0.0, first_beat_early_s=first_beat_early_s)
    session.heard(0.0)
    session.admit(CONNECT)
    session.connected(3600.0)
    return session


def test_every_state_says_what_it_does_with_every_command() -> None:
    assert set(ADMISSION) == {(state, is_connect) for state in SessionState for is_connect in (False, True)}


def test_every_state_is_reached_and_ends_closed() -> None:
    reached = set().union(*TRANSITIONS.values()) | {SessionState.WAITING}
    assert reached == set(SessionState)
    assert [state for state, to in TRANSITIONS.items() if not to] == [SessionState.CLOSED]


@pytest.mark.parametrize("refusal", [row for row in ADMISSION.values() if row is not None])
def test_refusals_use_known_codes(refusal: object) -> None:
    assert getattr(refusal, "code", None) in codes.ERRORS
    assert getattr(refusal, "close", 1002) in {None, *codes.CLOSES}


def test_going_live_twice_is_our_own_bug() -> None:
    session = live()
    with pytest.raises(LocalProtocolError):
        session.connected(3600.0)


def test_refreshing_before_going_live_is_our_own_bug() -> None:
    with pytest.raises(LocalProtocolError):
        ServerSession(0.0).refreshed(3600.0)


def test_jitter_survives_the_connect_frame() -> None:
    session = live(first_beat_early_s=20.0)
    assert session.tick(4.9) is Beat.NOTHING
    assert session.tick(5.0) is Beat.HEARTBEAT


def test_one_heartbeat_is_sent_for_one_silence() -> None:
    session = live()
    beats = [session.tick(limits.PING_INTERVAL_S + second) for second in range(10)]
    assert beats == [Beat.HEARTBEAT, *[Beat.NOTHING] * 9]


def test_a_heartbeat_at_time_zero_counts() -> None:
    session = ServerSession(-30.0)
    session.admit(CONNECT)
    session.connected(3600.0)
    assert [session.tick(0.0), session.tick(9.0), session.tick(10.0)] == [Beat.HEARTBEAT, Beat.NOTHING, Beat.CLOSE]


@pytest.mark.parametrize(
    ("code", "command_id", "close"),
    [
        ("bad_request.field", 7, None),
        ("bad_request.json", None, codes.INVALID_DATA),
        ("bad_request.msgpack", None, codes.INVALID_DATA),
        ("bad_request", None, codes.PROTOCOL_ERROR),
        ("bad_request.batch", None, codes.PROTOCOL_ERROR),
    ],
)
def test_a_broken_frame_closes_unless_it_can_be_answered(code: str, command_id: int | None, close: int | None) -> None:
    assert RemoteProtocolError(code, command_id=command_id).close_code == close


def test_a_ping_is_admitted_only_when_live() -> None:
    assert live().admit(Ping(id=1)) is None
    assert ServerSession(0.0).admit(Ping(id=1)) is not None


@pytest.mark.parametrize("now_ms", [-1, 1 << 48])
def test_a_cid_holds_48_bits_of_time(now_ms: int) -> None:
    with pytest.raises(ValueError):
        make_cid(now_ms, bytes(10))


@pytest.mark.parametrize("size", [0, 9, 11, 16])
def test_a_cid_takes_exactly_ten_random_bytes(size: int) -> None:
    with pytest.raises(ValueError):
        make_cid(0, bytes(size))


def test_a_cid_tells_when_it_was_made() -> None:
    assert cid_time_ms(make_cid(1_760_000_000_000, b"0123456789")) == 1_760_000_000_000
