"""The page about the configuration is the one that the table of variables gives."""

from pathlib import Path

from greenroom_server.config.documentation import markdown
from greenroom_server.config.variables import PREFIX, VARIABLES

PAGE = Path(__file__).parents[2] / "server" / "docs" / "configuration.md"


def test_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run `greenroom config docs > server/docs/configuration.md`"


def test_every_variable_is_named_once_and_explained() -> None:
    names = [variable.name for variable in VARIABLES]
    assert len(set(names)) == len(names)
    for variable in VARIABLES:
        assert variable.name.startswith(PREFIX)
        assert variable.meaning.endswith(".")
        assert "|" not in variable.meaning + variable.default
        assert markdown().count(f"| `{variable.name}`") == 1


def test_secrets_have_no_default() -> None:
    assert {variable.default for variable in VARIABLES if variable.is_secret} == {""}
