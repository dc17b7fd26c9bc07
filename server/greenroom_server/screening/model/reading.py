"""How the learned scorer reads a text: words, what they mean in any language, and which stand near each other.

Theory. A small linear model cannot know every phrase, but it need not: `concepts.toml` says that "wasap", "ватсап" and
"微信" are one thing, an app, and that "hablamos", "let's talk" and "konuşalım" are another, a move. A feature is a
word, a concept, a pair of concepts near each other, or two neighbours of either sort; the model weighs those. Text and
training are read by this one file, so that they cannot differ. `clusters.py` adds what words have in common that
nobody listed: each word also counts as one of its family and of its clan.

Source: server/docs/filter.md, The learned scorer.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from itertools import accumulate, count, pairwise
from operator import or_
from typing import Final, NamedTuple

from greenroom_server.screening.model.clusters import Clusters, Kin

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[^\w\s]|_")
_MARKS: Final = frozenset('@#.,:;/-+*()[]<>_=|~?!$€£%&"')
_LONGEST_DIGITS: Final = 5
_LONGEST_STEM: Final = 14
NEAR: Final = 4
"""Words between which two concepts are a pair."""
MOST_WORDS: Final = 160
"""Words of a text that are read; a longer one is judged by its first and last halves of this."""

WORD, CONCEPT, PAIR, NEXT, SHAPE, RULE = range(1, 7)
FAMILY, FAMILY_PAIR, FAMILY_NEXT, CLAN, CLAN_PAIR, CLAN_NEXT = range(7, 13)
"""Blocks of features; each is weighed by one over the root of its size."""
_SHIFT: Final = 20
_BLOCK: Final = 2 * _SHIFT


Weights = Mapping[int, Mapping[int, float]]
"""By block and feature."""
Blocks = list[tuple[int, list[int]]]
"""Number of a block, and its features, one for every time they occur."""


class Reading(NamedTuple):
    """One word of a text as features see it."""

    concepts: tuple[int, ...]
    word: int
    """Its symbol; -1 for a word the model does not know."""
    kin: Kin | None = None


class Reader:
    """Turns texts into features; built once, shared."""

    def __init__(self, words: Sequence[str], clusters: Clusters) -> None:
        """Read the concepts.

        Args:
            words: the words that the model knows; their order gives their symbols.
            clusters: which words are alike.
        """
        self._clusters = clusters
        numbers = count()
        raw = tomllib.loads((files("greenroom_server.screening.model") / "concepts.toml").read_text("utf-8"))
        self.names: dict[int, str] = {}
        """What a symbol stands for."""
        self._whole: dict[str, tuple[int, ...]] = {}
        self._stems: dict[str, tuple[int, ...]] = {}
        inside: dict[str, tuple[int, ...]] = {}
        for concept, languages in raw.items():
            symbol = next(numbers)
            self.names[symbol] = concept.upper()
            for entry in " ".join(languages.values()).split():
                stem = plain(entry.rstrip("*"))
                table = inside if is_unspaced(stem) else self._stems if entry.endswith("*") else self._whole
                table[stem] = tuple(dict.fromkeys((*table.get(stem, ()), symbol)))
        self._inside = inside
        self._unspaced = re.compile("|".join(sorted(map(re.escape, inside), key=len, reverse=True)))
        self._digits = self._name_all(numbers, [f"{n} digits" for n in range(1, _LONGEST_DIGITS + 1)])
        self._single = self._name_all(numbers, ["one letter"])[0]
        self._marks = dict(zip(sorted(_MARKS), self._name_all(numbers, sorted(_MARKS)), strict=True))
        self._spoken = next(symbol for symbol, name in self.names.items() if name == "SPOKEN")
        self._words = dict(zip(words, self._name_all(numbers, words), strict=True))
        self._known: dict[str, Reading] = {}

    def _name_all(self, numbers: "count[int]", names: Sequence[str]) -> list[int]:
        found = [next(numbers) for _ in names]
        self.names.update(zip(found, names, strict=True))
        return found

    @staticmethod
    def words(text: str) -> list[str]:
        """Give the words of a plain text, those that the model may come to know among them."""
        words: list[str] = _WORD.findall(text)
        return words if len(words) <= MOST_WORDS else [*words[: MOST_WORDS // 2], *words[-MOST_WORDS // 2 :]]

    @staticmethod
    def units(text: str) -> list[str]:
        """Give what may have kin: words, and two letters of a script without spaces."""
        out: list[str] = []
        for word in Reader.words(text):
            if is_unspaced(word):
                out += _units(word)
            elif word[0].isalpha():
                out.append(word)
        return out

    def read(self, text: str) -> tuple[list[Reading], list[Kin]]:
        """Read the words of a plain text, and the kin of those that have any."""
        known: dict[str, Reading] = self._known
        out: list[Reading] = []
        kin: list[Kin] = []
        for word in self.words(text):
            reading = known.get(word)
            if reading is None:
                if is_unspaced(word):
                    out += self._read_unspaced(word)
                    kin += filter(None, map(self._clusters.of, _units(word)))
                    continue
                reading = self._look_up(word)
                if len(known) < 50_000:
                    known[word] = reading
            out.append(reading)
            if reading.kin is not None:
                kin.append(reading.kin)
        return out, kin

    def _look_up(self, word: str) -> Reading:
        if word[0].isdigit():
            return Reading((self._digits[min(len(word), _LONGEST_DIGITS) - 1],), -1)
        mark = self._marks.get(word)
        if mark is not None:
            return Reading((mark,), -1)
        concepts = list(self._whole.get(word, ()))
        for end in range(2, min(len(word), _LONGEST_STEM) + 1):
            concepts += self._stems.get(word[:end], ())
        if len(word) == 1:
            concepts.append(self._single)
        kin = self._clusters.of(word) if word[0].isalpha() else None
        return Reading(tuple(dict.fromkeys(concepts)), self._words.get(word, -1), kin)

    def _read_unspaced(self, run: str) -> list[Reading]:
        """Read a run without spaces: what is known in it, in order."""
        found = [Reading(self._inside[match.group()], -1) for match in self._unspaced.finditer(run)]
        return found or [Reading((), self._words.get(run, -1))]

    def contributions(self, weights: Weights) -> dict[str, float]:
        """Give what each word adds by itself, with its concepts and its kin; for `Scorer.glance`."""
        found = {word: self._alone(word, weights) for word in {*self._words, *self._whole, *self._clusters.words()}}
        return {word: weight for word, weight in found.items() if weight}

    def _alone(self, word: str, weights: Weights) -> float:
        reading = self._look_up(word)
        alone = [(CONCEPT, concept) for concept in reading.concepts]
        if reading.word >= 0:
            alone.append((WORD, reading.word))
        if reading.kin is not None:
            alone += ((FAMILY, reading.kin.family), (CLAN, reading.kin.clan))
        return sum(weights[block].get(feature, 0.0) for block, feature in alone if block in weights)

    def features(self, text: str, rules: Iterable[int] = ()) -> Blocks:
        """Give the features of a plain text, block by block.

        Args:
            rules: numbers of the rules that found something, from `rule_number`.
        """
        readings, kin = self.read(text)
        flat = [concept for reading in readings for concept in reading.concepts]
        ends = list(accumulate(len(reading.concepts) for reading in readings))
        last = len(readings) - 1
        # This is the inner loop of the scorer: comprehensions and maps, so that most of it runs in C.
        pairs = [
            a << _SHIFT | b
            for i, reading in enumerate(readings)
            if reading.concepts
            for b in flat[ends[i] : ends[min(i + NEAR, last)]]
            for a in reading.concepts
        ]
        mixed = [(*r.concepts, r.word) if r.word >= 0 else r.concepts for r in readings]
        nexts = [a << _SHIFT | b for here, there in pairwise(mixed) for a in here for b in there]
        blocks = (
            (WORD, [r.word for r in readings if r.word >= 0]),
            (CONCEPT, flat),
            (PAIR, pairs),
            (NEXT, nexts),
            (SHAPE, self._shape(text, readings)),
            (RULE, list(rules)),
            *_of_kin(kin),
        )
        return [(block, found) for block, found in blocks if found]

    def _shape(self, text: str, readings: Sequence[Reading]) -> list[int]:
        digits = sum(map(str.isdigit, text))
        spoken = sum(self._spoken in r.concepts for r in readings)
        single = sum(self._single in r.concepts for r in readings)
        return [min(digits // 3, 5), 16 + min(spoken, 8), 32 + min(single // 2, 6), 48 + min(len(text) // 40, 6)]

    def say(self, block: int, feature: int) -> str:
        """Say in words what a feature is, `~` for "a word like"; never more of a text than its words of the model."""
        if block in (WORD, CONCEPT):
            return self.names[feature]
        if block == SHAPE:
            return f"{('digits', 'spoken numbers', 'single letters', 'length')[feature >> 4]} {feature & 15}"
        like = self._clusters.families if block < CLAN else self._clusters.clans
        if block in (FAMILY, CLAN):
            return f"~{like[feature]}"
        first, second = feature >> _SHIFT, feature & ((1 << _SHIFT) - 1)
        if block > RULE:
            return f"~{like[first]} {'..' if block in (FAMILY_PAIR, CLAN_PAIR) else '+'} ~{like[second]}"
        return f"{self.names[first]} {'..' if block == PAIR else '+'} {self.names[second]}"


def _of_kin(kin: Sequence[Kin]) -> Blocks:
    families, clans = [each.family for each in kin], [each.clan for each in kin]
    family_nexts, family_pairs = _pairs(families)
    clan_nexts, clan_pairs = _pairs(clans)
    return [
        *((FAMILY, families), (FAMILY_PAIR, family_pairs), (FAMILY_NEXT, family_nexts)),
        *((CLAN, clans), (CLAN_PAIR, clan_pairs), (CLAN_NEXT, clan_nexts)),
    ]


def _units(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(max(1, len(run) - 1))]


def _pairs(symbols: list[int]) -> tuple[list[int], list[int]]:
    """Give the pairs of neighbours, and of all that stand near each other."""
    firsts = [symbol << _SHIFT for symbol in symbols]
    nexts = list(map(or_, firsts, symbols[1:]))
    pairs = nexts.copy()
    for distance in range(2, NEAR + 1):
        pairs += map(or_, firsts, symbols[distance:])
    return nexts, pairs


def encoded(block: int, feature: int) -> int:
    """Give a feature and its block as one number; for the file of weights."""
    return block << _BLOCK | feature


def decoded(number: int) -> tuple[int, int]:
    """Give the block and the feature that a number stands for."""
    return number >> _BLOCK, number & ((1 << _BLOCK) - 1)


def plain(text: str) -> str:
    """Give a text in lower case, without accents on Latin letters."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    out: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        if not (unicodedata.combining(char) and out and out[-1] < "\u0250"):
            out.append(char)
    return unicodedata.normalize("NFC", "".join(out))


def is_unspaced(word: str) -> bool:
    """Say whether a word is of a script that puts no spaces between words."""
    return not word.isascii() and any("\u3400" <= char <= "\u9fff" for char in word)
