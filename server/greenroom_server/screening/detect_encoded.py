"""Contacts in a code that a reader is asked to undo: base64, hex, binary, Morse, character codes, reversed, shifted.

What a code hides is scanned like any text; nothing is found unless the result is a contact, so that hashes, keys and
images in base64 stay alone.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from greenroom_server.screening.cues import Cue, entries
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Finding, Kind

_BASE64: Final = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/]{12,200}={0,2}(?![\w+/=])")
_HEX: Final = re.compile(r"(?<![\w])(?:[0-9a-fA-F]{2}[ :]?){7,100}(?!\w)")
_BINARY: Final = re.compile(r"(?<!\d)[01]{8}(?:\s[01]{8}){4,60}(?!\d)")
_CODES: Final = re.compile(r"(?<!\d)\d{2,3}(?:[ ,]{1,2}\d{2,3}){6,60}(?!\d)")
_MORSE: Final = re.compile(r"(?<!\S)[.\-]{1,6}(?:[ /]{1,3}[.\-]{1,6}){5,80}(?!\S)")
_TOKEN: Final = re.compile(r"\S{8,80}")
_MORSE_ALPHABET: Final = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
_MORSE_SIGNS: Final = dict(zip(_MORSE_ALPHABET.split(" "), "abcdefghijklmnopqrstuvwxyz0123456789", strict=True))
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_SHIFTS: Final = [str.maketrans(_LETTERS, _LETTERS[by:] + _LETTERS[:by]) for by in (1, 25, 13)]
_SERVICE: Final = re.compile(r"@(?:gmail|outlook|hotmail|yahoo|icloud|proton|yandex|mail|gmx)\w{0,4}\.[a-z]{2,3}")
_BACKWARDS: Final = (
    "backward* revers* mirror* 'right to left' 'from the right' 'start from the end' 'from the end' 'al reves' "
    "'de atras' 'de tras' 'ao contrario' espelha* envers 'a l envers' ruckwarts hinten наперед 'справа налево' "
    "'с конца' перевер* 'задом' ззаду 'навпаки' 'al contrario' 'tersten' 'wspak' terbalik 倒过来 反过来 'من اليمين'"
)
_ENDINGS: Final = ("moc.", "ten.", "gro.", "ur.l", "ur.x", "ed.xmg", "em.t", "@liamg", "@liamtoh", "@oohay")

_MOST_CODES: Final = 8
_TELLING: Final = (Kind.EMAIL, Kind.MESSENGER, Kind.MEETING_LINK, Kind.SOCIAL)
"""Kinds that reading backwards does not give by chance."""
Scan = Callable[[str], Sequence[Finding]]


class EncodedDetector:
    """Finds codes whose content is a contact."""

    def __init__(self, certain: float) -> None:
        self._certain = certain
        self._backwards = Cue(_BACKWARDS)

    def find(self, raw: str, folded: str, scan: Scan, steps: Steps, *, is_hinted: bool) -> Iterator[Hit]:
        """Yield codes in coordinates of the raw text.

        Args:
            raw: the text as written, since some codes tell capitals from small letters.
            folded: the text as the normaliser reads it; looked at only if it has the length of `raw`.
            scan: gives the findings of the rules in a decoded text.
            is_hinted: whether the prefilter saw the ending of an address in a code, or words about codes.
        """
        if is_hinted:
            yield from self._in_codes(raw, scan, steps)
        if len(folded) == len(raw):
            if is_hinted:
                yield from self._reversed(folded, scan, steps)
            if "@" in folded:
                yield from self._shifted(folded, scan, steps)

    def _in_codes(self, raw: str, scan: Scan, steps: Steps) -> Iterator[Hit]:
        steps.spend(3 * len(raw))
        for start, end, plain, reason in islice(self._decoded(raw), _MOST_CODES):
            steps.spend(4 * len(plain))
            if any(each.score >= self._certain - 0.35 and each.intent == "share" for each in scan(plain)):
                yield Hit(Kind.OFF_PLATFORM_REQUEST, "share", reason, 0.95, start, end, True, ("obf:encoded",))

    def _decoded(self, raw: str) -> Iterator[tuple[int, int, str, str]]:
        for match in _BASE64.finditer(raw):
            plain = _from_base64(match.group())
            if plain:
                yield match.start(), match.end(), plain, "ENC_BASE64"
        for match in _HEX.finditer(raw):
            plain = _from_bytes(bytes.fromhex(re.sub(r"[ :]", "", match.group())))
            if plain:
                # Digits in hex are a number, and nobody writes anything else so.
                yield match.start(), match.end(), f"call {plain}" if plain.isdigit() else plain, "ENC_HEX"
        for pattern, number in ((_BINARY, 2), (_CODES, 10)):
            for match in pattern.finditer(raw):
                values = [int(each, number) for each in re.findall(r"\d+", match.group())]
                plain = _from_bytes(bytes(values)) if max(values) < 127 else ""
                if plain:
                    yield match.start(), match.end(), plain, "ENC_HEX"
        for match in _MORSE.finditer(raw):
            plain = "".join(_MORSE_SIGNS.get(sign, " ") for sign in re.split(r"[ /]+", match.group()))
            yield match.start(), match.end(), f"call {plain}" if plain.isdigit() else plain, "ENC_HEX"

    def _reversed(self, text: str, scan: Scan, steps: Steps) -> Iterator[Hit]:
        is_said = self._backwards.search(text) is not None
        if not is_said and not any(ending in text for ending in _ENDINGS):
            return
        steps.spend(4 * len(text))
        for each in scan(text[::-1]):
            least = self._certain - (0.51 if is_said else 0.0)
            if each.intent == "share" and each.score >= least and (is_said or each.kind in _TELLING):
                start, end = len(text) - each.end, len(text) - each.start
                if each.kind is not Kind.PHONE and len(text[start:end].split()) != 1:
                    continue  # the end of one sentence and the beginning of the next
                yield Hit(each.kind, "share", "ENC_REVERSED", 0.9, start, end, True, ("obf:reversed",))

    def _shifted(self, text: str, scan: Scan, steps: Steps) -> Iterator[Hit]:
        """Addresses with every letter moved, or with one letter strewn in."""
        for match in _TOKEN.finditer(text):
            token = match.group()
            if "@" not in token[1:-1]:
                continue
            steps.spend(8 * len(token))
            for plain in _unshifted(token):
                if any(each.kind is Kind.EMAIL and each.score >= 0.9 for each in scan(plain)):
                    yield Hit(
                        Kind.EMAIL, "share", "ENC_REVERSED", 0.9, match.start(), match.end(), True, ("obf:shifted",)
                    )
                    break


def _unshifted(token: str) -> Iterator[str]:
    if not token.isascii():
        return
    for shift in _SHIFTS:
        moved = token.translate(shift)
        if _SERVICE.search(moved):
            yield moved
    for noise in sorted({char for char in token if char.isalpha() and token.count(char) >= 5}):
        plain = token.replace(noise, "")
        if _SERVICE.search(plain):
            yield plain


def _from_base64(token: str) -> str:
    body = token.rstrip("=")
    if body.isdigit() or (body.isalpha() and (body.islower() or body.isupper())):
        return ""
    try:
        return _from_bytes(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except (binascii.Error, ValueError):
        return ""


def _from_bytes(data: bytes) -> str:
    """Text in some bytes; empty unless all of it can be read."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() and len(text) >= 6 and any(map(str.isalnum, text)) else ""


def encoded_literals() -> list[str]:
    """Give what common endings of addresses look like in codes, in lower case: they open the slow path."""
    found = {"2e636f6d", "base64", "b64", "rot13", "binary", "ascii", "morse", "decode", "hex "}
    for plain in (
        ".com",
        ".net",
        ".org",
        "@gmail",
        "@outlook",
        "@yandex",
        "@proton",
        "t.me/",
        "wa.me/",
        "@icloud",
        "@mail",
    ):
        for pad in range(3):
            coded = base64.b64encode(b"\0" * pad + plain.encode()).decode().rstrip("=")
            first, last = (0, 2, 3)[pad], len(coded) - (1 if (pad + len(plain)) % 3 else 0)
            if last - first >= 4:
                found.add(coded[first:last].lower())
    return [*found, *_ENDINGS, *(word.strip("*'") for word in entries(_BACKWARDS)), "--- ", "... -", ".- "]
