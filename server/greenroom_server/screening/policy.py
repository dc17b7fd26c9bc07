"""The screening policy: what each class of finding leads to, as versioned data.

Source: server/docs/screening.md; the shipped file is ``screening/policy/default.toml``.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Self

from greenroom_server.screening.context import Surface
from greenroom_server.screening.verdict import Action, Kind

SITUATIONS = ("plain", "obfuscated", "request", "obfuscated_again", "request_again", "doubtful", "guessed")
CLASSES = ("contact", "payment")
SIDES = ("before_gate", "after_gate")

_TYPE_NAMES = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True, slots=True)
class ScreeningPolicy:
    """A validated policy; immutable, shared by every screening of a process."""

    version: str
    text_code_points: int
    candidates_count: int
    steps_base: int
    steps_per_code_point: int
    window_code_points: int
    window_fragments: int
    window_messages: int
    window_ms: int
    certain: float
    doubtful: float
    recorded: float
    learned_bounce: float
    learned_doubtful: float
    learned_hold: float
    learned_veto: float
    learned_refute: float
    finds_addresses: bool
    """Whether a postal address is a contact."""
    states_before_gate: frozenset[str]
    states_after_gate: frozenset[str]
    states_access_grant: frozenset[str]
    actions: Mapping[tuple[str, str, str], Action]
    """By (class, side of the gate, situation)."""
    surfaces_before_gate_always: frozenset[Surface]
    surfaces_unmaskable: frozenset[Surface]
    surfaces_strict: frozenset[Surface]
    notice_after_gate: str
    notice_doubtful: str
    placeholders: Mapping[Kind, str]

    @classmethod
    def default(cls) -> Self:
        """Load the policy that ships with the package."""
        source = files("greenroom_server.screening").joinpath("policy", "default.toml")
        return cls.from_toml(source.read_text(encoding="utf-8"))

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read and check a policy file.

        Raises:
            ValueError: names the first setting that is missing, unknown or out of bounds.
        """
        try:
            reader = _Reader(tomllib.loads(text), "")
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"The screening policy is not valid TOML: {error}.") from error
        limits, thresholds = reader.table("limits"), reader.table("thresholds")
        states, surfaces = reader.table("states"), reader.table("surfaces")
        window, detectors = reader.table("window"), reader.table("detectors")
        learned, notices = reader.table("learned"), reader.table("notices")
        policy = cls(
            version=reader.string("version"),
            text_code_points=limits.integer("text_code_points", 1, 100_000),
            candidates_count=limits.integer("candidates_count", 1, 1_000),
            steps_base=limits.integer("steps_base", 1, 10_000_000),
            steps_per_code_point=limits.integer("steps_per_code_point", 1, 10_000),
            window_code_points=window.integer("code_points", 1, 1_000),
            window_fragments=window.integer("fragments", 0, 100),
            window_messages=window.integer("messages", 1, 1_000),
            window_ms=window.integer("minutes", 1, 1_440) * 60_000,
            certain=thresholds.score("certain"),
            doubtful=thresholds.score("doubtful"),
            recorded=thresholds.score("recorded"),
            learned_bounce=learned.score("bounce"),
            learned_doubtful=learned.score("doubtful"),
            learned_hold=learned.score("hold"),
            learned_veto=learned.score("veto"),
            learned_refute=learned.score("refute"),
            finds_addresses=detectors.boolean("address"),
            states_before_gate=states.strings("before_gate"),
            states_after_gate=states.strings("after_gate"),
            states_access_grant=states.strings("access_grant"),
            actions=_actions(reader.table("actions")),
            surfaces_before_gate_always=surfaces.surfaces("before_gate_always"),
            surfaces_unmaskable=surfaces.surfaces("unmaskable"),
            surfaces_strict=surfaces.surfaces("strict"),
            notice_after_gate=notices.string("after_gate"),
            notice_doubtful=notices.string("doubtful"),
            placeholders=_placeholders(reader.table("placeholders")),
        )
        for table in (limits, window, detectors, thresholds, learned, states, surfaces, notices, reader):
            table.refuse_unread()
        policy._check()
        return policy

    def _check(self) -> None:
        if not self.recorded <= self.doubtful <= self.certain:
            raise ValueError("The thresholds must rise: recorded <= doubtful <= certain.")
        rising = (self.learned_refute, self.learned_veto, self.learned_doubtful, self.learned_hold, self.learned_bounce)
        if list(rising) != sorted(rising):
            raise ValueError("The learned scores must rise: refute <= veto <= doubtful <= hold <= bounce.")
        if both := self.states_before_gate & self.states_after_gate:
            raise ValueError(f"States cannot be on both sides of the gate: {', '.join(sorted(both))}.")
        if unknown := self.states_access_grant - self.states_before_gate:
            raise ValueError(f"Access grants need states before the gate, not {', '.join(sorted(unknown))}.")


