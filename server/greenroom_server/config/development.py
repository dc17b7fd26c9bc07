"""The secrets of development mode: made once, kept in the data folder, readable by its owner alone."""

import os
import secrets
from pathlib import Path

import msgspec

from greenroom_server.config.reading import Reader


class DevelopmentSecrets(msgspec.Struct, frozen=True):
    """What a hub in development mode uses where nothing is configured."""

    token_secret: str
    """For HS256."""
    api_key: str
    """Of the server API."""
    seal_key: str = ""
    """Master key of sealed originals; empty in a file of an older release."""

    def __repr__(self) -> str:
        return "DevelopmentSecrets(***)"


def development_secrets(reader: Reader, data_dir: Path) -> DevelopmentSecrets | None:
    """Read the secrets of a data folder, or make them; None, with a problem noted, when neither works."""
    path = data_dir / "dev-secrets.json"
    try:
        if not path.exists():
            _create(path)
        return msgspec.json.decode(path.read_bytes(), type=DevelopmentSecrets)
    except OSError as error:
        reader.note(f"The development secrets cannot be kept in {path}: {error.strerror}; set GREENROOM_DATA_DIR.")
    except ValueError:
        reader.note(f"{path} does not hold the development secrets; delete it, and new ones are made.")
    return None


def _create(path: Path) -> None:
    """Write a new file as a whole; where another process was first, its file stays."""
    made = DevelopmentSecrets(*(secrets.token_urlsafe(32) for _ in range(3)))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".dev-secrets-{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
        os.link(draft, path)
    except FileExistsError:
        pass  # it holds as good ones
    finally:
        draft.unlink(missing_ok=True)
