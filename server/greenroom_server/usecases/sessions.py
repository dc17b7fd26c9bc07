"""Opening and closing sessions: who is it, what did they miss, who must be told."""

from collections.abc import Callable
from typing import NamedTuple

from greenroom_protocol import codes, limits
from greenroom_protocol.commands import Connect
from greenroom_protocol.replies import Connected, LimitsView
from greenroom_server.auth.tokens import Claims, TokenRefused, TokenVerifier
from greenroom_server.delivery.feed import Sink
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.ids import is_name
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.store.people import Account, People
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.connects import Connects
from greenroom_server.usecases.live import Live
from greenroom_server.usecases.read_threads import ReadThreads, rows_of
from greenroom_server.usecases.results import Refused
from greenroom_server.usecases.terms import NO_TERMS, Terms

CAPS = frozenset({"typing", "presence", "receipts", "check"})
"""Capabilities of this server."""


class Denied(NamedTuple):
    """No session: what to reply, and with which code to close."""

    refused: Refused
    close: int


class Opened(NamedTuple):
    """A session whose reply is ready; the connection lets its pushes go once that is sent."""

    reply: Connected
    inbox_mark: int
    """Pushes up to this mark are in the reply or will be asked for."""


class Sessions:
    """Opens and closes sessions."""

    def __init__(
        self,
        verifier: TokenVerifier,
        people: People,
        reads: ReadThreads,
        live: Live,
        hub: Hub,
        policy: MarketplacePolicy,
        counters: Counters,
        now_ms: Callable[[], int],
        connects: Connects,
        terms: Terms = NO_TERMS,
    ) -> None:
        self._connects = connects
        self._verifier = verifier
        self._terms = terms
        self._people = people
        self._reads = reads
        self._live = live
        self._hub = hub
        self._policy = policy
        self._counters = counters
        self._now_ms = now_ms
        self._limits = LimitsView(
            client_frame_bytes=limits.CLIENT_FRAME_BYTES,
            server_frame_bytes=limits.SERVER_FRAME_BYTES,
            body_code_points=limits.BODY_CODE_POINTS,
            body_bytes=limits.BODY_BYTES,
            commands_per_frame=limits.COMMANDS_PER_FRAME,
            page_items=limits.PAGE_ITEMS,
            shown_threads=limits.SHOWN_THREADS,
            watched_users=limits.WATCHED_USERS,
            edit_window_s=policy.edit_window_s,
            reconnect_min_s=limits.RECONNECT_MIN_S,
            reconnect_max_s=limits.RECONNECT_MAX_S,
            pong_timeout_s=limits.PONG_TIMEOUT_S,
        )

    async def authenticate(self, token: str, *, same_as: str | None = None) -> Claims | Denied:
        """Check a token and the account it names; every connect and every resume does, so that bans hold."""
        claims = await self._verifier.verify_or_refresh(token, self._now_ms() / 1000)
        if isinstance(claims, TokenRefused):
            expired = claims.code == "auth.token_expired"
            return Denied(Refused(claims.code), codes.TOKEN_EXPIRED if expired else codes.BAD_TOKEN)
        if same_as is not None and claims.user != same_as:
            return Denied(Refused("auth.wrong_user"), codes.BAD_TOKEN)
        return await self._ended(claims) or claims

    async def _ended(self, claims: Claims) -> Denied | None:
        """Refuse whom the marketplace suspended or signed out."""
        account = await self._people.account(claims.user)
        if account is not None:
            self._terms.note(account)
            if self._hub.feed(account.user) is not None:
                self._live.read_privately(account.user, is_on=account.reads_in_private)
        close = closes_session(account, claims.issued_at_s) if account is not None else 0
        return Denied(Refused("auth.revoked"), close) if close else None

    def check(self, command: Connect) -> Denied | None:
        """Refuse what no token could help; None when it is worth looking at the token."""
        if command.v != limits.PROTOCOL_VERSION:
            return Denied(Refused("version.unsupported"), codes.UPGRADE_REQUIRED)
        if not is_name(command.device):
            return Denied(Refused("bad_request.field", detail="device"), codes.PROTOCOL_ERROR)
        return None

    async def open(self, claims: Claims, command: Connect, session: str, sink: Sink, presence: str) -> Opened | Denied:
        """Register the connection, then read what the device missed; pushes wait in the connection meanwhile.

        Args:
            claims: of a token that `authenticate` accepted.
            command: accepted by `check`.
            session: id of the session.
            sink: the connection.
            presence: of the user through this node, this connection included.
        """
        user = claims.user
        feed = self._hub.attach(user, sink)
        await self._live.attend(user, presence, command.device, session)
        # Only from here on a suspension reaches this node by itself; one that came just before is seen now.
        ended = await self._ended(claims)
        if ended is not None:
            return ended
        resumed = await self._reads.resume(user, command.resume)
        page = resumed.page
        feed.start(page.epoch, page.mark)
        how = "recovered" if resumed.recovered else "snapshot" if command.resume is not None else "fresh"
        self._counters.resumes[how] += 1
        reply = Connected(
            id=command.id,
            v=limits.PROTOCOL_VERSION,
            session=session,
            user=user,
            now=self._now_ms(),
            expires_at=claims.expires_at_s * 1000,
            ping_s=limits.PING_INTERVAL_S,
            caps=sorted(CAPS.intersection(command.caps)),
            recovered=resumed.recovered,
            epoch=page.epoch,
            mark=resumed.mark,
            more=resumed.more,
            complete=page.is_complete,
            rows=rows_of(page),
            threads=resumed.threads,
            limits=self._limits,
            connects=await self._connects.view(user),
        )
        return Opened(reply, page.mark)

    async def close(self, user: str, sink: Sink, presence: str) -> None:
        """A connection is gone; the user may be, too, or is left with the presence of the other connections."""
        if self._hub.detach(user, sink):
            await self._live.leave(user)
        elif self._hub.feed(user) is not None:
            await self._live.attend(user, presence, "", "")

    async def state(self, user: str, state: str) -> None:
        """Change the presence a user has through this node."""
        await self._live.attend(user, state, "", "")


def closes_session(account: Account, issued_at_s: int) -> int:
    """Give the code with which a session of this account must close; 0 when it may stay."""
    if account.is_suspended:
        return codes.BANNED
    return codes.REVOKED if account.merged_into or issued_at_s < account.revoked_before else 0
