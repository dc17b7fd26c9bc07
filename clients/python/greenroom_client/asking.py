"""How a group of commands reaches the connection."""

from typing import Any, Protocol, TypeVar

from greenroom_protocol.bases import Command, Reply

R = TypeVar("R", bound=Reply)


class Asker(Protocol):
    """Sends commands: the client."""

    async def request(self, command: Command) -> Any:
        """Send any command that has a reply; its `id` is filled in.

        Raises:
            GreenroomError: the command was refused.
            ClosedError: the client is closed.
        """

    def new_cid(self) -> str:
        """Make an id under which a command may be repeated without being done twice."""


async def ask(asker: Asker, command: Command, kind: type[R]) -> R:
    """Send a command; gives its reply as the type that belongs to it. Raises what `request` raises."""
    reply = await asker.request(command)
    assert isinstance(reply, kind)  # the session matched its type with the command's
    return reply


class Area:
    """Commands about one thing, one method each: thin, typed, and nothing else."""

    __slots__ = ("_asker",)

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def _ask(self, command: Command, kind: type[R]) -> R:
        return await ask(self._asker, command, kind)

    def _cid(self) -> str:
        return self._asker.new_cid()
