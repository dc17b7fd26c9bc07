"""Freelancers' Connects in the store: the purse, its ledger, and entries that the backend makes.

What a commit charges or gives back goes with it, as `Charge` (store/append.py).
"""

from typing import Any, NamedTuple

from greenroom_protocol.bases import Event
from greenroom_server.domain.connects import Period, Purse
from greenroom_server.domain.ids import user_partition
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.own_logs import Noticed, OwnLogs, read_noticed
from greenroom_server.store.records import read_event, unpack


class LedgerEntry(NamedTuple):
    """One entry of a ledger."""

    number: int
    """From 1; what is older than the newest thousand is gone."""
    key: str
    """What it is for; no key is entered twice."""
    kind: str
    amount: int
    balance: int
    """After it."""
    at: int
    thread: str


class LedgerPage(NamedTuple):
    """Part of a ledger, newest first."""

    balance: int
    """Now."""
    entries: list[LedgerEntry]


class Entered(NamedTuple):
    """The entry is in the ledger."""

    entry: LedgerEntry
    is_repeat: bool
    """Its key was there before; nothing was written."""
    event: Event | None
    """The notice that was given; None for a repeat."""
    noticed: Noticed | None


class Held(NamedTuple):
    """A purse as it is stored, before any refill that is due."""

    purse: Purse
    billing_day: int | None
    """None: the backend has not told one."""


class Short(NamedTuple):
    """The purse does not hold enough, or cannot hold more; nothing was written."""

    have: int


class Purses:
    """The purses of one store."""

    def __init__(self, committer: Committer, own_logs: OwnLogs) -> None:
        self._committer = committer
        self._own_logs = own_logs
        self._connects = library().function("connects")
        self._account = library().function("account")

    async def held(self, freelancer: str) -> Held:
        """Read a purse without a refill; empty for somebody who never had one."""
        key = keys.purse_keys(freelancer)[0]
        free, kept, period, day = await self._committer.call("HMGET", key, "free", "kept", "period", "billing_day")
        purse = Purse(int(free or 0), int(kept or 0), (period or b"").decode())
        return Held(purse, None if day is None else int(day))

    async def set_billing_day(self, freelancer: str, day: int) -> None:
        """Keep the day on which a freelancer's periods begin, 1 to 28."""
        await self._committer.call("HSET", keys.purse_keys(freelancer)[0], "billing_day", day)

    async def page(
        self, freelancer: str, period: Period, monthly_free: int, before: int | None, limit: int
    ) -> LedgerPage | None:
        """Read entries below a number, newest first, after a due refill; None for somebody without a profile."""
        names = (*keys.purse_keys(freelancer), keys.profile(user_partition(freelancer), freelancer))
        args = (period.id, period.start_ms, monthly_free, "+inf" if before is None else before, limit)
        reply = await self._committer.call("FCALL", self._connects, 4, *names, *args)
        if reply is None:
            return None
        balance, *flat = reply
        pairs = iter(flat)
        entries = [_entry(int(number.partition(b"-")[0]), raw) for number, raw in zip(pairs, pairs, strict=True)]
        return LedgerPage(balance, entries)

    async def enter(
        self, freelancer: str, key: str, kind: str, amount: int, period: Period, monthly_free: int
    ) -> Entered | Short | None:
        """Make an entry once; None for somebody without a profile.

        Raises:
            Unavailable: nothing was written.
            Uncertain: it may be entered; the same key tells.
        """
        front, args = self._own_logs.front(freelancer)
        names = (*front, *keys.purse_keys(freelancer), keys.profile(user_partition(freelancer), freelancer))
        period_args = (period.id, period.start_ms, monthly_free)
        reply = await self._committer.call(
            "FCALL", self._account, len(names), *names, *args, key, kind, amount, *period_args
        )
        if reply[0] == b"none":
            return None
        if reply[0] == b"short":
            return Short(reply[1])
        entry = _entry(reply[1], reply[2])
        if reply[0] == b"dup":
            return Entered(entry, True, None, None)
        return Entered(entry, False, read_event(reply[5], 0, 0, 0), read_noticed(reply[3:5]))


def _entry(number: int, raw: bytes) -> LedgerEntry:
    fields: list[Any] = unpack(raw)
    return LedgerEntry(number, *fields)
