"""What detectors share: hits in a view, the step budget, and looks at the words around a hit."""

from typing import NamedTuple

from greenroom_server.screening.normalise import View
from greenroom_server.screening.verdict import Finding, Intent, Kind


class StepBudgetError(Exception):
    """Screening one text took more steps than its policy allows."""


class Steps:
    """Counts units of work, roughly code points looked at, up to a limit."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0

    def spend(self, units: int) -> None:
        """Raises StepBudgetError once more than the limit is spent."""
        self.spent += units
        if self.spent > self.limit:
            raise StepBudgetError


class Hit(NamedTuple):
    """A finding in the coordinates of a view."""

    kind: Kind
    intent: Intent
    reason: str
    score: float
    start: int
    end: int
    is_obfuscated: bool = False
    evidence: tuple[str, ...] = ()
    introduces: bool = False
    """Whether the words may merely introduce an identifier that follows."""

    def located(self, view: View) -> "Hit":
        """The same hit in the coordinates of the original."""
        if view.starts is None:
            return self
        start, end = view.source_span(self.start, self.end)
        return self._replace(start=start, end=end)

    def finding(self) -> Finding:
        """The public form of a located hit."""
        return Finding(
            self.kind,
            self.intent,
            self.reason,
            self.score,
            self.start,
            self.end,
            self.is_obfuscated,
            self.evidence,
        )


def sentence_bounds(text: str, start: int, end: int, stops: str, limit: int = 200) -> tuple[int, int]:
    """Span around ``[start, end)`` up to the nearest stop character, at most ``limit`` to each side."""
    low, high = max(0, start - limit), min(len(text), end + limit)
    left = max((text.rfind(stop, low, start) for stop in stops), default=-1) + 1
    rights = [found for stop in stops if (found := text.find(stop, end, high)) >= 0]
    return max(low, left), min(rights, default=high)
