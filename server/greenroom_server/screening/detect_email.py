"""E-mail addresses, written plainly or with words and symbols swapped.

Every ``@`` of a view is an anchor; the address is expanded to both sides by hand, so the cost is linear.
"""

import re
from collections.abc import Iterator

from greenroom_server.screening.lexicon import Lexicon, alternation
from greenroom_server.screening.normalise import PLAIN, WEAK, View
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Kind

_LOCAL_EXTRA = frozenset(".!#$%&*+-_'^~")
_PLACEHOLDER_NAMES = frozenset({"name", "user", "username", "you", "your-name", "yourname", "your.name"})
_SAID = re.compile(r"(?:mail|m@il|m4il|correo|imeio|почта|пошта|мыло)\w{0,6}\s?(?:is|es|e|ist|est|to|:|=|-)\s?$")
_PRIVATE_SCHEMES = re.compile(r"(?<![a-z])(?!https?|mailto)[a-z][a-z+]{1,15}://\S{0,80}$")
_LABEL = re.compile("[:=>]")
_MAX_LOCAL, _MAX_DOMAIN = 256, 253


class EmailDetector:
    """Finds addresses in a view."""

    def __init__(self, lexicon: Lexicon) -> None:
        mail, domains = lexicon.marks["mail"], lexicon.marks["domains"]
        services = (domain.partition(".")[0] for domain in lexicon.symbols["providers"])
        self._providers = frozenset([*mail["providers"], *services])
        self._providers_alone = frozenset(mail["providers_alone"])
        self._reserved_domains = frozenset(mail["reserved_domains"])
        self._reserved_tlds = frozenset(mail["reserved_tlds"])
        self._labelled = re.compile(
            rf"(?<![^\W_])(?:{'|'.join(mail['providers_alone'])})(?:\s[a-z]{{1,5}})?\s?[:=>]{{1,2}}\s?(?P<local>[^\W_]{{2,30}}(?:[._][^\W_]{{2,30}}){{1,3}})(?![\w@(])"
        )
        self._robots = frozenset(mail["robot_names"])
        self._reserved_names = re.compile(mail["reserved_names"])
        self._stop_names = frozenset(mail["stop_names"].split())
        self._tlds = frozenset([*domains["tlds"], *mail["tlds"].split()])
        self._doubtful_tlds = frozenset(domains["doubtful_tlds"])
        self._context = re.compile(alternation(mail["words"]))

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the addresses of a view, left to right."""
        text = view.text
        steps.spend(len(text))
        for match in self._labelled.finditer(text) if _LABEL.search(text) else ():
            start, end = match.span("local")
            yield Hit(Kind.EMAIL, "share", "EMAIL_PROVIDER", 0.85, start, end, True)
        at = text.find("@")
        floor = 0
        while at >= 0:
            hit = self._expand(view, at, floor, steps)
            if hit is not None:
                yield hit
                floor = hit.end
            at = text.find("@", at + 1)

    def _expand(self, view: View, at: int, floor: int, steps: Steps) -> Hit | None:
        text = view.text
        start = at
        low = max(floor, at - _MAX_LOCAL)
        while start > low and (
            (text[start - 1].isalnum() and not _is_spaceless(text[start - 1])) or text[start - 1] in _LOCAL_EXTRA
        ):
            start -= 1
        while start < at and not text[start].isalnum():
            start += 1
        end, high = at + 1, min(len(text), at + 1 + _MAX_DOMAIN)
        while end < high and ((text[end].isalnum() and not _is_spaceless(text[end])) or text[end] in ".-"):
            end += 1
        steps.spend(end - start)
        if start == at or end == at + 1:
            return None
        labels = text[at + 1 : end].rstrip(".-").split(".")
        while len(labels) > 2 and not self._is_tld(labels[-1]):
            labels.pop()
        domain = ".".join(labels)
        local, end = text[start:at], at + 1 + len(domain)
        if not labels[0] or self._is_exempt(text, start, local, domain):
            return None
        score = self._score(view, start, at, end, local, labels)
        if not score:
            return None
        if text[max(0, start - 7) : start] == "mailto:":
            start -= 7
        is_obfuscated = view.mark(start, end) > 0
        reason = "EMAIL_OBFUSCATED" if is_obfuscated else "EMAIL_PLAIN"
        if len(labels) == 1:
            reason, is_obfuscated = "EMAIL_PROVIDER", True
        return Hit(Kind.EMAIL, "share", reason, score, start, end, is_obfuscated)

    def _score(self, view: View, start: int, at: int, end: int, local: str, labels: list[str]) -> float:
        at_mark, domain_mark = view.mark(at, at + 1), view.mark(at + 1, end)
        is_stopped = local in self._stop_names
        if len(labels) == 1:
            if labels[0] not in self._providers_alone or is_stopped:
                return 0.0
            is_said = _SAID.search(view.text, max(0, start - 24), start) is not None
            is_sure = self._has_shape(local) or view.mark(start, end) == PLAIN or is_said
            return 0.85 if is_sure else 0.4
        if not self._is_tld(labels[-1]):
            is_word = labels[-1].isalpha() and len(labels[-1]) > 1
            return 0.45 if is_word and at_mark != WEAK and domain_mark != WEAK else 0.0
        if at_mark != WEAK:
            return 0.95
        if is_stopped:
            return 0.4
        is_provider = labels[-2] in self._providers
        if domain_mark == PLAIN:
            # A domain as usual behind a word like "at": "we host it at acme.com".
            return 0.85 if is_provider or "." in local or "_" in local or self._has_context(view, start) else 0.3
        if is_provider:
            return 0.95
        is_sure = labels[-1] not in self._doubtful_tlds or self._has_shape(local) or self._has_context(view, start)
        return 0.85 if is_sure else 0.4

    def _has_context(self, view: View, start: int) -> bool:
        return self._context.search(view.text, max(0, start - 40), start) is not None

    @staticmethod
    def _has_shape(local: str) -> bool:
        return any(not char.isalpha() for char in local)

    def _is_exempt(self, text: str, start: int, local: str, domain: str) -> bool:
        if (
            ".".join(domain.split(".")[-2:]) in self._reserved_domains
            or domain.rpartition(".")[2] in self._reserved_tlds
        ):
            return True
        if local in self._robots or (local in _PLACEHOLDER_NAMES and domain.startswith(("domain", "company", "email"))):
            return True
        labels = domain.split(".")
        if len(labels) > 1 and self._reserved_names.fullmatch(labels[0]):
            return True
        low = max(0, start - 100)
        return text.find("://", low, start) >= 0 and _PRIVATE_SCHEMES.search(text, low, start) is not None

    def _is_tld(self, label: str) -> bool:
        return label in self._tlds or (len(label) == 2 and label.isalpha())


def _is_spaceless(char: str) -> bool:
    """Whether a letter is of a script without spaces between words: no address is written in it."""
    return char >= "\u0e00" and (char <= "\u0eff" or "\u3040" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3")
