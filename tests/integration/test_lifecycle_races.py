"""Two hubs on one store, racing clients: one outcome, the same for everybody, and each text judged where it lies."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testkit.hub import HubProcess, Room, api
from testkit.interview import act, interviewed, invitation, log_of, view
from testkit.valkey import RealValkey, real_valkey
from testkit.wire import Frame, Wire

ROUNDS = 25
SECRET = "Write to jonas@studio-jonas.de."
ENDS = {"invitation.accepted", "invitation.declined", "invitation.withdrawn", "invitation.expired"}


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HubProcess, HubProcess]]:
    folder = tmp_path_factory.mktemp("races")
    with real_valkey(folder) as store:
        first, second = (a_hub(folder / name, store) for name in ("a", "b"))
        first.start(wait=False)
        try:
            with second:
                first.until_healthy()
                yield first, second
        finally:
            first.stop()


def a_hub(folder: Path, store: RealValkey) -> HubProcess:
    return HubProcess(folder, env={"GREENROOM_VALKEY_URL": f"unix://{store.socket}"})


class Rooms(Room):
    """One marketplace behind two doors."""

    def __init__(self, first: HubProcess, second: HubProcess) -> None:
        super().__init__(first)
        self.second = second

    def here(self, name: str, device: str = "phone") -> Wire:
        return Wire(self, name, device=device)

    def there(self, name: str, device: str = "laptop") -> Wire:
        return Wire(self.second, self.id(name), device=device)


@pytest.fixture
async def rooms(hubs: tuple[HubProcess, HubProcess]) -> Rooms:
    rooms = Rooms(*hubs)
    await rooms.client("maya")
    await rooms.freelancer("jonas")
    for number in range(ROUNDS):
        body = {"client": rooms.id("maya"), "title": "A logo", "open": True}
        await api(rooms.hub, "PUT", f"/api/v1/jobs/{rooms.id(f'job{number}')}", body)
    return rooms


async def race(*asks: Any) -> list[Frame]:
    """Let all run at once, started in an order of chance."""
    order = random.sample(range(len(asks)), len(asks))
    tasks = {index: asyncio.ensure_future(asks[index]) for index in order}
    await asyncio.gather(*tasks.values())
    return [tasks[index].result() for index in range(len(asks))]


async def test_accept_decline_and_withdraw_through_two_hubs_have_one_outcome(rooms: Rooms) -> None:
    phone, laptop, client = rooms.here("jonas"), rooms.there("jonas"), rooms.there("maya")
    async with phone, laptop, client, rooms.here("maya") as maya:
        for number in range(ROUNDS):
            sent = await maya.ask({**invitation(rooms), "job": rooms.id(f"job{number}")})
            thread = sent["thread"]
            asks = (
                phone.ask(act("invitation.accept", thread)),
                laptop.ask(act("invitation.decline", thread, reason="budget")),
                client.ask(act("invitation.withdraw", thread)),
            )
            replies = await race(*asks)
            won = [reply for reply in replies if reply["type"] != "error"]
            assert len(won) == 1, replies
            lost = {reply["code"] for reply in replies if reply["type"] == "error"}
            assert lost <= {"invitation.already_answered", "invitation.withdrawn"}, replies
            logs = [await log_of(wire, thread) for wire in (phone, laptop, client, maya)]
            assert logs[0] == logs[1] == logs[2] == logs[3]
            assert [event["seq"] for event in logs[0] if event["type"] in ENDS] == [won[0]["seq"]]
            heads = [await view(wire, thread) for wire in (phone, client)]
            assert {head["state"] for head in heads} == {won[0]["state"]}


async def test_accept_decline_and_withdraw_of_an_offer_have_one_outcome(rooms: Rooms) -> None:
    phone, laptop, client = rooms.here("jonas"), rooms.there("jonas"), rooms.there("maya")
    async with phone, laptop, client, rooms.here("maya") as maya:
        await rooms.client("maya", "logo")
        thread = await interviewed(rooms, maya, phone)
        for _ in range(ROUNDS):
            sent = await maya.ask(act("offer.send", thread, terms={"amount": "5", "currency": "EUR"}))
            asks = [
                laptop.ask(act("offer.decline", thread)),
                client.ask(act("offer.withdraw", thread)),
                maya.ask(act("offer.withdraw", thread)),
            ]
            replies = await race(*asks)
            assert len([reply for reply in replies if reply["type"] != "error"]) == 1, replies
            assert {reply["code"] for reply in replies if reply["type"] == "error"} <= {"offer.none"}
            ends = [event for event in await log_of(phone, thread) if event["seq"] > sent["seq"]]
            assert [event["type"] for event in ends] == ["offer.changed"]
        await maya.ask(act("offer.send", thread, terms={}))
        replies = await race(phone.ask(act("offer.accept", thread)), laptop.ask(act("offer.accept", thread)))
        assert sorted(reply["type"] for reply in replies) == ["error", "offer.accept"]


async def test_a_contact_racing_the_gate_is_judged_by_the_state_at_its_seq(rooms: Rooms) -> None:
    async with rooms.here("maya") as maya, rooms.there("maya") as observer, rooms.here("jonas") as jonas:
        near_the_gate: set[int] = set()
        for number in range(ROUNDS):
            sent = await maya.ask({**invitation(rooms), "job": rooms.id(f"job{number}")})
            thread = sent["thread"]
            await jonas.ask(act("invitation.accept", thread))
            await maya.say(thread, "Hello!")
            move = f"/api/v1/threads/{thread}/moves"
            start = asyncio.create_task(api(rooms.second, "POST", move, {"move": "start_contract"}))
            said = [await jonas.say(thread, SECRET)]
            while all("policy" in reply and reply["policy"]["action"] == "redact" for reply in said):
                said += await asyncio.gather(*(jonas.say(thread, SECRET) for _ in range(4)))
            gate = int(str((await start)["seq"]))
            assert {reply["type"] for reply in said} == {"message.send"}
            log = await log_of(observer, thread)
            assert log == await log_of(jonas, thread)
            by_seq = {event["seq"]: event for event in log}
            assert [event["seq"] for event in log if event["type"] == "policy.changed"] == [gate + 1]
            for reply in said:
                is_open = reply["seq"] > gate
                assert (by_seq[reply["seq"]]["body"] == SECRET) == is_open, (reply, gate)
                verdict = reply["policy"]["action"] if "policy" in reply else "allow"
                assert verdict in (("allow", "notice") if is_open else ("redact",)), (reply, gate)
            first = min((reply for reply in said if reply["seq"] > gate), key=lambda reply: int(reply["seq"]))
            assert first["policy"]["notice"] == "notice.offplatform_risk"
            # Messages at the same moment may each carry it, so only the one after them all must not.
            later = [await jonas.say(thread, SECRET) for _ in range(3)]
            assert "policy" not in later[-1], "not with every contact"
            near_the_gate |= {reply["seq"] - gate for reply in said}
        assert min(near_the_gate) < 0 < max(near_the_gate)


async def test_two_contract_starts_and_an_acceptance_make_one_contract(rooms: Rooms) -> None:
    await rooms.client("maya", "logo")
    async with rooms.here("maya") as maya, rooms.there("jonas") as jonas:
        thread = await interviewed(rooms, maya, jonas)
        await maya.ask(act("offer.send", thread, terms={}))
        move, body = f"/api/v1/threads/{thread}/moves", {"move": "start_contract"}
        results = await asyncio.gather(
            jonas.ask(act("offer.accept", thread)),
            api(rooms.hub, "POST", move, body),
            api(rooms.second, "POST", move, body),
            maya.ask(act("offer.withdraw", thread)),
            return_exceptions=True,
        )
        log = await log_of(maya, thread)
        assert [event["type"] for event in log].count("policy.changed") == 1, results
        started = [event for event in log if event.get("change") == "started"]
        assert len(started) == 1
        pair = await api(rooms.hub, "GET", f"/api/v1/pairs/{rooms.id('maya')}/{rooms.id('jonas')}")
        assert abs(int(str(pair["first_contract_at"])) - started[0]["at"]) < 5_000
