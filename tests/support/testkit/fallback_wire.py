"""A plain client of the fallback for tests: HTTP requests as the specification has them, with nothing hidden.

Source: protocol/spec/fallback.md.
"""

import asyncio
import base64
import json
import os
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import aiohttp

from testkit.hub import HubProcess, Room
from testkit.wire import Frame, Wire


class Event(NamedTuple):
    """One event of a response."""

    id: int
    kind: str
    """"" or "close"."""
    data: str


def text(number: int) -> str:
    """Give a message of its own for each number below 100, without a digit: many digits in a row are a contact."""
    return f"line {'abcdefghij'[number // 10]}{'abcdefghij'[number % 10]}"


def make_key() -> str:
    """Make the key of a connection."""
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def events_in(text: str) -> Iterator[Event]:
    """Read whole events; what has no empty line behind it was cut."""
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            yield Event(int(fields["id"]), fields.get("event", ""), fields["data"])


class Door:
    """The four requests of one connection, one by one."""

    def __init__(self, hub: HubProcess | str, *, key: str | None = None) -> None:
        """Prepare; `hub` may also be the address below which the requests lie."""
        self.key = key or make_key()
        self.url = hub if isinstance(hub, str) else f"{hub.url}/ws"
        self.session = aiohttp.ClientSession()

    async def send(self, batch: int | None, data: bytes = b"", *, ack: int | None = None, **headers: str) -> int:
        """Post a batch, or only acknowledge; gives the status."""
        async with self.session.post(
            f"{self.url}/send", data=data or None, headers=self.headers(batch, ack, headers)
        ) as got:
            return got.status

    async def receive(self, ack: int = 0, *, kind: str = "poll") -> tuple[int, list[Event]]:
        """Ask for events and read the response to its end; gives the status and them."""
        async with self.session.post(f"{self.url}/{kind}", headers=self.headers(None, ack, {})) as got:
            text = await got.text()
            return got.status, list(events_in(text)) if got.status == 200 else []

    async def goodbye(self) -> int:
        """Say goodbye."""
        async with self.session.post(f"{self.url}/close", headers=self.headers(None, None, {})) as got:
            return got.status

    def headers(self, batch: int | None, ack: int | None, more: Mapping[str, str]) -> dict[str, str]:
        """Give the headers of a request."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if batch is not None:
            headers["Greenroom-Batch"] = str(batch)
        if ack is not None:
            headers["Greenroom-Ack"] = str(ack)
        return {**headers, **{name.replace("_", "-"): value for name, value in more.items()}}

    async def __aenter__(self) -> "Door":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()


class FallbackWire(Wire):
    """One device on the fallback; what a test can do on a WebSocket it can do here."""

    def __init__(
        self,
        room: Room | HubProcess,
        name: str,
        *,
        kind: Literal["stream", "poll"] = "poll",
        device: str = "phone",
        url: str | None = None,
    ) -> None:
        super().__init__(room, name, device=device)
        self.kind = kind
        self.acked = 0
        self.is_acking = True
        """False: events are read and never acknowledged, as by a peer that does not read."""
        self._url = url
        self._batch = 0
        self._turn = asyncio.Lock()
        self._is_open = asyncio.Event()

    async def open_socket(self, **options: object) -> None:
        self.door = Door(self._url or self.hub)
        self._reader = asyncio.create_task(self._read())

    async def send_raw(self, data: bytes | str) -> None:
        async with self._turn:
            self._batch += 1
            while True:
                ack = self.acked if self.is_acking else None
                status = await self.door.send(self._batch, data.encode() if isinstance(data, str) else data, ack=ack)
                if status != 503:
                    break
            self._is_open.set()
        if status != 204:
            raise ConnectionError(f"status {status}")

    async def close(self) -> None:
        await self.door.goodbye()
        await self.drop()

    async def drop(self) -> None:
        assert self._reader is not None
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self.door.session.close()

    async def _read(self) -> None:
        await self._is_open.wait()
        try:
            while not self.close_code and await self._read_once():
                pass
        except aiohttp.ClientError:
            self.close_code = 1006
        self._is_open.clear()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(ConnectionError(f"closed with {self.close_code}"))
                reply.exception()
        if self.close_code:
            await self.door.session.close()

    async def _read_once(self) -> bool:
        headers = self.door.headers(None, self.acked if self.is_acking else 0, {})
        async with self.door.session.post(f"{self.door.url}/{self.kind}", headers=headers) as got:
            if got.status != 200:
                self.close_code = 1006
                return False
            text = ""
            async for chunk in got.content.iter_any():
                text += chunk.decode()
                whole, _, text = text.rpartition("\n\n")
                for event in events_in(whole + "\n\n" if whole else ""):
                    await self._event(event)
        return True

    async def _event(self, event: Event) -> None:
        if event.id <= self.acked:
            return
        assert event.id == self.acked + 1
        self.acked = event.id
        if event.kind == "close":
            self.close_code = int(event.data)
            return
        decoded: Frame | list[Frame] = json.loads(event.data)
        for frame in decoded if isinstance(decoded, list) else [decoded]:
            await self._take(frame)
