"""Where files lie, how large they are, and that each says what it is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom_protocol import generate

ROOT = Path(__file__).parents[2]
TOP_FOLDERS = {"clients", "loadtest", "protocol", "server", "tests"}
HIDDEN_FOLDERS = {".ci", ".github"}
"""Hidden ones that are part of the project; all others belong to tools."""
NOT_OURS = {"__pycache__", "node_modules", "dist", "build"}
WRITTEN = {".py", ".ts", ".js", ".css", ".html", ".md", ".sh", ".lua", ".toml"}
MOST_LINES = {".lua": 100}
PACKAGES = (
    "protocol/greenroom_protocol/",
    "server/greenroom_server/",
    "clients/python/greenroom_client/",
    "loadtest/greenroom_loadtest/",
    "tests/support/testkit/",
)
TIERS = ("unit", "property", "conformance", "integration", "e2e", "load", "architecture")
LAYERS = {
    *("cli", "app", "config", "transport", "usecases", "delivery", "store", "auth"),
    *("screening", "calls", "telemetry", "domain"),
}
VAGUE_NAME = re.compile(r"(utils?|helpers?|common|misc|\w*_?manager)\.(py|ts)")
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root)/|\bshared/(?:spec|design|corpus)\b")


def walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_OURS or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            if not path.name.startswith("."):
                yield from walk(path)
        else:
            yield path


def files() -> list[Path]:
    """Give the project's files, relative to its root."""
    tops = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".")]
    tops += [
        path for name in sorted(TOP_FOLDERS | HIDDEN_FOLDERS) if (ROOT / name).is_dir() for path in walk(ROOT / name)
    ]
    return [path.relative_to(ROOT) for path in tops]


FILES = files()
GENERATED = {f"protocol/{name}" for name in generate.FILES} | {"clients/typescript/src/protocol.ts"}
SOURCES = [path for path in FILES if path.suffix == ".py"]


def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_there_are_no_other_top_folders() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert {name for name in folders - NOT_OURS if not name.endswith(".egg-info")} <= TOP_FOLDERS


def test_files_stay_readable() -> None:
    lines = {
        str(path): text_of(path).count("\n")
        for path in FILES
        if path.suffix in WRITTEN and str(path) not in GENERATED and "tests/data" not in str(path)
    }
    too_long = {name: count for name, count in lines.items() if count > MOST_LINES.get(Path(name).suffix, 400)}
    assert too_long == {}


def test_every_module_belongs_to_a_package_or_a_tier() -> None:
    tests = rf"tests/(run|conftest|({'|'.join(TIERS)})/(test_\w+|conftest))\.py"
    allowed = re.compile(rf"{tests}|clients/python/examples/\w+\.py")
    loose = [str(path) for path in SOURCES if not str(path).startswith(PACKAGES) and not allowed.fullmatch(str(path))]
    assert loose == []


def test_server_modules_lie_in_a_layer() -> None:
    package = Path("server/greenroom_server")
    parts = {path.relative_to(package).parts[0] for path in SOURCES if path.is_relative_to(package)}
    assert {part.removesuffix(".py") for part in parts} - {"__init__", "__main__"} <= LAYERS


@pytest.mark.parametrize("package", PACKAGES[:3])
def test_published_packages_carry_their_types(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_names_say_what_is_inside() -> None:
    assert [str(path) for path in FILES if VAGUE_NAME.fullmatch(path.name)] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path) for path in SOURCES if (text := text_of(path)).strip() and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_package_files_hold_names_only() -> None:
    allowed = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    busy = [
        str(path)
        for path in SOURCES
        if path.name == "__init__.py" and not all(isinstance(node, allowed) for node in ast.parse(text_of(path)).body)
    ]
    assert busy == []


def test_no_text_names_a_path_of_one_machine() -> None:
    readable = WRITTEN | {".json", ".yml", ".yaml", ".lock", ""}
    texts = [path for path in FILES if path.suffix in readable and "tests/data" not in str(path)]
    assert [str(path) for path in texts if MACHINE_PATH.search(text_of(path))] == []
