"""Who a command comes from, as its handler sees it, and what a handler is."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from greenroom_protocol import commands as c
from greenroom_protocol.bases import Command, Reply
from greenroom_server.delivery.feed import Sink
from greenroom_server.transport.services import Services


class Caller(Sink, Protocol):
    """The connection a command came from."""

    user: str
    watched: tuple[str, ...]

    async def refresh(self, command: c.TokenRefresh) -> Reply:
        """Replace the session's token."""

    async def set_presence(self, state: str) -> None:
        """Change whether a person is looking."""


Handler = Callable[[Services, Caller, Any], Awaitable[Reply]]
Handlers = dict[type[Command], Handler]
