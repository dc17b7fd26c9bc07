"""Throttles: a token bucket for each user and class of commands, on each node.

Time is an argument. A refusal says when the next token is there.
"""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple


class Rate(NamedTuple):
    """How often something may be done."""

    per_s: float
    """Tokens that come back in a second."""
    burst: int
    """Tokens at most."""


DEFAULT_RATES: Final[dict[str, Rate]] = {
    "connects": Rate(1.0, 20),
    "sends": Rate(3.0, 20),
    "edits": Rate(1.0, 10),
    "checks": Rate(5.0, 20),
    "reads": Rate(20.0, 200),
    "ephemeral": Rate(5.0, 20),
    "invitations": Rate(0.2, 10),
    "new_threads": Rate(0.05, 10),
    "proposals": Rate(0.2, 10),
    "reports": Rate(0.01, 10),
    "appeals": Rate(0.01, 10),
    "posts": Rate(0.2, 10),
    "topics": Rate(0.05, 5),
    "feedback": Rate(0.05, 5),
    "searches": Rate(2.0, 20),
    "commands": Rate(10.0, 100),
}
"""By class; an error code `rate.<class>` exists for each."""

CLASS_OF: Final[dict[str, str]] = {
    "message.send": "sends",
    "message.edit": "edits",
    "message.erase": "edits",
    "message.check": "checks",
    "thread.open": "new_threads",
    "invitation.send": "invitations",
    "proposal.submit": "proposals",
    "report.create": "reports",
    "metrics.appeal": "reports",
    "verdict.appeal": "appeals",
    "held.list": "reads",
    "peer.blocked": "reads",
    "candidacy.list": "reads",
    "connects.get": "reads",
    "job.get": "reads",
    "message.react": "sends",
    "settings.get": "reads",
    "topic.create": "topics",
    "topic.post": "posts",
    "topic.edit": "edits",
    "topic.erase": "edits",
    "topic.list": "reads",
    "topic.read": "reads",
    "announcement.list": "reads",
    "announcement.read": "reads",
    "feedback.submit": "feedback",
    "typing.set": "ephemeral",
    "presence.set": "ephemeral",
    "delivered": "reads",
    "inbox.changes": "reads",
    "thread.get": "reads",
    "thread.list": "reads",
    "thread.history": "reads",
    "thread.read": "reads",
    "profile.get": "reads",
    "directory.search": "searches",
}
"""Class of each verb; the others are `commands`."""

_PRUNE_AT: Final = 50_000


class Throttle:
    """All buckets of this node."""

    def __init__(self, rates: Mapping[str, Rate]) -> None:
        self._rates = {**DEFAULT_RATES, **rates}
        self._buckets: dict[tuple[str, str], list[float]] = {}
        self._prune_at = _PRUNE_AT

    def take(self, user: str, name: str, now_s: float) -> int:
        """Take a token of a class; gives 0, or in how many milliseconds one will be there.

        Args:
            user: whose bucket.
            name: a key of `DEFAULT_RATES`.
            now_s: monotonic seconds.
        """
        rate = self._rates[name]
        key = (user, name)
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._prune_at:
                self._prune(now_s)
            self._buckets[key] = [rate.burst - 1.0, now_s]
            return 0
        tokens = min(rate.burst, bucket[0] + (now_s - bucket[1]) * rate.per_s)
        bucket[1] = now_s
        if tokens >= 1.0:
            bucket[0] = tokens - 1.0
            return 0
        bucket[0] = tokens
        return math.ceil((1.0 - tokens) / rate.per_s * 1000) + 1  # never short: who waits so long gets the token

    def _prune(self, now_s: float) -> None:
        """Forget the buckets that have filled up again; looks at all of them, so not for every user of a storm."""
        full = [
            key
            for key, (tokens, at) in self._buckets.items()
            if tokens + (now_s - at) * self._rates[key[1]].per_s >= self._rates[key[1]].burst
        ]
        for key in full:
            del self._buckets[key]
        self._prune_at = max(_PRUNE_AT, 2 * len(self._buckets))
