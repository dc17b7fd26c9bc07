"""Who has read the announcements up to where, and who does not want to be told of new ones."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from greenroom_server.domain.ids import user_partition
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library


class ReadMark(NamedTuple):
    """How far a user has read."""

    seq: int
    announced: int
    """How many announcements there were up to there."""


class AnnouncementMarks:
    """Read marks and mutes, each in the user's partition."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._mark = library().function("topic_mark")

    async def of(self, user: str) -> tuple[ReadMark, bool]:
        """Give how far a user has read, and whether they muted."""
        partition = user_partition(user)
        raw, muted = await asyncio.gather(
            self._committer.call("HGET", keys.announcement_marks(partition), user),
            self._committer.call("SISMEMBER", keys.announcement_mutes(partition), user),
        )
        return _read_mark(raw), bool(muted)

    async def move(self, user: str, mark: ReadMark) -> ReadMark:
        """Move a read mark; it never moves back. Gives where it is."""
        key = keys.announcement_marks(user_partition(user))
        return _read_mark(await self._committer.call("FCALL", self._mark, 1, key, user, mark.seq, mark.announced))

    async def mute(self, user: str, *, on: bool) -> None:
        """Say whether a user is told of new ones."""
        await self._committer.call("SADD" if on else "SREM", keys.announcement_mutes(user_partition(user)), user)

    async def muted(self, users: Iterable[str]) -> set[str]:
        """Give which of some users have muted; one call for each partition."""
        by_partition: dict[int, list[str]] = {}
        for user in users:
            by_partition.setdefault(user_partition(user), []).append(user)
        found = await asyncio.gather(
            *(
                self._committer.call("SMISMEMBER", keys.announcement_mutes(partition), *names)
                for partition, names in by_partition.items()
            )
        )
        flags = (zip(names, each, strict=True) for names, each in zip(by_partition.values(), found, strict=True))
        return {name for pairs in flags for name, is_muted in pairs if is_muted}


def _read_mark(raw: bytes | None) -> ReadMark:
    seq, _, count = (raw or b"0 0").partition(b" ")
    return ReadMark(int(seq), int(count))
