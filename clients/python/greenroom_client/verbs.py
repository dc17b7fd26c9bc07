"""One method per command of the protocol: thin, typed, and nothing else."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from greenroom_protocol import commands, replies
from greenroom_protocol.bases import Command, Reply

DeclineReason = Literal[
    "not_interested", "not_available", "budget", "skills", "unclear_job", "asked_off_platform", "other"
]
_R = TypeVar("_R", bound=Reply)


class Verbs(ABC):
    """The commands that wait for a reply. Each raises what `request` raises."""

    @abstractmethod
    async def request(self, command: Command) -> Any:
        """Send any command that has a reply."""

    @abstractmethod
    def new_cid(self) -> str:
        """Make an id under which a command may be repeated without being done twice."""

    async def open(
        self,
        freelancer: str,
        body: str,
        *,
        job: str | None = None,
        origin: Literal["search", "profile", "referral", "other"] = "profile",
    ) -> replies.Opened:
        """Write to a freelancer, opening the thread if there is none."""
        cid = self.new_cid()
        return await self._ask(
            commands.ThreadOpen(id=0, cid=cid, freelancer=freelancer, body=body, job=job, origin=origin),
            replies.Opened,
        )

    async def invite(self, freelancer: str, job: str, body: str) -> replies.Invited:
        """Invite a freelancer to interview for one's job."""
        command = commands.InvitationSend(id=0, cid=self.new_cid(), job=job, freelancer=freelancer, body=body)
        return await self._ask(command, replies.Invited)

    async def accept(self, thread: str, note: str = "", *, auto: bool = False) -> replies.InvitationAcceptedReply:
        """Accept an invitation."""
        command = commands.InvitationAccept(id=0, cid=self.new_cid(), thread=thread, note=note, auto=auto)
        return await self._ask(command, replies.InvitationAcceptedReply)

    async def decline(
        self,
        thread: str,
        reason: DeclineReason = "other",
        note: str = "",
        *,
        auto: bool = False,
    ) -> replies.InvitationDeclinedReply:
        """Decline an invitation."""
        cid = self.new_cid()
        return await self._ask(
            commands.InvitationDecline(id=0, cid=cid, thread=thread, reason=reason, note=note, auto=auto),
            replies.InvitationDeclinedReply,
        )

    async def withdraw(self, thread: str) -> replies.InvitationWithdrawnReply:
        """Take an unanswered invitation back."""
        command = commands.InvitationWithdraw(id=0, cid=self.new_cid(), thread=thread)
        return await self._ask(command, replies.InvitationWithdrawnReply)

    async def ignore(self, thread: str) -> replies.InvitationIgnoredReply:
        """Archive an invitation without answering it."""
        command = commands.InvitationIgnore(id=0, cid=self.new_cid(), thread=thread)
        return await self._ask(command, replies.InvitationIgnoredReply)

    async def reopen(self, thread: str) -> replies.ReopenedReply:
        """Open a closed thread again."""
        command = commands.ThreadReopen(id=0, cid=self.new_cid(), thread=thread)
        return await self._ask(command, replies.ReopenedReply)

    async def thread(self, thread: str) -> replies.ThreadView:
        """Read a thread's state, participants and what one may do in it."""
        return await self._ask(commands.ThreadGet(id=0, thread=thread), replies.ThreadView)

    async def threads(self, *, before: int | None = None, limit: int = 50) -> replies.ThreadListPage:
        """Read a page of one's threads, the most recently changed first; `before` is the last page's lowest mark."""
        return await self._ask(commands.ThreadList(id=0, before=before, limit=limit), replies.ThreadListPage)

    async def history(
        self, thread: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> replies.HistoryPage:
        """Read a page of a thread: the newest events (below `before`), or those above `after`."""
        return await self._ask(
            commands.ThreadHistory(id=0, thread=thread, before=before, after=after, limit=limit), replies.HistoryPage
        )

    async def read(self, thread: str, n: int) -> replies.ReadMoved:
        """Say that everything up to ordinal `n` was read."""
        return await self._ask(commands.ThreadRead(id=0, thread=thread, n=n), replies.ReadMoved)

    async def edit(self, thread: str, target: int, body: str) -> replies.Amended:
        """Replace the text of one's own message with seq `target`."""
        command = commands.MessageEdit(id=0, cid=self.new_cid(), thread=thread, target=target, body=body)
        return await self._ask(command, replies.Amended)

    async def erase(self, thread: str, target: int) -> replies.Erased:
        """Erase one's own message with seq `target`."""
        command = commands.MessageErase(id=0, cid=self.new_cid(), thread=thread, target=target)
        return await self._ask(command, replies.Erased)

    async def check(self, thread: str, body: str) -> replies.Checked:
        """Ask what would happen to a text, without sending it."""
        return await self._ask(commands.MessageCheck(id=0, thread=thread, body=body), replies.Checked)

    async def profile(self, freelancer: str) -> replies.ProfilePage:
        """Read a freelancer's profile with its response speed."""
        return await self._ask(commands.ProfileGet(id=0, freelancer=freelancer), replies.ProfilePage)

    async def search(self, text: str = "", *, cursor: str | None = None, limit: int = 20) -> replies.DirectoryPage:
        """Find freelancers by words."""
        return await self._ask(
            commands.DirectorySearch(id=0, text=text, cursor=cursor, limit=limit), replies.DirectoryPage
        )

    async def jobs(self) -> replies.JobPage:
        """List one's own jobs."""
        return await self._ask(commands.JobList(id=0), replies.JobPage)

    async def metrics(self) -> replies.MetricsRowsPage:
        """List the obligations behind one's own response speed."""
        return await self._ask(commands.MetricsRows(id=0), replies.MetricsRowsPage)

    async def ping(self) -> replies.Pong:
        """Ask for a sign of life."""
        return await self._ask(commands.Ping(id=0), replies.Pong)

    async def watch(self, users: Sequence[str]) -> replies.PresenceSnapshot:
        """Replace the list of users whose presence is told; kept over reconnections."""
        return await self._ask(commands.PresenceWatch(id=0, users=list(users)), replies.PresenceSnapshot)

    async def _ask(self, command: Command, kind: type[_R]) -> _R:
        reply = await self.request(command)
        assert isinstance(reply, kind)  # the session matched its type with the command's
        return reply
