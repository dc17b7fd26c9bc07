"""Access grants: the one way to share an e-mail address before a contract, for access to a system while scoping.

`TABLE` states the result of every (state, action, side); `decide` reads it and applies the deadline and who asked.
Nothing is shared without the other side's agreement, after the deadline, or twice; refused, expired and revoked are
final.

Source: protocol/spec/access-grants.md.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from greenroom_server.domain.access_policy import AccessGrantsPolicy
from greenroom_server.domain.thread_actions import Denied
from greenroom_server.domain.thread_state import Role

_DAY_MS: Final = 86_400_000
_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PATTERN: Final = rf"{_LOCAL}(?:[.]?{_LOCAL}){{0,63}}@{_LABEL}(?:[.]{_LABEL}){{1,8}}"
_ADDRESS: Final = re.compile(_PATTERN)
_IN_TEXT: Final = re.compile(rf"(?<![A-Za-z0-9@.!#$%&'*+/=?^_`{{|}}~-]){_PATTERN}(?![A-Za-z0-9@-])")
_MAX_LOCAL: Final = 64
_MAX_ADDRESS: Final = 254


class GrantState(StrEnum):
    """Where a grant stands."""

    REQUESTED = "requested"
    """Waits for agreement."""
    GRANTED = "granted"
    """Agreed; the holder may share one address."""
    SHARED = "shared"
    """The address is with the other side, and may stand in messages."""
    REFUSED = "refused"
    EXPIRED = "expired"
    REVOKED = "revoked"


class GrantAction(StrEnum):
    """What may be asked of a grant."""

    REQUEST = "request"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    """Who was asked says no."""
    SHARE = "share"
    REVOKE = "revoke"
    """Either side ends it."""
    EXPIRE = "expire"


class Side(StrEnum):
    """The part somebody plays in one grant."""

    HOLDER = "holder"
    """Whose address it is."""
    COUNTERPARTY = "counterparty"
    MODERATOR = "moderator"
    CLOCK = "clock"


LIVE: Final = frozenset({GrantState.REQUESTED, GrantState.GRANTED, GrantState.SHARED})
"""States that can still change."""
ENDED: Final = frozenset(GrantState) - LIVE
"""Each grant reaches at most one of these, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One grant of a thread, as its head holds it."""

    request: int
    """Seq of the event that asked; names the grant within its thread."""
    state: GrantState
    holder: Role
    """Client or freelancer."""
    requested_by: Role
    """Client or freelancer."""
    system: str
    requested_at_ms: int
    expires_at_ms: int
    uses: int = 0
    """Messages in which the shared address stood."""
    address: str = ""
    """Keyed hash of the normalised address once it is shared; never the address."""

    def side_of(self, role: Role) -> Side:
        """Give the side that a role of the thread plays in this grant."""
        return side_of(role, self.holder)

    def covers(self, policy: AccessGrantsPolicy, now_ms: int) -> bool:
        """Say whether its address may stand in a message now."""
        return self.state is GrantState.SHARED and now_ms < self.expires_at_ms and self.uses < policy.max_uses


_S, _A = GrantState, GrantAction
_BOTH: Final = (Side.HOLDER, Side.COUNTERPARTY)
_ENDS: Final = dict.fromkeys((*_BOTH, Side.MODERATOR), _S.REVOKED)
_EXPIRES: Final = {Side.CLOCK: _S.EXPIRED}

TABLE: Final[Mapping[tuple[GrantState | None, GrantAction], Mapping[Side, GrantState]]] = {
    (None, _A.REQUEST): {Side.HOLDER: _S.REQUESTED, Side.COUNTERPARTY: _S.GRANTED},
    (_S.REQUESTED, _A.CONFIRM): {Side.COUNTERPARTY: _S.GRANTED, Side.MODERATOR: _S.GRANTED},
    (_S.REQUESTED, _A.REFUSE): dict.fromkeys((*_BOTH, Side.MODERATOR), _S.REFUSED),
    (_S.REQUESTED, _A.REVOKE): _ENDS,
    (_S.REQUESTED, _A.EXPIRE): _EXPIRES,
    (_S.GRANTED, _A.SHARE): {Side.HOLDER: _S.SHARED},
    (_S.GRANTED, _A.REFUSE): {Side.HOLDER: _S.REFUSED},
    (_S.GRANTED, _A.REVOKE): _ENDS,
    (_S.GRANTED, _A.EXPIRE): _EXPIRES,
    (_S.SHARED, _A.REVOKE): _ENDS,
    (_S.SHARED, _A.EXPIRE): _EXPIRES,
}
"""What is allowed, and what the grant becomes; everything else is refused. Asking is the counterparty's agreement."""

_WRONG_SIDE: Final[Mapping[GrantAction, str]] = {
    _A.CONFIRM: "access.not_counterparty",
    _A.REFUSE: "access.not_counterparty",
    _A.SHARE: "access.not_holder",
}
_TOO_LATE: Final = {_S.EXPIRED: "access.expired", _S.REFUSED: "access.ended", _S.REVOKED: "access.ended"}
_NOT_NOW: Final[Mapping[tuple[GrantState, GrantAction], str]] = {
    (_S.REQUESTED, _A.SHARE): "access.not_agreed",
    (_S.GRANTED, _A.CONFIRM): "access.already_agreed",
    (_S.SHARED, _A.CONFIRM): "access.already_agreed",
    (_S.SHARED, _A.REFUSE): "access.already_shared",
    (_S.SHARED, _A.SHARE): "access.already_shared",
}


