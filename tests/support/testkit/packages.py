"""Programs of the system that some tests need: installed when root, else the test says what to type."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

_INSTALL_S: Final = 300


def require(name: str) -> Path:
    """Give a program that has the name of its Debian package; install it when root.

    Without it the test is skipped, and fails when ``CI`` is set.
    """
    found = shutil.which(name)
    command = f"apt-get update && apt-get install -y --no-install-recommends {name}"
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["/bin/sh", "-c", command], timeout=_INSTALL_S, env=quiet, capture_output=True, check=False)
        found = shutil.which(name)
    if found is None:
        sentence = f"this test needs {name}: sudo sh -c '{command}'"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return Path(found)
