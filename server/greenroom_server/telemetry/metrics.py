"""The figures of one node as Prometheus reads them. Labels come from closed sets only; what is in none becomes `other`.

Source: server/docs/server-api.md, Metrics.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from greenroom_protocol.codes import CLOSES, ERRORS
from greenroom_protocol.commands import VERBS
from greenroom_protocol.limits import PROTOCOL_VERSION
from greenroom_server.telemetry.counters import Counters

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_OTHER: Final = "other"
_RESULTS: Final = frozenset({"ok", *ERRORS})
_CLOSE_CODES: Final = frozenset({*map(str, CLOSES), "1005", "1006"})
_ACTIONS: Final = frozenset({"allow", "notice", "redact", "bounce", "hold"})
_FALLBACK: Final = frozenset({"send", "stream", "poll", "close"})
_STATUSES: Final = frozenset({"200", "204", "400", "403", "404", "408", "409", "410", "413", "415", "503"})
_RESUMES: Final = frozenset({"recovered", "snapshot", "fresh"})
_WEBHOOKS: Final = frozenset({"delivered", "retried", "dead", "replayed"})
_INVITATIONS: Final = frozenset({"sent", "accepted", "declined", "withdrawn", "reminded", "expired"})
_PROPOSALS: Final = frozenset({"submitted", "withdrawn", "declined"})
_GRANTS: Final = frozenset({"request", "confirm", "refuse", "share", "revoke", "expire"})
_REPORTS: Final = frozenset({"created", "appealed", "upheld", "overruled"})
_HELD: Final = frozenset({"held", "released", "rejected", "expired", "withdrawn", "appealed", "upheld", "overturned"})
_OFFERS: Final = frozenset({"sent", "accepted", "declined", "withdrawn", "expired", "started"})


@dataclass(frozen=True, slots=True)
class Gauges:
    """What is so at this moment."""

    connections: int
    """Open sockets of this node."""
    users: int
    """Users with a connection here."""
    store_pending: int
    """Commands accepted and not answered by the store yet."""
    is_store_up: bool
    """The store takes writes."""
    changes_lag_s: float = 0.0
    """Age of the oldest change that the hub itself has not acted on."""
    held_age_s: float = 0.0
    """Age of the oldest text or appeal that waits for a moderator."""
    transports: Mapping[str, int] = field(default_factory=dict)
    """Open connections by websocket, stream and poll."""
    webhook_lag_s: float = 0.0
    """Age of the oldest event that some webhook endpoint has not taken."""


def render(counters: Counters, gauges: Gauges) -> bytes:
    """Give the text that a scrape gets, in the format of CONTENT_TYPE."""
    return generate_latest(_Figures(counters, gauges))


class _Figures(Collector):
    """One scrape."""

    def __init__(self, counters: Counters, gauges: Gauges) -> None:
        self._counters = counters
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        yield from self._now()
        yield from self._totals()
        yield from self._labelled()

    def _now(self) -> Iterator[Metric]:
        gauges = self._gauges
        yield GaugeMetricFamily("greenroom_connections", "Open sockets.", gauges.connections)
        kinds = GaugeMetricFamily("greenroom_transports", "Open connections by their transport.", labels=("kind",))
        for kind in ("websocket", "stream", "poll"):
            kinds.add_metric((kind,), gauges.transports.get(kind, 0))
        yield kinds
        yield GaugeMetricFamily("greenroom_users", "Users with an open socket.", gauges.users)
        yield GaugeMetricFamily("greenroom_store_pending", "Store commands without an answer.", gauges.store_pending)
        yield GaugeMetricFamily("greenroom_store_up", "1 while the store takes writes.", int(gauges.is_store_up))
        lag = GaugeMetricFamily(
            "greenroom_changes_lag_seconds", "Age of the oldest change not acted on.", labels=("follower",)
        )
        lag.add_metric(("rules",), gauges.changes_lag_s)
        lag.add_metric(("webhooks",), gauges.webhook_lag_s)
        yield lag
        yield GaugeMetricFamily(
            "greenroom_webhook_dead_count", "Webhooks that nobody took.", self._counters.webhook_dead
        )
        held = self._counters.held_count
        yield GaugeMetricFamily("greenroom_held_count", "Texts and appeals waiting for a moderator.", held)
        yield GaugeMetricFamily("greenroom_held_age_seconds", "Age of the oldest of them.", gauges.held_age_s)
        build = GaugeMetricFamily("greenroom_build_info", "What runs here.", labels=("version", "protocol"))
        build.add_metric((version("greenroom"), str(PROTOCOL_VERSION)), 1)
        yield build

    def _totals(self) -> Iterator[Metric]:
        counters = self._counters
        for name, text, value in (
            ("messages", "Messages committed.", counters.messages),
            ("pushes", "Durable frames pushed to sockets.", counters.pushes),
            ("touches_failed", "Touches of inboxes left to the repair.", counters.touches_failed),
            ("repaired", "Owed touches done by the repair.", counters.repaired),
            ("feeds_behind", "Feeds that a position check found behind.", counters.feeds_behind),
            ("filter_failures", "Texts stopped because the filter failed.", counters.filter_failures),
            ("changes_dropped", "Changes that a follower never had.", counters.changes_dropped),
            ("changes_failed", "Changes passed over because a follower broke.", counters.changes_failed),
            ("webhook_dead_dropped", "Dead letters dropped: too many.", counters.webhook_dead_dropped),
            ("slow_consumers", "Sockets closed because they could not keep up.", counters.slow),
        ):
            yield CounterMetricFamily(f"greenroom_{name}", text, value)

    def _labelled(self) -> Iterator[Metric]:
        counters = self._counters
        yield _family("commands", "Commands answered.", {"type": VERBS, "result": _RESULTS}, counters.commands.items())
        yield _family("connects", "Sessions asked for.", {"result": _RESULTS}, _single(counters.connects))
        yield _family("disconnects", "Sockets closed.", {"code": _CLOSE_CODES}, _single(counters.disconnects))
        yield _family(
            "filter", "Texts screened.", {"verdict": _ACTIONS, "code": {"", *ERRORS}}, counters.verdicts.items()
        )
        requests = (((request, str(status)), count) for (request, status), count in counters.fallback.items())
        yield _family("fallback", "Requests of the fallback.", {"request": _FALLBACK, "status": _STATUSES}, requests)
        yield _family("resume", "Sessions opened.", {"result": _RESUMES}, _single(counters.resumes))
        yield _family("webhook", "Tries of webhooks.", {"outcome": _WEBHOOKS}, _single(counters.webhooks))
        yield _family(
            "invitations", "What became of invitations.", {"outcome": _INVITATIONS}, _single(counters.invitations)
        )
        yield _family("offers", "What became of offers.", {"outcome": _OFFERS}, _single(counters.offers))
        yield _family("proposals", "What became of proposals.", {"outcome": _PROPOSALS}, _single(counters.proposals))
        yield _family("grants", "Steps of access grants.", {"step": _GRANTS}, _single(counters.grants))
        yield _family("held", "What became of held texts and appeals.", {"outcome": _HELD}, _single(counters.held))
        yield _family("reports", "Reports made and decided.", {"outcome": _REPORTS}, _single(counters.reports))


def _single(counts: Mapping[str, int] | Mapping[int, int]) -> Iterator[tuple[tuple[str, ...], int]]:
    return (((str(label),), count) for label, count in counts.items())


def _family(
    name: str, text: str, labels: Mapping[str, Collection[str]], counts: Iterable[tuple[tuple[str, ...], int]]
) -> CounterMetricFamily:
    """Make a counter with labels; values outside a label's set are added up as `other`."""
    sums: Counter[tuple[str, ...]] = Counter()
    for values, count in counts:
        known = (value if value in allowed else _OTHER for value, allowed in zip(values, labels.values(), strict=True))
        sums[tuple(known)] += count
    family = CounterMetricFamily(f"greenroom_{name}", text, labels=tuple(labels))
    for values, count in sorted(sums.items()):
        family.add_metric(values, count)
    return family
