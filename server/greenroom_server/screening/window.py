"""Contacts split over several short messages: the sender's recent fragments are joined and scanned as one text.

Being in pieces is evidence of its own: nobody needs three messages for one number. What completes a contact bounces,
and the pieces that were delivered before are masked.

Source: server/docs/screening.md, Split messages.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from greenroom_server.screening.context import Fragment
from greenroom_server.screening.cues import Cue, entries
from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.masking import mask
from greenroom_server.screening.normalise import normalise
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.verdict import Finding, Kind, Retro

_ANCHOR: Final = re.compile(r"\d|@|[^\W\d_][._][^\W\d_]|[^\W_]_|_[^\W_]|://")
_DIGITS: Final = re.compile(r"\d+")
_CLOCK: Final = re.compile(r"\d{1,2}:\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_SCATTERED: Final = range(9, 14)
"""Digits of a number that is read off several prices, sizes or the like."""
_NAME: Final = re.compile(r"(?<![\w@])[a-z][a-z0-9]+[._][a-z0-9]{2,}(?![\w@])")
_ENDING: Final = re.compile(r"(?<![^\W_])(?:com|net|org|ком|ру|pt|de|ru|pl|cl|fr|es|me|io|au|br)(?![^\W_])")
_HEX: Final = re.compile(r"(?<!\w)(?:0x)?[0-9a-fA-F]{6,}(?!\w)")
_LIFT: Final = 0.35
"""What a find gains by being in pieces."""

Scan = Callable[[str], Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Joined:
    """Fragments written one after the other, and where each stands."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def touched(self, finding: Finding) -> list[int]:
        """Numbers of the fragments that a finding has a part of."""
        places = enumerate(zip(self.starts, self.ends, strict=True))
        return [number for number, (start, end) in places if start < finding.end and finding.start < end]


@dataclass(frozen=True, slots=True)
class Split:
    """A contact that the last fragment completes."""

    finding: Finding
    """In the coordinates of the last fragment."""
    retro: tuple[Retro, ...]


