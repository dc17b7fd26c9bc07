"""What a profile is found by: words as prefixes, skills as wholes, the badge.

Words are compared without case and accents. A word of a query matches the words that begin with it, from two
characters on; a single character matches itself alone.

Source: protocol/spec/directory.md.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[^\W_][^\W_+#]*[+#]*")
_BUCKET_CHARS: Final = 2
MOST_WORDS: Final = 60
"""Words of one profile that are indexed, in the order name, skills, headline."""
_WORD_CHARS: Final = 40
"""Longer words are cut, in profiles and queries alike."""


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """One thing a profile is found by, or a query asks for."""

    bucket: str
    """Terms of a bucket lie together: all words that begin alike."""
    text: str
    is_prefix: bool = False
    """Of a query: everything in the bucket that begins so."""


EVERYBODY: Final = Term("all", "")
AVAILABLE: Final = Term("available", "")


def words(text: str) -> list[str]:
    """Give the words of a text, folded, in order, each once."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return list(dict.fromkeys(word[:_WORD_CHARS] for word in _WORD.findall(bare)))


def skill_text(skill: str) -> str:
    """Fold a skill, so that case, accents and spaces do not matter."""
    return " ".join(unicodedata.normalize("NFKC", skill.casefold()).split())


def profile_terms(name: str, headline: str, skills: Sequence[str], *, is_on: bool) -> frozenset[Term]:
    """Give everything a profile is found by.

    Args:
        is_on: its badge is switched on; whether that is still paid for is judged when it is read.
    """
    found = words(" ".join((name, *skills, headline)))[:MOST_WORDS]
    terms = {EVERYBODY, *(_word(word) for word in found), *map(_skill, skills)}
    return frozenset(terms | {AVAILABLE} if is_on else terms)


def query_terms(text: str, skills: Iterable[str], *, is_available: bool) -> list[Term]:
    """Give what a profile must have all of; never empty, the narrower ones first."""
    asked = sorted(words(text), key=len, reverse=True)
    terms = [*map(_skill, skills), *(_word(word, is_prefix=len(word) >= _BUCKET_CHARS) for word in asked)]
    if is_available:
        terms.append(AVAILABLE)
    return list(dict.fromkeys(terms)) or [EVERYBODY]


def matches(term: Term, terms: Iterable[Term]) -> bool:
    """Say whether a profile of these terms has what a query asks for."""
    if not term.is_prefix:
        return term in terms
    return any(other.bucket == term.bucket and other.text.startswith(term.text) for other in terms)


def _word(word: str, *, is_prefix: bool = False) -> Term:
    return Term("w" + word[:_BUCKET_CHARS], word, is_prefix)


def _skill(skill: str) -> Term:
    text = skill_text(skill)
    return Term("s" + text[:_BUCKET_CHARS], text)
