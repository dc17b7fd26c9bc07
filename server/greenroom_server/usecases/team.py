"""Team members of a thread: brought in and taken out by their side or by the marketplace; they may leave themselves."""

from dataclasses import dataclass
from typing import Final, Literal

from greenroom_protocol.team import MemberAdd, MemberAdded, MemberLeave, MemberRemove, MemberRemoved
from greenroom_server.domain.head import Head
from greenroom_server.domain.ids import is_name
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.team import may_delegate, may_join, place_of
from greenroom_server.domain.thread_actions import Denied
from greenroom_server.domain.thread_state import Role
from greenroom_server.store.append import Rare
from greenroom_server.store.people import Account, People
from greenroom_server.store.records import write_membership
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.commits import ANYBODY, Author, Commits, Done, Draft
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError, denial

_ADD: Final = "add"
_HERE: Final = -1
"""In a seat: the place in the log of the commit that takes it."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Who is to come in, and how."""

    user: str
    sees_all: bool
    """The whole history; otherwise from the event on that brings them in."""
    rights: tuple[str, ...] = ()


class Team:
    """Brings members in and takes them out."""

    def __init__(self, commits: Commits, people: People, policy: MarketplacePolicy) -> None:
        self._commits = commits
        self._people = people
        self._policy = policy.team

    async def add(self, user: str, command: MemberAdd) -> Done:
        """Bring a member into one's own side."""
        joining = Joining(command.user, command.history == "all", tuple(command.rights))
        return await self._add(command.thread, user, None, joining, command.cid)

    async def remove(self, user: str, command: MemberRemove) -> Done:
        """Take a member of one's own side out."""
        return await self._remove(command.thread, user, None, command.user, command.cid)

    async def leave(self, user: str, command: MemberLeave) -> Done:
        """Leave as a member."""

        def plan(head: Head, role: Role) -> Draft | Refused:
            if not head.participants[user].is_member:
                return Refused("team.principal_stays")
            return self._out(head, user, role, user, command.cid)

        body_hash = self._commits.hash("member.leave", "")
        return await run(self._commits, command.thread, Author(user, None, command.cid, body_hash, ANYBODY), plan)

    async def add_for(self, thread: str, side: Role, joining: Joining, cid: str) -> Done:
        """Bring a member in as the marketplace.

        Args:
            cid: the same one again gives the first answer; empty: a repeat is judged by the thread alone.
        """
        return await self._add(thread, "", side, joining, cid)

    async def remove_for(self, thread: str, user: str, cid: str) -> Done:
        """Take a member out as the marketplace; `cid` as for `add_for`."""
        return await self._remove(thread, "", Role.SERVICE, user, cid)

    async def take_over(self, thread: str, user: str, into: str) -> None:
        """Give somebody's place in a thread to another account of the same person; may be repeated.

        Raises:
            RefusedError: `merge.two_parties`, or as for every commit.
        """

        def come(head: Head, _role: Role) -> Draft | Refused:
            place, other = head.participants.get(user), head.participants.get(into)
            if place is None:
                return NOT_FOUND
            if other is not None and other.role is not place.role:
                return Refused("merge.two_parties")
            if other is not None and not other.until_seq:
                return Refused("team.duplicate")
            event = MemberAdded(user=into, side=_side(place.role), history="all")
            rest = write_membership(place.rights) if place.is_member else ""
            seat = (into, place.role.value, place.from_seq, place.until_seq, rest)
            return Draft(events=[event], state=head.state.value, rare=_moved(head, seat), joins=into)

        def go(head: Head, _role: Role) -> Draft | Refused:
            place = head.participants.get(user)
            if place is None or place.until_seq:
                return Refused("team.not_member")
            event = MemberRemoved(user=user, side=_side(place.role))
            rest = write_membership(place.rights) if place.is_member else ""
            seat = (user, place.role.value, place.from_seq, _HERE, rest)
            return Draft(events=[event], state=head.state.value, rare=_moved(head, seat))

        for plan, done_before in ((come, "team.duplicate"), (go, "team.not_member")):
            try:
                await run(self._commits, thread, Author("", Role.SERVICE), plan)
            except RefusedError as error:
                if error.refused.code != done_before:
                    raise

    async def _add(self, thread: str, by: str, side: Role | None, joining: Joining, cid: str) -> Done:
        _check_name(joining.user)
        account = await self._people.account(joining.user) or Account(joining.user)

        def plan(head: Head, role: Role) -> Draft | Refused:
            if by and not may_delegate(head, by, joining.rights):
                return Refused("perm.denied", detail="a member can pass on no right that they lack")
            denied = may_join(
                head, joining.user, role,
                staff_of=account.staff_of, is_suspended=account.is_suspended, policy=self._policy,
            )  # fmt: skip
            return denial(denied) if denied is not None else _in(head, by, role, joining, cid)

        body_hash = self._commits.hash("member.add", f"{joining.user}\n{joining.sees_all}\n{sorted(joining.rights)}")
        return await run(self._commits, thread, Author(by, side, cid, body_hash, _ADD), plan)

    async def _remove(self, thread: str, by: str, role: Role | None, user: str, cid: str) -> Done:
        _check_name(user)

        def plan(head: Head, role: Role) -> Draft | Refused:
            place = head.participants.get(user)
            side = place.role if role is Role.SERVICE and place is not None else role
            return self._out(head, by, side, user, cid)

        body_hash = self._commits.hash("member.remove", user)
        return await run(self._commits, thread, Author(by, role, cid, body_hash, _ADD), plan)

    def _out(self, head: Head, by: str, side: Role, user: str, cid: str) -> Draft | Refused:
        place = place_of(head, user, side)
        if isinstance(place, Denied):
            return denial(place)
        event = MemberRemoved(by=by, cid=cid, user=user, side=_side(side))
        seat = (user, side.value, place.from_seq, _HERE, write_membership(place.rights))
        return Draft(events=[event], state=head.state.value, rare=_moved(head, seat))


def _in(head: Head, by: str, side: Role, joining: Joining, cid: str) -> Draft:
    history: Literal["all", "from_now"] = "all" if joining.sees_all else "from_now"
    event = MemberAdded(by=by, cid=cid, user=joining.user, side=_side(side), history=history)
    seat = (joining.user, side.value, 0 if joining.sees_all else _HERE, 0, write_membership(joining.rights))
    return Draft(events=[event], state=head.state.value, rare=_moved(head, seat), joins=joining.user)


def _moved(head: Head, seat: tuple[str, str, int, int, str]) -> Rare:
    return Rare(set={"rev": int(head.rev) + 1}, seat=seat)


def _side(role: Role) -> Literal["client", "freelancer"]:
    return "client" if role is Role.CLIENT else "freelancer"


def _check_name(user: str) -> None:
    if not is_name(user):
        raise RefusedError(Refused("bad_request.field", detail="user"))
