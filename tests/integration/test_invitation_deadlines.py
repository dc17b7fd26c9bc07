"""Reminders and expiry of invitations, with rules short enough to watch; the client invites again."""

from collections.abc import Iterator

import pytest

from testkit.hub import HubProcess, Room
from testkit.interview import act, invitation, invited, log_of, view
from testkit.policy import policy_env
from testkit.wire import Wire

HELP = "https://marketplace.example/interviews"
RULES = {
    "invitation_expiry_s": "3", "invitation_reminders_s": "[1, 2]", "interview_help": f'"{HELP}"',
}  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("hub")
    with HubProcess(folder, env=policy_env(folder, RULES)) as process:
        yield process


async def test_an_invitation_reminds_expires_and_can_be_sent_again(room: Room) -> None:
    await room.client("eve", "other")
    async with Wire(room, "maya") as maya, Wire(room, "eve") as eve, Wire(room, "jonas") as jonas:
        answered = (await eve.ask({**invitation(room), "job": room.id("other")}))["thread"]
        await jonas.ask(act("invitation.accept", answered))
        thread = await invited(room, maya)
        card = await jonas.event("invitation.sent", by=room.id("maya"))
        assert card["help_url"] == HELP
        assert (await view(jonas, thread))["expires_at"] == card["expires_at"]
        for number in (1, 2):
            for device in (maya, jonas):
                reminder = await device.event("invitation.reminded", number=number)
                assert reminder["at"] >= card["at"] + number * 1_000 - 50
                assert reminder["expires_at"] == card["expires_at"]
        expired = await jonas.event("invitation.expired")
        assert expired["state"] == "closed"
        late = await jonas.ask(act("invitation.accept", thread))
        assert (late["code"], late.get("hint")) == ("invitation.expired", None)
        client = await maya.ask(act("invitation.withdraw", thread))
        assert (client["code"], client["hint"]) == ("invitation.expired", "invitation.send")
        assert (await view(maya, thread))["policy"]["actions"][:1] == ["invitation.send"]
        again = await maya.ask(invitation(room, "Perhaps now?"))
        assert (again["type"], again["thread"]) == ("invitation.send", thread)
        await jonas.event("invitation.reminded", seq=again["seq"] + 1, number=1)
        assert (await jonas.ask(act("invitation.accept", thread)))["state"] == "accepted"
        kinds = [event["type"] for event in await log_of(eve, answered)]
        assert kinds == ["invitation.sent", "invitation.accepted"], "an answer drops the deadlines"


async def test_an_unread_duplicate_is_refused_while_the_first_lives(room: Room) -> None:
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await invited(room, maya)
        refused = await maya.ask(invitation(room))
        assert (refused["code"], refused["hint"]) == ("invitation.duplicate", "message.send")
        silent = await jonas.say(thread, "Hello?")
        assert (silent["code"], silent["hint"]) == ("candidacy.not_open", "invitation.accept")
        policy = (await view(jonas, thread))["policy"]
        assert (policy["may_write"], policy["why_not"], policy["instead"]) == (
            False,
            "candidacy.not_open",
            "invitation.accept",
        )
        await jonas.ask(act("invitation.decline", thread))
        assert (await maya.ask(invitation(room)))["type"] == "invitation.send"
