"""The smallest client: print what people write, answer the first message of each thread.

GREENROOM_TOKEN=... python ten_lines.py ws://127.0.0.1:8080/ws
"""

import asyncio
import os
import sys

from greenroom_client import Client, MessageEvent
from greenroom_protocol.events import MessageSent


async def main(url: str, token: str) -> None:
    """Print messages until interrupted."""
    async with Client(url, token=token, show_all=True) as client:
        async for event in client.events():
            match event:
                case MessageEvent(thread, _, MessageSent(by=author, n=n, body=body)) if author != client.user:
                    print(f"{author}: {body}")  # noqa: T201 - its output is its purpose
                    await client.read(thread, n)
                    client.post(thread, f"You wrote {len(body)} characters.", auto=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], os.environ["GREENROOM_TOKEN"]))
