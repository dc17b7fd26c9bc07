"""An interview between maya and jonas, and staff that each of them can bring in."""

from typing import Any

from testkit.hub import Room, put
from testkit.wire import Frame, Wire, cid


async def staff(room: Room, *names: str, of: str = "maya") -> None:
    """Tell the hub of people who are the staff of somebody."""
    for name in names:
        body = {"name": name.title(), "staff_of": [room.id(of)]}
        await put(room.hub, f"/api/v1/users/{room.id(name)}", body)


async def interview(room: Room, maya: Wire, jonas: Wire) -> str:
    """Invite, accept, answer; gives the thread, whose log holds four events and two items."""
    invited = await maya.ask(
        {
            "type": "invitation.send", "job": room.id("logo"), "freelancer": room.id("jonas"), "cid": cid(),
            "body": "Would you like to talk?",
        }
    )  # fmt: skip
    thread: str = invited["thread"]
    accepted = await jonas.ask({"type": "invitation.accept", "thread": thread, "cid": cid()})
    assert accepted["type"] == "invitation.accept", accepted
    assert (await maya.say(thread, "Hello!"))["type"] == "message.send"
    return thread


def adding(room: Room, thread: str, name: str, *, history: str = "all", **fields: Any) -> Frame:
    """Make the command that brings a member in."""
    return {"type": "member.add", "thread": thread, "cid": cid(), "user": room.id(name), "history": history, **fields}


def removing(room: Room, thread: str, name: str) -> Frame:
    """Make the command that takes a member out."""
    return {"type": "member.remove", "thread": thread, "cid": cid(), "user": room.id(name)}


async def history(wire: Wire, thread: str, **fields: Any) -> list[Frame]:
    """Read a thread's log as this user sees it."""
    page = await wire.ask({"type": "thread.history", "thread": thread, "limit": 300, **fields})
    assert page["type"] == "thread.history", page
    events: list[Frame] = page["events"]
    return events


async def row(wire: Wire, thread: str) -> Frame:
    """Read one's own row of a thread, archived or not."""
    page = await wire.ask({"type": "thread.list", "archived": None})
    found: Frame = next(each for each in page["rows"] if each["thread"] == thread)
    return found
