"""Views that undo the plain disguises: words for symbols, spaced letters, words for digits."""

import html
import re
from collections.abc import Iterator

from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import ALTERED, STRONG, View, rewrite
from greenroom_server.screening.scan import Steps
from greenroom_server.screening.symbols import Symbols

_ENCODED = re.compile(r"&#x?[0-9a-f]{1,5};|%(?:40|2e|2f|3a)|%[2-7][0-9a-f](?=%[2-7])|(?<=%[2-7][0-9a-f])%[2-7][0-9a-f]")
_MARKUP = re.compile(
    r"</?(?:[bisup]|em|i|u|br|span|a|code|tt|font|strong|wbr)(?:\s[^<>]{0,60})?/?>|~~|\*\*(?=\S)|(?<=\S)\*\*|`(?=[^`\s]{1,40}`)|(?<=[^\s`])`"
)
_SPACED = re.compile(
    r"(?<!\S)\S(?:[ \u2009]\S){4,}(?!\S)"
    r"|(?<![^\W_])[^\W_]([.\-*_~|/+])[^\W_](?:\1[^\W_]){2,}(?![^\W_])"
    r"|(?<![^\W_])[^\W_]([\-*_~|/+])[^\W_](?:\2[^\s\-*~|/+]){3,60}(?![^\W_])"
)
_SPACED_SHORT = re.compile(r"(?<!\S)\S(?: \S){1,4}(?!\S)|(?<![^\W_])[^\W_]([.\-*_~|])[^\W_]\1[^\W_](?![^\W_])")
_SPACED_HOST = re.compile(
    r"(?<!\S)w w w(?= )"
    r"|(?<=[^\s.] )\. ?(?:c ?o ?m|o ?r ?g|n ?e ?t|c ?o|i ?o|n ?g|i ?n|[a-z] [a-z])(?![^\W_]| [a-z](?![^\W_]))"
)
_GUARD = re.compile(r"(?<=[a-z0-9@.])\([a-z ]{3,20}\)(?=[a-z0-9@.])")
"""What a reader is told to leave out of an address."""
_STREWN = re.compile(r"(?P<noise>[^\w\s@.]{1,5}|_\w{1,4}_|\.|_)@(?P=noise)")
_LEET = re.compile(r"(?<![^\W_.])(?![a-zа-я]{2,}\d+(?![^\W_]))(?=[^\W_]{0,20}\d)[\doоilіszзbбgчqe]{2,20}(?![^\W_])")
_LEADING = re.compile(r"[oоilіszзbбgч]\d")
_LEET_DIGITS = str.maketrans("oоilіszзbбgчqe", "00111523869493")


class Rewriter:
    """Builds the views; compiled from the word lists once."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._symbols = Symbols(lexicon)
        self._numerals = lexicon.numerals

    def decoded(self, view: View, steps: Steps) -> View:
        """The view with character references and percent escapes resolved, without markup and strewn-in separators."""
        steps.spend(3 * len(view.text))
        if "&#" in view.text or "%" in view.text:
            view = rewrite(view, self._decodings(view.text))
        if "<" in view.text or "~" in view.text or "`" in view.text or "**" in view.text:
            view = rewrite(view, ((m.start(), m.end(), "", ALTERED) for m in _MARKUP.finditer(view.text)))
        if "@" not in view.text:
            return view
        if "(" in view.text:
            view = rewrite(view, ((m.start(), m.end(), "", ALTERED) for m in _GUARD.finditer(view.text)))
        return rewrite(view, _strewn(view.text))

    def despaced(self, view: View, steps: Steps) -> View:
        """The view with runs of single letters joined; runs of digits alone stay."""
        steps.spend(len(view.text))
        joined = rewrite(view, _joins(view.text, _SPACED, 3))
        if joined is not view:
            # Where letters were spread out once, shorter runs are spread out as well.
            joined = rewrite(joined, _joins(joined.text, _SPACED_SHORT, 2))
        found = _SPACED_HOST.finditer(joined.text)
        return rewrite(joined, ((m.start(), m.end(), m.group().replace(" ", ""), ALTERED) for m in found))

    def symbols(self, view: View, steps: Steps) -> View:
        """The view with words for ``@``, ``.`` and ``/`` replaced; marks tell how bare they were."""
        return self._symbols.read(view, steps)

    def digits(self, view: View, steps: Steps) -> View:
        """The view with number words, and letters that pass for digits, replaced by digits."""
        steps.spend(4 * len(view.text))
        view = rewrite(view, _leet_digits(view.text))
        return rewrite(view, ((run.start, run.end, run.digits, ALTERED) for run in self._numerals.runs(view.text)))

    def _decodings(self, text: str) -> Iterator[tuple[int, int, str, int]]:
        for match in _ENCODED.finditer(text):
            code = match.group()
            char = html.unescape(code) if code[0] == "&" else chr(int(code[1:], 16))
            if len(char) == 1 and "!" <= char <= "~":
                yield match.start(), match.end(), char.lower(), STRONG


def _leet_digits(text: str) -> list[tuple[int, int, str, int]]:
    """Words of digits and letters that look like digits, if one has such a letter before a digit."""
    if _LEADING.search(text) is None:
        return []
    found = [match for match in _LEET.finditer(text) if not match.group().isdigit()]
    if not any(_LEADING.search(match.group()) for match in found):
        return []
    return [(match.start(), match.end(), match.group().translate(_LEET_DIGITS), ALTERED) for match in found]


def _strewn(text: str) -> Iterator[tuple[int, int, str, int]]:
    """Separators that stand on both sides of a sign, in the word around it."""
    for match in list(_STREWN.finditer(text))[:3]:
        noise, at = match["noise"], match.end() - len(match["noise"]) - 1
        low, high = at, at + 1
        while low and at - low < 60 and not text[low - 1].isspace():
            low -= 1
        while high < len(text) and high - at < 60 and not text[high].isspace():
            high += 1
        place = text.find(noise, low, high)
        while place >= 0:
            end = place + len(noise)
            is_inside = place > low and end < high
            touches = "@" in (text[place - 1 : place], text[end : end + 1]) or "." in (
                text[place - 1 : place],
                text[end : end + 1],
            )
            yield place, end, "" if touches or not is_inside else ".", ALTERED
            place = text.find(noise, end, high)


def _parted(joined: str) -> str:
    """Joined letters, with spaces where a service and an account name meet."""
    if "." not in joined.partition("@")[2]:
        joined = joined.replace("@", " @", 1)
    if joined.startswith("iban"):
        return "iban " + joined[4:]
    return joined if "://" in joined else joined.replace(":", " : ").replace("=", " = ").lstrip()


def _joins(text: str, spaced: re.Pattern[str], least: int) -> Iterator[tuple[int, int, str, int]]:
    for match in spaced.finditer(text):
        run = match.group()
        if sum(char.isalpha() for char in run[::2]) >= least or "@" in run[::2]:
            yield match.start(), match.end(), _parted(run[::2]), ALTERED
