"""Ways to a point of the story: invited, in an interview, with an offer. Commands of it as plain frames."""

from typing import Any

from testkit.hub import Room
from testkit.wire import Frame, Wire, cid


def invitation(room: Room, body: str = "Would you like to talk?") -> Frame:
    """Make maya's invitation of jonas to job logo."""
    job, freelancer = room.id("logo"), room.id("jonas")
    return {"type": "invitation.send", "job": job, "freelancer": freelancer, "cid": cid(), "body": body}


def act(verb: str, thread: str, **fields: Any) -> Frame:
    """Make a command about a thread with a cid of its own."""
    return {"type": verb, "thread": thread, "cid": cid(), **fields}


async def invited(room: Room, maya: Wire) -> str:
    """Invite jonas to job logo; gives the thread."""
    reply = await maya.ask(invitation(room))
    assert reply["type"] == "invitation.send", reply
    thread: str = reply["thread"]
    return thread


async def interviewed(room: Room, maya: Wire, jonas: Wire) -> str:
    """Let jonas accept maya's invitation and maya write; gives the thread."""
    thread = await invited(room, maya)
    assert (await jonas.ask(act("invitation.accept", thread)))["state"] == "accepted"
    assert (await maya.say(thread, "What would it cost?"))["state"] == "sent"
    return thread


async def view(wire: Wire, thread: str) -> Frame:
    """Read a thread's head."""
    return await wire.ask({"type": "thread.get", "thread": thread})


async def log_of(wire: Wire, thread: str) -> list[Frame]:
    """Read a thread's log."""
    events: list[Frame] = (await wire.ask({"type": "thread.history", "thread": thread, "limit": 300}))["events"]
    return events
