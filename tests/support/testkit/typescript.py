"""Clients of the TypeScript SDK in a Node process of their own, driven line by line."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

from testkit.hub import Room, token

CLIENTS: Final = Path(__file__).parents[3] / "clients"
PACKAGE: Final = CLIENTS / "typescript"
_DRIVER: Final = PACKAGE / "test" / "live" / "driver.mjs"
_LINE_BYTES: Final = 16 * 1024 * 1024

Told = dict[str, Any]


class SdkError(Exception):
    """What a call of the SDK rejected with."""

    def __init__(self, error: Told) -> None:
        super().__init__(f"{error.get('name')}: {error.get('code')} {error.get('message')}")
        self.error = error
        self.code = error.get("code")


class Sdk:
    """One Node process with any number of clients."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        """Everything clients told so far, in order."""
        self.give_token: Callable[[str], str | None] = token
        """Gives a user's token; None when nobody is signed in."""
        self.asked: list[str] = []
        """Why tokens were asked for."""
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self._process: asyncio.subprocess.Process
        self._reader: asyncio.Task[None]

    async def start(self) -> None:
        """Start Node."""
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(_DRIVER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )
        self._reader = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """End Node; a client that is still open ends with it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def do(self, act: str, client: str = "", **fields: Any) -> Any:
        """Do one thing and give its result.

        Raises:
            SdkError: it rejected or threw.
        """
        number = next(self._ids)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._write({"id": number, "do": act, "client": client, **fields})
        return await future

    async def client(
        self, room: Room, name: str, person: str, *, port: int | None = None, **fields: Any
    ) -> "SdkClient":
        """Make a client called `name` for a person of the room; it connects when told so."""
        url = f"ws://127.0.0.1:{port or room.hub.port}/ws"
        await self.do("make", name, url=url, user=room.id(person), **fields)
        return SdkClient(self, name)

    async def until(self, client: str, event: str, matches: Callable[[Any], bool] = bool, *, after: int = 0) -> Told:
        """Wait for something that a client tells, from place `after` of `told` on; gives its data."""
        async with asyncio.timeout(20), self._news:
            while True:
                for told in self.told[after:]:
                    if told["client"] == client and told["event"] == event and matches(told["data"]):
                        data: Told = told["data"]
                        return data
                await self._news.wait()

    async def until_asked(self, reasons: list[str]) -> None:
        """Wait until tokens were asked for, for these reasons and no others."""
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(lambda: len(self.asked) >= len(reasons))
        assert self.asked == reasons

    def _write(self, value: Told) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            value = json.loads(line)
            if "token" in value:
                async with self._news:
                    self.asked.append(value["token"])
                    self._news.notify_all()
                minted = self.give_token(value["user"])
                self._write({"answer": value["id"], "value": minted, "unauthorized": minted is None})
            elif "event" in value:
                async with self._news:
                    self.told.append(value)
                    self._news.notify_all()
            else:
                future = self._waiting.pop(value["id"])
                if "error" in value:
                    future.set_exception(SdkError(value["error"]))
                else:
                    future.set_result(value["result"])
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(SdkError({"name": "NodeEnded"}))


class SdkClient:
    """One client of the process."""

    def __init__(self, sdk: Sdk, name: str) -> None:
        self.sdk = sdk
        self.name = name

    async def do(self, act: str, **fields: Any) -> Any:
        """Do one thing with this client."""
        return await self.sdk.do(act, self.name, **fields)

    async def ask(self, command: str, **fields: Any) -> Any:
        """Send any command; gives the reply."""
        return await self.do("request", type=command, fields=fields)

    async def until(self, event: str, matches: Callable[[Any], bool] = bool, *, after: int = 0) -> Told:
        """Wait for something that it tells."""
        return await self.sdk.until(self.name, event, matches, after=after)

    async def shows(self, thread: str, matches: Callable[[Any], bool]) -> Told:
        """Wait until the snapshot of a shown thread matches, and give it."""
        async with asyncio.timeout(20):
            while True:
                snapshot: Told = await self.do("snapshot", thread=thread)
                if matches(snapshot):
                    return snapshot
                await asyncio.sleep(0.02)  # snapshots are read, not told


@contextlib.asynccontextmanager
async def running_sdk() -> AsyncIterator[Sdk]:
    """Start Node for one test, or for several."""
    sdk = Sdk()
    await sdk.start()
    try:
        yield sdk
    finally:
        await sdk.stop()
