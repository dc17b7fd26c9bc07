"""Community topics: their ids and partitions, the words they are found by, the order in which they are listed.

Topics live in a few partitions only, the shelves. A shelf holds its topics' logs together with the sorted sets by
which they are listed and searched, so that one function changes both; a page is merged from all shelves, and their
number bounds what that costs.

Source: server/docs/community.md.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from greenroom_server.domain.ids import PARTITION_COUNT

SHELF_COUNT: Final = 8
SHELVES: Final = tuple(range(0, PARTITION_COUNT, PARTITION_COUNT // SHELF_COUNT))
"""Partitions that hold topics; fixed for the life of a store."""
ANNOUNCEMENTS: Final = "c0_announcements"
"""The one topic of the marketplace's announcements."""
FIRST_POST: Final = 1
"""Seq of the post that a topic opens with."""
PINNED: Final = 10**14
"""Added to the time by which a pinned topic is listed; above every time in ms."""
INDEXED_WORDS: Final = 64
"""A topic is found by this many different words at most: title and tags first, then the first post."""
SEARCHED_WORDS: Final = 8
"""Words of a search that count; the rest is not looked at."""
_SHORTEST, _LONGEST = 2, 32

_TOPIC: Final = re.compile(r"c(0|[1-9][0-9]{0,2})_[0-9a-f]{16}").fullmatch
_WORD: Final = re.compile(r"[^\W_]+")


class Place(NamedTuple):
    """A topic's place in a list; pages go from the greatest to the smallest."""

    score: int
    topic: str

    @property
    def order(self) -> tuple[int, str]:
        """What places are compared by."""
        return self.score, self.topic[-16:]

    def cursor(self) -> str:
        """Write it as a cursor."""
        return f"{self.score}~{self.topic}"


def read_cursor(cursor: str) -> Place | None:
    """Read a cursor; None when it is none of ours."""
    score, _, topic = cursor.partition("~")
    if not (score.isascii() and score.isdigit() and len(score) <= 15) or topic_partition(topic) is None:
        return None
    return Place(int(score), topic)


def topic_id(digest_hex: str) -> str:
    """Make the id of a topic from 16 hexadecimal digits; the same digits give the same id."""
    return f"c{SHELVES[int(digest_hex, 16) % SHELF_COUNT]}_{digest_hex}"


def topic_partition(topic: str) -> int | None:
    """Give the partition a topic id names, or None when it is not a topic id."""
    if topic == ANNOUNCEMENTS:
        return SHELVES[0]
    match = _TOPIC(topic)
    partition = int(match[1]) if match is not None else -1
    return partition if partition in SHELVES else None


def words_of(texts: Sequence[str], most: int) -> list[str]:
    """Give the different words of some texts in their order, at most so many; case and width make no difference."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
            if _SHORTEST <= len(word) <= _LONGEST:
                found[word] = None
                if len(found) >= most:
                    return list(found)
    return list(found)


def is_title(text: str) -> bool:
    """Say whether a text may be a title: one line that shows something."""
    return bool(text.strip()) and text.isprintable()
