"""What single characters are folded to before anything is looked for: one spelling for many.

Source: Unicode Technical Standard 39 (confusables), reduced to what people use; server/docs/screening.md.
"""

import unicodedata
from typing import Final, NamedTuple

PLAIN, ALTERED, STRONG, WEAK = 0, 1, 2, 3
"""Marks: as written; another character was meant; a symbol in brackets or between odd spaces; a bare word."""

_SMALL_CAPS: Final = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True))
_USUAL: Final = {
    "‘": "'",
    "’": "'",
    "ʼ": "'",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "…": "...",
    "\u00a0": " ",
    "\u202f": " ",
    "–": "-",
    "—": "-",
    "‑": "-",
    "ё": "е",
    "ß": "ss",
    "ı": "i",
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "æ": "ae",
    "œ": "oe",
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ة": "ه",
    "ى": "ي",
    "ک": "ك",
    "ی": "ي",
    "،": ",",
    "。": ".",
    "、": ",",
    "٫": ".",
}
"""Ordinary variants of a character; no disguise."""
_ODD: Final = {
    "⏺": ".",
    "◎": "@",
    "◉": "@",
    "🅰": "@",
    "⊙": ".",
    "●": ".",
    "⚫": ".",
    "🔵": ".",
    "🔴": ".",
    "․": ".",
    "🌀": "@",
    "©": "@",
    "¤": "@",
    "＠": "@",
    "﹫": "@",
    "🔟": "10",
    "⁄": "/",
    "∕": "/",
    "ʟ": "l",
    "ǀ": "l",
    "∣": "|",
    "ɡ": "g",
    "ɑ": "a",
    "ɩ": "i",
    "ⅼ": "l",
    "ℓ": "l",
    "ꓲ": "i",
    "ƨ": "s",
    "ɯ": "w",
}
_BULLETS: Final = "•·∙⋅◦"
"""A dot between letters, else the start of an entry."""
_CIRCLED_A: Final = "ⓐⒶ🅐"
"""Between spaces it stands for the sign of addresses."""
_LETTER_BLOCKS: Final = (
    (0x249C, 0x24B5),
    (0x1F110, 0x1F129),
    (0x1F130, 0x1F149),
    (0x1F150, 0x1F169),
    (0x1F170, 0x1F189),
)
_DIGIT_BLOCKS: Final = ((0x2474, 9, 1), (0x2488, 9, 1), (0x2776, 9, 1), (0x2780, 9, 1), (0x278A, 9, 1), (0x24F5, 9, 1))
_CLOCKS: Final = 0x1F550
_REGIONAL: Final = 0x1F1E6

_CYRILLIC: Final = dict(zip("аеорсухікмтвнѕјԁһԛԝѵзпгбчьԍӏё", "aeopcyxikmtbhsjdhqwv3nr64bglе", strict=True))
_GREEK: Final = dict(zip("αεορυχικντωηγσζ", "aeopuxikvtwnyoz", strict=True))
LOOKALIKES: Final = _CYRILLIC | _GREEK
"""Letters of other scripts that pass for Latin ones inside a Latin word."""
TO_CYRILLIC: Final = dict(zip("aeopcyxikmtbhs3", "аеорсухікмтвнѕз", strict=True))
"""Latin letters that pass for Cyrillic ones inside a Cyrillic word."""


def _table() -> dict[str, tuple[str, int]]:
    table = {char: (to, PLAIN) for char, to in _USUAL.items()}
    table |= {char: (to, ALTERED) for char, to in (_SMALL_CAPS | _ODD).items()}
    for first, last in _LETTER_BLOCKS:
        for code in range(first, last + 1):
            if chr(code) not in _CIRCLED_A:
                table.setdefault(chr(code), (chr(97 + code - first), ALTERED))
    for first, count, value in _DIGIT_BLOCKS:
        for offset in range(count):
            table[chr(first + offset)] = (str(value + offset), ALTERED)
    for offset in range(12):
        table[chr(_CLOCKS + offset)] = (str(offset + 1), ALTERED)
        table[chr(_CLOCKS + 12 + offset)] = (str(offset + 1), ALTERED)
    return table


