"""Histories: who was acked what, what is stored, and whether the two can both be true.

With one dense seq for each thread a check is simple: every ack is stored exactly once, under its seq and its cid, in
the order in which it was acked.
"""

import asyncio
from typing import NamedTuple

import websockets

from testkit.hub import Room
from testkit.wire import Frame, Wire, cid


class Acked(NamedTuple):
    """A send whose ack was read from the socket."""

    thread: str
    cid: str
    seq: int
    body: str


async def read_thread(device: Wire, thread: str) -> list[Frame]:
    """Read a whole thread, page by page."""
    events: list[Frame] = []
    after, more = 0, True
    while more:
        page = await device.ask({"type": "thread.history", "thread": thread, "after": after, "limit": 300})
        assert page["type"] == "thread.history", page
        events += page["events"]
        after, more = page["to"], page["more"]
    return events


def check_history(acked: list[Acked], stored: list[Frame]) -> None:
    """Compare the acks of one thread with its log.

    Raises:
        AssertionError: something acked is missing, doubled, moved or changed.
    """
    assert [event["seq"] for event in stored] == list(range(1, len(stored) + 1)), "the log has a gap"
    by_cid: dict[str, list[Frame]] = {}
    for event in stored:
        by_cid.setdefault(event["cid"], []).append(event)
    assert all(len(events) == 1 for events in by_cid.values()), "a message is stored twice"
    for ack in acked:
        assert ack.cid in by_cid, f"acked and lost: seq {ack.seq}"
        event = by_cid[ack.cid][0]
        assert (event["seq"], event["body"]) == (ack.seq, ack.body)


async def chatter(room: Room, thread: str, acked: list[Acked], stop: asyncio.Event) -> None:
    """Send one message after the other as maya, through every failure, each with its own cid until it is acked."""
    number = 0
    wire = Wire(room, "maya")
    is_open = False
    while not stop.is_set():
        number += 1
        body, name = f"Line {number} of the story.", cid()
        while True:
            try:
                if not is_open:
                    reply = await wire.open()
                    is_open = reply["type"] == "connect"
                    if not is_open:
                        await wire.close()
                        continue
                reply = await wire.ask({"type": "message.send", "thread": thread, "cid": name, "body": body})
            except (OSError, websockets.WebSocketException):
                is_open = False
                await asyncio.sleep(0.02)  # a refused connection is no event that could be awaited
                continue
            if reply["type"] == "message.send":
                acked.append(Acked(thread, name, reply["seq"], body))
                break
            assert reply["code"] in ("unavailable", "uncertain"), reply
            await asyncio.sleep(min(0.05, reply["retry_after_ms"] / 1000))
    await wire.close()
