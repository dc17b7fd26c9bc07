"""Counters of the hot path: plain integers, read when somebody scrapes.

Metric names and labels are in `telemetry/metrics.py`; labels come from closed sets only.
"""

from collections import Counter


class Counters:
    """What happened since the start of this process."""

    def __init__(self) -> None:
        self.messages = 0
        """Messages committed."""
        self.pushes = 0
        self.touches_failed = 0
        self.repaired = 0
        """Owed touches done by the repair."""
        self.feeds_behind = 0
        """Feeds that a position check found behind."""
        self.slow = 0
        """Connections closed because they could not keep up."""
        self.commands: Counter[tuple[str, str]] = Counter()
        """By (verb, result: ok or error code)."""
        self.verdicts: Counter[tuple[str, str]] = Counter()
        """By (action, code)."""
        self.connects: Counter[str] = Counter()
        self.disconnects: Counter[int] = Counter()
        self.fallback: Counter[tuple[str, int]] = Counter()
        """Requests of the fallback door by (send, stream, poll, close; HTTP status)."""
        self.resumes: Counter[str] = Counter()
        """recovered, snapshot, fresh."""
        self.invitations: Counter[str] = Counter()
        """sent, accepted, declined, withdrawn, reminded, expired."""
        self.offers: Counter[str] = Counter()
        """sent, accepted, declined, withdrawn, expired, started (by its start date)."""
        self.proposals: Counter[str] = Counter()
        """submitted, withdrawn, declined."""
        self.grants: Counter[str] = Counter()
        """request, confirm, refuse, share, revoke, expire: steps of access grants."""
        self.reports: Counter[str] = Counter()
        """created, appealed, upheld, overruled."""
        self.filter_failures = 0
        """Texts that did not pass because screening itself failed."""
        self.held: Counter[str] = Counter()
        """held, released, rejected, expired, withdrawn, appealed, upheld, overturned."""
        self.held_count = 0
        """Texts and appeals that wait for a moderator, as this node last counted them."""
        self.held_oldest_at = 0
        """When the oldest of them came, UTC ms; 0: none waits."""
        self.changes_dropped = 0
        """Changes that some follower never had because there were too many."""
        self.changes_failed = 0
        """Changes that a follower broke on; passed over."""
        self.webhooks: Counter[str] = Counter()
        """delivered, retried, dead, replayed."""
        self.webhook_dead = 0
        """Dead letters in the store, as this node last counted them."""
        self.webhook_dead_dropped = 0
        """Dead letters dropped because there were too many."""
