"""The changelog's newest section is about the version that is being built."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TITLE = re.compile(r"^\[(\d+\.\d+\.\d+)\] - (unreleased|\d{4}-\d{2}-\d{2})$")


def sections() -> dict[str, str]:
    """Give the releases of the changelog, the newest first: title -> text."""
    parts = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {title: text for title, _, text in (part.partition("\n") for part in parts) if title.startswith("[")}


def test_newest_section_is_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = TITLE.match(next(iter(sections())))
    assert newest is not None
    assert newest[1] == project["version"]


def test_every_release_says_what_it_means_for_the_wire() -> None:
    for title, text in sections().items():
        assert TITLE.match(title), title
        assert "\n### Wire protocol\n" in text, title
