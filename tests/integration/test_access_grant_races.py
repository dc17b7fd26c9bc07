"""Access grants on two hubs of one store: one outcome for every race; deadlines; moderators who agree."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from typing import Any

import pytest

from greenroom_server.domain.ids import thread_partition
from greenroom_server.store import keys
from testkit.grants import interview, request, shared, step
from testkit.hub import HubProcess, Room, api
from testkit.store import now_ms
from testkit.valkey import RealValkey, real_valkey
from testkit.wire import Frame, Wire, cid

MODERATED = 'mode = "moderator"'
EMAIL = "jonas@studio-jonas.de"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory, store: RealValkey) -> Iterator[tuple[HubProcess, HubProcess]]:
    folder = tmp_path_factory.mktemp("hubs")
    env = {"GREENROOM_VALKEY_URL": f"unix://{store.socket}"}
    first = HubProcess(folder / "a", env=env)
    first.start(wait=False)
    try:
        with HubProcess(folder / "b", env=env) as second:
            first.until_healthy()
            yield first, second
    finally:
        first.stop()


class Two:
    """An interview whose client is on one hub and whose freelancer is on the other."""

    def __init__(self, room: Room, store: RealValkey, maya: Wire, jonas: Wire, thread: str) -> None:
        self.room, self.store, self.maya, self.jonas, self.thread = room, store, maya, jonas, thread

    def end_at(self, number: int, at_ms: int) -> None:
        """Move the deadline of a request, as if time had passed."""
        partition = thread_partition(self.thread)
        assert partition is not None
        head = keys.head(partition, self.thread)
        with self.store.client() as client:
            raw: Any = client.hget(head, f"grant:{number}")
            grant = json.loads(raw)
            grant["expires_at_ms"] = at_ms
            client.hset(head, f"grant:{number}", json.dumps(grant))
            client.hincrby(head, "rev", 1)
            client.zadd(keys.timers(partition), {f"grant {self.thread}#{number}": at_ms})

    async def kinds(self, number: int) -> list[str]:
        """Give what the log says of a request, in order, as both sides read it."""
        pages = [await wire.ask({"type": "thread.history", "thread": self.thread}) for wire in (self.maya, self.jonas)]
        seen = [
            [e["type"] for e in page["events"] if e.get("request") == number and e["type"].startswith("access.")]
            for page in pages
        ]
        assert seen[0] == seen[1]
        return seen[0]

    async def state(self, number: int) -> str:
        view = await self.jonas.ask({"type": "thread.get", "thread": self.thread})
        return str(next(grant["state"] for grant in view["grants"] if grant["request"] == number))


@pytest.fixture
async def two(hubs: tuple[HubProcess, HubProcess], store: RealValkey) -> AsyncIterator[Two]:
    room = Room(hubs[0])
    await room.furnish()
    async with Wire(room, "maya") as maya, Wire(hubs[1], room.id("jonas")) as jonas:
        yield Two(room, store, maya, jonas, await interview(room, maya, jonas))


async def test_an_unanswered_request_expires(two: Two) -> None:
    number = (await two.jonas.ask(request(two.thread)))["seq"]
    two.end_at(number, now_ms() - 1)
    assert (await two.maya.event("access.ended"))["why"] == "expired"
    assert (await two.jonas.event("access.ended"))["request"] == number
    for wire, verb in ((two.maya, "confirm"), (two.maya, "refuse"), (two.jonas, "revoke")):
        assert (await wire.ask(step(verb, two.thread, number)))["code"] == "access.expired"
    assert await two.kinds(number) == ["access.ended"]


async def test_a_shared_address_is_masked_again_after_the_deadline(two: Two) -> None:
    number = await shared(two.jonas, two.maya, two.thread, EMAIL)
    assert (await two.jonas.say(two.thread, f"{EMAIL} it is.")).get("policy") is None
    two.end_at(number, now_ms() - 1)
    assert (await two.jonas.say(two.thread, f"{EMAIL} it is."))["policy"]["action"] == "redact"
    assert (await two.jonas.event("access.ended"))["why"] == "expired"


async def test_an_agreement_moves_the_deadline_that_was_set(two: Two) -> None:
    number = (await two.jonas.ask(request(two.thread)))["seq"]
    two.end_at(number, now_ms() + 60_000)
    confirmed = await two.maya.ask(step("confirm", two.thread, number))
    assert confirmed["type"] == "access.confirm"
    partition = thread_partition(two.thread)
    assert partition is not None
    with two.store.client() as client:
        due: Any = client.zscore(keys.timers(partition), f"grant {two.thread}#{number}")
    assert due == (await two.jonas.event("access.granted"))["expires_at"]
    assert due - confirmed["at"] > 6 * 86_400_000


@pytest.mark.parametrize("round_number", range(3))
async def test_confirm_revoke_and_expiry_on_two_hubs_have_one_outcome(two: Two, round_number: int) -> None:
    number = (await two.jonas.ask(request(two.thread)))["seq"]
    two.end_at(number, now_ms() + 400 * round_number)
    replies = await asyncio.gather(
        two.maya.ask(step("confirm", two.thread, number)),
        two.maya.ask(step("refuse", two.thread, number)),
        two.jonas.ask(step("revoke", two.thread, number)),
        two.jonas.ask(step("share", two.thread, number, email=EMAIL)),
    )
    if await two.state(number) in ("requested", "granted", "shared"):
        two.end_at(number, now_ms() - 1)
    await two.maya.until(lambda push: _ends(push, number))
    kinds = await two.kinds(number)
    assert kinds.count("access.refused") + kinds.count("access.ended") == 1
    assert kinds[-1] in ("access.refused", "access.ended")
    if "access.shared" in kinds:
        assert kinds.index("access.granted") < kinds.index("access.shared")
    done = [reply["type"] for reply in replies if reply["type"] != "error"]
    assert sorted(done) == sorted(_command(kind) for kind in kinds if kind != "access.ended" or "access.revoke" in done)


def _ends(push: Frame, number: int) -> bool:
    return any(
        event["type"] in ("access.refused", "access.ended") and event["request"] == number
        for event in push.get("events", ())
    )


def _command(kind: str) -> str:
    return {
        "access.granted": "access.confirm",
        "access.refused": "access.refuse",
        "access.shared": "access.share",
        "access.ended": "access.revoke",
    }[kind]


async def test_a_request_that_was_read_as_agreed_is_not_shared_after_it_ended(two: Two) -> None:
    number = (await two.maya.ask(request(two.thread, "peer")))["seq"]
    replies = await asyncio.gather(
        two.jonas.ask(step("share", two.thread, number, email=EMAIL)),
        two.maya.ask(step("revoke", two.thread, number)),
    )
    kinds = await two.kinds(number)
    if kinds[0] == "access.ended":
        assert replies[0]["code"] == "access.ended"
        assert kinds == ["access.ended"]
    else:
        assert kinds == ["access.shared", "access.ended"]


@pytest.fixture(scope="module")
def moderated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub whose moderators agree to grants."""
    folder = tmp_path_factory.mktemp("moderated")
    policy = (resources.files("greenroom_server.domain") / "policy" / "default.toml").read_text("utf-8")
    assert policy.count('mode = "counterparty_confirms"') == 1
    path = folder / "policy.toml"
    path.write_text(policy.replace('mode = "counterparty_confirms"', MODERATED), "utf-8")
    with HubProcess(folder / "hub", env={"GREENROOM_MARKETPLACE_POLICY": str(path)}) as process:
        yield process


