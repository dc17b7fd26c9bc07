"""Labelled messages as `greenroom filter eval` reads them: JSON lines with `text` or `messages`, and `label`.

Source: server/docs/filter.md, The format of a labelled file.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Spans = tuple[tuple[int, int], ...]
CLEAN: Final = "clean"
_ONE_SENDER: Final = "a"


class CasesError(Exception):
    """The file cannot be used; the text names the line and what is wrong, never a message."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a case."""

    text: str
    sender: str = _ONE_SENDER
    spans: Spans = ()
    """Gold places of what must not be delivered, by code points."""


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled message, or a sequence that is judged as a whole."""

    name: str
    lines: tuple[Line, ...]
    is_violation: bool
    tier: str
    """The label where the file names no tier."""
    lang: str
    kinds: tuple[str, ...]
    evasion: str
    granted: tuple[str, ...]
    """Addresses that an access grant covers."""
    state: str | None
    is_external: bool
    conversion: str


def read_cases(path: Path) -> list[Case]:
    """Read a whole file; a first line without a message (a header) is skipped.

    Raises:
        CasesError: the file cannot be read, or a line is no case.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CasesError(f"{path.name} cannot be read: {type(error).__name__}") from None
    return list(_cases(path.name, lines))


def _cases(name: str, lines: list[str]) -> Iterator[Case]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise CasesError(f"{name}, line {number}: not JSON") from None
        if not isinstance(row, dict):
            raise CasesError(f"{name}, line {number}: not an object")
        if "text" not in row and "messages" not in row:
            if number == 1:
                continue
            raise CasesError(f"{name}, line {number}: neither `text` nor `messages`")
        try:
            yield _case(row, number)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CasesError(f"{name}, line {number}: {type(error).__name__} in {error}") from None


def _case(row: dict[str, Any], number: int) -> Case:
    label = str(row["label"])
    context = row.get("context") or {}
    return Case(
        name=str(row.get("id", number)),
        lines=tuple(_lines(row)),
        is_violation=label != CLEAN,
        tier=str(row.get("tier") or label),
        lang=str(row.get("lang") or "?"),
        kinds=tuple(map(str, row.get("kinds") or ())),
        evasion=_word(row.get("evasion")),
        granted=tuple(_granted(row, context)),
        state=context.get("state"),
        is_external=context.get("origin") == "external",
        conversion=context.get("conversion", "none"),
    )


def _word(evasion: Any) -> str:
    if isinstance(evasion, list):
        return "+".join(map(str, evasion)) or "none"
    return str(evasion or "none")


def _lines(row: dict[str, Any]) -> Iterator[Line]:
    if "text" in row:
        yield Line(_text(row["text"]), spans=_spans(row.get("spans")))
        return
    if not row["messages"]:
        raise ValueError("messages: none")
    for message in row["messages"]:
        if isinstance(message, str):
            yield Line(message)
        else:
            sender = str(message.get("sender", _ONE_SENDER))
            yield Line(_text(message["text"]), sender, _spans(message.get("spans")))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text: not a string")
    return value


def _spans(raw: Any) -> Spans:
    return tuple((int(start), int(end)) for start, end in raw or ())


def _granted(row: dict[str, Any], context: dict[str, Any]) -> Iterator[str]:
    if context.get("access_grant"):
        text = row.get("text", "")
        for start, end in _spans(row.get("allowed_spans")):
            yield text[start:end]
