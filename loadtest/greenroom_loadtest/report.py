"""What a bench found: a table for people, one JSON object for programs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hdrh.histogram import HdrHistogram

from greenroom_loadtest.hub_process import CpuTimes

_LONGEST_MS = 60_000


@dataclass(frozen=True, slots=True)
class Capacity:
    """The closed loop: as much as the hub takes."""

    message_count: int
    """Messages acked in the window."""
    window_s: float
    cpu: CpuTimes
    """Used in the window."""

    @property
    def messages_per_s(self) -> float:
        """Accepted messages a second."""
        return self.message_count / self.window_s

    def us_per_message(self, cpu_s: float) -> float:
        """Give CPU microseconds per accepted message."""
        return cpu_s * 1e6 / max(1, self.message_count)


class Latencies:
    """Times from when messages should have been sent, in milliseconds."""

    def __init__(self, times_ms: Iterable[float]) -> None:
        """Count times of up to a minute, with three digits."""
        self._histogram = HdrHistogram(1, _LONGEST_MS * 1000, 3)
        for time_ms in times_ms:
            self._histogram.record_value(min(int(time_ms * 1000) + 1, _LONGEST_MS * 1000))

    def ms(self, percentile: float) -> float:
        """Give a percentile, 0 to 100."""
        return float(self._histogram.get_value_at_percentile(percentile)) / 1000

    def line(self) -> str:
        """Show the usual percentiles."""
        shown = "  ".join(f"p{percentile:g} {self.ms(percentile):8.2f}" for percentile in (50, 90, 99, 99.9))
        return (
            f"{shown}  max {self._histogram.get_max_value() / 1000:8.2f}  ({self._histogram.get_total_count()} times)"
        )


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a bench found."""

    pairs: int
    capacity: Capacity
    open_loop_per_s: float
    ack: Latencies
    delivery: Latencies
    lost: int
    duplicated: int
    reordered: int
    bytes_per_idle_connection: float
    idle_count: int
    pinning: str
    reference_ns: tuple[float, float]
    """Speed of the machine before the load and after it; see `machine`."""
    checked_threads: int
    message_count: int
    """Messages of the whole run, warm-up included."""
    problems: Mapping[str, int]

    @property
    def is_clean(self) -> bool:
        """Nothing was lost, doubled or turned around, and nothing else was wrong."""
        return not (self.lost or self.duplicated or self.reordered or self.problems)

    def table(self) -> str:
        """Give the lines for people."""
        capacity, cpu = self.capacity, self.capacity.cpu
        window = capacity.window_s
        before, after = self.reference_ns
        lines = [
            f"pairs                  {self.pairs}",
            f"pinning                {self.pinning}",
            f"machine                {before:.0f} and {after:.0f} ns for the reference, before and after the load",
            f"idle connection        {self.bytes_per_idle_connection:.0f} bytes of hub memory, over {self.idle_count}",
            f"closed loop            {capacity.messages_per_s:.0f} messages/s for {window:.1f} s",
        ]
        for name, used_s in (("hub", cpu.hub_s), ("store", cpu.store_s), ("generator", cpu.generator_s)):
            spent = f"{capacity.us_per_message(used_s):.1f} us of CPU per message"
            lines.append(f"  {name:<20} {spent}, {used_s / window:.0%} of a core")
        lines += [
            f"  everything else      {cpu.others_s / window:.0%} of a core (above a few percent: take it again)",
            f"open loop              {self.open_loop_per_s:.0f} messages/s, ms from the time a message was due",
            f"  ack                  {self.ack.line()}",
            f"  delivery             {self.delivery.line()}",
            f"checked                {self.message_count} messages, the log of {self.checked_threads} threads",
            f"  lost {self.lost}, duplicated {self.duplicated}, reordered {self.reordered}",
        ]
        return "\n".join(lines + [f"  PROBLEM {count} x {what}" for what, count in sorted(self.problems.items())])

    def json(self) -> str:
        """Give the line for programs."""
        capacity = self.capacity
        return json.dumps(
            {
                "pairs": self.pairs,
                "messages_per_s": round(capacity.messages_per_s, 1),
                "ack_p50_ms": round(self.ack.ms(50), 3),
                "ack_p99_ms": round(self.ack.ms(99), 3),
                "delivery_p99_ms": round(self.delivery.ms(99), 3),
                "lost": self.lost,
                "duplicated": self.duplicated,
                "reordered": self.reordered,
                "hub_cpu_us_per_message": round(capacity.us_per_message(capacity.cpu.hub_s), 2),
                "store_cpu_us_per_message": round(capacity.us_per_message(capacity.cpu.store_s), 2),
                "bytes_per_idle_connection": round(self.bytes_per_idle_connection),
            }
        )
