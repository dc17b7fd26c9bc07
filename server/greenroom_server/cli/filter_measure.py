"""Runs the filter over labelled cases and counts: what was stopped, what leaked, what it cost."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from greenroom_server.cli.filter_cases import Case, Line
from greenroom_server.screening.context import Context, Fragment
from greenroom_server.screening.screen import Screen
from greenroom_server.screening.verdict import Action, Verdict

_BETWEEN_MS: Final = 8_000
"""Assumed time between two messages of a sequence."""
_PASSES: Final = 3
_DELIVERED: Final = (Action.ALLOW, Action.NOTICE, Action.REDACT)


class Count(NamedTuple):
    """How many, and how many of them were flagged: their action is not `allow`."""

    n: int = 0
    flagged: int = 0

    @property
    def share(self) -> float:
        """Flagged of all, 0..1."""
        return self.flagged / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """One case and what the filter said to each of its messages."""

    case: Case
    verdicts: tuple[Verdict, ...]

    @property
    def is_flagged(self) -> bool:
        """Whether any of its messages was not simply allowed."""
        return any(verdict.action is not Action.ALLOW for verdict in self.verdicts)

    @property
    def action(self) -> str:
        """The strongest action."""
        order = list(Action)
        return max((v.action for v in self.verdicts), key=order.index).value


@dataclass(slots=True)
class Leaks:
    """Code points of gold places, and how many of them would be delivered."""

    gold: int = 0
    delivered: int = 0
    masked_more: int = 0
    """Masked code points outside all gold places, of redacted messages that have some."""
    findings: int = 0
    """Placeholders in those messages."""


@dataclass(slots=True)
class Measured:
    """Everything a report shows."""

    judged: list[Judged] = field(default_factory=list)
    by: dict[str, dict[str, Count]] = field(default_factory=dict)
    """tiers, langs, kinds, evasions, langs_clean: name -> count; violations only but for tiers and langs_clean."""
    leaks: dict[str, Leaks] = field(default_factory=dict)
    latency_us: dict[str, float] = field(default_factory=dict)

    def missed(self) -> list[Judged]:
        """Violations that were allowed."""
        return [each for each in self.judged if each.case.is_violation and not each.is_flagged]

    def false_positives(self) -> list[Judged]:
        """Clean cases that were not."""
        return [each for each in self.judged if not each.case.is_violation and each.is_flagged]


def measure(screen: Screen, cases: Sequence[Case], state: str) -> Measured:
    """Judge every case as sent in `state`, without moderators and without exceptions but the case's own."""
    measured = Measured([judge(screen, case, state) for case in cases])
    violations = [each for each in measured.judged if each.case.is_violation]
    clean = [each for each in measured.judged if not each.case.is_violation]
    measured.by = {
        "tiers": _counts(measured.judged, lambda each: [each.case.tier]),
        "langs": _counts(violations, lambda each: [each.case.lang]),
        "kinds": _counts(violations, lambda each: each.case.kinds),
        "evasions": _counts(violations, lambda each: [each.case.evasion]),
        "langs_clean": _counts(clean, lambda each: [each.case.lang]),
    }
    for tier in measured.by["tiers"]:
        measured.leaks[tier] = _leaks(each for each in violations if each.case.tier == tier)
    measured.latency_us = _latencies(screen, cases, state)
    return measured


def judge(screen: Screen, case: Case, state: str) -> Judged:
    """Judge the messages of a case in order; what was delivered of them is the window of the next."""
    earlier: list[Fragment] = []
    verdicts = []
    for index, line in enumerate(case.lines):
        verdict = screen(line.text, _context(case, line, state, earlier))
        verdicts.append(verdict)
        if verdict.action in _DELIVERED:
            earlier.append(Fragment(verdict.text, True, index + 1, index * _BETWEEN_MS))
    return Judged(case, tuple(verdicts))


def _context(case: Case, line: Line, state: str, earlier: Sequence[Fragment]) -> Context:
    senders = [each.sender for each in case.lines]
    window = tuple(Fragment(each.text, senders[each.seq - 1] == line.sender, each.seq, each.at_ms) for each in earlier)
    return Context(
        case.state or state,
        is_external=case.is_external,
        conversion=case.conversion,  # type: ignore[arg-type]  # whatever the file says; unknown ones are judged as none
        granted_emails=frozenset(case.granted),
        earlier=window,
    )


def _counts(judged: Iterable[Judged], names: Callable[[Judged], Iterable[str]]) -> dict[str, Count]:
    found: dict[str, Count] = defaultdict(Count)
    for each in judged:
        for name in names(each):
            old = found[name]
            found[name] = Count(old.n + 1, old.flagged + each.is_flagged)
    return dict(sorted(found.items()))


def _leaks(judged: Iterable[Judged]) -> Leaks:
    total = Leaks()
    for each in judged:
        for line, verdict in zip(each.case.lines, each.verdicts, strict=True):
            gold = {i for start, end in line.spans for i in range(start, end)}
            total.gold += len(gold)
            left = delivered(line.text, verdict)
            total.delivered += len(gold & left)
            if gold and verdict.action is Action.REDACT:
                total.masked_more += len(set(range(len(line.text))) - left - gold)
                total.findings += len(verdict.hidden)
    return total


def delivered(text: str, verdict: Verdict) -> set[int]:
    """Give the code points of the original that the other side would see."""
    if verdict.action not in _DELIVERED:
        return set()
    if verdict.action is not Action.REDACT:
        return set(range(len(text)))
    left: set[int] = set()
    at = 0
    pieces = list(_pieces(verdict))
    for index, piece in enumerate(pieces):
        is_last = index == len(pieces) - 1
        start = len(text) - len(piece) if is_last else text.find(piece, at)
        left.update(range(start, start + len(piece)))
        at = start + len(piece)
    return left


def _pieces(verdict: Verdict) -> Iterator[str]:
    at = 0
    for hidden in verdict.hidden:
        yield verdict.text[at : hidden.start]
        at = hidden.end
    yield verdict.text[at:]


def _latencies(screen: Screen, cases: Sequence[Case], state: str) -> dict[str, float]:
    """Time each message; the best of a few passes, since the machine does other work, too."""
    best: list[float] = []
    for case in cases:
        for line in case.lines:
            context = _context(case, line, state, ())
            took = []
            for _ in range(_PASSES):
                began = time.perf_counter_ns()
                screen(line.text, context)
                took.append(time.perf_counter_ns() - began)
            best.append(min(took) / 1000)
    if not best:
        return {"p50": 0.0, "mean": 0.0, "p90": 0.0, "p99": 0.0, "max": 0.0}
    ranked = sorted(best)
    at = {name: ranked[min(len(ranked) - 1, int(len(ranked) * share))] for name, share in _RANKS}
    return {name: round(value, 2) for name, value in (*at.items(), ("mean", statistics.fmean(ranked)))}


_RANKS: Final = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
