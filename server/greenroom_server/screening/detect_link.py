"""Links and hosts: messengers, meetings, profiles, forms, short links, payment pages, contact pages."""

import re
from collections.abc import Iterator

from greenroom_server.screening.apps import unleet
from greenroom_server.screening.cues import Cue, Found, entries
from greenroom_server.screening.lexicon import HostRule, Lexicon
from greenroom_server.screening.normalise import ALTERED, STRONG, WEAK, View
from greenroom_server.screening.scan import Hit, Steps, sentence_bounds
from greenroom_server.screening.verdict import Kind

# Labels are bounded and a run of host characters is tried at its start only, so the scan is linear.
_HOST = re.compile(
    r"(?<![a-z0-9.@-])(?P<scheme>h(?:tt|xx)ps?://)?(?P<host>(?:[a-z0-9а-яіїєґ][a-z0-9а-яіїєґ_-]{0,62}\.){1,6}(?:(?![\u0e00-\u0eff\u3040-\u9fff\uac00-\ud7af])[^\W\d_]){2,24})(?![a-z0-9@-])"
    r"(?P<port>:\d{2,5})?(?P<path>[/?#][^\s<>\"'`)\]}\u0e00-\u0eff\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]*)?"
)
_DEEP = re.compile(
    r"\b(?:tg://(?:resolve\?domain|user\?id|join\?invite)=|whatsapp://send\?phone=|viber://(?:chat|add)\?number=|sgnl://|weixin://|facetime:|sms:\+?)"
    r"[\w+.%/-]{2,60}|\bskype:[\w.:-]{3,40}\?(?:chat|call|add)"
)
"""Links that open an app."""
_PAGE = Found(0, 0, "")
_STAND_IN = re.compile("[a-z][013457][a-z]")
_ARTICLES = frozenset({
    *("the", "our", "your", "their", "my", "this", "that", "a", "any", "both", "and", "or", "der", "die", "das"),
    *("le", "la", "les", "el", "los", "il", "o", "os", "um", "un"),
})  # fmt: skip
"""Words before an ending that is talked about: "the .com one"."""
_SECOND_LEVEL = frozenset({"com", "co", "net", "org"})
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
        self._reserved_domains = frozenset(lexicon.marks["mail"]["reserved_domains"])
        self._phrases = Cue(domains["contact_phrases"])
        self._page_phrases = Cue(domains["page_phrases"])
        self._providers = frozenset(lexicon.symbols["providers"])
        portals = lexicon.portals
        self._desks = frozenset(entries(portals["desks"]))
        self._directs, self._ours, self._work = Cue(portals["directs"]), Cue(portals["ours"]), Cue(portals["work"])
        self._talks = Cue(lexicon.handles["talks"])
        self._contact_labels = frozenset(domains["contact_labels"].split())

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the links of a view that matter, left to right."""
        steps.spend(len(view.text))
        for match in _DEEP.finditer(view.text) if ":" in view.text else ():
            yield Hit(
                Kind.MESSENGER, "share", "MSG_LINK", 0.95, match.start(), match.end(), view.mark(*match.span()) > 0
            )
        for match in _HOST.finditer(_without_bare_ats(view)) if "." in view.text else ():
            steps.spend(match.end() - match.start())
            hit = self._judge(view, match)
            if hit is not None:
                yield hit

    def find_bare(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield every domain that is no work sample, however it is offered."""
        steps.spend(len(view.text))
        for match in _HOST.finditer(view.text):
            host = match["host"].removeprefix("www.")
            tld = host.rpartition(".")[2]
            is_domain = tld in self._tlds and (tld not in self._doubtful_tlds or match["scheme"] is not None)
            if is_domain and not any(host == each or host.endswith("." + each) for each in self._samples):
                yield Hit(Kind.WEBSITE, "share", "WEB_CONTACT", 0.85, match.start(), match.end(), evidence=("surface",))

    def _judge(self, view: View, match: re.Match[str]) -> Hit | None:
        host = match["host"].removeprefix("www.")
        if "." not in host:
            return None
        path = (match["path"] or "").rstrip(_TRAILING)
        end = match.end() if match["path"] is None else match.start("path") + len(path)
        mark = view.mark(match.start(), end)
        labels = host.split(".")
        for first in range(len(labels) - 1):
            name = ".".join(labels[first:])
            if name in self._samples or name in self._providers:
                return None
            rule = self._rules.get(name) or (self._disguised(name) if mark or _STAND_IN.search(name) else None)
            if rule is not None:
                if first and labels[first - 1] in self._harmless:
                    return None
                if not self._matches(rule, path) or (rule.is_told and not self._is_told(view.text, match)):
                    return None
                return Hit(rule.kind, "share", rule.reason, 0.95, match.start(), end, mark > 0)
        return self._contact_page(view, match, labels, path, end, mark)

    def _disguised(self, name: str) -> HostRule | None:
        """The rule of a host that is written with digits for letters, or with hyphens between them."""
        return self._rules.get(unleet(name)) or self._rules.get(name.replace("-", ""))

    def _is_told(self, text: str, match: re.Match[str]) -> bool:
        """Whether the sentence of a link says to write there."""
        low, high = sentence_bounds(text, match.start(), match.end(), "!?;\n", limit=100)
        return self._talks.search(text, low, high) is not None

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
        if len(labels) == 2 and labels[0] in _ARTICLES:
            return None
        if tld not in self._tlds and not (len(tld) == 2 and tld.isalpha()):
            return None
        if ".".join(labels[-2:]) in self._reserved_domains:
            return None
        parts = [f"/{part}" for part in path.partition("?")[0].lower().split("/") if part]
        if parts and (parts[0] in self._contact_paths or parts[-1].partition(".")[0] in self._contact_paths):
            return Hit(Kind.WEBSITE, "share", "WEB_CONTACT", 0.9, match.start(), end, mark > 0)
        low, high = sentence_bounds(view.text, match.start(), end, "!?;\n", limit=100)
        phrase = self._phrases.search(view.text, low, high)
        if phrase is None and self._is_portal(view.text, match, labels, parts, (low, high), is_disguised=mark > 0):
            phrase = _PAGE
        if phrase is None and self._page_phrases.search(view.text, low, high) is not None:
            if not mark:
                return Hit(Kind.WEBSITE, "share", "WEB_CONTACT", 0.4, match.start(), end, False, ("ctx:page",))
            phrase = _PAGE
        is_own_label = labels[0] in self._contact_labels and len(labels) > 2 and mark == 0
        is_sure = bool(match["scheme"] or match["path"]) or match["host"].startswith("www.") or mark > 0
        is_sure = is_sure or (len(labels) > 3 and labels[-2] in _SECOND_LEVEL)
        if phrase is None:
            if is_own_label and (path or match["scheme"]):
                return Hit(Kind.WEBSITE, "share", "WEB_CONTACT", 0.85, match.start(), end)
            if (
                mark in (ALTERED, STRONG)
                and len(labels[-2]) > 2
                and (tld not in self._doubtful_tlds or bool(match["path"]))
            ):
                return Hit(Kind.WEBSITE, "share", "WEB_OBFUSCATED", 0.85, match.start(), end, True)
            is_page = mark == WEAK and (bool(match["path"]) or tld not in self._doubtful_tlds) and len(labels[-2]) > 3
            return Hit(Kind.WEBSITE, "share", "WEB_OBFUSCATED", 0.45, match.start(), end, True) if is_page else None
        if tld in self._doubtful_tlds and not is_sure and len(labels[-2]) < 7:
            return None
        reason = "WEB_OBFUSCATED" if mark else "WEB_CONTACT"
        score = 0.8 if mark == WEAK and tld in self._doubtful_tlds else 0.85
        return Hit(Kind.WEBSITE, "share", reason, score, match.start(), end, mark > 0, ("ctx:contact",))

    def _is_portal(
        self,
        text: str,
        match: re.Match[str],
        labels: list[str],
        parts: list[str],
        around: tuple[int, int],
        *,
        is_disguised: bool,
    ) -> bool:
        """Whether somebody is sent to a page where people apply, register, book or ask."""
        low, high = around
        pieces = [*labels[:-2], *(part[1:].partition(".")[0] for part in parts)]
        named = any(piece in self._desks or not self._desks.isdisjoint(piece.split("-")) for piece in pieces)
        if is_disguised and named and parts:
            return True
        if not named and not is_disguised and self._ours.search(text, low, high) is None:
            return False
        if (
            self._directs.search(text, low, match.start()) is None
            and self._directs.search(text, match.end(), high) is None
        ):
            return False
        return (
            self._work.search(text, low, match.start()) is None and self._work.search(text, match.end(), high) is None
        )


def _without_bare_ats(view: View) -> str:
    """The text, with a space for each word that was read as the sign of addresses: hosts may follow those."""
    text = view.text
    if view.marks is None or "@" not in text:
        return text
    at = text.find("@")
    chars = list(text)
    while at >= 0:
        if view.marks[at] == WEAK:
            chars[at] = " "
        at = text.find("@", at + 1)
    return "".join(chars)
