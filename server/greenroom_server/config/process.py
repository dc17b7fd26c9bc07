"""The environment of this process; nothing else in the hub reads it."""

import os
from collections.abc import Mapping


def environment() -> Mapping[str, str]:
    """Give all variables, by name."""
    return os.environ
