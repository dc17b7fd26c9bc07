"""The fallback: frames in HTTP requests, as a `Link`. It has no task of its own: the engine's two do the work.

Source: protocol/spec/fallback.md.
"""

import asyncio
import base64
import contextlib
import logging
import os
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from websockets.uri import parse_uri

from greenroom_client.http_line import Answer, HttpLine
from greenroom_client.links import Kind, LinkClosedError
from greenroom_client.options import ConnectionOptions
from greenroom_protocol import codes, limits
from greenroom_protocol.codec import client_codec

log = logging.getLogger(__name__)

ACK_BYTES: Final = 64 * 1024
"""So much may arrive before it is acknowledged on its own."""
ACK_S: Final = 5.0
"""So long may an event wait for the next batch to acknowledge it."""
FIRST_BYTE_S: Final = 5.0
"""A stream without a byte after this is kept back by something on the way."""
SILENCE_S: Final = 20.0
"""The same, later on: comments come every 15 s."""
POLL_S: Final = 40.0
"""A poll is answered after 25 s at the latest; this one was lost."""
QUICK_S: Final = 1.0
"""A response without anything that ends so soon was no poll: the next request waits."""
RETRY_MIN_S: Final = 0.5
RETRY_MAX_S: Final = 5.0
_GONE: Final = frozenset({404, 409})
_CLOSED: Final = frozenset({410, 413})
_UNUSABLE: Final = frozenset({400, 403, 405, 411, 415})


