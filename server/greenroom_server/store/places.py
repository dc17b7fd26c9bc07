"""Places in the store: what one user may begin within any 24 hours, exact however many nodes count."""

from typing import Final, NamedTuple

from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library

DAY_MS: Final = 86_400_000


class Place(NamedTuple):
    """What became of asking for a place."""

    is_new: bool
    """It was taken now; not by an earlier call with the same cid."""
    full_for_ms: int = 0
    """Above 0: there is none, and the next is free after this long."""


class Places:
    """Places taken by cid; one that is not needed after all is given back."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._place = library().function("place")

    async def take(self, user: str, what: str, cid: str, limit: int) -> Place:
        """Take a place, unless `limit` others are taken; the same cid takes it once."""
        reply = await self._committer.call("FCALL", self._place, 1, keys.places(user, what), cid, limit, DAY_MS)
        if reply[0] == b"full":
            return Place(False, max(1, reply[1]))
        return Place(reply[0] == b"new")

    async def give_back(self, user: str, what: str, cid: str) -> None:
        """Give a place back; one that is not taken changes nothing."""
        await self._committer.call("ZREM", keys.places(user, what), cid)
