"""Telephone numbers: runs of digit groups, judged by shape, by the words around and by what they are not."""

import re
from collections.abc import Iterator
from itertools import pairwise

from greenroom_server.screening.cues import Cue
from greenroom_server.screening.digit_runs import PHONE_DIGITS, Run, count_digits, runs, shape
from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import View
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Kind

_MAX_DIGITS = 15
_AROUND = 48
_BY = 16
"""Code points between a number and words that hardly introduce anything else."""
_SENTENCE_END = re.compile(r"[.!?]\s|\n\n")
_EXTENSION = re.compile(r"\s{0,2},?\s?(?:ext\.?|extension|x)\s?\d{1,6}\b")
_ENDING = re.compile(r"(?:['’]?(?:[dt][ae]n?|n?[ıiuü]n?|[yn]?[ae]|[yn][ıiuü]|l[ae]|y?l[ae]))\b")
"""Turkish cases, written at the number."""
_AREA = re.compile(r"\(?\+?\d{0,3}\)?[ -]?\(\d{2,4}\)")
_ALNUM = re.compile(r"[^\W_]")
_UNITS = (
    r"usd|eur|dollars?|rows|filas|px|mm|kg|km|hz|fps|kb|mb|gb|k(?![.\w])|руб\w*|грн|zl|kr|lei|din|шт\w*|views|users|visualiza\w+|"
    r"vistas|downloads|impressions|followers|visitors|words|palabras|palavras|слов|тыс|hours|iu|sqft|sq"
)
# What digits with separators usually are when they are no telephone number; removed before grouping.
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_NOISE = re.compile(
    r"(?=[-\d$€£₹¥₦]|rs|usd|eur|inr|r\$)(?:"
    r"\b(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])\b"
    r"|\b(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)?\d\d(?![-/.]?\d)\b"
    r"|\b(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d(?![-.]?\d)\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![.\d])"
    r"|(?:[$€£₹¥₦]|\b(?:rs|usd|eur|inr|r\$)\.?)\s?\d[\d.,]{0,15}"
    rf"|\b\d[\d.,]{{0,15}}(?: \d{{3}}){{0,3}} ?(?:[€%]|(?:{_UNITS})\b)"
    r"|\b(?:\d{4}[ -]){3}\d{4}\b"
    r"|(?<![\d.])-?\d{1,3}\.\d{4,}\b"
    r"|\b\d{5}-\d{3}\b(?:(?<=\bcep .{9})|(?<=\bcep: .{9}))"
    r"|\b97[89][- ]?\d{1,5}[- ]\d{1,7}[- ]\d{1,7}[- ]\d\b"
    r"|\b\d{1,3}(?:\.\d{3}){2,}(?:,\d{1,2})?(?![.\d-])|\b\d{1,3}(?:,\d{3})+(?:\.\d+)?\b"
    r"|\b\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}\b|(?<![\d ])\d{1,15}(?:\.\d{1,15}){2,9}(?:-\d{1,15}){0,3}(?:-[a-z]\w*)\b"
    r")"
)


_STRUNG = re.compile(
    r"(?<![\w.])\d{1,5}(?P<sep>[ /.*_~-]{0,2}[^\W\d_]{1,4}[ /.*_~-]{0,2})\d{1,5}(?:(?P=sep)\d{1,5}){2,9}(?!\w)"
)
"""Digits with the same letters between, again and again."""
_GROUPS = re.compile(r"\d+")
_MERE_JOINS = frozenset(["together", "zusammen", "ensemble", "razem", "insieme", "разом", "junta"])
_AMOUNT = re.compile(
    r"\W{0,3}(?:de |of )?(?:reais|centavos|dollars?|euros?|cents?|pounds|pesos|soles|рубл\w*|копе\w*|грн|грив\w*"
    r"|zloty\w*|lir\w*|rupees|percent|por cento|prozent|процент\w*|days|weeks|hours|minutes|words|people|years|seconds"
    r"|dias|semanas|horas|anos|tage|wochen|stunden|jours|semaines|heures|дн\w*|недел\w*|час\w*|mil|million|millones)\b"
)


