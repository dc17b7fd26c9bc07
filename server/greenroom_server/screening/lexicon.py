"""The word lists of the filter: data files of the package, read once per screen.

Source: the TOML files in ``screening/words``; server/docs/screening.md says how to extend them.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from greenroom_server.screening.cues import any_of, entries
from greenroom_server.screening.normalise import fold_word
from greenroom_server.screening.numerals import Numerals
from greenroom_server.screening.verdict import Kind

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class App:
    """A service people talk, meet or pay through."""

    name: str
    kind: Kind
    strong: tuple[str, ...]
    """Names that hardly mean anything else."""
    weak: tuple[str, ...]
    """Names that are also ordinary words."""
    hints: tuple[str, ...]
    """Descriptions."""


@dataclass(frozen=True, slots=True)
class HostRule:
    """What a link to a known host is."""

    kind: Kind
    reason: str
    paths: tuple[str, ...]
    """Prefixes one of which must follow the host; empty: any path."""
    is_profile: bool
    """Whether only a path of one segment that is not reserved counts."""
    is_told: bool
    """Whether it counts only where somebody is told to write there: pages that also show work."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All word lists, as read; nothing is compiled yet."""

    version: str
    apps: tuple[App, ...]
    weak_app_triggers: tuple[str, ...]
    hosts: dict[str, HostRule]
    harmless_subdomains: frozenset[str]
    reserved_segments: frozenset[str]
    marks: dict[str, Any]
    """The tables of ``marks.toml``."""
    intents: dict[str, Any]
    """The tables of ``intents.toml``."""
    phone: dict[str, str]
    """The lists of ``phone.toml``."""
    payment: dict[str, str]
    """The lists of ``payment.toml``."""
    handles: dict[str, str]
    """The lists of ``handles.toml``."""
    addresses: dict[str, str]
    """The lists of ``addresses.toml``."""
    portals: dict[str, str]
    """The lists of ``portals.toml``."""
    symbols: dict[str, Any]
    """The tables of ``symbols.toml``."""
    numerals: Numerals

    def names(self, *kinds: Kind, is_weak_included: bool = False) -> list[str]:
        """Names of the apps of these kinds."""
        chosen = [app for app in self.apps if app.kind in kinds]
        every = [name for app in chosen for name in (*app.strong, *(app.weak if is_weak_included else ()))]
        return [name.rstrip("*") for name in every]


def load_lexicon() -> Lexicon:
    """Read the word lists that ship with the package."""
    apps, hosts = _read("apps.toml"), _read("hosts.toml")
    marks, intents = _folded(_read("marks.toml")), _folded(_read("intents.toml"))
    return Lexicon(
        version=marks["version"],
        apps=tuple(
            App(
                app["name"],
                Kind(app["kind"]),
                _with_endings(_with_twins(_words(entries(app["strong"]))), app.get("inflected", ""), apps["endings"]),
                _words(entries(app["weak"])),
                _words(entries(app.get("hints", ""))),
            )
            for app in apps["app"]
        ),
        weak_app_triggers=_words(apps["weak_triggers"]),
        hosts={
            host: HostRule(
                Kind(rule["kind"]),
                rule["reason"],
                tuple(rule.get("paths", ())),
                rule.get("profile", False),
                rule.get("told", False),
            )
            for host, rule in hosts["host"].items()
        },
        harmless_subdomains=frozenset(hosts["harmless_subdomains"]),
        reserved_segments=frozenset(hosts["reserved_segments"]),
        marks=marks,
        intents=intents,
        phone=_folded(_read("phone.toml")),
        payment=_folded(_read("payment.toml")),
        handles=_folded(_read("handles.toml")),
        addresses=_folded(_read("addresses.toml")),
        portals=_folded(_read("portals.toml")),
        symbols=_folded(_read("symbols.toml")),
        numerals=Numerals(_folded(_read("numbers.toml"))),
    )


def alternation(words: Iterable[str]) -> str:
    """A regular expression that finds any of the words as a whole, longest first.

    Word edges are asked of ASCII words only: other scripts inflect or write without spaces.
    """
    chosen = set(words)
    ascii_words = any_of(word for word in chosen if word.isascii())
    others = any_of(word for word in chosen if not word.isascii())
    parts = [rf"(?:\b(?:{ascii_words})\b)"] if ascii_words else []
    return "(?:" + "|".join(parts + ([others] if others else [])) + ")"


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(fold_word, words)))


def _with_endings(names: tuple[str, ...], inflected: str, endings: str) -> tuple[str, ...]:
    """Also some names with the endings of cases, as of languages that add them to foreign names."""
    inflections = [name + ending for name in inflected.split() for ending in endings.split()]
    return tuple(dict.fromkeys((*names, *inflections)))


def _with_twins(names: tuple[str, ...]) -> tuple[str, ...]:
    """Also the names with a capital I for an l, and with "rn" for an m."""
    twins = [
        twin
        for name in names
        if name.isascii() and len(name) > 5
        for twin in (
            name.replace("l", "i"),
            name.replace("m", "rn"),
            name.replace("l", "i").replace("m", "rn"),
            name.replace("i", "l"),
        )
    ]
    return tuple(dict.fromkeys((*names, *twins)))


def _folded(value: Any) -> Any:
    """Words and patterns in the form that texts have in a view; ASCII stays, since it may be a pattern."""
    if isinstance(value, dict):
        return {_folded(key): _folded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_folded(each) for each in value]
    if isinstance(value, str) and not value.isascii():
        return _NOT_ASCII.sub(lambda run: fold_word(run.group()), value)
    return value


def _read(name: str) -> dict[str, Any]:
    source = files("greenroom_server.screening").joinpath("words", name)
    return tomllib.loads(source.read_text(encoding="utf-8"))
