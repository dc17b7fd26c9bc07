"""Tokens and other calls into the application, whose exceptions stay on its own side."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from greenroom_client.errors import UnauthorizedError

log = logging.getLogger(__name__)

TokenSource = str | Callable[[], Awaitable[str]]
_T = TypeVar("_T")


async def ask_application(what: str, call: Callable[[], Awaitable[_T]]) -> tuple[bool, _T | None]:
    """Call the application's code; gives whether it returned, and what.

    An exception is logged by its type alone, since its text may hold a token or a message.

    Raises:
        UnauthorizedError: passed on.
    """
    try:
        return True, await call()
    except UnauthorizedError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the application raises must not end the client
        log.error("%s of the application raised %s", what, type(error).__name__)
        return False, None


class Tokens:
    """The token in use, and where the next one comes from."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._current: str | None = None

    @property
    def can_refresh(self) -> bool:
        """Whether there is a callback to ask; a plain string lives once."""
        return not isinstance(self._source, str)

    def drop(self) -> None:
        """Do not use the present token again."""
        self._current = None
        if isinstance(self._source, str):
            self._source = ""

    async def get(self) -> str | None:
        """Give a usable token; None when the callback failed and may be asked again later.

        Raises:
            UnauthorizedError: the callback says that nobody is signed in, or a plain token was used up.
        """
        if self._current is None:
            self._current = await self.fresh()
        return self._current

    async def fresh(self) -> str | None:
        """Give another token than the present one; as `get`."""
        source = self._source
        if isinstance(source, str):
            if not source:
                raise UnauthorizedError("the token has expired or was refused")
            return source
        is_there, token = await ask_application("the token callback", source)
        self._current = token if is_there else self._current
        return token
