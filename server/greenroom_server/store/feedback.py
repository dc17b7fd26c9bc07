"""Feedback in the store: one stream that the marketplace's backend reads."""

from typing import Any, Final, Literal, NamedTuple

import msgspec

from greenroom_protocol.cid import cid_time_ms
from greenroom_server.store import keys
from greenroom_server.store.append import CONFLICT, OUTSIDE_WINDOW, CidRefused, Repeat
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.records import pack

_DAY_MS: Final = 86_400_000
_START: Final = "0-0"


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What a user told the marketplace."""

    by: str
    category: Literal["idea", "problem", "praise", "other"]
    body: str


class Kept(NamedTuple):
    """One entry, as kept."""

    id: str
    """`<store ms>-<n>`; ascending."""
    opinion: Opinion

    @property
    def at(self) -> int:
        """When it was kept, UTC ms."""
        return int(self.id.partition("-")[0])


_decode = msgspec.json.Decoder(Opinion).decode


class FeedbackLog:
    """The feedback of one store."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._function = library().function("feedback")

    async def add(self, opinion: Opinion, cid: str, body_hash: str, extra: str, kept: int) -> int | Repeat | CidRefused:
        """Keep an opinion; gives the time (UTC ms), or what the cid was answered before.

        Args:
            extra: kept with the cid and given back to a repeat.
            kept: entries in all; the oldest are dropped.
        """
        cid_ms = cid_time_ms(cid) or 0
        names = (keys.feedback("log"), keys.feedback(f"cids:{cid_ms // _DAY_MS}"))
        what = {
            "actor": opinion.by, "cid": cid, "cid_ms": cid_ms, "hash": body_hash, "extra": extra,
            "kept": kept,
        }  # fmt: skip
        payload = msgspec.json.encode(opinion)
        return _added(await self._committer.call("FCALL", self._function, 2, *names, pack(what), payload))

    async def page(self, after: str, limit: int) -> list[Kept]:
        """Read entries after one, the oldest first; empty begins at the oldest there is."""
        reply = await self._committer.call("XRANGE", keys.feedback("log"), f"({after or _START}", "+", "COUNT", limit)
        return [Kept(entry[0].decode(), _decode(entry[1][1])) for entry in reply]


def _added(reply: list[Any]) -> int | Repeat | CidRefused:
    if reply[0] == b"ok":
        at: int = reply[1]
        return at
    if reply[0] == b"dup":
        _, how, seq, n, at_text, extra = reply[1].decode().split(" ", 5)
        return Repeat(how, int(seq), int(n), int(at_text), extra)
    return CONFLICT if reply[0] == b"conflict" else OUTSIDE_WINDOW
