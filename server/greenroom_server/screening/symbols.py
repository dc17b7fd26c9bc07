"""Words, brackets and stand-ins for the symbols of addresses, and spoken names of mail services, read as meant.

One pass replaces words for dots, dashes and the like; a second one writes names of mail services in full; a third one
puts the missing sign between a name and its service.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from ahocorasick_rs import AhoCorasick, Implementation

from greenroom_server.screening.cues import Cue, any_of, entries
from greenroom_server.screening.lexicon import Lexicon
from greenroom_server.screening.normalise import ALTERED, STRONG, WEAK, View, rewrite
from greenroom_server.screening.scan import Steps

_OPEN: Final = r"[(\[{<*_~|«/\\-]"
_CLOSE: Final = r"[)\]}>*_~|»/\\-]"
_GAP: Final = r"\s{0,3}"
_WIDE: Final = r"\s{1,3}"
_NO_SIGN: Final = r"[^\w\s.,:;/()\[\]\"'!?=<>+-]"
# The sign itself comes first and then what stands before it, since the search skips from sign to sign.
_ODD: Final = re.compile(
    r"[^\w\s](?:(?<=[(\[{<*|])\s?(?:a[t.]|[aа.]\s?[)\]}>*|]|d[o0t]|@)|(?<=\s[@./])\s?\w|(?<=@)\s|(?<=-)(?:at|dot)-"
    rf"|(?<={_NO_SIGN})(?<=[^\W_].){_NO_SIGN}{{0,2}}[^\W_]"
    r"|(?<=[^\W\d_][,*])(?:com|net|org|me|gg|ly|ru|de|io|ua|us|ee/|co |gle/)\b)"
)
_SPELLED: Final = frozenset({"c0m", "kom", "kaam", "kaum", "calm", "komm", "comm"})
"""Misspelled endings that are not one of their own."""
_SHAPED_END: Final = re.compile(r"[^\W_]+[._\d][^\s@]*\s$")
_EDGE: Final = r"(?![^\W_])"
_BREAK: Final = re.compile(r"[\s,;]")


class Symbols:
    """Builds the views in which words are symbols; compiled once."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Compile the lists of ``symbols.toml``."""
        raw = lexicon.symbols
        self._glued = {
            domain.partition(".")[0] + ending: domain
            for domain in raw["providers"]
            for ending in ("com", "dotcom", "puntocom", "pontocom", "punktcom")
            if domain.endswith(".com")
        }
        # No symbol begins with a letter or digit: most positions are done with at once.
        self._words = re.compile(rf"(?![^\W_])(?:{_symbol_words(raw)})")
        lists = ("at_sure", "dot_sure", "dot_bare", "slash", "underscore", "dash")
        names = [*self._glued, *(name for spellings in raw["providers"].values() for name in entries(spellings))]
        hosts = [name for spellings in raw["hosts"].values() for name in entries(spellings)]
        self._any = Cue([word for name in lists for word in entries(raw[name])])
        self._names, self._host_names = Cue(names), Cue(hosts)
        self._canonical = AhoCorasick(list(raw["providers"]), implementation=Implementation.DFA)
        self._domains: dict[str, str] = {}
        for domain, known in raw["providers"].items():
            self._domains |= dict.fromkeys(entries(known), domain)
        self._domains |= self._glued
        self._tlds = {spelling: tld for tld, names in raw["tlds"].items() for spelling in entries(names)}
        ending = rf"(?P<tld>{any_of(self._tlds)})(?P<more>[.\s](?:br|mx|ar|au|uk|ua|tr|ph|in|co))?"
        separator = r"(?P<sep>[.,•*·\s⊙\"'+)\]]{1,3}|)"
        self._providers = re.compile(
            rf"(?<![^\W_])(?=[^\W_])(?P<name>{any_of(self._domains)})(?:{separator}{ending})?{_EDGE}"
        )
        self._hosts = {spelling: host for host, spoken in raw["hosts"].items() for spelling in entries(spoken)}
        self._host = re.compile(rf"(?<![^\W_])(?:{any_of(self._hosts)})(?:(?<=/)|{_EDGE})")
        spelled = [each for each, tld in self._tlds.items() if (each != tld and each >= "\u0600") or each in _SPELLED]
        self._endings = re.compile(rf"\.(?<=[^\W_].)(?P<tld>{any_of(spelled)}){_EDGE}")
        glued_at, glued_dot = any_of(entries(raw["at_glued"])), any_of(entries(raw["dot_glued"]))
        self._glued_words = re.compile(rf"(?<=[a-z0-9_-])\s?(?:(?P<at>{glued_at})|(?P<dot>{glued_dot}))\s?(?=[a-z0-9])")
        self._glue = frozenset(word[0] for name in ("at_glued", "dot_glued") for word in entries(raw[name]))
        canonical = any_of(raw["providers"])
        stand_in = rf"[^\w\s.,:;/()\[\]\"'!?=<>+-]{{1,3}}|{_GAP}(?:[#%&*^~=+|]){_GAP}|[ ]{{1,3}}"
        self._missing = re.compile(rf"(?<=[^\W_])(?P<sep>{stand_in})(?={canonical}{_EDGE})")

    def read(self, view: View, steps: Steps) -> View:
        """The view with symbols in the place of words; marks tell how bare those were."""
        steps.spend(2 * len(view.text))
        if not (view.text.isascii() or self._glue.isdisjoint(view.text)):
            view = rewrite(view, _replaced(self._glued_words, view.text))
        text = view.text
        has_name = self._names.search(text) is not None
        if has_name or self._any.search(text) is not None or _is_odd(text):
            steps.spend(4 * len(text))
            view = rewrite(view, _replaced(self._words, text))
            has_name = has_name if view.text is text else self._names.search(view.text) is not None
            view = rewrite(view, self._spelled(view))
        if has_name:
            view = rewrite(view, self._written_out(view))
        if self._canonical.find_matches_as_indexes(view.text):
            view = rewrite(view, self._signs(view))
        if self._host_names.search(view.text) is not None:
            view = rewrite(view, self._said_hosts(view.text))
        return view

    def _spelled(self, view: View) -> Iterator[tuple[int, int, str, int]]:
        """Misspelled endings after a dot that was said."""
        for match in self._endings.finditer(view.text):
            if view.mark(match.start(), match.start() + 1):
                yield *match.span("tld"), self._tlds[match["tld"]], ALTERED

    def _said_hosts(self, text: str) -> Iterator[tuple[int, int, str, int]]:
        for match in self._host.finditer(text):
            host = self._hosts[match.group()] + ("/" if match.group().endswith("/") else "")
            if host != match.group():
                yield match.start(), match.end(), host, ALTERED

    def _written_out(self, view: View) -> Iterator[tuple[int, int, str, int]]:
        """Names of mail services with their ending, however both are spelled."""
        text = view.text
        for match in self._providers.finditer(text):
            name, tld, start = match["name"], match["tld"], match.start()
            domain = self._domains[name]
            label, _, ending = domain.partition(".")
            is_whole = (
                name in self._glued
                or "." in name
                or (" " in name and self._tlds.get(name.rpartition(" ")[2]) == ending)
            )
            if tld is not None and (match["sep"] or len(tld) <= 3) and not is_whole:
                if name == label and match["sep"] == ".":
                    continue
                said = self._tlds[tld]
                domain = f"{label}.{said}{match['more'] or ''}" if said != ending else domain
                end, mark = match.end(), STRONG
            elif is_whole and name != domain:
                end, mark = match.end("name"), STRONG
            elif name != label and text[start - 1 : start] == "@":
                yield start, match.end("name"), label, ALTERED
                continue
            else:
                continue
            low = max(0, start - 30)
            is_bare = (
                tld is not None and match["sep"] == " " and (len(text) < 40 or _SHAPED_END.search(text, low, start))
            )
            is_said = is_bare or (
                not is_whole
                and name != label
                and name.isalpha() is False
                and "@" not in text[max(0, start - 2) : start]
            )
            if is_said and text[start - 1 : start] == " " and text[start - 2 : start - 1].isalnum():
                start, domain = start - 1, "@" + domain
            yield start, end, domain, mark

    def _signs(self, view: View) -> Iterator[tuple[int, int, str, int]]:
        """Something that stands for the sign before a mail service."""
        text = view.text
        for match in self._missing.finditer(text):
            sep = match["sep"]
            if sep.strip():
                if "@" not in sep:
                    yield match.start(), match.end(), "@", STRONG
                continue
            # Mere space: only between parts that were both disguised.
            low = match.start()
            while low and not _BREAK.match(text[low - 1]) and match.start() - low < 40:
                low -= 1
            if (
                view.mark(low, match.start())
                and view.mark(match.end(), match.end() + 3)
                and "@" not in text[low : match.start()]
            ):
                yield match.start(), match.end(), "@", STRONG