class FallbackLink:
    """One connection over HTTP."""

    def __init__(
        self, url: str, kind: Literal["stream", "poll"], options: ConnectionOptions, *, may_poll: bool
    ) -> None:
        """Prepare; `open` looks whether somebody is there.

        Args:
            url: the WebSocket's.
            kind: how to receive at first.
            options: times and proxy.
            may_poll: go over to polls when a stream is kept back on the way.
        """
        parsed = parse_uri(url)
        scheme = "https" if parsed.secure else "http"
        self.kind: Kind = kind
        self.codec = client_codec(limits.SUBPROTOCOL_JSON)
        self._path = parsed.path.rstrip("/")
        host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
        self._line = HttpLine(
            f"{scheme}://{host}:{parsed.port}", proxy=options.proxy, connect_timeout_s=options.connect_timeout_s
        )
        self._options = options
        self._may_poll = may_poll
        self._key = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
        self._batch = 0
        self._opened = asyncio.Event()
        self._over = asyncio.Event()
        self._close_code: int | None = None
        self._events = EventReader()
        self._acked = 0
        self._unacked_bytes = 0
        self._answer: Answer | None = None
        self._brought = 0
        self._asked_s = 0.0
        self._frames: deque[bytes] = deque()
        self._failures = 0

    async def open(self) -> None:
        """Make the first connection.

        Raises:
            OSError, TimeoutError: nobody is there.
        """
        try:
            await self._line.connect()
        except BaseException:
            self._line.close()
            raise

    # -- sending --------------------------------------------------------------------------------------------------

    async def send(self, frames: Sequence[bytes]) -> None:
        waiting = deque(frames)
        while waiting:
            batch = [waiting.popleft()]
            size = len(batch[0])
            while waiting and len(batch) < limits.COMMANDS_PER_FRAME:
                size += len(waiting[0]) + 2
                if size > limits.CLIENT_FRAME_BYTES:
                    break
                batch.append(waiting.popleft())
            await self._send_batch(batch[0] if len(batch) == 1 else b"[%b]" % b",".join(batch))

    async def _send_batch(self, body: bytes) -> None:
        """Send one batch until it is taken; the same bytes under the same number are carried out once."""
        self._batch += 1
        attempt = 0
        while not self._over.is_set():
            status = await self._post(
                "send", {"Greenroom-Batch": str(self._batch), "Content-Type": "application/json"}, body
            )
            if status == 204:
                self._opened.set()
                return
            if status in _CLOSED:
                await asyncio.Future[None]()  # the receiving side learns why, and ends this
            if status in _GONE or status in _UNUSABLE or not self._opened.is_set():
                log.info("fallback cannot send: %s", status)
                self._end(None)
                break
            await asyncio.sleep(_pause_s(attempt))
            attempt += 1
        raise LinkClosedError(self._close_code)

    async def _post(self, name: str, headers: Mapping[str, str], body: bytes = b"") -> int:
        """Post and read the answer; 0 when there is none."""
        acked = self._events.last
        try:
            async with asyncio.timeout(self._options.connect_timeout_s + POLL_S):
                answer = await self._line.post(f"{self._path}/{name}", {**self._headers(), **headers}, body)
                await answer.rest()
        except (OSError, TimeoutError):
            return 0
        if answer.status == 204:
            self._note_ack(acked)
        return answer.status

    # -- receiving ------------------------------------------------------------------------------------------------

    async def receive(self) -> bytes:
        await self._opened.wait()
        while True:
            if self._frames:
                return self._frames.popleft()
            if self._over.is_set():
                raise LinkClosedError(self._close_code)
            try:
                await self._more()
            except (OSError, TimeoutError):
                self._drop_answer()
                await self._wait_a_little()

    async def _more(self) -> None:
        """Take in the next bytes; every await in here may fail, and loses nothing then."""
        if self._answer is None:
            await self._ask()
            return
        if self._unacked_bytes >= ACK_BYTES:
            await self._post("send", {})
        data = await self._piece(self._answer)
        if not data:
            self._drop_answer()
            if not self._brought and asyncio.get_running_loop().time() - self._asked_s < QUICK_S:
                await self._wait_a_little()
            return
        self._brought += len(data)
        self._failures = 0
        for event_data, is_close in self._events.feed(data):
            self._unacked_bytes += len(event_data)
            if is_close:
                self._end(int(event_data))
                return
            self._frames.append(event_data)
        if self._events.is_broken:
            self._end(codes.PROTOCOL_ERROR)

    async def _ask(self) -> None:
        acked = self._events.last
        self._asked_s = asyncio.get_running_loop().time()
        wait_s = POLL_S if self.kind == "poll" else FIRST_BYTE_S
        try:
            async with asyncio.timeout(wait_s):
                answer = await self._line.post(f"{self._path}/{self.kind}", self._headers())
        except TimeoutError:
            self._kept_back()
            raise
        if answer.status != 200:
            answer.abort()
            if answer.status in _GONE or answer.status in _UNUSABLE:
                self._end(None)
                return
            raise ConnectionError(f"status {answer.status}")
        self._note_ack(acked)
        self._answer, self._brought = answer, 0
        self._events.cut()

    async def _piece(self, answer: Answer) -> bytes:
        """Read on; meanwhile acknowledge what no batch has, and give a silent stream up."""
        if self.kind == "poll":
            return await answer.piece()
        if self._unacked_bytes:
            data = await _within(ACK_S, answer)
            if data is not None:
                return data
        if self._unacked_bytes:
            await self._post("send", {})
        data = await _within(SILENCE_S if self._brought else FIRST_BYTE_S, answer)
        if data is None:
            self._kept_back()
            raise TimeoutError
        return data

    def _kept_back(self) -> None:
        if self.kind == "stream" and self._may_poll:
            log.info("something on the way keeps the stream back: polling instead")
            self.kind = "poll"

    async def _wait_a_little(self) -> None:
        """Back off after a request that brought nothing; not after the end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_pause_s(self._failures)):
                await self._over.wait()
        self._failures += 1

    # -- the end --------------------------------------------------------------------------------------------------

    async def close(self, code: int = codes.NORMAL) -> None:
        if self._over.is_set():
            self._line.close()
            return
        self._end(code)
        self._drop_answer()
        try:
            async with asyncio.timeout(self._options.close_timeout_s):
                answer = await self._line.post(f"{self._path}/close", self._headers())
                await answer.rest()
        except (OSError, TimeoutError):
            log.debug("no answer to the goodbye")  # the hub notices by its heartbeats
        finally:
            self._line.close()

    def abort(self) -> None:
        self._end(None)
        self._line.close()

    def _end(self, code: int | None) -> None:
        if not self._over.is_set():
            self._close_code = code
            self._over.set()
            self._opened.set()

    # -- parts ----------------------------------------------------------------------------------------------------

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}", "Greenroom-Ack": str(self._events.last)}

    def _note_ack(self, event_id: int) -> None:
        self._acked = max(self._acked, event_id)
        if self._acked == self._events.last:
            self._unacked_bytes = 0

    def _drop_answer(self) -> None:
        if self._answer is not None:
            self._answer.abort()
            self._answer = None


class EventReader:
    """Reads numbered events out of pieces of a response."""

    def __init__(self) -> None:
        self.last = 0
        """Highest id so far; all before it have come, too."""
        self.is_broken = False
        """An id was left out, or something is no event: nothing that follows can be trusted."""
        self._partial = b""

    def cut(self) -> None:
        """A new response begins: what was incomplete comes again."""
        self._partial = b""

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Give the new events that are complete now: data, and whether it is the close event."""
        *blocks, self._partial = (self._partial + data).split(b"\n\n")
        for block in blocks:
            fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if line[:1] != b":" and b": " in line)
            if not fields:
                continue
            number = fields.get(b"id", b"")
            if not number.isdigit() or int(number) > self.last + 1 or b"data" not in fields:
                self.is_broken = True
                return
            if int(number) == self.last + 1:
                self.last += 1
                yield fields[b"data"], fields.get(b"event") == b"close"


async def _within(limit_s: float, answer: Answer) -> bytes | None:
    """Read the next piece; None when the time is up."""
    try:
        async with asyncio.timeout(limit_s):
            return await answer.piece()
    except TimeoutError:
        return None


def _pause_s(attempt: int) -> float:
    return random.uniform(0.0, min(RETRY_MAX_S, RETRY_MIN_S * 2.0 ** min(attempt, 30)))
