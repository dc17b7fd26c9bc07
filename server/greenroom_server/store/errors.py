# ruff: noqa: N818 - the names are the words of the design, and most of them travel as values
"""What the store layer answers when a command did not simply succeed.

Each class says what state the world is in afterwards, because that decides what the caller may do next.
The committer hands these out as values; `call` and the ordinary functions raise them.
"""


class StoreError(Exception):
    """Base of everything the store layer raises or hands out; catch a subclass, not this."""


class Unavailable(StoreError):
    """Nothing was written; safe to send again as it is.

    ``code`` is one of ``store.down`` (no connection), ``store.busy`` (too much is waiting already),
    ``store.loading``, ``store.not_primary``, ``store.moved`` (another node owns the slot), ``store.full``
    (memory), ``store.unwritable`` (disk, or too few replicas).
    """

    def __init__(self, code: str, retry_after_ms: int = 500) -> None:
        super().__init__(code)
        self.code = code
        """Closed set, see above."""
        self.retry_after_ms = retry_after_ms
        """Do not send again earlier than this many milliseconds."""


class Uncertain(StoreError):
    """The command was sent and may have been written; send again only with the same ``cid``.

    ``code`` is ``store.lost`` (the connection ended before the reply) or ``store.not_replicated`` (written on
    the primary, but too few replicas said so in time).
    """

    def __init__(self, code: str, retry_after_ms: int = 500) -> None:
        super().__init__(code)
        self.code = code
        """Closed set, see above."""
        self.retry_after_ms = retry_after_ms
        """Do not send again earlier than this many milliseconds."""


class StoreRefused(StoreError):
    """The store executed the command and answered with an error; sending it again will not help.

    A plain command wrote nothing. A function may have written what it did before it failed, which is a bug of
    that function: functions check first and write afterwards.
    """

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code} {text}" if text else code)
        self.code = code
        """First word of the store's answer, such as ``WRONGTYPE`` or the code of one of our functions."""
        self.text = text
        """The rest of the answer, without the arguments that some answers quote (they may be private)."""


class StoreUnfit(StoreError):
    """The store must not be used as it is set up; nothing was written. The text says what to change."""


_NOTHING_WRITTEN = {
    "LOADING": "store.loading",
    "MASTERDOWN": "store.not_primary",
    "READONLY": "store.not_primary",
    "MOVED": "store.moved",
    "ASK": "store.moved",
    "TRYAGAIN": "store.moved",
    "CLUSTERDOWN": "store.down",
    "BUSY": "store.busy",
    "OOM": "store.full",
    "MISCONF": "store.unwritable",
    "NOREPLICAS": "store.unwritable",
}
_QUOTED_ARGUMENTS = ", with args beginning with"


def from_error_reply(line: str) -> StoreError:
    """Turn the text of a RESP error reply into the value that callers see.

    Returns:
        `Unavailable` for the answers by which a server declines before executing (a function is refused on
        the same grounds only at its first write, so nothing was written either), else `StoreRefused`.

    Source: Valkey ``script.c`` (scriptVerifyWriteCommandAllow, scriptVerifyOOM), cluster specification.
    """
    code, _, text = line.partition(" ")
    meaning = _NOTHING_WRITTEN.get(code)
    if meaning is not None:
        return Unavailable(meaning)
    return StoreRefused(code, text.partition(_QUOTED_ARGUMENTS)[0])