class Window:
    """Looks for contacts over the recent fragments of one sender."""

    def __init__(self, policy: ScreeningPolicy, lexicon: Lexicon, read: Callable[[str], str]) -> None:
        """Compile the lists.

        Args:
            read: writes number words as digits.
        """
        self._policy = policy
        self._read = read
        self._calls, self._joins = Cue(lexicon.phone["calls"]), Cue(lexicon.phone["joins"])
        self._signs = Cue([*entries(lexicon.symbols["at_sure"]), *entries(lexicon.symbols["at_parts"])])
        self._services = Cue(name for names in lexicon.symbols["providers"].values() for name in entries(names))

    def is_fragment(self, text: str) -> bool:
        """Whether a text could be a piece of a contact; the window need not be read for others."""
        limit = self._policy.window_code_points
        return len(text) <= limit and (_ANCHOR.search(text) is not None or text.count(" ") <= 5)

    def has_mark(self, text: str) -> bool:
        """Whether a text holds a digit, a sign or a name such as a contact has."""
        return _ANCHOR.search(text) is not None

    def find(self, text: str, earlier: Sequence[Fragment], scan: Scan) -> Split | None:
        """Look for a contact that this text completes.

        Args:
            scan: gives the findings of the rules in a text, also weak ones.
        """
        chosen = self._chosen(earlier)
        if not chosen or (len(chosen) < 2 and not any(_ANCHOR.search(each) for each in (text, chosen[0].text))):
            return None
        said = " ".join(f.text for f in earlier[-6:] if not f.is_own and len(f.text) <= self._policy.window_code_points)
        pieces = [fragment.text for fragment in chosen] + [text]

        @cache
        def alone() -> set[str]:
            """What pieces hold by themselves; asked only when something was found in all of them."""
            return {found.reason for piece in pieces for found in scan(piece) if found.score >= _LIFT + 0.1}

        for glue in (" ", ""):
            for lead in ("", said) if said else ("",):
                joined = _joined(pieces, glue, lead)
                findings = scan(joined.text)
                if not glue:
                    # Digits without a space between them are a number that nobody wrote.
                    findings = [finding for finding in findings if finding.kind is not Kind.PHONE]
                hit = self._best(joined, findings, alone)
                if hit is not None:
                    return self._split(joined, hit, chosen, text)
        scattered = self._scattered(pieces, said) or self._spelled(pieces)
        return self._split(_joined(pieces, " ", ""), scattered, chosen, text) if scattered is not None else None

    def joined(self, text: str, earlier: Sequence[Fragment]) -> tuple[str, ...]:
        """Give a text with the sender's recent fragments before it, with spaces between and without; none alone."""
        pieces = [fragment.text for fragment in self._chosen(earlier)] + [text]
        return (" ".join(pieces), "".join(pieces)) if len(pieces) > 1 else ()

    def _chosen(self, earlier: Sequence[Fragment]) -> list[Fragment]:
        """Own fragments that are recent enough, oldest first."""
        if not earlier:
            return []
        last = earlier[-1]
        policy = self._policy
        chosen = [
            each
            for each in earlier
            if each.is_own
            and each.text
            and len(each.text) <= policy.window_code_points
            and last.seq - each.seq < policy.window_messages
            and last.at_ms - each.at_ms <= policy.window_ms
        ]
        return chosen[-policy.window_fragments :] if policy.window_fragments else []

    def _best(self, joined: Joined, findings: Sequence[Finding], alone: Callable[[], set[str]]) -> Finding | None:
        """The surest find that is new in the joined text, if it is sure enough."""
        best: Finding | None = None
        for finding in findings:
            if finding.intent != "share" or finding.kind is Kind.OFF_PLATFORM_REQUEST:
                continue
            if "shape:strung" in finding.evidence:
                continue  # messages that begin alike are no string of digits
            count = len(joined.touched(finding))
            lift = _LIFT if count > 1 and not _is_list(joined.text, finding) else 0.1 if count == 1 else 0.0
            score = min(1.0, finding.score + lift)
            if "ctx:alone" in finding.evidence and lift == 0.0:
                score -= _LIFT
            is_better = score >= self._policy.certain and (best is None or score > best.score)
            if is_better and finding.reason not in alone():
                best = replace(finding, score=round(score, 2))
        return best

    def _scattered(self, pieces: Sequence[str], said: str) -> Finding | None:
        """Digits of prices, sizes and the like that together make a number, if somebody says what to do with them."""
        everything = " ".join((*pieces, said)).lower()
        if self._calls.search(everything) is None and self._joins.search(everything) is None:
            return None
        numbers = ["".join(_DIGITS.findall(_CLOCK.sub("", self._read(piece)))) for piece in pieces]
        digits = "".join(numbers)
        used = [number for number in numbers if number]
        if len(digits) not in _SCATTERED or len(used) < 2 or max(map(len, used)) > 7:
            return None
        length = sum(map(len, pieces)) + len(pieces) - 1
        return Finding(Kind.PHONE, "share", "PHONE_SPLIT", 0.85, 0, length, True, ("shape:scattered", "ctx:call"))

    def _spelled(self, pieces: Sequence[str]) -> Finding | None:
        """An address of which name, sign, service and ending come one by one; a wallet in parts."""
        everything = " ".join(pieces)
        finding = Finding(Kind.EMAIL, "share", "EMAIL_OBFUSCATED", 0.85, 0, len(everything), True, ("shape:parts",))
        if len(pieces) > 2 and self._marks(normalise(everything).text) > 2:
            return finding
        hexes = "".join(_HEX.findall(everything))
        if hexes[:2].lower() == "0x" and len(hexes) in range(40, 45):
            return replace(finding, kind=Kind.PAYMENT, reason="PAY_WALLET")
        return None

    def _marks(self, folded: str) -> int:
        """How many of the parts of an address a text has: name, sign, service and ending."""
        has_sign = "@" in folded or self._signs.search(folded) is not None
        has_service = self._services.search(folded) is not None
        return sum((has_sign, has_service, _NAME.search(folded) is not None, _ENDING.search(folded) is not None))

    def _split(self, joined: Joined, found: Finding, chosen: Sequence[Fragment], text: str) -> Split:
        retro = []
        for number in joined.touched(found):
            if number == len(chosen):
                continue
            fragment, start = chosen[number], joined.starts[number]
            low, high = max(0, found.start - start), min(len(fragment.text), found.end - start)
            part = replace(found, start=low, end=high)
            masked, hidden = mask(fragment.text, [part], self._policy.placeholders)
            retro.append(Retro(fragment.seq, masked, hidden))
        reason = "PHONE_SPLIT" if found.kind is Kind.PHONE else found.reason
        start = joined.starts[-1]
        low, high = max(0, found.start - start), min(len(text), found.end - start)
        if low >= high:
            low, high = 0, len(text)
        finding = replace(
            found, reason=reason, start=low, end=high, is_obfuscated=True, evidence=(*found.evidence, "split")
        )
        return Split(finding, tuple(retro))


def _joined(pieces: Sequence[str], glue: str, lead: str) -> Joined:
    text = lead + "\n" if lead else ""
    starts: list[int] = []
    ends: list[int] = []
    for piece in pieces:
        if starts:
            text += glue
        starts.append(len(text))
        text += piece
        ends.append(len(text))
    return Joined(text, tuple(starts), tuple(ends))


def _is_list(text: str, finding: Finding) -> bool:
    """Whether the digits of a find look like entries of a list: all of three digits, or all sizes of one kind."""
    if finding.kind is not Kind.PHONE or "ctx:phone" in finding.evidence:
        return False
    groups = list(_groups(text[finding.start : finding.end]))
    if not groups:
        return False
    count = sum(map(len, groups))
    is_even = len({len(group) for group in groups}) == 1 and len(groups[0]) > 1
    return count < 9 or (is_even and count < 10) or (count < 11 and all(group.endswith("0") for group in groups))


def _groups(text: str) -> Iterator[str]:
    return (match.group() for match in _DIGITS.finditer(text))
