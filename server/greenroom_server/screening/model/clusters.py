"""Words of like meaning, whatever their language: what the scorer knows of a word that no batch has taught it.

Theory. A batch teaches the words its author used. An encoder that was trained on the text of many languages knows which
words keep the same company; `make_clusters.py` asked it once, and wrote down families of like words, and clans of like
families. "keyboard", "teclado" and "клавиш" are of one family, so what was learned of one holds for all.

Source: server/docs/filter.md, The learned scorer.
"""

from importlib.resources import files
from typing import Final, NamedTuple, Self

LEAST_PREFIX: Final = 4
"""Letters of a known word that an unknown one must begin with, to be taken for a form of it."""
_CACHED: Final = 50_000


class Kin(NamedTuple):
    """Where a word belongs."""

    family: int
    clan: int


class Clusters:
    """The table; immutable but for a bounded cache of inflected words, safe to share."""

    def __init__(self, kin: dict[str, Kin]) -> None:
        """See `parse`; the first word of a family and of a clan stands for it."""
        self._kin = kin
        self.families: dict[int, str] = {}
        self.clans: dict[int, str] = {}
        for word, (family, clan) in kin.items():
            self.families.setdefault(family, word)
            self.clans.setdefault(clan, word)
        self._known: dict[str, Kin | None] = {}

    @classmethod
    def shipped(cls) -> Self:
        """Read the shipped table."""
        return cls.parse((files("greenroom_server.screening.model") / "clusters.tsv").read_text("utf-8"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a table: a family a line; its clan, a tab, its words with spaces between, the most typical first."""
        kin: dict[str, Kin] = {}
        for family, line in enumerate(text.splitlines()):
            clan, words = line.split("\t")
            kin.update(dict.fromkeys(words.split(" "), Kin(family, int(clan))))
        return cls(kin)

    def of(self, word: str) -> Kin | None:
        """Give the kin of a plain word, or of the longest known word that it begins with."""
        kin = self._kin.get(word)
        if kin is not None or len(word) <= LEAST_PREFIX:
            return kin
        if word in self._known:
            return self._known[word]
        beginnings = (self._kin.get(word[:end]) for end in range(len(word) - 1, LEAST_PREFIX - 1, -1))
        kin = next((each for each in beginnings if each is not None), None)
        if len(self._known) < _CACHED:
            self._known[word] = kin
        return kin

    def words(self) -> list[str]:
        """Give all words of the table."""
        return list(self._kin)
