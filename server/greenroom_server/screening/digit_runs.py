"""Digit groups that stand close enough to be read as one number, and what shape they have."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

PHONE_DIGITS: Final = 7
"""Fewest digits of a number that can be dialled."""

_MAX_GAP: Final = 7
_NO_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
_GROUP: Final = re.compile(r"\d+")
_USUAL: Final = frozenset(" -.()/+\u2011")
_NEVER: Final = re.compile("[^\\W_]|[,;:=$€£₹¥%<>@&\n\"'\\\\×]")
_SPLITS: Final = frozenset("/|")
"""Between two whole numbers these part them; inside one they are separators."""


class Run(NamedTuple):
    """Digit groups close enough to be read as one number."""

    start: int
    end: int
    groups: tuple[str, ...]
    gaps: tuple[str, ...]
    digits: str

    @property
    def is_odd(self) -> bool:
        """Whether something stands between the groups that nobody writes in a number."""
        if not _USUAL.issuperset("".join(self.gaps)):
            return True
        if any(".." in gap for gap in self.gaps):
            return True
        return len(self.gaps) > 3 and all("/" in gap for gap in self.gaps)

    @property
    def is_spelled(self) -> bool:
        """Whether each digit stands alone."""
        return len(self.groups) >= 8 and sum(len(group) == 1 for group in self.groups) >= len(self.groups) - 1

    @property
    def is_countdown(self) -> bool:
        """Whether the groups merely count."""
        values = [int(group[:18]) for group in self.groups]
        steps = {right - left for left, right in pairwise(values)}
        return len(values) >= 4 and steps in ({1}, {-1})

    @property
    def is_dull(self) -> bool:
        """Whether it is a sample: one digit all over."""
        return len(set(self.digits)) == 1 or len(set(self.digits.lstrip("0"))) <= 1 or self.digits.endswith("0000000")


def count_digits(text: str) -> int:
    """Count the digits 0 to 9."""
    return len(text.encode("utf-8", "surrogatepass").translate(None, _NO_DIGITS))


def runs(text: str, least: int = 1) -> Iterator[Run]:
    """Group digit groups whose gaps are short and hold separators only; runs of fewer digits are left out."""
    start = end = -1
    digits_count = 0
    groups: list[str] = []
    gaps: list[str] = []
    for match in _GROUP.finditer(text):
        low, high = match.span()
        if groups:
            gap = text[end:low]
            if low - end > _MAX_GAP or _NEVER.search(gap) or _is_between_numbers(gap, digits_count):
                if digits_count >= least:
                    yield Run(start, end, tuple(groups), tuple(gaps), "".join(groups))
                groups, gaps, digits_count = [], [], 0
            else:
                gaps.append(gap)
        if not groups:
            start = low
        groups.append(match.group())
        end = high
        digits_count += high - low
    if groups and digits_count >= least:
        yield Run(start, end, tuple(groups), tuple(gaps), "".join(groups))


def _is_between_numbers(gap: str, digits_count: int) -> bool:
    """Whether what follows a gap is another number, given the digits before it."""
    if gap.strip() == "**" or " | " in gap:
        return True
    return digits_count >= PHONE_DIGITS and " " in gap and not _SPLITS.isdisjoint(gap)


def shape(run: Run, *, is_plus: bool, is_area: bool) -> tuple[float, str]:
    """Score and name of a shape, before the words around are heard.

    Args:
        is_plus: whether a plus sign stands before.
        is_area: whether the first or second group stands in parentheses.
    """
    digits, sizes = run.digits, tuple(len(group) for group in run.groups)
    count = len(digits)
    if is_plus and count >= 8:
        return 0.9, "intl"
    if digits.startswith("00") and count >= 11 and digits[2] != "0" and sizes[0] >= 2:
        return 0.8, "intl"
    if sizes in ((3, 3, 4), (1, 3, 3, 4)):
        return 0.85, "3-3-4"
    if is_area and count >= 8:
        return 0.85, "area"
    if count == 11 and digits[:2] in ("89", "79") and (len(sizes) >= 4 or len(sizes) == 1):
        return 0.85 if len(sizes) >= 4 else 0.65, "trunk-8"
    if run.is_spelled:
        return 0.65, "spelled"
    if digits[0] == "0" and 9 <= count <= 12 and digits[1] != "0":
        return (0.8, "0-grouped") if 2 <= len(sizes) <= 6 and sizes[0] > 1 else (0.6, "0-run")
    if count == 9 and digits[0] in "5679" and sizes in ((3, 3, 3), (3, 2, 2, 2), (2, 3, 2, 2)):
        return 0.6, "9-grouped"
    if len(sizes) == 1 and 10 <= count <= 12:
        return 0.45, "run"
    if sizes == (3, 4) or count >= 10:
        return 0.4, "-".join(map(str, sizes[:6]))
    return 0.3, "other"