class PhoneDetector:
    """Finds numbers that can be dialled in a view."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._cues = Cue(lexicon.phone["cues"])
        self._certain_cues = Cue(lexicon.phone["certain_cues"])
        self._calls, self._joins = Cue(lexicon.phone["calls"]), Cue(lexicon.phone["joins"])
        self._sample = Cue(
            "'test number' 'test numbers' 'sample number' 'fake number' 'dummy' 'placeholder' sandbox magic"
        )
        self._sure = Cue(lexicon.phone["sure"])
        self._other = Cue(lexicon.phone["other"])

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the telephone numbers of a view, left to right."""
        steps.spend(2 * len(view.text))
        if count_digits(view.text) < PHONE_DIGITS:
            return
        text = _NOISE.sub(_blank, view.text)
        if text.count("-") > 3:
            text = _UUID.sub(_blank, text)
        for run in runs(text, PHONE_DIGITS):
            steps.spend(run.end - run.start)
            if len(run.digits) <= _MAX_DIGITS and not run.is_countdown and not run.is_dull:
                hit = self._judge(view, text, run, steps)
                if hit is not None:
                    yield hit

    def find_scattered(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the whole text, if its numbers make one and it says that they are to be put together."""
        text = view.text
        count = count_digits(text)
        if not 9 <= count <= 13 or len(text) > 400:
            return
        steps.spend(2 * len(text))
        for match in _STRUNG.finditer(text):
            if count_digits(match.group()) < 9 or _is_counted(match.group()):
                continue
            if match["sep"] != "x" or match.group()[0] == "0":
                yield Hit(Kind.PHONE, "share", "PHONE_SPLIT", 0.85, *match.span(), True, ("shape:strung",))
                return
        groups = _GROUPS.findall(text)
        if len(groups) < 3 or max(map(len, groups)) > 7:
            return
        joins = len({found.word for found in self._joins.finditer(text)} - _MERE_JOINS)
        if not joins:
            return
        is_dialled = self._calls.search(text) is not None
        is_odd = any(group[0] == "0" and len(group) > 2 for group in groups)
        score = 0.85 if is_dialled or joins > 1 or is_odd else 0.4
        start, end = text.index(groups[0]), text.rindex(groups[-1]) + len(groups[-1])
        yield Hit(Kind.PHONE, "share", "PHONE_SPLIT", score, start, end, True, ("shape:scattered",))

    def _judge(self, view: View, text: str, run: Run, steps: Steps) -> Hit | None:
        start, end = run.start, run.end
        mark = view.mark(start, end)
        if mark == 0 and _is_glued(text, start, end) and not (len(run.digits) > 9 and _ENDING.match(text, end)):
            return None
        if mark > 0 and _AMOUNT.match(text, end):
            return None
        area = _AREA.match(text, max(0, start - 1))
        is_plus = text[max(0, start - 2) : start].strip()[-1:] == "+"
        if is_plus and any("+" in gap for gap in run.gaps) and any("." in gap for gap in run.gaps):
            return None
        score, name = shape(run, is_plus=is_plus, is_area=area is not None and area.end() <= end)
        evidence = [f"shape:{name}"]
        count = len(run.digits)
        steps.spend(4 * _AROUND)
        low = _last_end(text, start - _AROUND, start)
        if self._cues.search(text, low, start) or self._cues.search(text, end, end + _AROUND):
            is_sure = self._sure.search(text, start - _BY, start) or self._sure.search(text, end, end + _BY)
            score += 0.5 if is_sure and count >= 8 else 0.4
            evidence.append("ctx:phone")
        if mark > 0 or run.is_odd:
            score += 0.5 if mark > 0 and count >= 8 else 0.4 if mark > 0 or count >= 9 else 0.2
            evidence.append("obf:digits")
        if count >= 8 and not (name == "4-4" and run.digits[:2] in ("19", "20")) and _is_alone(text, start, end):
            score += 0.35 if mark == 0 and not run.is_odd else 0.2
            evidence.append("ctx:alone")
        if self._sample.search(text, low, start):
            score = 0.3
        if name != "intl" or not is_plus:
            before = _last_end(text, start - 32, start)
            if self._other.search(text, before, start) and not self._is_cue_last(text, before, start):
                score = min(score - 0.7, 0.45)
                evidence.append("ctx:other")
        while (start and text[start - 1] in "+(") or text[max(0, start - 2) : start] == "+ ":
            start -= 1
        if text[max(0, start - 4) : start] == "tel:":
            start -= 4
        extension = _EXTENSION.match(view.text, end)
        if extension:
            end = extension.end()
        reason = "PHONE_INTL" if name == "intl" else "PHONE_WORDS" if mark > 0 else "PHONE_NATIONAL"
        score = round(min(1.0, max(0.0, score)), 2)
        return Hit(Kind.PHONE, "share", reason, score, start, end, run.is_odd or mark > 0, tuple(evidence))

    def _is_cue_last(self, text: str, low: int, high: int) -> bool:
        """Whether a certain cue stands nearer to a number than the words that make it something else."""
        cue = max((found.end for found in self._certain_cues.finditer(text, low, high)), default=-1)
        return cue >= max((found.end for found in self._other.finditer(text, low, high)), default=-1)


def _is_counted(text: str) -> bool:
    """Whether the numbers of a text go on by the same step: the days, pages or lines of a list."""
    numbers = [int(group) for group in _GROUPS.findall(text)]
    return len({after - before for before, after in pairwise(numbers)}) == 1


def _blank(match: re.Match[str]) -> str:
    return "\n" * (match.end() - match.start())


def _last_end(text: str, low: int, end: int) -> int:
    """Where the sentence of a number begins, not before `low`."""
    found = max(0, low)
    for match in _SENTENCE_END.finditer(text, found, end):
        if match.end() < end - 2:
            found = match.end()
    return found


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether hardly anything but the number is said."""
    return len(_ALNUM.findall(text, max(0, start - 40), start)) + len(_ALNUM.findall(text, end, end + 40)) <= 8


def _is_glued(text: str, start: int, end: int) -> bool:
    """Whether Latin letters or signs of an identifier touch the digits, as in SN00415501 or id=415."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if (before == "-" and text[start - 2 : start - 1].isalpha()) or (
        after == "-" and text[end + 1 : end + 2].isalpha()
    ):
        return True
    return before in "_#=/.@" or after in "_=" or any(char.isalpha() and char.isascii() for char in (before, after))
