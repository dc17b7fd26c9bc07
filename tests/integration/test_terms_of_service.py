"""Where the marketplace asks for its terms of service: who has not accepted them reads, and does not write."""

from collections.abc import Iterator

import pytest

from testkit.hub import HubProcess, Room, put
from testkit.interview import act, invitation, view
from testkit.policy import policy_env
from testkit.wire import Wire, cid


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("hub")
    with HubProcess(folder, env=policy_env(folder, {"require_terms": "true"})) as process:
        yield process


async def accepts(room: Room, name: str, at: int) -> None:
    body = {"name": name.title(), "terms_accepted_at": at}
    assert (await put(room.hub, f"/api/v1/users/{room.id(name)}", body))["user"] == room.id(name)


async def test_writing_needs_accepted_terms(room: Room) -> None:
    await accepts(room, "maya", 1_760_000_000_000)
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = (await maya.ask(invitation(room)))["thread"]
        assert (await view(jonas, thread))["state"] == "invited", "reading needs nothing"
        for command in (
            act("invitation.accept", thread),
            act("invitation.decline", thread),
            {"type": "message.send", "thread": thread, "cid": cid(), "body": "Hello!"},
        ):
            refused = await jonas.ask(command)
            assert (refused["code"], refused["retry"], refused["hint"]) == (
                "policy.tos_not_accepted",
                "never",
                "terms_of_service",
            )
        await put(room.hub, f"/api/v1/users/{room.id('jonas')}", {"name": "Jonas", "suspended": False})
        assert (await jonas.ask(act("invitation.accept", thread)))["code"] == "policy.tos_not_accepted"
    await accepts(room, "jonas", 1_760_000_000_000)
    async with Wire(room, "jonas") as jonas, Wire(room, "maya") as maya:
        assert (await jonas.ask(act("invitation.accept", thread)))["state"] == "accepted"
        assert (await maya.say(thread, "Hello!"))["state"] == "sent"
        assert (await jonas.say(thread, "Hello!"))["state"] == "sent"


async def test_acceptance_reaches_an_open_connection(room: Room) -> None:
    for name in ("maya", "jonas"):
        await accepts(room, name, 0)
    async with Wire(room, "maya") as maya:
        assert (await maya.ask(invitation(room)))["code"] == "policy.tos_not_accepted"
        await accepts(room, "maya", 1_760_000_000_000)
        while (reply := await maya.ask(invitation(room)))["type"] == "error":
            assert reply["code"] == "policy.tos_not_accepted"  # until the node has read the account
        assert reply["type"] == "invitation.send"
