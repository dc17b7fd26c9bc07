"""Users' own logs in the store: what a function needs to append a notice, and the appending itself."""

from typing import Any, Final, NamedTuple

from greenroom_protocol.bases import Event
from greenroom_server.domain.ids import own_log, user_partition
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.records import Row, encode_event, read_row

KEPT_MS: Final = 90 * 86_400_000
"""A notice older than this is gone, or about to go."""


class Noticed(NamedTuple):
    """A notice that is in its user's own log."""

    epoch: int
    row: Row
    """Of the log in the user's inbox; `seq` and `last_at` are the notice's."""


class OwnLogs:
    """The own logs of one store."""

    def __init__(self, committer: Committer, node: str) -> None:
        self._committer = committer
        self._node = node
        self._notice = library().function("notice")

    def front(self, user: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the first KEYS and the first ARGV of any function that gives this user a notice."""
        partition, log = user_partition(user), own_log(user)
        names = (keys.thread(partition, log), *keys.inbox_keys(user), keys.nodes(partition), keys.epoch(partition))
        return names, (keys.tag(partition), self._node, user, log)

    async def append(self, user: str, event: Event) -> Noticed:
        """Append a notice.

        Raises:
            Unavailable: nothing was written.
            Uncertain: it may be in the log; once more would be a second notice.
        """
        names, args = self.front(user)
        reply = await self._committer.call("FCALL", self._notice, len(names), *names, *args, encode_event(event))
        return read_noticed(reply)


def read_noticed(reply: list[Any]) -> Noticed:
    """Read what the shared Lua function gives."""
    return Noticed(reply[0], read_row(reply[1]))
