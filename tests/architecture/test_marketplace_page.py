"""The page of the marketplace's rules is true: its tests, its codes and its files exist."""

import re
from pathlib import Path

from greenroom_protocol.codes import ERRORS
from greenroom_server.transport.api_errors import STATUSES

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "server/greenroom_server"
PAGE = (ROOT / "server/docs/marketplace-rules.md").read_text("utf-8")
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
}
ROWS = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("|") and not line.startswith("|---")]
RULES = [[cell.strip() for cell in row] for row in ROWS if row[0].strip() != "rule"]


def quoted(cell: str) -> list[str]:
    """Give what stands in back quotes."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_test_of_the_page_exists() -> None:
    assert sorted(set(re.findall(r"`(test_\w+)`", PAGE)) - TESTS) == []


def test_every_rule_says_where_it_is_decided_and_which_test_would_fail() -> None:
    assert [row[0] for row in RULES if len(row) != 5 or not row[3] or not quoted(row[4])] == []


def test_every_code_of_the_page_exists() -> None:
    families = {f"{code.partition('.')[0]}.*" for code in ERRORS} | {"policy.contact_*"}
    named = {code for row in RULES for code in quoted(row[2]) if code.partition(".")[0] in STATUSES}
    assert sorted(named - ERRORS.keys() - families) == []


def test_every_file_of_the_page_exists() -> None:
    named = {name for row in RULES for name in quoted(row[3]) if "/" in name}
    assert sorted(name for name in named if not (SERVER / name).exists()) == []
