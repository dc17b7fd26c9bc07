"""One's own response speed with everything behind it: the rows, by the socket and for the marketplace's backend."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from greenroom_protocol import limits
from greenroom_protocol.commands import MetricsRows
from greenroom_protocol.profiles import MetricsRow
from greenroom_protocol.replies import MetricsRowsPage
from greenroom_server.domain.obligation import Obligation, ObligationKind
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.response_speed import (
    FOLLOWUPS,
    INVITATIONS,
    MIRROR_KINDS,
    Circumstances,
    Row,
    SpeedReport,
    measure,
    rows,
)
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.people import People
from greenroom_server.store.threads import Threads
from greenroom_server.usecases.results import NOT_FOUND, RefusedError
from greenroom_server.usecases.speed import Measured, Speed, nobody, speed_view


@dataclass(frozen=True, slots=True)
class Standing:
    """A freelancer's figures and all rows behind them."""

    pooled: SpeedReport
    invitations: SpeedReport
    followups: SpeedReport
    rows: Sequence[MetricsRow]


class Metrics:
    """Explains response speed."""

    def __init__(
        self, speed: Speed, people: People, threads: Threads, inboxes: Inboxes, policy: MarketplacePolicy
    ) -> None:
        self._speed = speed
        self._people = people
        self._threads = threads
        self._inboxes = inboxes
        self._policy = policy

    async def page(self, user: str, command: MetricsRows) -> MetricsRowsPage:
        """List a page of the obligations behind one's own number."""
        if command.side == "client":
            measured = await self._speed.client(user)
            explained = rows(
                measured.obligations, measured.now_ms, self._policy, kinds=MIRROR_KINDS, when=measured.when
            )
            return _page(command, measured, explained, None)
        measured, owed = await self._owed(user)
        explained = rows(owed, measured.now_ms, self._policy, when=measured.when)
        return _page(command, measured, explained, self._report(measured, FOLLOWUPS, owed))

    async def of(self, freelancer: str) -> Standing:
        """Give the figures of a freelancer and every row behind them, for the marketplace.

        Raises:
            RefusedError: there is no such freelancer.
        """
        if await self._people.profile(freelancer) is None:
            raise RefusedError(NOT_FOUND)
        measured, owed = await self._owed(freelancer)
        explained = rows(owed, measured.now_ms, self._policy, when=measured.when)
        return Standing(
            measured.report,
            self._report(measured, INVITATIONS, owed),
            self._report(measured, FOLLOWUPS, owed),
            [_row(row, measured.when) for row in explained],
        )

    def _report(self, measured: Measured, kinds: frozenset[ObligationKind], owed: Sequence[Obligation]) -> SpeedReport:
        return measure(owed, measured.now_ms, self._policy, kinds=kinds, when=measured.when)

    async def _owed(self, freelancer: str) -> tuple[Measured, Sequence[Obligation]]:
        """Measure a freelancer, and add the follow-ups that still stand in the heads of their threads."""
        profile = await self._people.profile(freelancer) or nobody(freelancer)
        measured, inbox = await asyncio.gather(
            self._speed.freelancer(profile), self._inboxes.top(freelancer, None, limits.PAGE_ITEMS)
        )
        followups = await self._threads.open_followups([thread for thread, _ in inbox.rows])
        return measured, [*measured.obligations, *followups]


def invitations_alone(measured: Measured, policy: MarketplacePolicy) -> SpeedReport | None:
    """Measure the invitations of a measurement alone; None until there are enough."""
    report = measure(measured.obligations, measured.now_ms, policy, kinds=INVITATIONS, when=measured.when)
    return report if report.reason is None else None


def _page(
    command: MetricsRows, measured: Measured, explained: Iterable[Row], followups: SpeedReport | None
) -> MetricsRowsPage:
    """Cut a page: rows are ordered by (t0, id), and the cursor names the last one."""
    after = command.cursor
    left = [row for row in explained if after is None or _place(row) < after]
    shown = left[: command.limit]
    return MetricsRowsPage(
        id=command.id, speed=speed_view(measured.report), rows=[_row(row, measured.when) for row in shown],
        followups=None if followups is None else speed_view(followups),
        cursor=_place(shown[-1]) if len(left) > len(shown) else None,
    )  # fmt: skip


def _place(row: Row) -> str:
    return f"{row.obligation.t0_ms:016d} {row.obligation.id}"


def _row(row: Row, when: Circumstances) -> MetricsRow:
    o, worked_ms = row.obligation, None
    if row.elapsed_s is not None and o.t1_ms is not None:
        worked_ms = when.clock.elapsed_wh_ms(o.t0_ms, o.t1_ms)
    return MetricsRow(
        id=o.id, thread=o.thread, kind=o.kind.value, t0=o.t0_ms, t1=o.t1_ms, elapsed_s=row.elapsed_s,
        elapsed_wh_s=None if worked_ms is None else worked_ms / 1000, outcome=row.outcome.value,
        counted=row.is_counted,
    )  # fmt: skip
