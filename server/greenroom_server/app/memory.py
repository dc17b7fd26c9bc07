"""What a node remembers of its store outside the store, so that a store which went back in time is noticed.

A restored backup is a perfect store, only older: nothing inside it says so. Each node counts a beat in the store, and
keeps the last one it saw acknowledged in a file of its data folder. A store whose beat is below that has lost history.

Source: server/docs/architecture.md, Epochs.
"""

import hashlib
from pathlib import Path
from typing import Final

import msgspec
import structlog

log = structlog.get_logger()

FILE: Final = "store-memory.json"


class StoreMemory:
    """The last beats seen, by store; a few stores at most."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._beats = self._read()

    def went_back(self, store_key: str, beat: int) -> bool:
        """Say whether a store's beat is below one that it acknowledged to this node before."""
        return beat < self._beats.get(_name(store_key), 0)

    def keep(self, store_key: str, beat: int) -> None:
        """Remember an acknowledged beat; a folder that cannot be written costs the memory, not the service."""
        self._beats[_name(store_key)] = beat
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.encode(self._beats))
            fresh.replace(self._path)
        except OSError as error:
            log.warning("store_memory_not_kept", reason=type(error).__name__)

    def _read(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, int])
        except (OSError, msgspec.DecodeError):
            return {}  # the first start here; or a damaged file, which only costs the memory


def _name(store_key: str) -> str:
    """Name a store without giving its key away."""
    return hashlib.sha256(store_key.encode()).hexdigest()[:16]
