"""Reads variables one by one and collects what is wrong with them, so that all of it is said at once."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from greenroom_server.config.variables import PREFIX, VARIABLES

_SECRET_FILE_BYTES: Final = 64 * 1024
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]").fullmatch
_PLAIN_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?").fullmatch

T = TypeVar("T")


class ConfigError(Exception):
    """The configuration cannot be used; ``problems`` has a sentence for each thing to change, without secrets."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
        """At least one."""


class Reader:
    """Variables by name; a variable that is empty counts as not set.

    Every getter returns something usable even where it noted a problem: `finish` raises in the end.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value.strip()}
        self._problems: list[str] = []

    def refuse_unknown(self) -> None:
        """Note every variable with our prefix that means nothing."""
        known = {variable.name for variable in VARIABLES}
        known |= {f"{variable.name}_FILE" for variable in VARIABLES if variable.is_secret}
        for name in sorted(self._environ.keys() - known):
            alike = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            hint = f"; did you mean {alike[0]}?" if alike else "; `greenroom config docs` lists those that exist."
            self.note(f"{name} is not a variable of Greenroom{hint}")

    def note(self, problem: str) -> None:
        """Add a sentence."""
        self._problems.append(problem)

    def finish(self) -> None:
        """Raise `ConfigError` if anything was noted."""
        if self._problems:
            raise ConfigError(self._problems)

    def text(self, name: str) -> str | None:
        """Give a value without surrounding blanks; None when not set."""
        value = self._environ.get(name)
        return None if value is None else value.strip()

    def secret(self, name: str) -> str | None:
        """Give a secret from the variable, or from the file that its twin ``<name>_FILE`` names."""
        value, path = self.text(name), self.text(f"{name}_FILE")
        if path is None:
            return value
        if value is not None:
            self.note(f"{name} and {name}_FILE are both set; keep one of them.")
            return value
        content = self._content(f"{name}_FILE", Path(path))
        if content is None:
            return None
        if not content.strip():
            self.note(f"{name}_FILE names {path}, which is empty.")
        return content.strip() or None

    def _content(self, name: str, path: Path) -> str | None:
        try:
            with path.open(encoding="utf-8") as file:
                content = file.read(_SECRET_FILE_BYTES + 1)
        except OSError as error:
            self.note(f"{name} names {path}, which cannot be read: {error.strerror}.")
            return None
        except UnicodeDecodeError:
            self.note(f"{name} names {path}, which is not text.")
            return None
        if len(content) > _SECRET_FILE_BYTES:
            self.note(f"{name} names {path}, which is longer than {_SECRET_FILE_BYTES} characters.")
            return None
        return content

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """Give a whole number within bounds."""
        value = self.text(name)
        if value is None:
            return default
        if value.isascii() and value.isdigit() and len(value) <= 12 and low <= int(value) <= high:
            return int(value)
        self.note(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
        return default

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Give a decimal number within bounds."""
        value = self.text(name)
        if value is None:
            return default
        if _PLAIN_NUMBER(value) and low <= float(value) <= high:
            return float(value)
        self.note(f"{name} must be a number from {low:g} to {high:g}, not {value!r}.")
        return default

    def choice(self, name: str, default: str, allowed: Sequence[str]) -> str:
        """Give one of a few words."""
        value = self.text(name)
        if value is None or value in allowed:
            return value or default
        self.note(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
        return default

    def path(self, name: str, default: Path) -> Path:
        """Give an absolute path; it need not exist."""
        value = self.text(name)
        return (default if value is None else Path(value).expanduser()).absolute()

    def file(self, name: str, check: Callable[[str], object]) -> Path | None:
        """Give the absolute path of a file whose text passes a check, which raises ValueError; None when not set."""
        value = self.text(name)
        if value is None:
            return None
        path = Path(value).expanduser().absolute()
        try:
            check(path.read_text(encoding="utf-8"))
        except OSError as error:
            self.note(f"{name} names {path}, which cannot be read: {error.strerror}.")
        except ValueError as error:
            self.note(f"{name} names {path}, which is not usable: {str(error).rstrip('.')}.")
        return path

    def parsed(self, name: str, value: str, parse: Callable[[str], T]) -> T | None:
        """Give what ``parse`` makes of a value; where it raises ValueError, note its text."""
        try:
            return parse(value)
        except ValueError as error:
            self.note(f"{name}: {str(error).rstrip('.')}.")
            return None


def parse_listen(value: str) -> tuple[str, int]:
    """Split ``host:port``; an IPv6 address stands in brackets.

    Raises:
        ValueError: it is something else.
    """
    host, separator, port = value.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if separator and host and (is_bracketed or ":" not in host) and port.isascii() and port.isdigit():
        host = host[1:-1] if is_bracketed else host
        if host and len(port) <= 5 and int(port) <= 65_535:
            return host, int(port)
    raise ValueError(f"it must be an address and a port, such as 127.0.0.1:8080 or [::1]:8080, not {value!r}")


def parse_origin(value: str) -> str:
    """Give an origin as browsers send it: scheme, host and a port that is not the scheme's own.

    Raises:
        ValueError: it is no exact origin.
    """
    lowered = value.lower()
    parts = urlsplit(lowered)
    is_exact = parts.scheme in ("http", "https") and lowered == f"{parts.scheme}://{parts.netloc}"
    host = parts.netloc.rpartition(":")[0] if re.search(r":[0-9]+\Z", parts.netloc) else parts.netloc
    if not is_exact or not _HOST(host):
        raise ValueError(
            f"{value!r} is not an exact origin, such as https://www.example.com: a scheme, a host, perhaps a port, "
            "no path and no wildcard"
        )
    own_port = ":443" if parts.scheme == "https" else ":80"
    return lowered.removesuffix(own_port)


def parse_jwks_url(value: str) -> str:
    """Give the address of a key set: HTTPS, or plain HTTP on this machine.

    Raises:
        ValueError: who listens on the way could replace the keys, or it is no address.
    """
    parts = urlsplit(value)
    is_private = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or is_private):
        raise ValueError("it must be an https:// address (http:// only on this machine)")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("it must not contain a user, a password or a '#'")
    return value


def split_list(value: str) -> list[str]:
    """Split at commas and line ends; blanks around an entry, and empty entries, are dropped."""
    return [entry for part in re.split(r"[,\n]", value) if (entry := part.strip())]


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches what listens there."""
    return host in _LOOPBACK or host.startswith("127.")


def duplicates(values: Iterable[str]) -> bool:
    """Say whether anything appears twice."""
    seen = list(values)
    return len(set(seen)) != len(seen)
