"""What a client can ask for: threads and messages here, everything else in one area per subject."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from greenroom_client.asking import R, ask
from greenroom_client.candidacies import Connects, Invitations, Jobs, Offers, Proposals
from greenroom_client.community import Announcements, Community
from greenroom_client.people import Availability, Directory, Safety, Speed, Team
from greenroom_client.personal import Settings
from greenroom_client.review import Access, Review
from greenroom_protocol import commands, limits, personal, policies, reactions, replies
from greenroom_protocol.bases import Command
from greenroom_protocol.events import AnyEvent


class Verbs(ABC):
    """The commands that wait for a reply. Each raises what `request` raises."""

    def __init__(self) -> None:
        self.jobs = Jobs(self)
        self.invitations = Invitations(self)
        self.proposals = Proposals(self)
        self.offers = Offers(self)
        self.connects = Connects(self)
        self.directory = Directory(self)
        self.speed = Speed(self)
        self.availability = Availability(self)
        self.team = Team(self)
        self.access = Access(self)
        self.review = Review(self)
        self.safety = Safety(self)
        self.settings = Settings(self)
        self.community = Community(self)
        self.announcements = Announcements(self)

    @abstractmethod
    async def request(self, command: Command) -> Any:
        """Send any command that has a reply."""

    @abstractmethod
    def new_cid(self) -> str:
        """Make an id under which a command may be repeated without being done twice."""

    # -- threads --------------------------------------------------------------------------------------------------

    async def open(
        self,
        freelancer: str,
        body: str,
        *,
        job: str | None = None,
        origin: Literal["search", "profile", "referral", "other"] = "profile",
        origin_ref: str = "",
    ) -> replies.Opened:
        """Write to a freelancer, opening the thread if there is none; `state` may be `held`.

        Args:
            freelancer: to whom.
            body: the first message.
            job: what it is about.
            origin: where one found them.
            origin_ref: id of the search or code of the referral, for the marketplace only.
        """
        command = commands.ThreadOpen(
            id=0, cid=self.new_cid(), freelancer=freelancer, body=body, job=job, origin=origin, origin_ref=origin_ref
        )
        return await ask(self, command, replies.Opened)

    async def thread(self, thread: str) -> replies.ThreadView:
        """Read a thread's state, participants, grants, offer, and what one may do in it."""
        return await ask(self, commands.ThreadGet(id=0, thread=thread), replies.ThreadView)

    async def threads(
        self, *, before: int | None = None, limit: int = 50, archived: bool | None = False
    ) -> replies.ThreadListPage:
        """Read a page of one's threads, the most recently changed first.

        Args:
            before: the last page's lowest mark.
            limit: 1 to 300 rows.
            archived: False leaves the archived ones out, True gives those alone, None all.
        """
        command = commands.ThreadList(id=0, before=before, limit=limit, archived=archived)
        return await ask(self, command, replies.ThreadListPage)

    async def history(
        self, thread: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> replies.HistoryPage:
        """Read a page of a thread: the newest events (below seq `before`), or those above seq `after`; at most 300."""
        command = commands.ThreadHistory(id=0, thread=thread, before=before, after=after, limit=limit)
        return await ask(self, command, replies.HistoryPage)

    async def log(self, thread: str, *, after: int = 0) -> AsyncIterator[AnyEvent]:
        """Give all events of a thread above seq `after`, in order, page by page, as the log stands now."""
        more = True
        while more:
            page = await self.history(thread, after=after, limit=limits.PAGE_ITEMS)
            for event in page.events:
                yield event
            after, more = page.to, page.more

    async def read(self, thread: str, n: int) -> replies.ReadMoved:
        """Say that everything up to ordinal `n` was read."""
        return await ask(self, commands.ThreadRead(id=0, thread=thread, n=n), replies.ReadMoved)

    async def reopen(self, thread: str) -> replies.ReopenedReply:
        """Open a closed thread again (client only)."""
        command = commands.ThreadReopen(id=0, cid=self.new_cid(), thread=thread)
        return await ask(self, command, replies.ReopenedReply)

    async def mute(self, thread: str, until: int) -> personal.Muted:
        """Silence a thread for oneself until a time, UTC ms; 0 ends it."""
        return await ask(self, personal.ThreadMute(id=0, thread=thread, until=until), personal.Muted)

    async def archive(self, thread: str, on: bool = True, *, seen: int | None = None) -> personal.Archived:
        """Put a thread away for oneself, or bring it back; the next item in it does so, too.

        Args:
            thread: which one.
            on: False brings it back now.
            seen: last ordinal on screen: a newer item keeps the thread where it is.
        """
        command = personal.ThreadArchive(id=0, thread=thread, on=on, seen=seen)
        return await ask(self, command, personal.Archived)

    async def acknowledge(self, thread: str, notice: str) -> policies.NoticeAcked:
        """Say that a person has read the notice of the thread's policy; it is shown no more."""
        return await ask(self, policies.NoticeAck(id=0, thread=thread, notice=notice), policies.NoticeAcked)

    async def declare_relationship(self, thread: str, note: str) -> policies.RelationshipDeclaredReply:
        """Say that the two knew each other before; the marketplace checks the note and decides."""
        command = policies.RelationshipDeclare(id=0, cid=self.new_cid(), thread=thread, note=note)
        return await ask(self, command, policies.RelationshipDeclaredReply)

    # -- messages -------------------------------------------------------------------------------------------------

    async def check(self, thread: str, body: str) -> replies.Checked:
        """Ask what would happen to a text, without sending it."""
        return await ask(self, commands.MessageCheck(id=0, thread=thread, body=body), replies.Checked)

    async def edit(self, thread: str, target: int, body: str) -> replies.Amended:
        """Replace the text of one's own message with seq `target`, within the edit window."""
        command = commands.MessageEdit(id=0, cid=self.new_cid(), thread=thread, target=target, body=body)
        return await ask(self, command, replies.Amended)

    async def erase(self, thread: str, target: int) -> replies.Erased:
        """Erase one's own message with seq `target`; a tombstone keeps its place."""
        command = commands.MessageErase(id=0, cid=self.new_cid(), thread=thread, target=target)
        return await ask(self, command, replies.Erased)

    async def react(self, thread: str, target: int, emoji: str, on: bool = True) -> reactions.Reacted:
        """Put an emoji on the message with seq `target`, or take it back."""
        command = reactions.MessageReact(id=0, thread=thread, target=target, emoji=emoji, on=on)
        return await ask(self, command, reactions.Reacted)

    # -- the connection -------------------------------------------------------------------------------------------

    async def watch(self, users: Sequence[str]) -> replies.PresenceSnapshot:
        """Replace the list of users whose presence is told; kept over reconnections, at most 100."""
        return await ask(self, commands.PresenceWatch(id=0, users=list(users)), replies.PresenceSnapshot)

    async def ping(self) -> replies.Pong:
        """Ask for a sign of life and the server's clock."""
        return await ask(self, commands.Ping(id=0), replies.Pong)

    async def ask(self, command: Command, kind: type[R]) -> R:
        """Send any command that has a reply; gives the reply as its type, for a type checker's sake."""
        return await ask(self, command, kind)
