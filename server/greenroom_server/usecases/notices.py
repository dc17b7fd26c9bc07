"""Notices: events for one user alone, in that user's own log.

The log is `t<p>_self_<user>`, beside the user's inbox. Its row comes in pushes and in `inbox.changes` like any other,
so that marks stay dense, but never in a listing; `thread.history` reads it, for its owner only.
"""

from greenroom_protocol.bases import Event
from greenroom_server.delivery.frames import EventBytes
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.ids import own_log
from greenroom_server.store.own_logs import Noticed, OwnLogs
from greenroom_server.usecases.deliver import change_of


class Notices:
    """Gives notices."""

    def __init__(self, own_logs: OwnLogs, hub: Hub) -> None:
        self._own_logs = own_logs
        self._hub = hub

    async def tell(self, user: str, event: Event) -> None:
        """Append a notice to a user's own log and push it to their devices.

        Args:
            user: whose log; anybody, also one who never connected.
            event: gets its seq and time here; it takes no `n`.

        Raises:
            Unavailable: nothing was written.
            Uncertain: it may be in the log; once more would be a second notice.
        """
        self.told(user, event, await self._own_logs.append(user, event))

    def told(self, user: str, event: Event, noticed: Noticed) -> None:
        """Push a notice that a function in the store has appended."""
        event.seq, event.at = noticed.row.seq, noticed.row.last_at
        self._hub.changed(user, change_of(own_log(user), noticed.epoch, noticed.row, EventBytes([event])))
