"""Team members: who may be brought into a thread, and what they may do there.

Source: protocol/spec/team.md.
"""

from collections.abc import Collection, Mapping
from typing import Final

from greenroom_server.domain.head import Head, Participant
from greenroom_server.domain.team_policy import TeamPolicy
from greenroom_server.domain.thread_actions import Denied, ThreadAction
from greenroom_server.domain.thread_state import Role, ThreadState

OPEN_STATES: Final = frozenset(
    {ThreadState.CANDIDACY, ThreadState.OFFER, ThreadState.CONTRACT, ThreadState.PAUSED, ThreadState.ENDED}
)
"""States in which members can be brought in: interviews and contracts."""

RIGHT_OF: Final[Mapping[ThreadAction, str]] = {
    ThreadAction.ACCEPT: "accept",
    ThreadAction.ACCEPT_OFFER: "accept",
    ThreadAction.DECLINE: "decline",
    ThreadAction.DECLINE_OFFER: "decline",
    ThreadAction.DECLINE_PROPOSAL: "decline",
    ThreadAction.OFFER: "offer",
    ThreadAction.WITHDRAW_OFFER: "offer",
    ThreadAction.REQUEST_CALL: "call",
}
"""What a member needs for an action; any other but sending is for the principals alone."""


def principal_of(head: Head, side: Role) -> str:
    """Give the person whom a side's members stand beside."""
    return head.client if side is Role.CLIENT else head.freelancer


def place_of(head: Head, user: str, side: Role) -> Participant | Denied:
    """Find a present member of a side."""
    place = head.participants.get(user)
    if place is None or not place.is_member or place.until_seq or place.role is not side:
        return Denied("team.not_member")
    return place


def may_join(
    head: Head, user: str, side: Role, *, staff_of: Collection[str], is_suspended: bool, policy: TeamPolicy
) -> Denied | None:
    """Refuse somebody who cannot be brought in as a member of a side; None when they can.

    Args:
        staff_of: whose staff they are, as the marketplace told.
    """
    if head.state not in OPEN_STATES:
        return Denied("team.not_open")
    place = head.participants.get(user)
    if place is not None and place.role is not side:
        return Denied("team.other_side")
    if place is not None and not place.until_seq:
        return Denied("team.duplicate")
    if policy.must_be_staff and principal_of(head, side) not in staff_of:
        return Denied("team.not_staff")
    if is_suspended:
        return Denied("peer.unavailable")
    return Denied("team.full") if len(head.present) >= policy.max_participants else None


def may_delegate(head: Head, by: str, rights: Collection[str]) -> bool:
    """Say whether somebody may give these rights: a principal all, a member at most their own."""
    return all(head.may(by, right) for right in rights)
