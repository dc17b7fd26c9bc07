"""Links and hosts: messengers, meetings, profiles, forms, short links, payment pages, contact pages."""

import re
from collections.abc import Iterator

from greenroom_server.screening.lexicon import HostRule, Lexicon, alternation
from greenroom_server.screening.normalise import WEAK, View
from greenroom_server.screening.scan import Hit, Steps, sentence_bounds
from greenroom_server.screening.verdict import Kind

# Labels are bounded and a run of host characters is tried at its start only, so the scan is linear.
_HOST = re.compile(
    r"(?<![a-z0-9.@-])(?P<scheme>https?://)?(?P<host>(?:[a-z0-9][a-z0-9_-]{0,62}\.){1,6}[^\W\d_]{2,24})(?![a-z0-9@-])"
    r"(?P<port>:\d{2,5})?(?P<path>[/?#][^\s<>\"'`)\]}]*)?"
)
_MEETING_ID = re.compile(
    r"\b(?:meeting|zoom|webex|teams)\b[^\n\d]{0,15}\bid\b\D{0,4}(?P<id>\d[\d -]{7,13}\d"
    r"(?:\D{0,5}\b(?:passcode|password|pass|pwd|code)\W{0,3}\w{1,20})?)"
)
_TRAILING = ".,;:!?*_"


class LinkDetector:
    """Finds hosts with a meaning, and any domain that is offered as a way to make contact."""

    def __init__(self, lexicon: Lexicon) -> None:
        domains = lexicon.marks["domains"]
        self._rules = lexicon.hosts
        self._harmless = lexicon.harmless_subdomains
        self._reserved = lexicon.reserved_segments
        self._tlds = frozenset(domains["tlds"])
        self._doubtful_tlds = frozenset(domains["doubtful_tlds"])
        self._samples = frozenset(domains["work_samples"])
        self._contact_paths = frozenset(domains["contact_paths"])
        self._phrases = re.compile(alternation(domains["contact_phrases"]))

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the links of a view that matter, left to right."""
        steps.spend(len(view.text))
        for match in _HOST.finditer(view.text):
            steps.spend(match.end() - match.start())
            hit = self._judge(view, match)
            if hit is not None:
                yield hit

    def find_meeting_ids(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the numbers, with passcodes, that open a meeting elsewhere."""
        steps.spend(len(view.text))
        for match in _MEETING_ID.finditer(view.text):
            start, end = match.span("id")
            yield Hit(Kind.MEETING_LINK, "share", "MEET_ID", 0.9, start, end, view.mark(start, end) > 0)

    def _judge(self, view: View, match: re.Match[str]) -> Hit | None:
        host = match["host"].removeprefix("www.")
        path = (match["path"] or "").rstrip(_TRAILING)
        end = match.end() if match["path"] is None else match.start("path") + len(path)
        mark = view.mark(match.start(), end)
        labels = host.split(".")
        for first in range(len(labels) - 1):
            name = ".".join(labels[first:])
            if name in self._samples:
                return None
            rule = self._rules.get(name)
            if rule is not None:
                if first and labels[first - 1] in self._harmless:
                    return None
                if not self._matches(rule, path):
                    return None
                return Hit(rule.kind, "share", rule.reason, 0.95, match.start(), end, mark > 0)
        return self._contact_page(view, match, labels, path, end, mark)

    def _matches(self, rule: HostRule, path: str) -> bool:
        if rule.is_profile:
            segments = [segment for segment in path.partition("?")[0].split("/") if segment]
            return len(segments) == 1 and segments[0] not in self._reserved
        if rule.paths:
            return any(path.startswith(prefix) and len(path) > len(prefix.rstrip("/")) for prefix in rule.paths)
        return len(path) > 1

    def _contact_page(
        self, view: View, match: re.Match[str], labels: list[str], path: str, end: int, mark: int
    ) -> Hit | None:
        tld = labels[-1]
        if tld not in self._tlds and not (len(tld) == 2 and tld.isalpha()):
            return None
        segment = "/" + path.strip("/").partition("/")[0].partition("?")[0]
        if segment in self._contact_paths:
            return Hit(Kind.WEBSITE, "share", "WEB_CONTACT", 0.9, match.start(), end, mark > 0)
        low, high = sentence_bounds(view.text, match.start(), end, "!?;\n", limit=80)
        phrase = self._phrases.search(view.text, low, high)
        if phrase is None:
            return None
        is_sure = bool(match["scheme"] or match["path"]) or match["host"].startswith("www.") or mark > 0
        if tld in self._doubtful_tlds and not is_sure and len(labels[-2]) < 7:
            return None
        reason = "WEB_OBFUSCATED" if mark else "WEB_CONTACT"
        score = 0.8 if mark == WEAK else 0.85
        return Hit(Kind.WEBSITE, "share", reason, score, match.start(), end, mark > 0, ("ctx:contact",))
