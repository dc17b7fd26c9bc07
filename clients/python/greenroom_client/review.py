"""What the contact filter and its moderators keep, and the one address that may pass before a contract."""

from typing import Literal

from greenroom_client.asking import Area
from greenroom_protocol import access, moderation


class Access(Area):
    """`client.access`: an e-mail address before a contract, for access to a system: ask, agree, share.

    `request` is the seq of the `access.requested` event, which the reply of `request` gives.
    """

    __slots__ = ()

    async def request(
        self, thread: str, holder: Literal["me", "peer"], system: str, purpose: str
    ) -> access.AccessRequestReply:
        """Ask to share one's own address (`me`), or to be given the other side's (`peer`).

        Args:
            thread: an interview.
            holder: whose address it is about.
            system: what access is for, one of the marketplace's list; see protocol/spec/access-grants.md.
            purpose: which access, and why; screened like a message.
        """
        command = access.AccessRequest(
            id=0, cid=self._cid(), thread=thread, holder=holder, system=system, purpose=purpose
        )
        return await self._ask(command, access.AccessRequestReply)

    async def confirm(self, thread: str, request: int) -> access.AccessConfirmReply:
        """Agree that the other side shares its address."""
        command = access.AccessConfirm(id=0, cid=self._cid(), thread=thread, request=request)
        return await self._ask(command, access.AccessConfirmReply)

    async def refuse(self, thread: str, request: int) -> access.AccessRefuseReply:
        """Say no: to the other side's sharing, or to sharing one's own address."""
        command = access.AccessRefuse(id=0, cid=self._cid(), thread=thread, request=request)
        return await self._ask(command, access.AccessRefuseReply)

    async def share(self, thread: str, request: int, email: str) -> access.AccessShareReply:
        """Share one's address once the other side has agreed."""
        command = access.AccessShare(id=0, cid=self._cid(), thread=thread, request=request, email=email)
        return await self._ask(command, access.AccessShareReply)

    async def revoke(self, thread: str, request: int) -> access.AccessRevokeReply:
        """End a request or a grant, from either side."""
        command = access.AccessRevoke(id=0, cid=self._cid(), thread=thread, request=request)
        return await self._ask(command, access.AccessRevokeReply)


class Review(Area):
    """`client.review`: texts of one's own that wait for a moderator, and appeals."""

    __slots__ = ()

    async def held(self, thread: str) -> moderation.HeldPage:
        """List what of oneself waits in a thread, with its texts, the oldest first."""
        return await self._ask(moderation.HeldList(id=0, thread=thread), moderation.HeldPage)

    async def withdraw(self, held: str) -> moderation.HeldWithdrawn:
        """Take a waiting text back, named by `mid` or `held` of the reply that said so. May be repeated."""
        return await self._ask(moderation.HeldWithdraw(id=0, held=held), moderation.HeldWithdrawn)

    async def appeal(self, thread: str, cid: str, note: str = "") -> moderation.VerdictAppealed:
        """Ask the moderators to look at a message of one's own that bounced, was masked or expired.

        Args:
            thread: where it was sent.
            cid: the message's, as `Outgoing.cid` or the event has it; there is one appeal for each.
            note: why it should pass, for the moderators only.
        """
        command = moderation.VerdictAppeal(id=0, thread=thread, cid=cid, note=note)
        return await self._ask(command, moderation.VerdictAppealed)