def decide(
    grant: Grant | None, action: GrantAction, side: Side, policy: AccessGrantsPolicy, now_ms: int
) -> GrantState | Denied:
    """Say what an action makes of a grant, or why it is refused.

    Args:
        grant: None for a request.
        action: what is asked.
        side: of the one who acts, in this grant.
        policy: with the mode, that is, who agrees.
        now_ms: UTC ms.
    """
    is_moderated = policy.mode == "moderator"
    if grant is None:
        to = TABLE.get((None, action), {}).get(side)
        return Denied("access.none") if to is None else _S.REQUESTED if is_moderated else to
    if grant.state in ENDED:
        return Denied(_TOO_LATE[grant.state])
    is_over = now_ms >= grant.expires_at_ms
    if action is _A.EXPIRE and not is_over:
        return Denied("wrong_state")
    if action is not _A.EXPIRE and is_over:
        return Denied("access.expired")
    allowed = TABLE.get((grant.state, action), {})
    if not allowed:
        by_anybody = any(side in row for (_, other), row in TABLE.items() if other is action)
        return Denied(_NOT_NOW.get((grant.state, action), "wrong_state") if by_anybody else _denial(action))
    if action is _A.CONFIRM and is_moderated and side is not Side.MODERATOR:
        return Denied("perm.service_only")
    is_own = action is _A.REFUSE and side is grant.side_of(grant.requested_by)
    is_others = action is _A.CONFIRM and side is Side.MODERATOR and not is_moderated
    return Denied(_denial(action)) if side not in allowed or is_own or is_others else allowed[side]


def _denial(action: GrantAction) -> str:
    return _WRONG_SIDE.get(action, "perm.denied")


def ask(side: Side, role: Role, system: str, policy: AccessGrantsPolicy, now_ms: int) -> Grant | Denied:
    """Make a grant by asking for it; its seq comes with its commit.

    Args:
        side: that the asking one will play: the holder shares, the counterparty gets.
        role: of the asking one.
        system: one of the policy's.
        policy: with states, mode and life.
        now_ms: UTC ms.
    """
    state = decide(None, _A.REQUEST, side, policy, now_ms)
    if isinstance(state, Denied):
        return state
    return Grant(
        request=0, state=state, holder=role if side is Side.HOLDER else other_side(role), requested_by=role,
        system=system, requested_at_ms=now_ms, expires_at_ms=now_ms + policy.days * _DAY_MS,
    )  # fmt: skip


def act(
    grant: Grant, action: GrantAction, side: Side, policy: AccessGrantsPolicy, now_ms: int, *, address: str = ""
) -> Grant | Denied:
    """Carry an action out on a grant; an agreement starts its life anew.

    Args:
        grant: as it stands.
        action: anything but a request.
        side: of the one who acts.
        policy: with mode and life.
        now_ms: UTC ms.
        address: keyed hash, with `share`.
    """
    state = decide(grant, action, side, policy, now_ms)
    if isinstance(state, Denied):
        return state
    if action is _A.CONFIRM:
        return replace(grant, state=state, expires_at_ms=now_ms + policy.days * _DAY_MS)
    return replace(grant, state=state, address=address or grant.address)


def side_of(role: Role, holder: Role) -> Side:
    """Give the side of a role in a grant whose address is the holder's."""
    if role is Role.SERVICE:
        return Side.MODERATOR
    if role is Role.SYSTEM:
        return Side.CLOCK
    return Side.HOLDER if role is holder else Side.COUNTERPARTY


def other_side(role: Role) -> Role:
    """Give the freelancer for the client, and the client for the freelancer."""
    return Role.FREELANCER if role is Role.CLIENT else Role.CLIENT


def places_free_at(grants: Mapping[int, Grant], policy: AccessGrantsPolicy, now_ms: int) -> int:
    """Give 0 when another request fits into the thread's quota, else when (UTC ms) the next one will."""
    window_ms = policy.per_thread_days * _DAY_MS
    counted = sorted(g.requested_at_ms + window_ms for g in grants.values() if g.requested_at_ms + window_ms > now_ms)
    return 0 if len(counted) < policy.per_thread else counted[-policy.per_thread]


def bygone(grants: Mapping[int, Grant], policy: AccessGrantsPolicy, now_ms: int) -> list[int]:
    """Name the grants that have ended and count no more; the log keeps what they were."""
    window_ms = policy.per_thread_days * _DAY_MS
    return [g.request for g in grants.values() if g.state in ENDED and g.requested_at_ms + window_ms <= now_ms]


def normalise_address(text: str) -> str | None:
    """Give a plain address in the form that is compared; None when it is not one (RFC 5321, ASCII only)."""
    if len(text) > _MAX_ADDRESS or _ADDRESS.fullmatch(text) is None:
        return None
    return text.lower() if text.index("@") <= _MAX_LOCAL else None


def addresses_in(text: str) -> Iterator[str]:
    """Yield the plainly written addresses of a text, normalised; in time linear in its length."""
    for match in _IN_TEXT.finditer(text):
        address = normalise_address(match[0])
        if address is not None:
            yield address
