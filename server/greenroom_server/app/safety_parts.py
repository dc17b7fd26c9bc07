"""Builds the parts of access grants, blocks, reports and moderation."""

from collections.abc import Callable
from dataclasses import dataclass

from greenroom_protocol.bases import PolicyView
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.store.audit import Audit
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.obligations import Obligations
from greenroom_server.store.people import People
from greenroom_server.store.safety import Safety
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.access_grants import AccessGrants
from greenroom_server.usecases.audit_trail import AuditTrail
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.judge_held import JudgeHeld
from greenroom_server.usecases.live import Live
from greenroom_server.usecases.moderation import Moderation
from greenroom_server.usecases.peers import Peers
from greenroom_server.usecases.reports import Reports
from greenroom_server.usecases.screening import Screening
from greenroom_server.usecases.standings import Standings
from greenroom_server.usecases.suspensions import Suspensions


@dataclass(frozen=True, slots=True)
class SafetyParts:
    """What the node gives to its doors."""

    access: AccessGrants
    peers: Peers
    reports: Reports
    suspensions: Suspensions
    moderation: Moderation


def build_safety(
    commits: Commits, screening: Screening, people: People, inboxes: Inboxes, safety: Safety, audit: Audit, live: Live,
    standings: Standings, obligations: Obligations, tasks: Tasks, held: JudgeHeld, *, policy: MarketplacePolicy,
    now_ms: Callable[[], int],
) -> SafetyParts:  # fmt: skip
    """Build them, and connect them with what they change elsewhere."""
    screening.hash_address = lambda address: commits.hash("access_grant", address)
    access = AccessGrants(commits, screening, policy, now_ms)
    peers = Peers(people, safety, audit, policy, now_ms)
    peers.on_pair_changed = live.pair_changed
    live.hidden_from = peers.hidden_from

    def pair_changed(user: str, peer: str) -> None:
        standings.forget(user)
        standings.forget(peer)

    def opening_bounced(user: str, verdict: PolicyView) -> None:
        tasks.spawn(trail.note_opening(user, verdict), "audit")

    live.on_pair = pair_changed
    trail = AuditTrail(audit)
    commits.on_opening_bounced = opening_bounced
    reports = Reports(commits, safety, peers, obligations, policy)
    reports.on_settled = commits.on_answered
    moderation = Moderation(access, reports, trail, held, commits.heads, commits.threads)
    return SafetyParts(access, peers, reports, Suspensions(inboxes, safety, audit, commits.heads), moderation)
