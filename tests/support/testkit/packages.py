"""Programs of the system that some tests need: installed when root, else the run says what to type.

`tests/run.py` runs this module before a level, so that a long installation is under no test's time-out:

    python -m testkit.packages chromium strace
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

_INSTALL_S: Final = 900
_ALSO: Final = {"chromium": ("fonts-inter", "fonts-dejavu-core")}
"""Debian packages that a program is of little use without."""


def command_for(name: str) -> str:
    """Give the one command that installs a program, which has the name of its Debian package."""
    packages = " ".join((name, *_ALSO.get(name, ())))
    return f"apt-get update && apt-get install -y --no-install-recommends {packages}"


def find(name: str) -> Path | None:
    """Give a program, installing it when it is missing and this is root; None when it cannot be had."""
    found = shutil.which(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["/bin/sh", "-c", command_for(name)]
        subprocess.run(command, timeout=_INSTALL_S, env=quiet, capture_output=True, check=False)
        found = shutil.which(name)
    return None if found is None else Path(found)


def require(name: str) -> Path:
    """Give a program. Without it the test is skipped, and fails when ``CI`` is set."""
    found = find(name)
    if found is None:
        sentence = f"this test needs {name}: sudo sh -c '{command_for(name)}'"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


if __name__ == "__main__":
    missing = [name for name in sys.argv[1:] if find(name) is None]
    sys.exit("\n".join(f"{name} is missing: sudo sh -c '{command_for(name)}'" for name in missing) or 0)
