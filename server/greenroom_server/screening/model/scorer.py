"""The learned scorer: how likely a text shares a contact, asks for one, or proposes to go elsewhere.

A linear model over the features of `reading.py`; it says which of them decided. Its weights are data, made by
`train.py` from the labelled batches in `tests/data/contact`.

Source: server/docs/filter.md, The learned scorer.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from heapq import nlargest
from importlib.resources import files
from typing import Final, Self

from greenroom_server.screening.model.reading import CONCEPT, RULE, Blocks, Reader, plain

_ONLY_WORDS: Final = bytes(c if chr(c).isalpha() or c == 39 else 48 if chr(c).isdigit() else 32 for c in range(256))
"""Letters and apostrophes as they are, any digit as 0, everything else as a space."""
_WORDS: Final = re.compile("[a-z]{2,}")
TOP: Final = 3
"""Features that a score names."""


@dataclass(frozen=True, slots=True)
class Score:
    """What the model thinks of a text."""

    value: float
    """0: certainly innocent, 1: certainly not."""
    explain: Callable[[], tuple[str, ...]] = field(repr=False, compare=False)

    @property
    def top(self) -> tuple[str, ...]:
        """What spoke most for it, most first; concepts and words of the model only."""
        return self.explain()


CARRIERS: Final = (
    *("APP", "SOCIAL", "MEETAPP", "MAILWORD", "PHONEWORD", "NUMBERWORD", "CONTACTWORD", "REACH"),
    *("MOVE", "OUTSIDE", "PAY", "HIRE", "HIDDEN", "SYMBOLWORD"),
)
"""Concepts of which a text must have one, if rules found nothing: else there is no means to share or to ask for."""
UNKNOWN: Final = Score(0.5, tuple)
"""What is thought of a text that has hardly a word, or none of these concepts."""


class Scorer:
    """A trained model; immutable but for a bounded cache of words, safe to share."""

    def __init__(
        self,
        version: str,
        words: Sequence[str],
        rules: Sequence[str],
        bias: float,
        worth: float,
        weights: dict[int, float],
    ) -> None:
        """See `load`."""
        self.version = version
        self.reader = Reader(words)
        self._rules = {name: number for number, name in enumerate(rules)}
        self._bias = bias
        self._weights = weights
        self._worth = worth
        self._carriers = self.reader.concepts_named(CARRIERS)
        self._alone = self.reader.contributions(weights)

    @classmethod
    @cache
    def load(cls) -> Self:
        """Read the shipped model."""
        return cls.parse((files("greenroom_server.screening.model") / "weights.tsv").read_text("utf-8"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a model: version, words, rules, bias, worth, each on a line; then a feature and its weight a line."""
        version, words, rules, bias, worth, *rows = text.splitlines()
        weights = {int(feature, 36): float(weight) for feature, weight in (row.split("\t") for row in rows)}
        return cls(version, words.split(" "), rules.split(" ") if rules else [], float(bias), float(worth), weights)

    def __call__(self, text: str, found: Iterable[str] = ()) -> Score:
        """Judge a text.

        Args:
            text: as the normaliser reads it.
            found: reasons of the rules' own findings, also of weak ones.
        """
        if text.isascii() and len(_WORDS.findall(text)) < 2:
            return UNKNOWN  # figures alone say nothing of what somebody wants
        weigh = self._weights.get
        rules = self._numbers(found)
        blocks = self.reader.features(plain(text), rules)
        concepts: set[int] = next((features for block, features in blocks if block == CONCEPT), set())
        if not rules and self._carriers.isdisjoint(concepts):
            return UNKNOWN
        total = self._bias + sum(
            sum(filter(None, map(weigh, features))) / math.sqrt(len(features)) for _, features in blocks
        )
        return Score(1 / (1 + math.exp(-max(-30.0, min(30.0, total)))), partial(self._top, blocks))

    def glance(self, text: str) -> float:
        """Sum what the words of an ASCII text add by themselves; a few microseconds, most of them in C."""
        words = set(text.encode().translate(_ONLY_WORDS).split())
        return sum(filter(None, map(self._alone.get, words))) / math.sqrt(len(words) or 1)

    def is_worth(self, text: str) -> bool:
        """Say whether a text in lower case that no rule has a trigger for is worth a closer look.

        Nearly all that the whole model would stop is (`train.NEARLY_ALL`), and a fifth of ordinary talk.
        """
        return not text.isascii() or self.glance(text) >= self._worth

    def _top(self, blocks: Blocks) -> tuple[str, ...]:
        spoke = [
            (self._weights.get(feature, 0.0) / math.sqrt(len(features)), feature)
            for _, features in blocks
            for feature in features
        ]
        return tuple(self._say(feature) for weight, feature in nlargest(TOP, spoke) if weight > 0)

    def _numbers(self, found: Iterable[str]) -> list[int]:
        return [self._rules[name] for name in dict.fromkeys(found) if name in self._rules]

    def _say(self, feature: int) -> str:
        number = feature & 0xFFFFF
        if feature >> 40 == RULE:
            return next(name for name, each in self._rules.items() if each == number)
        return self.reader.say(feature)
