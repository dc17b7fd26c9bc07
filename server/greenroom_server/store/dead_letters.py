"""Webhooks that nobody took: kept until they are delivered after all, or discarded. Bounded."""

from typing import Any, Final

import msgspec

from greenroom_server.domain.webhook import DeadLetter
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library

_KEYS: Final = (keys.DEAD_LETTERS, keys.DEAD_LETTER_BODIES)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(DeadLetter).decode


class DeadLetters:
    """The dead letters of one store, oldest first."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        name = library().function
        self._bury, self._unbury = name("bury"), name("unbury")

    async def bury(self, letter: DeadLetter, most: int) -> tuple[int, int]:
        """Keep a letter, or replace it; gives how many there are now and how many had to go."""
        count, dropped = await self._committer.call(
            "FCALL", self._bury, 2, *_KEYS, letter.id, letter.died_at, _encode(letter), most
        )
        return count, dropped

    async def unbury(self, letter: str) -> bool:
        """Forget a letter; False when there is none."""
        return bool(await self._committer.call("FCALL", self._unbury, 2, *_KEYS, letter))

    async def get(self, letter: str) -> DeadLetter | None:
        """Read a letter."""
        raw = await self._committer.call("HGET", keys.DEAD_LETTER_BODIES, letter)
        return None if raw is None else _decode(raw)

    async def page(self, after: str | None, limit: int) -> list[DeadLetter]:
        """Read letters, oldest first, after one of them; from the start when that one is gone."""
        rank = None if after is None else await self._committer.call("ZRANK", keys.DEAD_LETTERS, after)
        start = 0 if rank is None else rank + 1
        names = await self._committer.call("ZRANGE", keys.DEAD_LETTERS, start, start + limit - 1)
        if not names:
            return []
        raws: list[Any] = await self._committer.call("HMGET", keys.DEAD_LETTER_BODIES, *names)
        return [_decode(raw) for raw in raws if raw is not None]

    async def count(self) -> int:
        """Say how many there are."""
        return int(await self._committer.call("ZCARD", keys.DEAD_LETTERS))
