"""People: whom one finds, how readily they answer, who may write, who is kept out."""

from collections.abc import Sequence
from typing import Literal

from greenroom_client.asking import Area
from greenroom_protocol import availability, commands, replies, safety, team
from greenroom_protocol.fields import Right
from greenroom_protocol.profiles import ShiftView


class Directory(Area):
    """`client.directory`: freelancers and clients, as the others see them."""

    __slots__ = ()

    async def search(
        self,
        text: str = "",
        *,
        skills: Sequence[str] = (),
        available: bool = False,
        cursor: str | None = None,
        limit: int = 20,
    ) -> replies.DirectoryPage:
        """Find freelancers.

        Args:
            text: words of name, headline and skills, at most 200 characters.
            skills: whole skills, each must be there; at most 10.
            available: only those whose availability badge is on.
            cursor: from the page before.
            limit: 1 to 50 profiles.
        """
        command = commands.DirectorySearch(
            id=0, text=text, skills=list(skills), available=available, cursor=cursor, limit=limit
        )
        return await self._ask(command, replies.DirectoryPage)

    async def freelancer(self, freelancer: str) -> replies.ProfilePage:
        """Read a freelancer's public profile with its response speed."""
        return await self._ask(commands.ProfileGet(id=0, freelancer=freelancer), replies.ProfilePage)

    async def client(self, client: str) -> availability.ClientPage:
        """Read what a freelancer sees of a client: jobs, past contracts, how readily they answer."""
        return await self._ask(availability.ClientGet(id=0, client=client), availability.ClientPage)


class Speed(Area):
    """`client.speed`: one's own response speed. Its figures are null where they are unknown, never 0."""

    __slots__ = ()

    async def rows(
        self, side: Literal["freelancer", "client"] = "freelancer", *, cursor: str | None = None, limit: int = 300
    ) -> replies.MetricsRowsPage:
        """Read one's own figures and the obligations behind them, newest first, 1 to 300 rows."""
        command = commands.MetricsRows(id=0, side=side, cursor=cursor, limit=limit)
        return await self._ask(command, replies.MetricsRowsPage)

    async def appeal(self, obligation: str, note: str) -> safety.MetricsAppealed:
        """Ask the moderators to leave one row (its `id`) out; the note is for them alone."""
        command = safety.MetricsAppeal(id=0, cid=self._cid(), obligation=obligation, note=note)
        return await self._ask(command, safety.MetricsAppealed)


class Availability(Area):
    """`client.availability`: the badge, time away and working hours of a freelancer."""

    __slots__ = ()

    async def badge(self, is_on: bool) -> availability.AvailabilityReply:
        """Switch one's own badge, inside the time it is paid for."""
        return await self._ask(availability.AvailabilitySet(id=0, is_on=is_on), availability.AvailabilityReply)

    async def away(self, until: int | None) -> availability.AwayReply:
        """Say that one is away until a time, UTC ms; None: back."""
        return await self._ask(availability.AwaySet(id=0, until=until), availability.AwayReply)

    async def hours(self, zone: str, shifts: Sequence[ShiftView]) -> availability.HoursReply:
        """Publish working hours of an IANA time zone, in force from next Monday on; no shifts: none."""
        return await self._ask(availability.HoursSet(id=0, zone=zone, shifts=list(shifts)), availability.HoursReply)


class Team(Area):
    """`client.team`: people whom a side brings into a thread."""

    __slots__ = ()

    async def add(
        self, thread: str, user: str, *, history: Literal["all", "from_now"], rights: Sequence[Right] = ()
    ) -> team.MemberAddedReply:
        """Bring one of one's own staff in.

        Args:
            thread: an interview or a contract.
            user: who comes.
            history: what they may read: everything, or what comes from now on.
            rights: what they may do in the name of their side besides reading and writing.
        """
        command = team.MemberAdd(id=0, cid=self._cid(), thread=thread, user=user, history=history, rights=list(rights))
        return await self._ask(command, team.MemberAddedReply)

    async def remove(self, thread: str, user: str) -> team.MemberRemovedReply:
        """Take a member of one's own side out; they keep what they could read until now."""
        command = team.MemberRemove(id=0, cid=self._cid(), thread=thread, user=user)
        return await self._ask(command, team.MemberRemovedReply)

    async def leave(self, thread: str) -> team.MemberLeftReply:
        """Leave as a member; what one could read until now stays readable."""
        return await self._ask(team.MemberLeave(id=0, cid=self._cid(), thread=thread), team.MemberLeftReply)


class Safety(Area):
    """`client.safety`: blocks and reports. The other side is told of neither."""

    __slots__ = ()

    async def block(self, user: str, reason: str = "") -> safety.PeerBlockReply:
        """End all contact with somebody, both ways; `reason` is a note to oneself. May be repeated."""
        return await self._ask(safety.PeerBlock(id=0, user=user, reason=reason), safety.PeerBlockReply)

    async def unblock(self, user: str) -> safety.PeerUnblockReply:
        """Lift one's own block. May be repeated."""
        return await self._ask(safety.PeerUnblock(id=0, user=user), safety.PeerUnblockReply)

    async def blocked(self) -> safety.PeerBlockedPage:
        """List whom one has blocked, the newest first."""
        return await self._ask(safety.PeerBlocked(id=0), safety.PeerBlockedPage)

    async def report(
        self, thread: str, category: str, note: str = "", *, target: int | None = None, block: bool = False
    ) -> safety.ReportReply:
        """Report a thread, or one item of it, to the marketplace's moderators.

        Args:
            thread: where it happened.
            category: one of the marketplace's list; see protocol/spec/safety.md.
            note: what happened, for the moderators only.
            target: seq of the item that is meant.
            block: block the other side, too.
        """
        command = safety.ReportCreate(
            id=0, cid=self._cid(), thread=thread, category=category, note=note, target=target, block=block
        )
        return await self._ask(command, safety.ReportReply)
