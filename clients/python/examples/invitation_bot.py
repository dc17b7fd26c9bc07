"""A freelancer's assistant: accepts invitations to interview for jobs it knows, declines the others.

It keeps unsent messages in a file, asks for a fresh token whenever one is needed, and says that a program wrote what
it writes (`auto`), so that nothing of it counts as a response of the person.

    export GREENROOM_TOKEN_COMMAND="greenroom token mint --dev --user jonas"
    python invitation_bot.py ws://127.0.0.1:8080/ws logo brand
"""

import asyncio
import contextlib
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from greenroom_client import (
    Client,
    ClosedError,
    GreenroomError,
    MessageEvent,
    QueuedMessage,
    Snapshot,
    UnauthorizedError,
)
from greenroom_protocol.events import InvitationSent


class OutboxFile:
    """Keeps unsent messages in one JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> Sequence[QueuedMessage]:
        """Give what the last run left."""
        return msgspec.json.decode(self._path.read_bytes(), type=list[QueuedMessage]) if self._path.exists() else []

    async def save(self, messages: Sequence[QueuedMessage]) -> None:
        """Replace the file in one step."""
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(messages))
        fresh.replace(self._path)


async def fresh_token() -> str:
    """Ask the marketplace's sign-in for a token; here, a command that prints one."""
    command = shlex.split(os.environ["GREENROOM_TOKEN_COMMAND"])
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    if process.returncode:
        raise UnauthorizedError
    return output.decode().strip()


async def answer(client: Client, thread: str, invitation: InvitationSent, words: Sequence[str]) -> None:
    """Accept an invitation whose title holds one of the words."""
    try:
        if any(word.lower() in invitation.title.lower() for word in words):
            await client.invitations.accept(thread, "Thank you! I will write to you today.", auto=True)
        else:
            await client.invitations.decline(thread, "skills", auto=True)
    except GreenroomError as error:
        if not error.code.startswith("invitation."):  # withdrawn, expired or answered meanwhile
            raise


async def catch_up(client: Client, words: Sequence[str]) -> None:
    """Answer the invitations that came before this program was started."""
    for thread, row in list(client.rows.items()):
        if row.state == "invited":
            for event in (await client.history(thread)).events:
                if isinstance(event, InvitationSent):
                    await answer(client, thread, event, words)


async def serve(client: Client, words: Sequence[str]) -> None:
    """Answer invitations until the client is closed.

    An answer that is under way just then was either received, or its invitation is still open at the next start.
    """
    with contextlib.suppress(ClosedError):
        async for event in client.events():
            match event:
                case Snapshot():
                    await catch_up(client, words)
                case MessageEvent(thread, _, InvitationSent() as invitation) if invitation.by != client.user:
                    await answer(client, thread, invitation, words)


async def main(url: str, words: Sequence[str]) -> None:
    """Connect and serve."""
    storage = OutboxFile(Path("invitation_bot.outbox"))
    async with Client(url, token=fresh_token, device="invitation-bot", show_all=True, storage=storage) as client:
        await serve(client, words)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
