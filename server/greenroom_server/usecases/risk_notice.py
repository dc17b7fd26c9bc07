"""The notice of risks: each side is shown it with the first contact they share once the gate is open.

It never blocks. Until it is acknowledged `thread.policy` shows it, too. `rev` stays: of two messages at the same moment
both may carry it, which costs less than making one of them wait for the other.
"""

from typing import Final, NamedTuple

from greenroom_protocol.bases import PolicyView
from greenroom_server.domain.head import Head
from greenroom_server.usecases.move_events import OFFPLATFORM_RISK

_NOTHING_TO_SAY: Final = ("allow", "notice")


class Noticed(NamedTuple):
    """What the sender is told, and what the head must remember of it."""

    policy: PolicyView | None
    set: dict[str, str | int]
    """Fields of the head; empty unless this is the first time."""


_NOTHING: Final = Noticed(None, {})


def noticed(policy: PolicyView | None, head: Head, user: str) -> Noticed:
    """Leave the notice out of what the filter says, but for the user's first contact in this thread."""
    if policy is None:
        return _NOTHING
    if policy.notice != OFFPLATFORM_RISK:
        return Noticed(policy, {})
    if user not in head.noticed:
        if policy.action == "allow":
            policy.action = "notice"
        return Noticed(policy, {f"noticed:{user}": 1})
    if policy.action in _NOTHING_TO_SAY:
        return Noticed(None, {})
    policy.notice = ""
    return Noticed(policy, {})
