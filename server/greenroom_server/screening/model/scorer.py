"""The learned scorer: how likely a text shares a contact, asks for one, or proposes to go elsewhere.

A linear model over the features of `reading.py`; it says which of them decided. Its weights are data, made by
`train.py` from the labelled batches in `tests/data/contact`.

Source: server/docs/filter.md, The learned scorer.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from heapq import nlargest
from importlib.resources import files
from typing import Final, Self

from greenroom_server.screening.model.clusters import Clusters
from greenroom_server.screening.model.reading import RULE, Blocks, Reader, decoded, plain

_ONLY_WORDS: Final = {c: " " for c in range(128) if not chr(c).isalpha() and c != ord("'")}
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


UNKNOWN: Final = Score(0.5, tuple)
"""What is thought of a text that has hardly a word."""


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
        self.reader = Reader(words, Clusters.shipped())
        self._rules = {name: number for number, name in enumerate(rules)}
        self._bias = bias
        self._weights: dict[int, dict[int, float]] = defaultdict(dict)
        for number, weight in weights.items():
            block, feature = decoded(number)
            self._weights[block][feature] = weight
        self._worth = worth
        self._alone = self.reader.contributions(self._weights)

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
        weights = self._weights
        blocks = self.reader.features(plain(text), self._numbers(found))
        total = self._bias + sum(
            sum(filter(None, map(weights[block].get, features))) / math.sqrt(len(features))
            for block, features in blocks
        )
        return Score(1 / (1 + math.exp(-max(-30.0, min(30.0, total)))), partial(self._top, blocks))

    def glance(self, text: str) -> float:
        """Sum what the words of a text add by themselves; a few microseconds, most of them in C."""
        words = set(text.translate(_ONLY_WORDS).split() if text.isascii() else Reader.units(plain(text)))
        return sum(filter(None, map(self._alone.get, words))) / math.sqrt(len(words) or 1)

    def is_worth(self, text: str) -> bool:
        """Say whether a text in lower case that no rule has a trigger for is worth a closer look.

        Nearly all that the whole model would stop is (`train.NEARLY_ALL`), and a fifth of ordinary talk.
        """
        return self.glance(text) >= self._worth

    def _top(self, blocks: Blocks) -> tuple[str, ...]:
        spoke = [
            (self._weights[block].get(feature, 0.0) / math.sqrt(len(features)), block, feature)
            for block, features in blocks
            for feature in set(features)
        ]
        return tuple(self._say(block, feature) for weight, block, feature in nlargest(TOP, spoke) if weight > 0)

    def _numbers(self, found: Iterable[str]) -> list[int]:
        return [self._rules[name] for name in dict.fromkeys(found) if name in self._rules]

    def _say(self, block: int, feature: int) -> str:
        if block == RULE:
            return next(name for name, each in self._rules.items() if each == feature)
        return self.reader.say(block, feature)
