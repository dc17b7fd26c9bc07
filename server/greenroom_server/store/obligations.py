"""What people owe answers to, in the store: a freelancer's obligations, the mirror of a client's, declared outages."""

from typing import Any, Final, Literal

from greenroom_server.domain.obligation import Obligation, ObligationKind, ObligationOutcome
from greenroom_server.domain.response_clock import Interval
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.records import pack, unpack

OBLIGATIONS_READ: Final = 2_000
"""Most obligations one reading takes, the newest first."""

Side = Literal["freelancer", "client"]


class Obligations:
    """The obligations of one store. Those of freelancers are opened and answered by the commits that cause it."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._ledger = library().function("ledger")
        self._judge = library().function("judge")
        self._mirror = library().function("mirror")

    async def of(self, side: Side, user: str, since_ms: int) -> list[Obligation]:
        """Read what somebody owes or owed that began at or after a time, newest first."""
        reply = await self._committer.call(
            "FCALL_RO", self._ledger, 2, *keys.ledger(side, user), since_ms, OBLIGATIONS_READ
        )
        flat = iter(reply)
        return [_obligation(name.decode(), raw) for name, raw in zip(flat, flat, strict=True)]

    async def has(self, freelancer: str, obligation_id: str) -> bool:
        """Say whether a freelancer owes or owed something."""
        key, _ = keys.ledger("freelancer", freelancer)
        return bool(await self._committer.call("HEXISTS", key, obligation_id))

    async def save(self, side: Side, user: str, what: Obligation) -> None:
        """Write an obligation whole: imports, corrections and demonstration data."""
        values, by_t0 = keys.ledger(side, user)
        value = pack((str(what.kind), what.thread, what.client, what.t0_ms, what.t1_ms or 0, str(what.outcome)))
        await self._committer.call("HSET", values, what.id, value)
        await self._committer.call("ZADD", by_t0, what.t0_ms, what.id)

    async def judge(self, freelancer: str, obligation_id: str, outcome: ObligationOutcome, at_ms: int) -> bool:
        """Note what moderation says of an obligation; may be repeated. False when there is no such obligation."""
        key, _ = keys.ledger("freelancer", freelancer)
        return bool(await self._committer.call("FCALL", self._judge, 1, key, obligation_id, outcome.value, at_ms))

    async def open_mirror(
        self, client: str, thread: str, seq: int, at_ms: int, kind: ObligationKind, freelancer: str
    ) -> bool:
        """Open what a client owes from the event at `seq`; False when it was open or settled before."""
        args = ("open", thread, seq, at_ms, kind.value, freelancer)
        return bool(await self._committer.call("FCALL", self._mirror, 2, *keys.ledger("client", client), *args))

    async def settle_mirror(
        self, client: str, thread: str, seq: int, at_ms: int, outcome: ObligationOutcome
    ) -> bool:  # fmt: skip
        """Settle what a client owes in a thread, if it was opened before `seq`; False when nothing was open."""
        args = ("settle", thread, seq, at_ms, outcome.value)
        return bool(await self._committer.call("FCALL", self._mirror, 2, *keys.ledger("client", client), *args))

    async def note_contract(self, client: str, thread: str, at_ms: int) -> None:
        """Remember that a contract of a client's began; the first start of a thread is kept."""
        await self._committer.call("HSETNX", keys.client_contracts(client), thread, at_ms)

    async def contract_count(self, client: str) -> int:
        """Count the threads of a client that became contracts."""
        count: int = await self._committer.call("HLEN", keys.client_contracts(client))
        return count

    async def outages(self, since_ms: int) -> list[Interval]:
        """Read the declared outages that ended after a time, in order."""
        members = await self._committer.call("ZRANGEBYSCORE", keys.outages(), f"({since_ms}", "+inf")
        pairs = (member.split(b"-") for member in members)
        return sorted(Interval(int(begin_ms), int(end_ms)) for begin_ms, end_ms in pairs)

    async def save_outage(self, outage: Interval) -> None:
        """Declare an outage; again changes nothing."""
        await self._committer.call("ZADD", keys.outages(), outage.end_ms, f"{outage.begin_ms}-{outage.end_ms}")

    async def remove_outage(self, outage: Interval) -> None:
        """Take an outage back; one that was never declared changes nothing."""
        await self._committer.call("ZREM", keys.outages(), f"{outage.begin_ms}-{outage.end_ms}")


def _obligation(name: str, raw: bytes) -> Obligation:
    fields: list[Any] = unpack(raw)
    kind, thread, client, t0, t1, outcome, *judgement = fields
    judged, judged_at = judgement or (None, 0)
    return Obligation(
        id=name,
        kind=ObligationKind(kind),
        thread=thread,
        client=client,
        t0_ms=t0,
        t1_ms=t1 or None,
        outcome=ObligationOutcome(outcome),
        judged=ObligationOutcome(judged) if judged else None,
        judged_at_ms=judged_at,
    )
