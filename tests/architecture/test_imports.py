"""Who may import whom, as pyproject.toml says it; and what the protocol loads."""

import subprocess
import sys
from pathlib import Path

import pytest
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration.configure()
    is_kept = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=str(tmp_path), no_logo=True)
    assert is_kept, capsys.readouterr().out


def test_the_protocol_loads_nothing_but_msgspec() -> None:
    """A client that only wants the wire pays for nothing else, and nothing hides a clock or a socket."""
    program = (
        "import sys; before = set(sys.modules); import greenroom_protocol.session, greenroom_protocol.codec;"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) - {"typing_extensions"} == {"greenroom_protocol", "msgspec"}
