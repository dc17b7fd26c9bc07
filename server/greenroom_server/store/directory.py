"""The directory's search index in the store: terms of profiles, in buckets spread over all partitions.

A bucket lies in the partition of its name, so a query costs one call for each of its terms, however many profiles there
are. The index is a hint: every hit is checked against its profile, and what no longer holds is removed.

Source: server/docs/directory.md.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from greenroom_server.domain.ids import PARTITION_COUNT, user_partition
from greenroom_server.domain.search_terms import AVAILABLE, Term, matches, profile_terms, query_terms
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.people import People, Profile

_SEPARATOR: Final = "\x1f"
_ATTEMPTS: Final = 3
MOST_TERMS: Final = 10
"""Of a query; further ones are judged by the profiles alone."""
CHUNK: Final = 200
"""Candidates that each of several terms gives at a time."""
ROUNDS: Final = 10
"""Most chunks that one query looks at; then the page is short, and its cursor leads on."""


class Found(NamedTuple):
    """A page of profiles, in the order of their ids."""

    profiles: list[Profile]
    cursor: str | None
    """For the next page; a page may be short, or even empty, and still have one."""


class _Chunk(NamedTuple):
    entries: dict[str, Term]
    """Freelancer -> the indexed term, ascending."""
    is_all: bool


class DirectoryIndex:
    """The index of one store."""

    def __init__(self, committer: Committer, people: People, now_ms: Callable[[], int]) -> None:
        self._committer = committer
        self._people = people
        self._now_ms = now_ms
        self._find = library().function("find")

    async def index(self, profile: Profile) -> None:
        """Make the index say what a profile says; may be repeated, and done by two nodes at a time."""
        for _ in range(_ATTEMPTS):
            terms = _terms(profile)
            await self._list(profile.freelancer, terms, _read_terms(profile.terms) - terms)
            record = keys.profile(user_partition(profile.freelancer), profile.freelancer)
            await self._committer.call("HSET", record, "terms", _write_terms(terms))
            now_is = await self._people.profile(profile.freelancer)
            if now_is is None or _terms(now_is) == terms:
                break
            profile = now_is  # somebody changed it meanwhile, and may have removed what was just added
        await self._committer.call("SADD", keys.indexed(user_partition(profile.freelancer)), profile.freelancer)

    async def missing(self) -> list[str]:
        """List the freelancers whose profile this index does not know: saved before it was, or by a node that died."""
        found = await asyncio.gather(
            *(self._committer.call("SDIFF", keys.directory(p), keys.indexed(p)) for p in range(PARTITION_COUNT))
        )
        return [name.decode() for names in found for name in names]

    async def find(
        self, *, text: str, skills: Sequence[str], is_available: bool, cursor: str | None, limit: int
    ) -> Found:
        """Find profiles that have every word (as the beginning of one of theirs) and every skill."""
        asked = query_terms(text, skills, is_available=is_available)
        terms = asked[:MOST_TERMS]
        size = limit + 1 if len(terms) == 1 else max(CHUNK, limit + 1)
        after, found = cursor or "", list[Profile]()
        for _ in range(ROUNDS):
            chunks = await asyncio.gather(*(self._chunk(term, after, size) for term in terms))
            names, horizon = _common(chunks)
            for start in range(0, len(names), limit + 1):
                found += await self._checked(names[start : start + limit + 1], asked, terms, chunks)
                if len(found) > limit:
                    return Found(found[:limit], found[limit - 1].freelancer)
            if horizon is None:
                return Found(found, None)
            after = horizon
        return Found(found, after)

    async def _checked(
        self, names: Sequence[str], asked: Sequence[Term], terms: Sequence[Term], chunks: Sequence[_Chunk]
    ) -> list[Profile]:
        """Read profiles and keep those that have what is asked for; forget entries that were wrong."""
        profiles = await asyncio.gather(*map(self._people.profile, names))
        now_ms, kept = self._now_ms(), []
        for name, profile in zip(names, profiles, strict=True):
            own = frozenset[Term]() if profile is None else _terms(profile)
            if profile is not None and all(matches(term, own) for term in asked):
                if AVAILABLE not in asked or profile.badge.shows(now_ms):
                    kept.append(profile)
                continue
            entries = (chunk.entries.get(name) for chunk in chunks)
            await self._repair(name, [entry for entry in entries if entry is not None and entry not in own])
        return kept

    async def _repair(self, freelancer: str, stale: list[Term]) -> None:
        if not stale:
            return
        await self._list(freelancer, (), stale)
        now_is = await self._people.profile(freelancer)
        if now_is is not None:  # a profile that was saved between reading and removing gets its entry back
            await self._list(freelancer, _terms(now_is) & set(stale), ())

    async def _chunk(self, term: Term, after: str, size: int) -> _Chunk:
        is_prefix = "1" if term.is_prefix else ""
        reply = await self._committer.call(
            "FCALL_RO", self._find, 1, keys.bucket(term.bucket), term.text, is_prefix, after, size
        )
        members = (member.decode().rpartition(_SEPARATOR) for member in reply)
        return _Chunk({name: Term(term.bucket, text) for text, _, name in members}, len(reply) < size)

    async def _list(self, freelancer: str, add: Iterable[Term], remove: Iterable[Term]) -> None:
        commands = [
            ("ZADD", bucket, [b for m in members for b in ("0", m)]) for bucket, members in _members(add, freelancer)
        ]
        commands += [("ZREM", bucket, members) for bucket, members in _members(remove, freelancer)]
        await asyncio.gather(*(self._committer.call(verb, bucket, *args) for verb, bucket, args in commands))


def _common(chunks: Sequence[_Chunk]) -> tuple[list[str], str | None]:
    """Give who may have all terms, and up to which id that is complete (None: to the end)."""
    whole = [chunk for chunk in chunks if chunk.is_all]
    horizon = None if whole else min(next(reversed(chunk.entries)) for chunk in chunks)
    base = min(whole or chunks, key=lambda chunk: len(chunk.entries))

    def may_have(name: str) -> bool:
        return all(name in c.entries or not (c.is_all or name <= next(reversed(c.entries))) for c in chunks)

    return [name for name in base.entries if (horizon is None or name <= horizon) and may_have(name)], horizon


def _terms(profile: Profile) -> frozenset[Term]:
    return profile_terms(profile.name, profile.headline, profile.skills, is_on=profile.badge.is_on)


def _members(terms: Iterable[Term], freelancer: str) -> list[tuple[str, list[str]]]:
    grouped = groupby(sorted(terms), key=lambda term: term.bucket)
    return [(keys.bucket(name), [f"{term.text}{_SEPARATOR}{freelancer}" for term in group]) for name, group in grouped]


def _write_terms(terms: Iterable[Term]) -> str:
    return "\n".join(f"{term.bucket}{_SEPARATOR}{term.text}" for term in sorted(terms))


def _read_terms(text: str) -> frozenset[Term]:
    pairs = (line.partition(_SEPARATOR) for line in text.split("\n") if line)
    return frozenset(Term(bucket, term) for bucket, _, term in pairs)
