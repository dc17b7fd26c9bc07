"""Commands of access grants, blocks and reports as plain frames, and interviews to use them in."""

from typing import Any

from testkit.hub import Room
from testkit.wire import Frame, Wire, cid


async def interview(room: Room, maya: Wire, jonas: Wire, job: str = "logo") -> str:
    """Bring client maya and freelancer jonas into an interview; gives its thread."""
    invited = await maya.ask(
        {
            "type": "invitation.send",
            "job": room.id(job),
            "freelancer": jonas.user,
            "cid": cid(),
            "body": "Shall we talk?",
        }
    )
    thread: str = invited["thread"]
    accepted = await jonas.ask({"type": "invitation.accept", "thread": thread, "cid": cid()})
    assert accepted["type"] == "invitation.accept", accepted
    assert (await maya.say(thread, "Tell me about your work."))["type"] == "message.send"
    return thread


def request(thread: str, holder: str = "me", **fields: Any) -> Frame:
    """Ask to share one's address, or for the other side's."""
    return {
        "type": "access.request",
        "thread": thread,
        "cid": cid(),
        "holder": holder,
        "system": "code_host",
        "purpose": "To see the repository of the old site.",
        **fields,
    }


def step(verb: str, thread: str, number: int, **fields: Any) -> Frame:
    """Answer, share under or end a request."""
    return {"type": f"access.{verb}", "thread": thread, "cid": cid(), "request": number, **fields}


async def shared(holder: Wire, other: Wire, thread: str, email: str) -> int:
    """Go all the way to a shared address; gives the request."""
    asked = await other.ask(request(thread, "peer"))
    assert asked["grant"] == "granted", asked
    reply = await holder.ask(step("share", thread, asked["seq"], email=email))
    assert reply["type"] == "access.share", reply
    return int(asked["seq"])


def report(thread: str, category: str = "spam", **fields: Any) -> Frame:
    """Report a thread."""
    return {"type": "report.create", "thread": thread, "cid": cid(), "category": category, **fields}
