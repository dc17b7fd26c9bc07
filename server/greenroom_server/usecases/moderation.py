"""What the marketplace's moderators work with: reports, held texts, access grants, the audit stream."""

from dataclasses import dataclass

from greenroom_protocol.access import AccessRequested, GrantView
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.access_grants import AccessGrants, grant_views
from greenroom_server.usecases.audit_trail import AuditTrail
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.judge_held import JudgeHeld
from greenroom_server.usecases.reports import Reports
from greenroom_server.usecases.results import NOT_FOUND, RefusedError


@dataclass(frozen=True, slots=True)
class Moderation:
    """The moderators' side of safety."""

    access: AccessGrants
    reports: Reports
    trail: AuditTrail
    held: JudgeHeld
    heads: Heads
    threads: Threads

    async def grants(self, thread: str) -> list[tuple[GrantView, str]]:
        """Read the grants of a thread, each with the purpose that its asker gave.

        Raises:
            RefusedError: there is no such thread.
        """
        loaded = await self.heads.read(thread)
        if loaded is None:
            raise RefusedError(NOT_FOUND)
        return [(view, await self._purpose(thread, view.request)) for view in grant_views(loaded.head)]

    async def _purpose(self, thread: str, request: int) -> str:
        events = await self.threads.events(thread, request - 1, request, 1)
        return events[0].purpose if events and isinstance(events[0], AccessRequested) else ""
