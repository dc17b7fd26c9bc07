"""Response speed: measured from the stored obligations, shown on profiles, pushed when it moved.

Source: server/docs/response-speed.md.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from greenroom_protocol import limits
from greenroom_protocol.commands import MetricsRows
from greenroom_protocol.profiles import MetricsRow, SpeedView
from greenroom_protocol.pushes import MetricsChanged
from greenroom_protocol.replies import MetricsRowsPage
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.response_speed import LabelState, SpeedReport, evaluate_daily, measure, rows
from greenroom_server.store.errors import StoreError
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.people import People
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.tasks import Tasks

_DAY_MS: Final = 86_400_000


class Speed:
    """Measures and tells response speed."""

    def __init__(
        self,
        people: People,
        threads: Threads,
        inboxes: Inboxes,
        hub: Hub,
        policy: MarketplacePolicy,
        tasks: Tasks,
        now_ms: Callable[[], int],
    ) -> None:
        self._people = people
        self._threads = threads
        self._inboxes = inboxes
        self._hub = hub
        self._policy = policy
        self._tasks = tasks
        self._now_ms = now_ms
        self._due: set[str] = set()

    async def view(self, freelancer: str) -> SpeedView:
        """Measure a freelancer's public response speed now."""
        now_ms = self._now_ms()
        since_ms = now_ms - self._policy.response_speed.extended_days * _DAY_MS
        obligations = await self._people.obligations(freelancer, since_ms)
        raw = await self._people.label_state(freelancer)
        state = None if raw is None else msgspec.json.decode(raw, type=LabelState)
        report = measure(obligations, now_ms, self._policy, state)
        if state is None or state.label is None or state.day != now_ms // _DAY_MS:
            # The daily evaluation runs with the first reading of a day, so the label needs no clock of its own; while
            # there is no label yet, every reading may find the first one.
            evaluated = evaluate_daily(
                state if state is not None and state.label is not None else None, report, self._policy
            )
            if evaluated != state:
                await self._people.save_label_state(freelancer, msgspec.json.encode(evaluated))
                report = measure(obligations, now_ms, self._policy, evaluated)
        return speed_view(report)

    async def rows(self, user: str, command: MetricsRows) -> MetricsRowsPage:
        """List the obligations behind one's own number."""
        now_ms = self._now_ms()
        since_ms = now_ms - self._policy.response_speed.extended_days * _DAY_MS
        obligations = await self._people.obligations(user, since_ms)
        inbox = await self._inboxes.top(user, None, limits.PAGE_ITEMS)
        obligations += await self._threads.open_followups([thread for thread, _ in inbox.rows])
        found = [
            MetricsRow(
                thread=row.obligation.thread, kind=row.obligation.kind.value, t0=row.obligation.t0_ms,
                t1=row.obligation.t1_ms, elapsed_s=row.elapsed_s, outcome=row.outcome.value,
            )
            for row in rows(obligations, now_ms, self._policy)
        ]  # fmt: skip
        return MetricsRowsPage(id=command.id, speed=await self.view(user), rows=found)

    def answered(self, freelancer: str) -> None:
        """An obligation was settled: tell the freelancer's connections, once for answers close together."""
        if freelancer in self._due or self._hub.feed(freelancer) is None:
            return
        self._due.add(freelancer)
        self._tasks.spawn(self._tell(freelancer), "metrics")

    async def _tell(self, freelancer: str) -> None:
        try:
            view = await self.view(freelancer)
        except StoreError:
            return  # the number is read again with the next answer or profile
        finally:
            self._due.discard(freelancer)
        self._hub.ephemeral(freelancer, MetricsChanged(speed=view), "metrics")


def speed_view(report: SpeedReport) -> SpeedView:
    """Show a report as the wire does."""
    return SpeedView(
        t50_s=report.t50_s, t90_s=report.t90_s, rate24=report.rate24, n=report.n, n_open=report.n_open,
        n_clients=report.n_clients, window_days=report.window_days, as_of=report.as_of_ms,
        policy_version=str(report.policy_version), label=report.label, badge=report.badge, reason=report.reason,
        have=report.have, need=report.need,
    )  # fmt: skip
