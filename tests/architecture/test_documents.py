"""What a stranger reads first is true: links, the example, the dependencies, the versions that are named twice."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in (
        "*.md",
        "server/**/*.md",
        "clients/**/*.md",
        "loadtest/*.md",
        "protocol/*.md",
        "protocol/vectors/*.md",
    )
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)
LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
EXTRAS = {
    "Base": "",
    "`[server]`": "server",
    "`[loadtest]`": "loadtest",
    "`[av]`": "av",
    "Development": "dev",
    "Training": "train",
}
"""Beginning of a heading in dependencies.md -> extra or group."""


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as they are made from Markdown."""
    titles = HEADING.findall(CODE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(CODE.sub("", (ROOT / page).read_text(encoding="utf-8"))):
        if link.startswith(("https://", "http://")):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def test_client_of_the_readme_is_the_tested_example() -> None:
    shown = re.search(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert shown is not None
    example = (ROOT / "clients/python/examples/ten_lines.py").read_text(encoding="utf-8")
    lines = [line.partition("  # noqa")[0].strip() for line in example.splitlines()]
    assert [line for line in shown[1].splitlines() if line.strip() not in lines] == []


def declared() -> dict[str, set[str]]:
    """Give the packages that pyproject.toml names, by extra or group; the base has no name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {"": project["project"]["dependencies"], **project["project"]["optional-dependencies"]}
    groups |= project["dependency-groups"]
    return {name: {re.split(r"[\[<>=!~; ]", item)[0] for item in items} for name, items in groups.items()}


def documented() -> dict[str, set[str]]:
    """Give the packages that the page about dependencies names, by extra or group."""
    page = (ROOT / "server/docs/dependencies.md").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for section in page.split("\n## ")[1:]:
        group = EXTRAS[re.split(r"[:\n]", section)[0]]
        cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
        found[group] = {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}
    return found


def test_every_dependency_is_explained() -> None:
    assert documented() == declared()


def test_image_is_built_with_the_uv_of_the_makefile() -> None:
    versions = [
        re.search(r"UV_VERSION ?:?= ?(\S+)", (ROOT / name).read_text(encoding="utf-8"))
        for name in ("Makefile", "Dockerfile")
    ]
    assert len({version[1] for version in versions if version is not None}) == 1
    assert None not in versions
