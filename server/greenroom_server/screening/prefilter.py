"""The first look at a text: which classes of detector could find anything at all.

One pass of an Aho-Corasick automaton over the lower-cased text and one count of digits. Most ordinary text
has no trigger and is allowed at this point.
"""

from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation

from greenroom_server.screening.lexicon import Lexicon


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


PHONE_DIGITS = 7
"""Fewest digits of a number that can be dialled."""

_SEPARATORS = b" .-*"
_NEITHER = bytes(set(range(256)) - set(b"0123456789" + _SEPARATORS))
_NUMBER_WORD = 1 << 16


class Prefilter:
    """Answers, for a lower-cased text, the classes of detectors worth running."""

    def __init__(self, lexicon: Lexicon) -> None:
        classes: dict[str, int] = {}

        def add(words: list[str], trigger: int) -> None:
            for word in words:
                classes[word] = classes.get(word, 0) | trigger

        symbols, mail = lexicon.marks["symbols"], lexicon.marks["mail"]
        add(["@", "&#64", "%40"], Trigger.MAIL)
        add(["&#", "%2e", "©", *mail["providers_alone"], "яндекс"], Trigger.SPOKEN)
        add(["_at_", "_dot_", ". com", " .com", " . me", " / ", " {at", "<at>"], Trigger.SPOKEN)
        add([bracket + word for bracket in "([" for word in symbols["at_in_brackets"]], Trigger.SPOKEN)
        add([bracket + word for bracket in "([" for word in symbols["dot_in_brackets"]], Trigger.SPOKEN)
        add([f" {word} " for word in symbols["dot"]], Trigger.SPOKEN)
        add([f" {word} " for word in symbols["at"] if word != "at"], Trigger.SPOKEN)
        add([*lexicon.hosts, "://", "www.", "discord,gg"], Trigger.LINK)
        add(lexicon.marks["domains"]["contact_phrases"], Trigger.LINK)
        add(lexicon.marks["domains"]["contact_paths"], Trigger.LINK)
        for app in lexicon.apps:
            add(list(app.strong), Trigger.PAYMENT if app.kind == "payment" else Trigger.APP)
        add(list(lexicon.weak_app_triggers), Trigger.APP)
        add(["0x", "bc1", "iban", "wallet", "trc20", "erc20", " upi", "$"], Trigger.PAYMENT)
        add(lexicon.intents["triggers"], Trigger.INTENT)
        numbers = lexicon.marks["numbers"]
        words = [*numbers["digits"], *numbers["tens"], *numbers["repeats"]]
        # Two ASCII letters are a part of too many words; a number spelled out has longer ones as well.
        add([word for word in words if len(word) > 2 or not word.isascii()], _NUMBER_WORD)
        automaton = AhoCorasick(list(classes), implementation=Implementation.DFA)
        self._matches = automaton.find_matches_as_indexes
        self._classes = list(classes.values())

    def __call__(self, lowered: str) -> int:
        """Classes worth running, as ``Trigger`` bits; 0 lets the text pass."""
        bits = words = 0
        classes = self._classes
        for index, _, _ in self._matches(lowered, overlapping=True):
            found = classes[index]
            if found & _NUMBER_WORD:
                words += 1
            bits |= found
        bits &= ~_NUMBER_WORD
        kept = lowered.encode("utf-8", "surrogatepass").translate(None, _NEITHER)
        digits = len(kept.translate(None, _SEPARATORS))
        if digits >= PHONE_DIGITS:
            bits |= Trigger.PHONE
        if words + digits >= PHONE_DIGITS and words > 1:
            bits |= Trigger.NUMBER_WORDS
        if (len(kept) - digits) * 4 > len(lowered):
            bits |= Trigger.SPACED
        return bits