def _actions(table: "_Reader") -> dict[tuple[str, str, str], Action]:
    actions: dict[tuple[str, str, str], Action] = {}
    for name in CLASSES:
        sides = table.table(name)
        for side in SIDES:
            row = sides.table(side)
            for situation in SITUATIONS:
                actions[name, side, situation] = row.action(situation)
            row.refuse_unread()
        sides.refuse_unread()
    table.refuse_unread()
    return actions


def _placeholders(table: "_Reader") -> dict[Kind, str]:
    placeholders = {kind: table.string(kind.value) for kind in Kind}
    table.refuse_unread()
    for kind, text in placeholders.items():
        if not (text.startswith("[") and text.endswith("]") and text.isascii() and len(text) <= 80):
            raise ValueError(f"The placeholder of {kind} must be at most 80 ASCII characters in square brackets.")
    return placeholders


class _Reader:
    """One table of the file; every getter raises a sentence that names the setting."""

    def __init__(self, values: dict[str, Any], path: str) -> None:
        self._values = values
        self._path = path
        self._read: set[str] = set()

    def _get(self, key: str, wanted: type) -> Any:
        self._read.add(key)
        if key not in self._values:
            raise ValueError(f"The screening policy lacks {self._path}{key}.")
        value = self._values[key]
        if type(value) is not wanted:
            raise ValueError(f"{self._path}{key} must be {_TYPE_NAMES[wanted]}.")
        return value

    def refuse_unread(self) -> None:
        if unknown := self._values.keys() - self._read:
            raise ValueError(f"The screening policy has an unknown setting: {self._path}{min(unknown)}.")

    def table(self, key: str) -> "_Reader":
        return _Reader(self._get(key, dict), f"{self._path}{key}.")

    def string(self, key: str) -> str:
        value: str = self._get(key, str)
        if not value:
            raise ValueError(f"{self._path}{key} must not be empty.")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value: int = self._get(key, int)
        if not low <= value <= high:
            raise ValueError(f"{self._path}{key} must be between {low} and {high}.")
        return value

    def boolean(self, key: str) -> bool:
        value: bool = self._get(key, bool)
        return value

    def score(self, key: str) -> float:
        value: float = self._get(key, float)
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{self._path}{key} must be between 0.0 and 1.0.")
        return value

    def strings(self, key: str) -> frozenset[str]:
        values = self._get(key, list)
        if not all(isinstance(value, str) and value for value in values):
            raise ValueError(f"{self._path}{key} must be a list of strings.")
        return frozenset(values)

    def surfaces(self, key: str) -> frozenset[Surface]:
        names = self.strings(key)
        if unknown := names - set(Surface):
            raise ValueError(f"{self._path}{key} names an unknown surface: {min(unknown)}.")
        return frozenset(Surface(name) for name in names)

    def action(self, key: str) -> Action:
        value = self.string(key)
        if value not in set(Action):
            raise ValueError(f"{self._path}{key} must be one of {', '.join(Action)}, not {value!r}.")
        return Action(value)
