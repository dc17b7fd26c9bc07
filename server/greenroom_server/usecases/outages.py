"""Declared outages: while the service was down nobody's clock ran."""

from collections.abc import Callable
from typing import Final

from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.response_clock import Interval
from greenroom_server.store.obligations import Obligations
from greenroom_server.usecases.results import Refused, RefusedError

_DAY_MS: Final = 86_400_000
KNOWN_FOR_MS: Final = 30_000
"""A node learns of an outage that another declared after this long at most."""


class Outages:
    """Declares outages, and remembers them for a while."""

    def __init__(self, obligations: Obligations, policy: MarketplacePolicy, now_ms: Callable[[], int]) -> None:
        self._obligations = obligations
        self._kept_ms = policy.response_speed.extended_days * _DAY_MS
        self._now_ms = now_ms
        self._known: tuple[Interval, ...] = ()
        self._known_until_ms = 0

    async def all(self) -> tuple[Interval, ...]:
        """Give the outages that any obligation could still have met, in order."""
        now_ms = self._now_ms()
        if now_ms >= self._known_until_ms:
            self._known = tuple(await self._obligations.outages(now_ms - self._kept_ms))
            self._known_until_ms = now_ms + KNOWN_FOR_MS
        return self._known

    async def declare(self, outage: Interval, *, is_withdrawn: bool) -> tuple[Interval, ...]:
        """Declare an outage that is over, or take one back; may be repeated. Gives all of them."""
        if not 0 <= outage.begin_ms < outage.end_ms <= self._now_ms():
            raise RefusedError(Refused("bad_request.field", detail="from must be before to, to not in the future"))
        if is_withdrawn:
            await self._obligations.remove_outage(outage)
        else:
            await self._obligations.save_outage(outage)
        self._known_until_ms = 0
        return await self.all()
