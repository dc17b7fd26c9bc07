"""Connects as the backend grants, sells and sets them right, and as a scarce thing: a hub where they cost more."""

import asyncio
from collections.abc import Iterator
from importlib import resources

import pytest

from testkit.hub import HubProcess, Room, api, put
from testkit.wire import Frame, Wire, cid

PRICES = {"monthly_free = 60": "monthly_free = 5", "invite_accept_cost = 0 ": "invite_accept_cost = 3 "}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with 5 free Connects; a proposal costs 2, an acceptance 3."""
    folder = tmp_path_factory.mktemp("hub")
    policy = (resources.files("greenroom_server.domain") / "policy" / "default.toml").read_text()
    for shipped, ours in PRICES.items():
        assert shipped in policy
        policy = policy.replace(shipped, ours)
    (folder / "policy.toml").write_text(policy)
    with HubProcess(folder, env={"GREENROOM_MARKETPLACE_POLICY": str(folder / "policy.toml")}) as process:
        yield process


async def entered(room: Room, kind: str, amount: int, key: str) -> dict[str, object]:
    path = f"/api/v1/freelancers/{room.id('jonas')}/connects"
    return await api(room.hub, "POST", path, {"kind": kind, "amount": amount, "key": key})


async def refused(room: Room, body: Frame, name: str = "jonas") -> str:
    with pytest.raises(RuntimeError) as error:
        await api(room.hub, "POST", f"/api/v1/freelancers/{room.id(name)}/connects", body)
    return str(error.value)


async def propose(room: Room, wire: Wire, job: str, name: str = "") -> Frame:
    command = {"type": "proposal.submit", "job": room.id(job), "cid": name or cid(), "body": "Here I am."}
    return await wire.ask(command)


async def test_too_few_connects_refuse_with_what_is_needed_and_when_there_are_more(room: Room) -> None:
    await room.client("maya", "one", "two", "three")
    async with Wire(room, "jonas") as jonas, Wire(room, "maya") as maya:
        for job in ("one", "two"):
            assert (await propose(room, jonas, job))["type"] == "proposal.submit"
        name = cid()
        short = await propose(room, jonas, "three", name)
        assert (short["code"], short["hint"], short["retry"]) == ("connects.insufficient", "connects.get", "never")
        view = (await jonas.ask({"type": "connects.get"}))["connects"]
        assert short["data"] == {"need": 2, "have": 1, "next_refill_at": view["next_refill_at"]}
        assert view["next_refill_at"] > jonas.connected["now"]
        assert (await jonas.ask({"type": "job.get", "job": room.id("three")}))["job"]["thread"] == ""
        await entered(room, "purchase", 10, "order 4711")
        bought = await jonas.event("connects.changed", change="purchase")
        assert (bought["amount"], bought["balance"]) == (10, 11)
        paid = await propose(room, jonas, "three", name)
        assert (paid["type"], paid["dup"]) == ("proposal.submit", False), "a refused cid is still free"
        await maya.event("proposal.changed", cid=name)


async def test_accepting_an_invitation_can_cost_connects(room: Room) -> None:
    await room.client("maya", "one", "two")
    async with Wire(room, "jonas") as jonas, Wire(room, "maya") as maya:
        threads = []
        for job in ("one", "two"):
            invited = await maya.ask(
                {"type": "invitation.send", "job": room.id(job), "freelancer": jonas.user, "cid": cid(), "body": "Hi!"}
            )
            threads.append(invited["thread"])
        accept = {"type": "invitation.accept", "thread": threads[0], "cid": cid()}
        assert (await jonas.ask(accept))["state"] == "accepted"
        assert (await jonas.ask(accept))["dup"] is True
        spent = await jonas.event("connects.changed")
        assert (spent["change"], spent["amount"], spent["balance"]) == ("invitation", -3, 2)
        short = await jonas.ask({"type": "invitation.accept", "thread": threads[1], "cid": cid()})
        assert (short["code"], short["data"]["need"], short["data"]["have"]) == ("connects.insufficient", 3, 2)
        view = await maya.ask({"type": "thread.get", "thread": threads[1]})
        assert (view["state"], view["seq"]) == ("invited", 1), "nothing changed"
        decline = {"type": "invitation.decline", "thread": threads[1], "cid": cid()}
        assert (await jonas.ask(decline))["state"] == "closed"


async def test_an_entry_of_the_backend_is_made_once_for_each_key(room: Room) -> None:
    answers = await asyncio.gather(*(entered(room, "grant", 7, "welcome") for _ in range(5)))
    assert sorted(bool(answer["dup"]) for answer in answers) == [False, True, True, True, True]
    assert {str(answer["entry"]) for answer in answers} == {str(answers[0]["entry"])}
    assert "idempotency.conflict" in await refused(room, {"kind": "grant", "amount": 8, "key": "welcome"})
    await entered(room, "correction", -12, "mistake")
    assert "connects.insufficient" in await refused(room, {"kind": "correction", "amount": -1, "key": "more"})
    await entered(room, "refund", 4, "sorry")
    page = await api(room.hub, "GET", f"/api/v1/freelancers/{room.id('jonas')}/connects?limit=3")
    connects, entries = page["connects"], page["entries"]
    assert isinstance(connects, dict)
    assert isinstance(entries, list)
    assert connects["balance"] == 4
    assert [(entry["kind"], entry["amount"], entry["balance"]) for entry in entries] == [
        ("refund", 4, 4), ("correction", -12, 0), ("grant", 7, 12),
    ]  # fmt: skip
    rest = await api(room.hub, "GET", f"/api/v1/freelancers/{room.id('jonas')}/connects?cursor={page['cursor']}")
    assert [(entry["kind"], entry["amount"]) for entry in rest["entries"]] == [("grant", 5)]  # type: ignore[attr-defined]


async def test_what_makes_no_sense_is_refused_and_changes_nothing(room: Room) -> None:
    for body, code in (
        ({"kind": "grant", "amount": -1, "key": "a"}, "bad_request.field"),
        ({"kind": "grant", "amount": 0, "key": "a"}, "bad_request.field"),
        ({"kind": "grant", "amount": 10_001, "key": "a"}, "bad_request.field"),
        ({"kind": "proposal", "amount": 1, "key": "a"}, "bad_request.field"),
        ({"kind": "grant", "amount": 1}, "bad_request.field"),
        ({"kind": "grant", "amount": 1, "key": "x" * 129}, "bad_request.field"),
    ):
        assert code in await refused(room, body), body
    assert "not_found" in await refused(room, {"kind": "grant", "amount": 1, "key": "a"}, "maya")
    with pytest.raises(RuntimeError, match="not_found"):
        await api(room.hub, "GET", f"/api/v1/freelancers/{room.id('maya')}/connects")
    page = await api(room.hub, "GET", f"/api/v1/freelancers/{room.id('jonas')}/connects")
    assert page["connects"]["balance"] == 5  # type: ignore[index]


async def test_another_billing_day_gives_no_second_refill(room: Room) -> None:
    async with Wire(room, "jonas") as jonas:
        await room.client("maya", "one")
        assert (await propose(room, jonas, "one"))["type"] == "proposal.submit"
        path = f"/api/v1/freelancers/{jonas.user}/connects"
        for day in range(1, 29):
            view = await put(room.hub, path, {"billing_day": day})
            assert view["balance"] == 3
        with pytest.raises(RuntimeError, match="bad_request"):
            await put(room.hub, path, {"billing_day": 29})