async def test_where_moderators_agree_only_the_server_api_does(moderated: HubProcess) -> None:
    room = Room(moderated)
    await room.furnish()
    async with Wire(room, "maya") as maya, Wire(room, "jonas") as jonas:
        thread = await interview(room, maya, jonas)
        asked = await maya.ask(request(thread, "peer"))
        number = asked["seq"]
        assert asked["grant"] == "requested"
        assert (await maya.ask(step("confirm", thread, number)))["code"] == "perm.service_only"
        assert (await jonas.ask(step("share", thread, number, email=EMAIL)))["code"] == "access.not_agreed"
        listed = await api(moderated, "GET", f"/api/v1/threads/{thread}/grants")
        assert [(g["state"], g["purpose"], g["asked_by"]) for g in listed["grants"]] == [  # type: ignore[attr-defined]
            ("requested", "To see the repository of the old site.", maya.user)
        ]
        path = f"/api/v1/threads/{thread}/grants/{number}/decision"
        same = cid()
        first = await api(moderated, "POST", path, {"decision": "confirm", "cid": same})
        again = await api(moderated, "POST", path, {"decision": "confirm", "cid": same})
        assert (first["dup"], again["dup"], again["seq"]) == (False, True, first["seq"])
        assert (await jonas.event("access.granted"))["request"] == number
        assert (await jonas.ask(step("share", thread, number, email=EMAIL)))["type"] == "access.share"
        await api(moderated, "POST", path, {"decision": "revoke"})
        assert (await maya.event("access.ended"))["why"] == "revoked"
        with pytest.raises(RuntimeError, match=r"access\.ended"):
            await api(moderated, "POST", path, {"decision": "refuse"})


async def test_moderators_end_grants_but_agree_to_none_where_people_do(two: Two) -> None:
    number = (await two.jonas.ask(request(two.thread)))["seq"]
    path = f"/api/v1/threads/{two.thread}/grants/{number}/decision"
    with pytest.raises(RuntimeError, match=r"access\.not_counterparty"):
        await api(two.room.hub, "POST", path, {"decision": "confirm"})
    await api(two.room.hub, "POST", path, {"decision": "refuse"})
    assert (await two.jonas.event("access.refused"))["request"] == number
    missing = f"/api/v1/threads/{two.thread}/grants/999/decision"
    with pytest.raises(RuntimeError, match=r"access\.none"):
        await api(two.room.hub, "POST", missing, {"decision": "revoke"})
