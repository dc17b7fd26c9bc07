"""Builds the parts of held texts and appeals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from greenroom_server.domain.moderation_policy import ModerationPolicy
from greenroom_server.store.committer import Committer
from greenroom_server.store.held import HeldStore
from greenroom_server.store.safety import Safety
from greenroom_server.store.seals import Seals
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.amend_message import AmendMessage
from greenroom_server.usecases.appeals import Appeals
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.held_openings import HeldOpenings
from greenroom_server.usecases.holding import HeldParts, Holding
from greenroom_server.usecases.judge_held import JudgeHeld
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.send_message import SendMessage


@dataclass(frozen=True, slots=True)
class ModerationParts:
    """What the node gives to its doors."""

    holding: Holding
    appeals: Appeals
    judge: JudgeHeld
    openings: HeldOpenings


def build_moderation(
    committer: Committer, seal_keys: Sequence[str], policy: ModerationPolicy, commits: Commits, send: SendMessage,
    amend: AmendMessage, notices: Notices, tasks: Tasks, *, now_ms: Callable[[], int],
    on_note: Callable[[int, str], object],
) -> ModerationParts:  # fmt: skip
    """Build them, and connect them with the commits that hold and release."""
    seals = Seals(committer, seal_keys, policy.seal_days)
    parts = HeldParts(HeldStore(committer), seals, policy, commits.counters, now_ms, on_note)
    holding = Holding(parts, commits, amend, notices, tasks)
    judge = JudgeHeld(parts, commits, send, holding, Safety(committer))
    return ModerationParts(holding, Appeals(parts, commits), judge, HeldOpenings(commits, parts.store))
