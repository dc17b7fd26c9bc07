"""Asks for contacts and proposals to move elsewhere, without an identifier.

All patterns stand in one RE2 set, which tells in one linear pass which few to run for their spans.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from greenroom_server.screening.lexicon import Lexicon, alternation
from greenroom_server.screening.normalise import View
from greenroom_server.screening.scan import Hit, Steps, sentence_bounds
from greenroom_server.screening.verdict import Intent, Kind

_CLAUSE, _SENTENCE = ".!?;,\n", ".!?;\n"


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: "re2._Regexp[str]"
    kinds: tuple[Kind, ...]
    intent: Intent
    reason: str
    score: float
    introduces: bool


def _usual_names(lexicon: Lexicon, kind: Kind) -> str:
    """The commonest names of the services of a kind: a pattern for each misspelling would make the set slow."""
    chosen: list[str] = []
    for app in lexicon.apps:
        if app.kind is kind:
            names = [name.rstrip("*") for name in app.strong]
            several = "other" in app.name or app.kind in (Kind.PAYMENT, Kind.MEETING_LINK)
            chosen += [name for name in names if name.isascii()][: 24 if several else 14]
            chosen += [name for name in names if not name.isascii()][:4]
    return alternation(chosen)


class IntentDetector:
    """Finds asks and moves, unless the clause refuses or the sentence speaks about the rules."""

    def __init__(self, lexicon: Lexicon) -> None:
        names = {
            "chat": _usual_names(lexicon, Kind.MESSENGER),
            "social": _usual_names(lexicon, Kind.SOCIAL),
            "meet": _usual_names(lexicon, Kind.MEETING_LINK),
            "pay": _usual_names(lexicon, Kind.PAYMENT),
        }
        words = lexicon.intents["words"]
        self._patterns: list[_Pattern] = []
        options = re2.Options()
        options.max_mem = 64 << 20
        self._set = re2.Set.SearchSet(options)
        for entry in lexicon.intents["intent"]:
            source = entry["pattern"]
            for name, names_of_kind in names.items():
                source = source.replace("{" + name + "}", names_of_kind)
            kinds = (Kind(entry["kind"]), *([Kind(entry["also"])] if "also" in entry else []))
            self._patterns.append(
                _Pattern(
                    re2.compile(source),
                    kinds,
                    entry["intent"],
                    entry["reason"],
                    entry.get("score", 0.85),
                    entry.get("introduces", False),
                )
            )
            self._set.Add(source)
        self._set.Compile()
        self._topics = re.compile(r"\s?" + alternation(words["topics"]))
        self._refusals = re.compile(alternation(words["refusals"]))
        self._not_refusals = re.compile(alternation(words["not_refusals"]))
        self._elsewhere = re.compile(alternation(words["elsewhere"]))
        self._here = re.compile(alternation(words["here"]))
        self._not_here = re.compile(alternation(words["not_here"]))

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield asks and moves; one hit per kind."""
        text = view.text
        steps.spend(len(text))
        for index in self._set.Match(text) or ():
            pattern = self._patterns[index]
            steps.spend(4 * len(text))
            for match in pattern.regex.finditer(text):
                start, end = match.span()
                steps.spend(end - start + 200)
                if start == end or self._is_exempt(text, start, end):
                    continue
                for kind in pattern.kinds:
                    yield Hit(
                        kind,
                        pattern.intent,
                        pattern.reason if kind is pattern.kinds[0] else "MOVE_GENERIC",
                        pattern.score,
                        start,
                        end,
                        view.mark(start, end) > 0,
                        introduces=pattern.introduces,
                    )

    def _is_exempt(self, text: str, start: int, end: int) -> bool:
        if self._topics.match(text, end):
            return True
        low, high = sentence_bounds(text, start, end, _SENTENCE)
        if self._elsewhere.search(text, low, high):
            return True
        low, high = sentence_bounds(text, start, end, _CLAUSE)
        if self._refusals.search(text, low, end) and not self._not_refusals.search(text, low, end):
            return True
        return bool(self._here.search(text, start, high)) and not self._not_here.search(text, start, high)
