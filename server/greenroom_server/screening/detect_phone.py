"""Telephone numbers: runs of digit groups, judged by shape, by the words around and by what they are not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from greenroom_server.screening.lexicon import Lexicon, alternation
from greenroom_server.screening.normalise import View
from greenroom_server.screening.prefilter import PHONE_DIGITS
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Kind

_MAX_DIGITS = 15
_MAX_GAP = 5
_GROUP = re.compile(r"\d+")
_USUAL = frozenset(" -.()/+")
_NEVER = frozenset(",;:=$€£₹¥%<>@#&\n\"'\\|×")
_SPLITS = frozenset("/|")
"""Between two whole numbers these part them; inside one they are separators."""
_EXTENSION = re.compile(r"\s{0,2},?\s?(?:ext\.?|extension|x)\s?\d{1,6}\b")
# What digits with separators usually are when they are no telephone number; removed before grouping.
_NOISE = re.compile(
    r"\b(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])\b"
    r"|\b(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)?\d\d(?![-/.]?\d)\b"
    r"|\b(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d(?![-.]?\d)\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![.\d])"
    r"|(?:[$€£₹¥]|\b(?:rs|usd|eur|inr|r\$)\.?)\s?\d[\d.,]{0,15}"
    r"|\b\d[\d.,]{0,15}(?: \d{3}){0,3}\s?(?:[€%]|(?:usd|eur|dollars?|rows|px|mm|kg|km|hz|fps|kb|mb|gb|k|рублей|руб)\b)"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b(?:\d{4}[ -]){3}\d{4}\b"
    r"|(?<![\d.])-?\d{1,3}\.\d{4,}\b"
)


@dataclass(frozen=True, slots=True)
class _Run:
    """Digit groups close enough to be read as one number."""

    start: int
    end: int
    groups: tuple[str, ...]
    gaps: str

    @property
    def digits(self) -> str:
        return "".join(self.groups)


class PhoneDetector:
    """Finds numbers that can be dialled in a view."""

    def __init__(self, lexicon: Lexicon) -> None:
        phone = lexicon.marks["phone"]
        self._words = re.compile(alternation(phone["words"]))
        self._not_phone = re.compile(
            alternation(phone["not_phone"]) + r"\W{0,3}(?:(?:is|are|no|nr|id|from|to)\W{1,2})?$"
        )

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the telephone numbers of a view, left to right."""
        steps.spend(2 * len(view.text))
        text = _NOISE.sub(lambda match: "\n" * len(match.group()), view.text)
        for run in _runs(text):
            steps.spend(run.end - run.start)
            if PHONE_DIGITS <= sum(map(len, run.groups)) <= _MAX_DIGITS:
                hit = self._judge(view, text, run)
                if hit is not None:
                    yield hit

    def _judge(self, view: View, text: str, run: _Run) -> Hit | None:
        start, end = run.start, run.end
        if view.mark(start, end) == 0 and _is_glued(text, start, end):
            return None
        is_odd = any(char not in _USUAL for char in run.gaps) or _is_spelled(run)
        is_obfuscated = is_odd or view.mark(start, end) > 0
        score, shape = _shape(run, is_plus=text[max(0, start - 2) : start].strip()[-1:] == "+")
        if _is_countdown(run):
            return None
        evidence = [f"shape:{shape}"]
        if self._words.search(text, max(0, start - 40), start) or self._words.search(text, end, end + 30):
            score += 0.4
            evidence.append("ctx:phone")
        if is_obfuscated:
            score += 0.4 if view.mark(start, end) else 0.2
            evidence.append("obf:digits")
        if self._not_phone.search(text, max(0, start - 24), start):
            score -= 0.6
            evidence.append("ctx:other")
        while (start and text[start - 1] in "+(") or text[max(0, start - 2) : start] == "+ ":
            start -= 1
        if text[max(0, start - 4) : start] == "tel:":
            start -= 4
        extension = _EXTENSION.match(view.text, end)
        if extension:
            end = extension.end()
        reason = "PHONE_INTL" if shape == "intl" else "PHONE_NATIONAL"
        score = round(min(1.0, max(0.0, score)), 2)
        return Hit(Kind.PHONE, "share", reason, score, start, end, is_obfuscated, tuple(evidence))


def _runs(text: str) -> Iterator[_Run]:
    """Group digit groups whose gaps are short and hold separators only."""
    start = end = -1
    digits_count = 0
    groups: list[str] = []
    gaps: list[str] = []
    for match in _GROUP.finditer(text):
        if groups:
            gap = text[end : match.start()]
            is_second = digits_count >= PHONE_DIGITS and not _SPLITS.isdisjoint(gap)
            if is_second or len(gap) > _MAX_GAP or any(char.isalnum() or char in _NEVER for char in gap):
                yield _Run(start, end, tuple(groups), "".join(gaps))
                groups, gaps, digits_count = [], [], 0
            else:
                gaps.append(gap)
        if not groups:
            start = match.start()
        groups.append(match.group())
        end = match.end()
        digits_count += end - match.start()
    if groups:
        yield _Run(start, end, tuple(groups), "".join(gaps))


def _shape(run: _Run, *, is_plus: bool) -> tuple[float, str]:
    """Score and name of a shape, before the words around are heard."""
    digits, sizes = run.digits, tuple(len(group) for group in run.groups)
    if is_plus and len(digits) >= 8:
        return 0.9, "intl"
    if digits.startswith("00") and len(digits) >= 10 and digits[2] != "0":
        return 0.8, "intl"
    if sizes in ((3, 3, 4), (1, 3, 3, 4)):
        return 0.85, "3-3-4"
    if _is_spelled(run):
        return 0.65, "spelled"
    if digits[0] == "0" and 9 <= len(digits) <= 12:
        return (0.8, "0-grouped") if 2 <= len(sizes) <= 6 else (0.6, "0-run")
    if len(sizes) == 1 and 10 <= len(digits) <= 12:
        return 0.45, "run"
    if sizes == (3, 4) or len(digits) >= 10:
        return 0.4, "-".join(map(str, sizes[:6]))
    return 0.3, "other"


def _is_spelled(run: _Run) -> bool:
    return len(run.groups) >= 9 and all(len(group) == 1 for group in run.groups)


def _is_glued(text: str, start: int, end: int) -> bool:
    """Whether Latin letters or signs of an identifier touch the digits, as in SN00415501 or id=415."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return before in "_#=/." or any(char.isalpha() and char.isascii() for char in (before, after))


def _is_countdown(run: _Run) -> bool:
    values = [int(group) for group in run.groups]
    steps = {right - left for left, right in pairwise(values)}
    return len(values) >= 5 and steps in ({1}, {-1})
