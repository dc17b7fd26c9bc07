"""A plain e-mail address sent through every surface that is screened: refused, given back or masked, never seen."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import pytest

from testkit.community_wire import amending, create, creation, posting
from testkit.grants import interview, request
from testkit.hub import API_KEY, Room
from testkit.surfaces import SCREENED
from testkit.wire import Frame, Wire, cid

SECRET: Final = "jonas.weber@studio-weber.de"
TEXT: Final = f"Write to {SECRET} please."
REFUSED: Final = ("redact", "bounce", "hold")
Way = Callable[[Room, Wire, Wire], Awaitable[Any]]


def act(verb: str, thread: str, **fields: Any) -> Frame:
    return {"type": verb, "thread": thread, "cid": cid(), **fields}


async def backend(room: Room, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put something as the marketplace's backend; gives the refusal."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.put(f"{room.hub.url}/api/v1/{path}", json=body) as response,
    ):
        answer: dict[str, Any] = await response.json()
        assert response.status in (400, 422), answer
        return {"type": "error", **answer}


def invitation(room: Room, jonas: Wire, body: str = "Shall we talk?") -> Frame:
    job, who = room.id("logo"), jonas.user
    return {"type": "invitation.send", "job": job, "freelancer": who, "cid": cid(), "body": body}


def opening(jonas: Wire, body: str) -> Frame:
    return {"type": "thread.open", "freelancer": jonas.user, "cid": cid(), "body": body}


def proposal(room: Room, body: str = "I would like to do this.") -> Frame:
    return {"type": "proposal.submit", "job": room.id("logo"), "cid": cid(), "body": body}


async def in_interview(room: Room, maya: Wire, jonas: Wire, verb: str, by: str = "jonas", **fields: Any) -> Frame:
    thread = await interview(room, maya, jonas)
    return await (maya if by == "maya" else jonas).ask(act(verb, thread, **fields))


async def answered(room: Room, maya: Wire, jonas: Wire, verb: str) -> Frame:
    thread = (await maya.ask(invitation(room, jonas)))["thread"]
    return await jonas.ask(act(verb, thread, note=TEXT))


async def edited(room: Room, maya: Wire, jonas: Wire) -> Frame:
    thread = await interview(room, maya, jonas)
    seq = (await jonas.say(thread, "I do logos for bakeries and for small shops."))["seq"]
    return await jonas.ask(act("message.edit", thread, target=seq, body=TEXT))


async def declined_offer(room: Room, maya: Wire, jonas: Wire) -> Frame:
    thread = await interview(room, maya, jonas)
    await maya.ask(act("offer.send", thread, terms={}))
    return await jonas.ask(act("offer.decline", thread, note=TEXT))


async def declined_proposal(room: Room, maya: Wire, jonas: Wire) -> Frame:
    thread = (await jonas.ask(proposal(room)))["thread"]
    return await maya.ask(act("proposal.decline", thread, note=TEXT))


async def posted(_room: Room, maya: Wire, jonas: Wire) -> Frame:
    return await jonas.ask(posting(await create(maya), TEXT))


async def reposted(_room: Room, maya: Wire, _jonas: Wire) -> Frame:
    return await maya.ask(amending("edit", await create(maya), 1, body=TEXT))


def freelancer(room: Room, **fields: Any) -> Awaitable[dict[str, Any]]:
    body = {"name": "Jonas", "headline": "Brand designer", "skills": ["logo"], **fields}
    return backend(room, f"freelancers/{room.id('jonas')}", body)


WAYS: Final[dict[str, Way]] = {
    "AccessRequest.purpose": lambda r, m, j: interview_request(r, m, j),
    "FeedbackSubmit.body": lambda _r, m, _j: m.ask({"type": "feedback.submit", "cid": cid(), "body": TEXT}),
    "FreelancerPut.headline": lambda r, _m, _j: freelancer(r, headline=TEXT),
    "FreelancerPut.name": lambda r, _m, _j: freelancer(r, name=SECRET),
    "FreelancerPut.skills": lambda r, _m, _j: freelancer(r, skills=["logo", SECRET]),
    "InvitationAccept.note": lambda r, m, j: answered(r, m, j, "invitation.accept"),
    "InvitationDecline.note": lambda r, m, j: answered(r, m, j, "invitation.decline"),
    "InvitationSend.body": lambda r, m, j: m.ask(invitation(r, j, TEXT)),
    "JobPut.title": lambda r, m, _j: backend(r, f"jobs/{r.id('x')}", {"client": m.user, "title": TEXT, "open": True}),
    "MessageCheck.body": lambda r, m, j: in_interview(r, m, j, "message.check", body=TEXT),
    "MessageEdit.body": edited,
    "MessageSend.body": lambda r, m, j: in_interview(r, m, j, "message.send", body=TEXT),
    "OfferDecline.note": declined_offer,
    "OfferTerms.note": lambda r, m, j: in_interview(r, m, j, "offer.send", "maya", terms={"note": TEXT}),
    "ProposalDecline.note": declined_proposal,
    "ProposalSubmit.body": lambda r, _m, j: j.ask(proposal(r, TEXT)),
    "RelationshipDeclare.note": lambda r, m, j: in_interview(r, m, j, "relationship.declare", note=TEXT),
    "ThreadOpen.body": lambda _r, m, j: m.ask(opening(j, TEXT)),
    "TopicCreate.body": lambda _r, m, _j: m.ask(creation(body=TEXT)),
    "TopicCreate.tags": lambda _r, m, _j: m.ask(creation(tags=[SECRET])),
    "TopicCreate.title": lambda _r, m, _j: m.ask(creation(title=TEXT)),
    "TopicEdit.body": reposted,
    "TopicPost.body": posted,
    "UserPut.name": lambda r, m, _j: backend(r, f"users/{m.user}", {"name": SECRET}),
}


async def interview_request(room: Room, maya: Wire, jonas: Wire) -> Frame:
    thread = await interview(room, maya, jonas)
    return await jonas.ask(request(thread, purpose=TEXT))


@pytest.mark.parametrize("field", SCREENED)
async def test_a_plain_address_gets_through_no_surface(room: Room, field: str) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        reply = await WAYS[field](room, maya, jonas)
        action = (reply.get("policy") or {}).get("action")
        assert action in REFUSED or reply["code"].startswith(("policy.", "bad_request")), reply
        await maya.ask({"type": "ping"})
        assert SECRET not in str(maya.pushes) + str(jonas.pushes)


def test_every_screened_surface_has_a_way_in() -> None:
    assert WAYS.keys() == SCREENED.keys()
