"""The word lists of the filter: data files of the package, read once per screen.

Source: the TOML files in ``screening/words``; server/docs/screening.md says how to extend them.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from re import escape
from typing import Any

from greenroom_server.screening.verdict import Kind


@dataclass(frozen=True, slots=True)
class App:
    """A service people talk, meet or pay through."""

    name: str
    kind: Kind
    strong: tuple[str, ...]
    """Names that hardly mean anything else."""
    weak: tuple[str, ...]
    """Names that are also ordinary words."""


@dataclass(frozen=True, slots=True)
class HostRule:
    """What a link to a known host is."""

    kind: Kind
    reason: str
    paths: tuple[str, ...]
    """Prefixes one of which must follow the host; empty: any path."""
    is_profile: bool
    """Whether only a path of one segment that is not reserved counts."""


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

    def names(self, *kinds: Kind, is_weak_included: bool = False) -> list[str]:
        """Names of the apps of these kinds."""
        chosen = [app for app in self.apps if app.kind in kinds]
        return [name for app in chosen for name in (*app.strong, *(app.weak if is_weak_included else ()))]


def load_lexicon() -> Lexicon:
    """Read the word lists that ship with the package."""
    apps, hosts = _read("apps.toml"), _read("hosts.toml")
    marks, intents = _read("marks.toml"), _read("intents.toml")
    return Lexicon(
        version=marks["version"],
        apps=tuple(
            App(app["name"], Kind(app["kind"]), tuple(app["strong"]), tuple(app["weak"])) for app in apps["app"]
        ),
        weak_app_triggers=tuple(apps["weak_triggers"]),
        hosts={
            host: HostRule(Kind(rule["kind"]), rule["reason"], tuple(rule.get("paths", ())), rule.get("profile", False))
            for host, rule in hosts["host"].items()
        },
        harmless_subdomains=frozenset(hosts["harmless_subdomains"]),
        reserved_segments=frozenset(hosts["reserved_segments"]),
        marks=marks,
        intents=intents,
    )


def alternation(words: Iterable[str]) -> str:
    """A regular expression that finds any of the words as a whole, longest first.

    Word edges are asked of ASCII words only: other scripts inflect or write without spaces.
    """
    ordered = sorted(set(words), key=len, reverse=True)
    ascii_words = "|".join(escape(word) for word in ordered if word.isascii())
    others = "|".join(escape(word) for word in ordered if not word.isascii())
    parts = [rf"(?:\b(?:{ascii_words})\b)"] if ascii_words else []
    return "(?:" + "|".join(parts + ([others] if others else [])) + ")"


def _read(name: str) -> dict[str, Any]:
    source = files("greenroom_server.screening").joinpath("words", name)
    return tomllib.loads(source.read_text(encoding="utf-8"))
