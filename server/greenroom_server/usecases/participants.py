"""The people of a thread as one of them sees them."""

from collections.abc import Mapping

from greenroom_protocol.replies import ParticipantView
from greenroom_server.domain.head import Head, Marks, Participant
from greenroom_server.domain.thread_state import Role
from greenroom_server.store.people import Account


def participant_views(
    head: Head, marks: Marks, accounts: Mapping[str, Account | None], viewer: str, now_ms: int
) -> list[ParticipantView]:
    """Show everybody who is or was in a thread; read marks only between those who do not read in private."""
    known = {user: account or Account(user) for user, account in accounts.items()}
    return [
        ParticipantView(
            user=place.user, role="client" if place.role is Role.CLIENT else "freelancer", from_seq=place.from_seq,
            until_seq=place.until_seq, name=known[place.user].name,
            read=marks.read.get(place.user, 0) if _may_see(known, viewer, place.user) else 0,
            delivered=marks.delivered.get(place.user, 0), is_member=place.is_member,
            rights=sorted(place.rights),  # type: ignore[arg-type]  # checked when they came in
            is_quiet=_is_quiet(known[place.user], place, now_ms),
        )
        for place in head.participants.values()
    ]  # fmt: skip


def _may_see(accounts: Mapping[str, Account], viewer: str, user: str) -> bool:
    return user == viewer or not (accounts[user].reads_in_private or accounts[viewer].reads_in_private)


def _is_quiet(account: Account, place: Participant, now_ms: int) -> bool:
    return not place.until_seq and account.quiet_hours is not None and account.quiet_hours.is_now(now_ms)
