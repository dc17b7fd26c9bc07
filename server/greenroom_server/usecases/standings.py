"""Whose obligations never count for somebody: banned, synthetic, blocked. Remembered for a while.

Such a flag is a fact about the other side, not about the obligation: it takes effect for the past too, and
ends when it is taken back.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from greenroom_server.domain.obligation import ObligationOutcome
from greenroom_server.store.obligations import Side
from greenroom_server.store.people import People, Standing

KNOWN_FOR_MS: Final = 30_000
"""A node learns of a flag that another node was told after this long at most."""
MOST_OTHERS: Final = 200
"""People on the other side whom one measurement asks about, the newest; older ones are in good standing."""
_REMEMBERED: Final = 50_000


class Standings:
    """Reads the standing of the other side."""

    def __init__(self, people: People, now_ms: Callable[[], int]) -> None:
        self._people = people
        self._now_ms = now_ms
        self._known: dict[tuple[str, str], tuple[int, ObligationOutcome | None]] = {}

    async def of(self, side: Side, user: str, others: Iterable[str]) -> dict[str, ObligationOutcome]:
        """Give why obligations towards some people never count; whoever is missing is in good standing.

        Args:
            side: of `user`, who owes.
            others: the newest first; at most `MOST_OTHERS` are asked about.
        """
        asked = list(dict.fromkeys(others))[:MOST_OTHERS]
        found = await asyncio.gather(*(self._of(side, user, other) for other in asked))
        return {other: outcome for other, outcome in zip(asked, found, strict=True) if outcome is not None}

    def forget(self, other: str) -> None:
        """Ask about somebody again: their account or a block of theirs has just changed here."""
        for key in [key for key in self._known if other in key]:
            del self._known[key]

    async def _of(self, side: Side, user: str, other: str) -> ObligationOutcome | None:
        now_ms = self._now_ms()
        known = self._known.get((user, other))
        if known is not None and known[0] > now_ms:
            return known[1]
        client, freelancer = (other, user) if side == "freelancer" else (user, other)
        outcome = _outcome(await self._people.standing(other, client, freelancer))
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[user, other] = (now_ms + KNOWN_FOR_MS, outcome)
        return outcome


def _outcome(standing: Standing) -> ObligationOutcome | None:
    if standing.is_synthetic:
        return ObligationOutcome.EXCLUDED_SYNTHETIC
    if standing.is_suspended:
        return ObligationOutcome.EXCLUDED_SPAM
    return ObligationOutcome.EXCLUDED_BLOCKED if standing.is_blocked else None
