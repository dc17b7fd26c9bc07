"""Commands of the community as a client sends them, and the marketplace's moves."""

from typing import Any

from testkit.hub import Room, api
from testkit.wire import Frame, Wire, cid


def creation(**fields: Any) -> Frame:
    return {
        "type": "topic.create", "cid": cid(), "kind": "discussion", "title": "How do you price a logo?",
        "body": "By the day, or by the piece?", **fields,
    }  # fmt: skip


async def create(wire: Wire, **fields: Any) -> str:
    reply = await wire.ask(creation(**fields))
    assert (reply["type"], reply["seq"], reply["dup"]) == ("topic.create", 1, False), reply
    topic: str = reply["topic"]
    return topic


def posting(topic: str, body: str = "By the day.", **fields: Any) -> Frame:
    return {"type": "topic.post", "cid": cid(), "topic": topic, "body": body, **fields}


def amending(verb: str, topic: str, target: int, **fields: Any) -> Frame:
    return {"type": f"topic.{verb}", "cid": cid(), "topic": topic, "target": target, **fields}


async def read(wire: Wire, topic: str, **fields: Any) -> Frame:
    reply = await wire.ask({"type": "topic.read", "topic": topic, **fields})
    assert reply["type"] == "topic.read", reply
    return reply


async def listed(wire: Wire, verb: str = "list", **fields: Any) -> list[str]:
    """Give all topics of a list or search, page by page."""
    found, cursor = [], None
    while True:
        page = await wire.ask({"type": f"topic.{verb}", "limit": 2, "cursor": cursor, **fields})
        assert page["type"] == f"topic.{verb}", page
        found += [topic["topic"] for topic in page["topics"]]
        cursor = page["cursor"]
        if cursor is None:
            return found


async def code(wire: Wire, command: Frame) -> str:
    reply = await wire.ask(command)
    assert reply["type"] == "error", reply
    return str(reply["code"])


async def move(room: Room, topic: str, what: str, post: int = 0) -> None:
    await api(room.hub, "POST", f"/api/v1/topics/{topic}/moves", {"move": what, "post": post})
