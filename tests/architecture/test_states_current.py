"""The page about the states of a thread shows the table that the server executes."""

from pathlib import Path

import pytest

from greenroom_server.cli.main import main
from greenroom_server.cli.schema import states_page

PAGE = Path(__file__).parents[2] / "protocol" / "spec" / "states.md"


def test_page_of_states_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == states_page(), "run `make generate`"


def test_command_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "states"]) == 0
    assert capsys.readouterr().out == states_page()
