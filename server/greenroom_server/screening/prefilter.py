"""The first look at a text: which classes of detector could find anything at all.

One pass of an Aho-Corasick automaton over the lower-cased text and one count of digits. Most ordinary text
has no trigger and is allowed at this point.
"""

import re
from collections.abc import Iterable
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation

from greenroom_server.screening.apps import unleet
from greenroom_server.screening.cues import entries
from greenroom_server.screening.detect_encoded import encoded_literals
from greenroom_server.screening.digit_runs import PHONE_DIGITS
from greenroom_server.screening.lexicon import Lexicon

# A rare character comes first in these, since the search skips to it.
_LEET_NAME = re.compile("[013457@$!6€](?<=[a-zа-я].)[a-zа-я]")
_CODED = re.compile("[0-9a-f]{14}|[01]{8} |[0-9]{2,3}(?:[ ,]{1,2}[0-9]{2,3}){6}")
_BETWEEN = re.compile(r"[^\w\s.,;:!?'\"()/\[\]-](?<=[^\W_].)[^\w\s.,;:!?'\"()/\[\]-]{0,2}[^\W_]")
_DOMAINS = (
    ".com",
    ".net",
    ".org",
    ".io ",
    ".co/",
    ".co.",
    ".ru",
    ".ua",
    ".de",
    ".es",
    ".fr",
    ".pt",
    ".pl",
    ".br",
    ".studio",
    ".agency",
    ".site",
)
"""Endings of which one opens the slow path for links that are offered as a way to make contact."""
_JOINTS = (
    "then",
    "dash",
    "hyphen",
    "luego",
    "depois",
    "dann",
    "puis",
    "poi",
    "потом",
    "дальше",
    "тире",
    "потім",
    "guion",
)
"""Words between the parts of a number."""
_EVERYDAY = frozenset(["to", "on", "so", "for", "as", "do", "um", "un", "en", "es", "once", "dos", "uma", "bin"])
"""Words for numbers that stand in most sentences of some language."""
_ORDINARY = frozenset({"point", "period", "stop", "daught", "bod", "pont"})
"""Words for the dot that are too common to open the slow path."""


class Trigger:
    """Classes of detectors, as bits; plain integers, since enum arithmetic costs more than the detectors."""

    MAIL: Final = 1
    SPOKEN: Final = 2
    """Words that may stand for symbols, or names of mail providers."""
    LINK: Final = 4
    APP: Final = 8
    PAYMENT: Final = 16
    INTENT: Final = 32
    PHONE: Final = 64
    NUMBER_WORDS: Final = 128
    SPACED: Final = 256
    """Unusually many single characters or separators."""
    ENCODED: Final = 512
    DECODED: Final = 1024
    """Set by who scans what a code held; codes in codes are not looked for."""
    ADDRESS: Final = 2048
    FRAGMENTS: Final = MAIL | SPOKEN | LINK | APP | PAYMENT | PHONE | NUMBER_WORDS
    """What is looked for in messages that were joined."""


_SPOKEN_DIGITS = 8
"""Number words count twice, since they often stand for two digits."""
_BESIDE = 12
"""Code points between number words that may belong to one number."""
_LEET = re.compile("[0-9][oilszbоізбч]|[oilszbоізбч][0-9]")
_SEPARATORS = b" .-*"
_NEITHER = bytes(set(range(256)) - set(b"0123456789" + _SEPARATORS))
_NUMBER_WORD = 1 << 16
_WEAK_WORD = 1 << 17
_LONG_CHAIN = 6
"""Ordinary words in a row from which on they are likely to be digits."""
_NAMES = Trigger.APP | Trigger.SPOKEN | Trigger.PAYMENT


