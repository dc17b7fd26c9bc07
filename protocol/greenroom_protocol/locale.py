"""A sentence for a person in their language, with English wherever a translation is missing.

The files are read when they are first needed; a package without them speaks English.

Source: protocol/spec/locales.md.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from greenroom_protocol.sentences import english

_ALIASES: Final = {"fil": "tl"}
"""Other codes of a language, as some browsers and systems give them."""
_HERE: Final = Path(__file__).parent
_FOLDERS: Final = (_HERE / "locales", _HERE.parent / "locales")
"""In an installed package, and in a checkout."""


def sentence(key: str, lang: str, /, **params: object) -> str:
    """Give the sentence of a key: in `lang`, else in its base language, else in English.

    Args:
        key: a code, a notice, or `hint.`, `kind.`, `verdict.`, `data.` and a word.
        lang: a language tag such as `pt-BR` or `hi_Latn`, in any case; nonsense means English.
        params: values of the parameters in braces, already written as the language writes them.

    Raises:
        KeyError: no language has this key, or a parameter is missing.
    """
    for table in _tables(lang):
        if key in table:
            return table[key].format_map(params)
    raise KeyError(key)


def _tables(lang: str) -> Iterator[Mapping[str, str]]:
    files = _files()
    tag = lang.replace("_", "-").lower()
    base, _, rest = tag.partition("-")
    tag = f"{_ALIASES.get(base, base)}-{rest}" if rest else _ALIASES.get(base, base)
    while tag:
        if tag in files:
            yield _read(files[tag])
        tag = tag.rpartition("-")[0]
    yield _english()


@cache
def _files() -> dict[str, Path]:
    """Give the files by language tag in lower case; a tag from outside is looked up here, never opened."""
    return {path.stem.lower(): path for folder in _FOLDERS for path in folder.glob("*.json")}


@cache
def _read(path: Path) -> Mapping[str, str]:
    table: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return table


@cache
def _english() -> Mapping[str, str]:
    return english()
