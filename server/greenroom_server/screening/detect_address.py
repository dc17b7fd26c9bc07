"""Postal addresses offered as a place to come to or to send something to.

A street with a number is an address wherever it stands; what makes it a contact are the words around it. Without them,
or beside words that make it a part of the work (a sign, a sample, a data set), it is left alone.

Source: server/docs/screening.md, Postal addresses.
"""

import re
from collections.abc import Iterator
from typing import Final

from greenroom_server.screening.cues import Cue, entries
from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import View
from greenroom_server.screening.scan import Hit, Steps
from greenroom_server.screening.verdict import Kind

_WORD: Final = r"[^\W\d_][\w'’.-]{0,24}"
_NUMBER: Final = r"\d{1,5}(?:[a-z]|/\d{1,4})?(?![\w%]|[.,:]\d)"
_NO: Final = r"(?:(?:no|nr|num|numero|n°|#|дом|д|буд|будинок)[.:]? ?)?"
_SHAPES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # 14 Bridge Street; 2217 Larkspur Ln
        rf"(?<![\w.,:/$€£#-])\d{{1,5}}[a-z]?,? (?P<name>(?:{_WORD} ){{1,3}}?)"
        r"(?:street|st|road|rd|avenue|ave|lane|ln|boulevard|blvd|court|crescent|terrace|close|row|parade|highway|hwy|quay"
        r"|mews|drive|square|marg|nagar|colony)\b",
        # 11 rue Pasteur; 5 bis, avenue de la Gare
        rf"(?<![\w.,:/-])\d{{1,4}}(?: ?bis| ter)?,? (?:rue|avenue|boulevard|bd|chemin|allee|impasse|quai|place) "
        rf"(?P<name>(?:(?:de|des|du|la|le|les) ){{0,2}}{_WORD}(?: {_WORD}(?=,| a | \d{{5}}))?)",
        # calle Mayor 5; Rua das Flores, 88; in via Mameli 20; ul. Zwirki 3; ул. Ленина, д. 5
        r"(?:\b(?:calle|avenida|avda\.?|plaza|paseo|carrera|rua|travessa|alameda|largo|in via|viale|corso|piazza|vicolo"
        r"|ul\.|ulica|ulicy|jalan|jl\.?)|\bc/|(?<!\w)(?:ул\.|улиц[аеу]|вул\.|вулиц[яіею]|просп\.|проспект[еі]?|пр-т|пер\.|переулок"
        rf"|бульвар[еі]?|شارع)) ?(?P<name>{_WORD}(?: {_WORD}){{0,3}}?),? ?(?:(?:عماره|مبني|بنايه|رقم) )?{_NO}{_NUMBER}",
        # Hauptstrasse 12; Lange Gasse 3; Kerkstraat 9
        rf"(?<!\w)(?P<name>[^\W\d_]{{2,24}}[ -]?(?:strasse|str\.|gasse|weg|platz|allee|straat|laan|gracht|plein)) "
        rf"{_NUMBER}",
        # Ataturk Caddesi No: 5
        rf"(?<!\w)(?P<name>{_WORD}) (?:sokak|sok\.|sk\.|sokagi|caddesi|cad\.|bulvari|mahallesi|mah\.),? {_NO}{_NUMBER}",
        # 南京路123号
        r"(?P<name>(?:(?![是在到])[\u4e00-\u9fff]){2,8})(?:路|街|大道|巷|弄)\d{1,5}(?:号|弄)",
    )
)
_TOWN: Final = re.compile(r"(?:,? (?:in|em|en|a|di|te|в|у)|,|،|\n) ?[^\W\d_]{3}")
_REST: Final = re.compile(
    r"(?:,? (?:apt|apartment|suite|unit|flat|piso|кв|квартира|daire)\b\.? ?(?:no\.? ?)?\w{1,5}\b)?"
    rf"(?:(?:,? {_WORD}){{0,2}},? (?:[a-z]{{1,2}}\d{{1,2}}[a-z]? ?\d[a-z]{{2}}|\d{{5,6}}|\d{{4}} ?[a-z]{{2}}"
    r"|(?<=,.)\d{4})\b)?"
)
"""What may follow a street: a flat, and a postcode, perhaps behind the town."""
_ENDS: Final = "号弄"
"""Chinese writes the town first, so that nothing need follow."""
_AROUND: Final = 90
"""Code points within which the words that count must stand."""


class AddressDetector:
    """Finds postal addresses that are offered."""

    def __init__(self, lexicon: Lexicon) -> None:
        words = lexicon.addresses
        self._offers = Cue([*entries(words["visits"]), *entries(words["posts"]), *entries(words["owns"])])
        self._topics = Cue(words["topics"])
        self._stops = frozenset(entries(words["stops"]))

    def find(self, view: View, steps: Steps) -> Iterator[Hit]:
        """Yield the addresses of a view."""
        text = view.text
        steps.spend(len(_SHAPES) * len(text))
        for shape in _SHAPES:
            for match in shape.finditer(text):
                steps.spend(4 * _AROUND)
                if not self._stops.isdisjoint(match["name"].replace(",", " ").split()):
                    continue
                low, high = max(0, match.start() - _AROUND), match.end() + _AROUND
                if self._offers.search(text, low, high) is None:
                    continue
                yield self._hit(view, match, is_work=self._topics.search(text, low, high) is not None)

    @staticmethod
    def _hit(view: View, match: re.Match[str], *, is_work: bool) -> Hit:
        start, end = match.start(), match.end()
        rest = _REST.match(view.text, end)
        assert rest is not None, "it may be empty"
        is_whole = rest.end() > end or view.text[end - 1] in _ENDS or _TOWN.match(view.text, end) is not None
        score = 0.3 if is_work else 0.85 if is_whole else 0.6
        is_odd = view.mark(start, rest.end()) > 0
        return Hit(Kind.ADDRESS, "share", "ADDRESS_POSTAL", score, start, rest.end(), is_odd, ("ctx:offered",))