class Prefilter:
    """Answers, for a lower-cased text, the classes of detectors worth running."""

    def __init__(self, lexicon: Lexicon) -> None:
        classes: dict[str, int] = {}

        def add(words: list[str], trigger: int) -> None:
            for word in words:
                classes[word] = classes.get(word, 0) | trigger

        symbols = lexicon.symbols
        words = {name: entries(symbols[name]) for name in symbols if isinstance(symbols[name], str)}
        spellings = [name for names in symbols["providers"].values() for name in entries(names) if len(name) > 3]
        add(["@", "&#64", "%40"], Trigger.MAIL)
        add(["&#", "%2e", *spellings, *symbols["providers"]], Trigger.SPOKEN)
        add([name for names in symbols["hosts"].values() for name in entries(names)], Trigger.SPOKEN)
        add(["(a)", "(а)"], Trigger.SPOKEN)
        add(words.pop("triggers"), Trigger.SPOKEN)
        for name in ("at_brackets", "at_sure", "dot_brackets", "dot_sure", "dot_bare"):
            add([bracket + word for bracket in "([{" for word in words[name] if word not in "@,"], Trigger.SPOKEN)
            add([f"<{word}>" for word in words[name] if len(word) > 1], Trigger.SPOKEN)
        add([f" {word} {tld}" for word in _ORDINARY for tld in words["said_tlds"]], Trigger.SPOKEN)
        add([f" {word} " for word in words["dot_sure"]], Trigger.SPOKEN)
        add([f" {word} " for word in words["dot_bare"] if word not in _ORDINARY], Trigger.SPOKEN)
        add([f" {word}" for word in (*words["at_sure"], *words["underscore"])], Trigger.SPOKEN)
        add(["w w w", " c o m", " o r g", " n e t"], Trigger.SPACED | Trigger.SPOKEN | Trigger.LINK)
        add(encoded_literals(), Trigger.ENCODED)
        add(entries(lexicon.addresses["triggers"]), Trigger.ADDRESS)
        add([*lexicon.hosts, "://", "www.", "discord,gg"], Trigger.LINK)
        add(["hxxp", *_DOMAINS, *lexicon.marks["domains"]["contact_paths"]], Trigger.LINK)
        desks = entries(lexicon.portals["desks"])
        add(_openings(f"/{desk}" for desk in desks if len(desk) > 2), Trigger.LINK)
        add([f" {desk}." for desk in desks], Trigger.LINK)
        for app in lexicon.apps:
            add([name.rstrip("*") for name in app.hints if len(name) > 4 or not name.isascii()], Trigger.APP)
            add(
                _openings(name.rstrip("*") for name in app.strong),
                Trigger.PAYMENT if app.kind == "payment" else Trigger.APP,
            )
        add(list(lexicon.weak_app_triggers), Trigger.APP)
        add(["0x", "bc1", "iban", "wallet", " addy", "trc20", "erc20", " upi", "$", " alias "], Trigger.PAYMENT)
        add(lexicon.intents["triggers"], Trigger.INTENT)
        for word in lexicon.numerals.strong_words():
            # Short words are a part of too many others; a number spelled out has longer ones as well.
            add([word if len(word) > 3 or word >= "\u3000" else " " + word], _NUMBER_WORD)
        add([f" {word} " for word in _JOINTS], _NUMBER_WORD)
        weak = [word for word in lexicon.numerals.weak_words() if len(word) > 1 and word not in _EVERYDAY]
        add([f" {word}{end}" for word in weak for end in " ,"], _WEAK_WORD)
        add(lexicon.numerals.beginnings, Trigger.NUMBER_WORDS)
        automaton = AhoCorasick(list(classes), implementation=Implementation.DFA)
        self._matches = automaton.find_matches_as_indexes
        self._classes = list(classes.values())

    def __call__(self, lowered: str) -> int:
        """Classes worth running, as ``Trigger`` bits; 0 lets the text pass."""
        bits = words = chain = longest = last = 0
        classes = self._classes
        weak_chain = longest_weak = last_weak = 0
        for index, start, end in self._matches(f" {lowered} ", overlapping=True):
            found = classes[index]
            if found & _WEAK_WORD and end > last_weak + 1:
                weak_chain = weak_chain + 1 if start - last_weak <= 1 else 1
                longest_weak = max(longest_weak, weak_chain)
                last_weak = end
            if found & _NUMBER_WORD and end > last:
                words += 1
                chain = chain + 1 if start - last <= _BESIDE else 1
                if chain > longest:
                    longest = chain
                last = end
            bits |= found
        bits &= ~(_NUMBER_WORD | _WEAK_WORD)
        is_ascii = lowered.isascii()
        kept = (lowered.encode() if is_ascii else lowered.encode("utf-8", "surrogatepass")).translate(None, _NEITHER)
        digits = len(kept.translate(None, _SEPARATORS))
        if not digits:
            bits &= ~Trigger.ADDRESS
        if digits >= PHONE_DIGITS:
            bits |= Trigger.PHONE
        if digits > 11 and _CODED.search(lowered):
            bits |= Trigger.ENCODED
        if (digits or "@" in lowered or "$" in lowered) and _LEET_NAME.search(lowered):
            for index, _, _ in self._matches(unleet(lowered), overlapping=True):
                bits |= classes[index] & _NAMES
        if not is_ascii and _BETWEEN.search(lowered):
            bits |= Trigger.SPOKEN
        if (
            longest > 2
            or longest_weak + longest >= _LONG_CHAIN
            or (longest == 2 and digits > 2)
            or (words and digits > 4 and 2 * words + digits >= _SPOKEN_DIGITS)
        ) or (digits > 3 and len(_LEET.findall(lowered)) > 1):
            bits |= Trigger.NUMBER_WORDS
        if (len(kept) - digits) * 4 > len(lowered):
            bits |= Trigger.SPACED
        return bits


def _openings(words: Iterable[str]) -> list[str]:
    """The words, without those that begin with another one."""
    kept: list[str] = []
    for word in sorted(words):
        if not kept or not word.startswith(kept[-1]):
            kept.append(word)
    return kept
