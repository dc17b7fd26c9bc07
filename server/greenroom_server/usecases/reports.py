"""Reports to the marketplace's moderators, and their decisions.

What a reporter wrote is kept for the moderators alone: it is in no log, no audit entry and no frame.

Source: protocol/spec/safety.md.
"""

import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import structlog

from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.safety import MetricsAppeal, MetricsAppealed, ReportCreate, ReportReply
from greenroom_server.domain.ids import PARTITION_COUNT, thread_partition
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.response_speed import PUBLIC_KINDS
from greenroom_server.domain.thread_state import Role
from greenroom_server.store.obligations import Obligations
from greenroom_server.store.safety import Report, Reported, Safety
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.peers import Peers
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError

log = structlog.get_logger()

_CURSOR: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,9})").fullmatch
SPAM: Final = "spam"
APPEAL: Final = "appeal"
"""Category of an appeal; nothing that users can report."""
_PUBLIC: Final = frozenset(kind.value for kind in PUBLIC_KINDS)


class ReportsPage(NamedTuple):
    """Some reports, and where to go on."""

    reports: list[tuple[str, Report]]
    cursor: str | None


class Reports:
    """Takes reports, lists and decides them."""

    def __init__(
        self, commits: Commits, safety: Safety, peers: Peers, obligations: Obligations, policy: MarketplacePolicy
    ) -> None:
        self._commits = commits
        self._obligations = obligations
        self._safety = safety
        self._peers = peers
        self._policy = policy.safety
        self.on_settled: Callable[[str], object] = lambda _freelancer: None
        """Called when a report or a decision moved a freelancer's public response speed."""

    async def create(self, user: str, command: ReportCreate) -> ReportReply:
        """Keep a report; with `block` the other side is blocked, too."""
        loaded = await self._commits.heads.get(command.thread)
        head = loaded.head if loaded is not None else None
        if head is None or user not in head.participants:
            raise RefusedError(NOT_FOUND)
        cid_ms = cid_time_ms(command.cid)
        if cid_ms is None:
            raise RefusedError(Refused("cid.invalid"))
        if command.category not in self._policy.report_categories or command.category == APPEAL:
            raise RefusedError(Refused("report.category"))
        role = head.participants[user].role
        about = head.freelancer if role is Role.CLIENT else head.client
        what = Report(
            thread=command.thread, by=user, about=about, category=command.category, note=command.note,
            target=command.target or 0,
        )  # fmt: skip
        settles = role is Role.FREELANCER and command.category == SPAM
        content = f"{command.category}\n{command.target}\n{command.note}"
        reported = await self._safety.report(
            head.freelancer, what, command.cid, cid_ms, self._commits.hash("report.create", content),
            young_ms=self._policy.spam_report_s * 1000 if settles else 0,
            audit=entry_of("report.created", user, head.state.value, category=command.category),
        )  # fmt: skip
        if not isinstance(reported, Reported):
            raise RefusedError(Refused(reported.code))
        self._commits.counters.reports["created"] += not reported.is_repeat
        if reported.settled in _PUBLIC:
            self.on_settled(head.freelancer)
        if command.block:
            await self._peers.block_peer(user, about, "")
        return ReportReply(id=command.id, report=reported.report, at=reported.at, dup=reported.is_repeat)

    async def appeal(self, user: str, command: MetricsAppeal) -> MetricsAppealed:
        """Keep an appeal against one's own obligation, as a report that the moderators decide."""
        thread, _, seq = command.obligation.rpartition(".")
        loaded = await self._commits.heads.get(thread) if thread_partition(thread) is not None else None
        head = loaded.head if loaded is not None else None
        if head is None or head.freelancer != user or not await self._obligations.has(user, command.obligation):
            raise RefusedError(NOT_FOUND)
        cid_ms = cid_time_ms(command.cid)
        if cid_ms is None:
            raise RefusedError(Refused("cid.invalid"))
        what = Report(thread=thread, by=user, about=head.client, category=APPEAL, note=command.note, target=int(seq))
        reported = await self._safety.report(
            user, what, command.cid, cid_ms, self._commits.hash("metrics.appeal", f"{seq}\n{command.note}"),
            young_ms=0, audit=entry_of("appeal.created", user, head.state.value),
        )  # fmt: skip
        if not isinstance(reported, Reported):
            raise RefusedError(Refused(reported.code))
        self._commits.counters.reports["appealed"] += not reported.is_repeat
        return MetricsAppealed(id=command.id, report=reported.report, at=reported.at, dup=reported.is_repeat)

    async def page(self, cursor: str | None, limit: int, *, is_open: bool) -> ReportsPage:
        """Read reports, partition after partition, within one in the order of time.

        Args:
            cursor: from the page before.
            limit: reports at most.
            is_open: only those that wait for a decision.
        """
        at, after = _read_cursor(cursor)
        found: list[tuple[str, Report]] = []
        while at < PARTITION_COUNT:
            reports = await self._safety.reports(at, after, limit)
            for report in reports:
                after += 1
                if not (is_open and report[1].decision):
                    found.append(report)
                if len(found) >= limit:
                    return ReportsPage(found, f"{at}.{after}")
            if len(reports) < limit:
                at, after = at + 1, 0
        return ReportsPage(found, None)

    async def decide(self, report: str, decision: Literal["upheld", "overruled"]) -> Report:
        """Decide a report; the same again changes nothing.

        Raises:
            RefusedError: there is no such report, or it was decided otherwise.
        """
        what = await self._safety.find_report(report)
        loaded = await self._commits.heads.get(what.thread) if what is not None else None
        if what is None or loaded is None:
            raise RefusedError(NOT_FOUND)
        audit = entry_of("report.decided", "", report=report, decision=decision)
        judged = await self._safety.judge(report, what, loaded.head.freelancer, decision, audit)
        if judged is None:
            raise RefusedError(NOT_FOUND)
        is_new, what = judged
        if what.decision != decision:
            raise RefusedError(Refused("report.decided"))
        self._commits.counters.reports[decision] += is_new
        if is_new and (what.obligation or what.category == APPEAL):
            self.on_settled(loaded.head.freelancer)
        return what


def _read_cursor(cursor: str | None) -> tuple[int, int]:
    """Read (partition, place); places shift when old reports are dropped, which skips none that is newer."""
    if not cursor:
        return 0, 0
    match = _CURSOR(cursor)
    if match is None or int(match[1]) >= PARTITION_COUNT:
        raise RefusedError(Refused("bad_request.field", detail="cursor"))
    return int(match[1]), int(match[2])
