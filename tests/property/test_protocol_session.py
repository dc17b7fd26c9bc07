"""The session machine against a model that is too small to be wrong."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from greenroom_protocol import codes, limits
from greenroom_protocol.commands import Connect, Delivered, Ping
from greenroom_protocol.session import Beat, ServerSession, SessionState

CONNECT = Connect(id=1, v=1, token="x", device="d")
OTHERS = [Ping(id=2), Delivered(mark=3)]
CLOSES = st.sampled_from(sorted(codes.CLOSES))


class SessionModel(RuleBasedStateMachine):
    """Compares `ServerSession` with four numbers: opened, last heard, beat sent, token's end."""

    @initialize(now_s=st.integers(0, 1000), early_s=st.integers(0, 25))
    def open(self, now_s: int, early_s: int) -> None:
        self.now_s = float(now_s)
        self.session = ServerSession(self.now_s, first_beat_early_s=early_s)
        self.state = "waiting"
        self.opened_s = self.now_s
        self.beat_due_s = 0.0
        self.dead_s: float | None = None
        self.expires_s = 0.0
        self.early_s = early_s
        self.close_code = 0
        self.bad_frames = 0

    def _end(self, code: int) -> None:
        if self.state != "closed":
            self.state, self.close_code = "closed", code

    @rule(frame=st.sampled_from([CONNECT, *OTHERS]))
    def client_sends(self, frame: Connect | Ping | Delivered) -> None:
        self.session.heard(self.now_s)
        self.beat_due_s = self.now_s + limits.PING_INTERVAL_S
        self.dead_s = None
        refusal = self.session.admit(frame)
        if self.state == "closed":
            assert refusal is not None
            assert refusal.code == "server.draining"
        elif frame is CONNECT and self.state == "waiting":
            assert refusal is None
            self.state = "connecting"
        elif frame is CONNECT or self.state != "live":
            assert refusal is not None
            assert refusal.close == codes.PROTOCOL_ERROR
            assert refusal.code == "session." + ("already_connected" if frame is CONNECT else "not_connected")
            self.session.close(refusal.close)
            self._end(refusal.close)
        else:
            assert refusal is None

    @precondition(lambda self: self.state == "connecting")
    @rule(life_s=st.integers(1, 200))
    def server_accepts(self, life_s: int) -> None:
        self.expires_s = self.now_s + life_s
        self.session.connected(self.expires_s)
        self.beat_due_s -= self.early_s
        self.state = "live"

    @precondition(lambda self: self.state == "live")
    @rule(life_s=st.integers(1, 200))
    def server_refreshes(self, life_s: int) -> None:
        self.expires_s = self.now_s + life_s
        self.session.refreshed(self.expires_s)

    @rule(code=CLOSES)
    def server_closes(self, code: int) -> None:
        self.session.close(code)
        self._end(code)

    @rule()
    def client_sends_nonsense(self) -> None:
        self.bad_frames += 1
        expected = codes.TOO_MANY_ERRORS if self.bad_frames >= 16 else None
        assert self.session.bad_frame() == expected

    @rule(seconds=st.sampled_from([0.5, 1.0, 5.0, 10.0, 25.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        assert self.session.tick(self.now_s) is self._due()

    def _due(self) -> Beat:
        if self.state in ("waiting", "connecting"):
            return self._over(codes.NO_CONNECT) if self.now_s >= self.opened_s + 10 else Beat.NOTHING
        if self.state == "closed":
            return Beat.NOTHING
        if self.now_s >= self.expires_s:
            return self._over(codes.TOKEN_EXPIRED)
        if self.dead_s is not None:
            return self._over(codes.PONG_TIMEOUT) if self.now_s >= self.dead_s else Beat.NOTHING
        if self.now_s < self.beat_due_s:
            return Beat.NOTHING
        self.dead_s = self.now_s + 10
        return Beat.HEARTBEAT

    def _over(self, code: int) -> Beat:
        self._end(code)
        return Beat.CLOSE

    @invariant()
    def agrees(self) -> None:
        assert self.session.state == SessionState(self.state)
        assert self.session.close_code == self.close_code


TestSession = SessionModel.TestCase
TestSession.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