def _is_odd(text: str) -> bool:
    """Whether a sign stands where none is usual."""
    return _ODD.search(text) is not None or "_at_" in text or "_dot_" in text


def _symbol_words(raw: dict[str, Any]) -> str:
    def words(*names: str) -> str:
        return any_of(word for name in names for word in entries(raw[name]))

    alnum = r"(?<=[^\W_])"
    lead = r"(?:then )?(?:the |el |la |o |a |и )?"
    return (
        rf"(?P<at>{_GAP}\((?:a|а)\)(?=[^\W_])|(?<=[^\W_])[§%^*¬¶&=+|](?=[a-z0-9-]{{3,30}}[.,*](?:com|net|org|pt|es|de|fr|ru|ua|it|pl|dev|io|me|co)\b)"
        rf"|{_GAP}{_OPEN}\s?(?:{words('at_brackets', 'at_sure')})\s?{_CLOSE}{_GAP}|{_WIDE}@{_GAP}|@{_WIDE}(?=\w))"
        rf"|(?P<dot>{_GAP}[(\[{{<*_~|]\s?(?:{words('dot_brackets', 'dot_sure', 'dot_bare')})\s?[)\]}}>*_~|]{_GAP}"
        rf"|{alnum}\s{{1,3}}\.\s{{0,3}}(?=[^\W_])|(?<=[^\W\d_])[,*](?=(?:com|gg|me|net|org|ly|us|ru|de|io|ua|ee|co|gle)\b))"
        rf"|(?P<slash>{_GAP}[(\[{{]\s?(?:/|{words('slash')})\s?[)\]}}]{_GAP})"
        rf"|(?P<underscore>{_GAP}[(\[{{]\s?(?:{words('underscore')})\s?[)\]}}]{_GAP})"
        rf"|(?P<sure_at>{_WIDE}{lead}(?:{words('at_sure')}){_EDGE}[\s,]{{0,3}}(?:then\s)?)"
        rf"|(?P<word_at>{_WIDE}{lead}(?:{words('at_bare')}){_EDGE}[\s,]{{0,3}}(?:then\s)?|{alnum}(?:_at_|-at-)(?=[^\W_]))"
        rf"|(?P<word_dot>[\s,]{{1,3}}(?:then )?(?:{words('dot_sure')}|{words('dot_bare')}){_EDGE}{_WIDE}(?:then\s)?"
        rf"|{alnum}(?:_dot_|-dot-|-punto-|-ponto-|-punkt-|-nokta-|-point-|-kropka-)(?=[^\W_]))"
        rf"|(?P<word_underscore>{_WIDE}(?:{words('underscore')}){_EDGE}[\s,]{{1,3}})"
        rf"|(?P<word_dash>(?<!\bel)(?<!\bun)(?<!\bdel)(?<!\bthe){_WIDE}(?:{words('dash')}){_EDGE}{_WIDE}(?=[^\W_]))"
        rf"|(?P<word_slash>{_WIDE}(?:then )?(?:a )?(?:{words('slash')}){_EDGE}{_WIDE}|{alnum}\s/\s(?=[^\W_]))"
    )


_SYMBOLS: Final = {"at": "@", "dot": ".", "slash": "/", "underscore": "_", "dash": "-"}


def _replaced(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int, str, int]]:
    for match in pattern.finditer(text):
        name = match.lastgroup or ""
        is_word = name.startswith("word_")
        yield match.start(), match.end(), _SYMBOLS[name.partition("_")[2] or name], WEAK if is_word else STRONG
