"""A hub with other rules of the day: the shipped policy with some entries replaced."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

SHIPPED = (resources.files("greenroom_server.domain") / "policy" / "default.toml").read_text("utf-8")


def policy_env(folder: Path, changes: Mapping[str, str]) -> dict[str, str]:
    """Write a policy and give the variable that names it.

    Args:
        folder: where the file is to lie.
        changes: name of an entry -> its value as TOML; every name must occur once.
    """
    lines = SHIPPED.splitlines()
    for name, value in changes.items():
        at = [index for index, line in enumerate(lines) if line.startswith(f"{name} =")]
        assert len(at) == 1, name
        lines[at[0]] = f"{name} = {value}"
    path = folder / "policy.toml"
    path.write_text("\n".join(lines), "utf-8")
    return {"GREENROOM_MARKETPLACE_POLICY": str(path)}