KNOWN: Final = _table()
"""Replacements that do not depend on what stands around; it grows up to a bound."""
_MOST_CACHED: Final = 16_384
_COMMON: Final = (
    (0x80, 0x24F),
    (0x370, 0x52F),
    (0x5D0, 0x6D5),
    (0x1E00, 0x1EFF),
    (0x2010, 0x20BF),
    (0x2190, 0x21FF),
    (0x2600, 0x27BF),
    (0x3000, 0x30FF),
    (0x1F300, 0x1FAFF),
)
"""Where most characters of messages stand."""
_UNCHANGED: Final = "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
"""Han and Hangul: ordinary letters that give themselves."""


def fold(char: str, before: str, after: str) -> tuple[str, int]:
    """Give the replacement of one non-ASCII character and its mark; an empty one drops the character.

    Args:
        before: the folded character before it, or nothing.
        after: the raw character after it, or nothing.
    """
    known = KNOWN.get(char)
    if known is not None:
        return known
    if char in _CIRCLED_A:
        return ("@" if before.isspace() and after.isspace() else "a"), ALTERED
    if char in _BULLETS:
        return (".", ALTERED) if before.isalnum() and after.isalnum() else (char, PLAIN)
    code = ord(char)
    if _REGIONAL <= code < _REGIONAL + 26:
        is_single = not (_is_regional(before) or _is_regional(after))
        return (chr(97 + code - _REGIONAL), ALTERED) if is_single else (char, PLAIN)
    category = unicodedata.category(char)
    if category == "Cf":
        return "", ALTERED
    if category in ("Mn", "Me"):
        return _fold_mark(char, before)
    folded = unicodedata.normalize("NFKC", char).lower()
    if category == "Nd":
        digit = str(unicodedata.digit(char))
        return digit, PLAIN if folded == char else ALTERED
    if folded.isascii():
        return folded, ALTERED if folded.strip() else PLAIN
    base = unicodedata.normalize("NFD", folded)
    if base[0] < "\u0250" and len(base) > 1 and len(folded) == 1:
        folded = base[0]
    known = ("".join(_USUAL.get(each, each) for each in folded), PLAIN)
    if len(KNOWN) < _MOST_CACHED:
        KNOWN[char] = known
    return known


class CommonFolds(NamedTuple):
    """Ordinary characters of the usual scripts, known from the start."""

    ordinary: str
    """All of them, as the inside of a character class."""
    changed: dict[str, str]
    """What the lower-case ones give that do not give themselves."""


def common_folds() -> CommonFolds:
    """Look up the ordinary characters of the usual scripts, which takes some milliseconds."""
    ranges, changed = [_UNCHANGED], {}
    for first, last in _COMMON:
        start = first
        for code in range(first, last + 2):
            char = chr(code)
            folded = ordinary(char) if code <= last else None
            if folded is None:
                if start < code:
                    ranges.append(f"{chr(start)}-{chr(code - 1)}")
                start = code + 1
            elif folded != char.lower() and (char == char.lower() or char.lower() not in changed):
                changed[char.lower()] = folded
    return CommonFolds("".join(ranges), changed)


def ordinary(char: str) -> str | None:
    """Give the one character that a letter or sign always gives; None if it is a disguise, a digit or never alone."""
    folded, mark = fold(char, "", "")
    if mark or len(folded) != 1 or len(char.lower()) != 1:
        return None
    if char in _USUAL:
        return folded
    is_bound = char in _BULLETS or _is_regional(char) or unicodedata.category(char) in ("Mn", "Me", "Nd")
    return None if is_bound or unicodedata.normalize("NFKC", char).isascii() else folded


def _fold_mark(char: str, before: str) -> tuple[str, int]:
    """Combining marks fall on Latin letters, digits and Arabic; other scripts need theirs."""
    if "\ufe00" <= char <= "\ufe0f" or char == "\u20e3":
        return "", ALTERED if before.isdigit() else PLAIN
    if "\u0300" <= char <= "\u036f" and before.isalpha() and before < "\u0250":
        # An accent typed as a character of its own is no disguise; lines and dots through every letter are.
        return "", PLAIN if char <= "\u030c" or char in "\u0327\u0328" else ALTERED
    if before.isascii():
        return "", ALTERED
    return ("", PLAIN) if "\u064b" <= char <= "\u0652" else (char, PLAIN)


def _is_regional(char: str) -> bool:
    return char != "" and _REGIONAL <= ord(char[-1]) < _REGIONAL + 26
