"""Views that undo the plain disguises: words for symbols, spaced letters, words for digits."""

import html
import re
from collections.abc import Iterator

from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import ALTERED, STRONG, WEAK, View, rewrite
from greenroom_server.screening.scan import Steps

_ENCODED = re.compile(r"&#x?[0-9a-f]{1,5};|%(?:40|2e|2f|3a)")
_SPACED = re.compile(r"(?<!\S)\S(?: \S){4,}(?!\S)|(?<![^\W_])[^\W_]([.\-*_])[^\W_](?:\1[^\W_]){2,}(?![^\W_])")


class Rewriter:
    """Builds the views; compiled from the word lists once."""

    def __init__(self, lexicon: Lexicon) -> None:
        symbols, mail = lexicon.marks["symbols"], lexicon.marks["mail"]
        numbers = lexicon.marks["numbers"]
        providers = _any(mail["providers"])
        self._symbols = re.compile(
            rf"(?P<at>\s{{0,3}}[(\[{{<]\s?(?:{_any(symbols['at_in_brackets'])})\s?[)\]}}>]\s{{0,3}}"
            rf"|\s{{0,3}}(?<=[^\W_])_at_(?=[^\W_])|\s{{0,3}}©\s{{0,3}}|(?<=[^\W_])#(?=(?:{providers})\b))"
            rf"|(?P<dot>\s{{0,3}}[(\[{{<]\s?(?:{_any(symbols['dot_in_brackets'])})\s?[)\]}}>]\s{{0,3}}"
            rf"|(?<=[^\W_])_dot_(?=[^\W_])|\s{{1,3}}\.\s{{0,3}}(?=[^\W_])"
            rf"|(?<=[^\W\d_])[,*](?=(?:com|gg|me|net|org)\b))"
            rf"|(?P<bare_at>\s{{1,3}}@\s{{0,3}}|@\s{{1,3}})"
            rf"|(?P<word_at>\s{{1,3}}(?:then )?(?:the )?(?:{_any(symbols['at'])})(?: then)?\s{{1,3}})"
            rf"|(?P<word_dot>\s{{1,3}}(?:then )?(?:{_any(symbols['dot'])})\s{{1,3}})"
            rf"|(?P<slash>\s{{1,3}}(?:{_any(symbols['slash'])}|/)\s{{1,3}})"
        )
        self._number = re.compile(r"[〇零一二三四五六七八九]|[^\W\d_〇零一二三四五六七八九]+")
        self._digits: dict[str, str] = numbers["digits"]
        self._tens: dict[str, str] = numbers["tens"]
        self._repeats: dict[str, int] = numbers["repeats"]

    def decoded(self, view: View, steps: Steps) -> View:
        """The view with character references and percent escapes resolved."""
        steps.spend(len(view.text))
        return rewrite(view, self._decodings(view.text))

    def despaced(self, view: View, steps: Steps) -> View:
        """The view with runs of single letters joined; runs of digits alone stay."""
        steps.spend(len(view.text))
        return rewrite(view, _joins(view.text))

    def symbols(self, view: View, steps: Steps) -> View:
        """The view with words for ``@``, ``.`` and ``/`` replaced; marks tell how bare they were."""
        steps.spend(2 * len(view.text))
        replacements = {"at": "@", "bare_at": "@", "word_at": "@", "slash": "/"}
        return rewrite(
            view,
            (
                (
                    match.start(),
                    match.end(),
                    replacements.get(match.lastgroup or "", "."),
                    WEAK if (match.lastgroup or "").startswith("word") else STRONG,
                )
                for match in self._symbols.finditer(view.text)
            ),
        )

    def digits(self, view: View, steps: Steps) -> View:
        """The view with number words replaced by digits."""
        steps.spend(2 * len(view.text))
        return rewrite(view, self._number_words(view.text))

    def _decodings(self, text: str) -> Iterator[tuple[int, int, str, int]]:
        for match in _ENCODED.finditer(text):
            code = match.group()
            char = html.unescape(code) if code[0] == "&" else chr(int(code[1:], 16))
            if len(char) == 1 and "!" <= char <= "~":
                yield match.start(), match.end(), char.lower(), STRONG

    def _number_words(self, text: str) -> Iterator[tuple[int, int, str, int]]:
        found = [
            match
            for match in self._number.finditer(text)
            if match.group() in self._digits or match.group() in self._tens or match.group() in self._repeats
        ]
        skipped = False
        for index, match in enumerate(found):
            if skipped:
                skipped = False
                continue
            word, end = match.group(), match.end()
            after = found[index + 1] if index + 1 < len(found) else None
            is_next = after is not None and after.start() - end <= 1
            unit = self._digits.get(after.group()) if after is not None and is_next else None
            if word in self._digits:
                yield match.start(), end, self._digits[word], ALTERED
            elif word in self._tens:
                yield match.start(), end, self._tens[word] + ("" if unit and unit != "0" else "0"), ALTERED
            elif unit and after is not None:
                yield match.start(), after.end(), unit * self._repeats[word], ALTERED
                skipped = True


def _joins(text: str) -> Iterator[tuple[int, int, str, int]]:
    for match in _SPACED.finditer(text):
        run = match.group()
        if sum(char.isalpha() for char in run[::2]) >= 3:
            yield match.start(), match.end(), run[::2], ALTERED


def _any(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
