"""Builds what follows changes: the hub's own rules, and the webhooks."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from greenroom_server.delivery.webhook_post import WebhookOptions
from greenroom_server.domain.webhook_policy import WebhooksPolicy
from greenroom_server.store.change_log import ChangeLog
from greenroom_server.store.committer import Committer
from greenroom_server.store.dead_letters import DeadLetters
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.changes import Changes
from greenroom_server.usecases.follow_changes import FollowChanges
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Following:
    """Who writes notes, and who follows changes."""

    changes: Changes
    """Notes of what happened outside the threads."""
    rules: FollowChanges
    """What the hub itself does about changes."""
    webhooks: Webhooks

    def works(self) -> list[Coroutine[Any, Any, None]]:
        """Give the background work, to be run by the owner."""
        return [
            self.rules.run(),
            *(follow.run() for follow in self.webhooks.follows),
            self.webhooks.count_dead(),
        ]


def build_following(
    options: WebhookOptions, policy: WebhooksPolicy, committer: Committer, log: ChangeLog, threads: Threads,
    heads: Heads, counters: Counters, now_ms: Callable[[], int],
) -> Following:  # fmt: skip
    """Build them; every commit and note of this node wakes those who follow its kind."""

    def following(name: str) -> FollowChanges:
        return FollowChanges(name, log, threads, heads, counters, now_ms)

    changes, rules = Changes(log), following("rules")
    webhooks = Webhooks(options, DeadLetters(committer), policy, counters, now_ms, following)

    def nudge(partition: int, kinds: str) -> None:
        for follow in (rules, *webhooks.follows):
            follow.nudge(partition, kinds)

    threads.on_change = changes.on_note = nudge
    return Following(changes, rules, webhooks)
