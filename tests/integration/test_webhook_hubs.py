"""Webhooks of real hubs: one that is killed between delivery and its note of it, and two that share the work."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from testkit.hub import HubProcess, Room, api
from testkit.receiver import WEBHOOK_SECRET, Event, Receiver, receiver
from testkit.valkey import RealValkey, free_port, real_valkey
from testkit.wire import Wire, cid


@pytest.fixture
async def backend() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v"), {"appendonly": "yes", "appendfsync": "always"}) as server:
        yield server


def webhook_env(backend: Receiver) -> dict[str, str]:
    return {"GREENROOM_WEBHOOK_URLS": backend.url, "GREENROOM_WEBHOOK_SECRETS": WEBHOOK_SECRET}


async def interview(room: Room, freelancer: str) -> str:
    """Bring maya and a freelancer into an interview; gives the thread."""
    await room.freelancer(freelancer)
    async with Wire(room, "maya") as maya, Wire(room, freelancer) as other:
        invitation = {"type": "invitation.send", "cid": cid(), "job": room.id("logo"), "freelancer": other.user}
        thread: str = (await maya.ask({**invitation, "body": "Shall we talk?"}))["thread"]
        accepted = await other.ask({"type": "invitation.accept", "thread": thread, "cid": cid()})
        assert accepted["type"] == "invitation.accept", accepted
        said = await maya.say(thread, "Tell me about your work.")
        assert said["type"] == "message.send", said
    return thread


async def offers(hub: HubProcess, thread: str, count: int) -> list[int]:
    """Make and withdraw offers as the marketplace; gives the seqs."""
    seqs = []
    for number in range(count):
        move = "offer" if number % 2 == 0 else "withdraw_offer"
        done = await api(hub, "POST", f"/api/v1/threads/{thread}/moves", {"move": move, "cid": cid()})
        seqs.append(int(str(done["seq"])))
    return seqs


def firsts(backend: Receiver, thread: str) -> list[int]:
    """Give the seqs of the offers of a thread, each where it came first."""
    seqs = [e["seq"] for e in backend.taken if e.get("thread") == thread and e["type"] == "offer.changed"]
    return list(dict.fromkeys(seqs))


async def test_a_lifecycle_is_told_in_order_and_without_its_texts(tmp_path: Path, backend: Receiver) -> None:
    with HubProcess(tmp_path, env=webhook_env(backend)) as hub:
        room = Room(hub)
        await room.client("maya", "logo")
        thread = await interview(room, "jonas")
        await offers(hub, thread, 1)
        await room.move(thread, "accept_offer")
        await backend.until(lambda: any(event["type"] == "contract.changed" for event in backend.taken))
        mine = [event for event in backend.taken if event.get("thread") == thread]
        kinds = [event["type"] for event in mine]
        assert kinds[:5] == [
            "thread.opened", "invitation.sent", "invitation.accepted", "interview.started", "offer.changed"
        ]  # fmt: skip
        assert [event["seq"] for event in mine] == sorted(event["seq"] for event in mine)
        assert {event["client"] for event in mine} == {room.id("maya")}
        assert mine[2]["by"] == room.id("jonas")
        assert "Shall we talk" not in str(backend.taken)
        assert "A logo for a bakery" not in str(backend.taken)
        described = await api(hub, "GET", "/api/v1/webhooks")
        assert described["dead"] == 0
        assert "hidden" not in str(described)
        log = hub.log_path.read_text()
    assert "hidden" not in log


async def test_a_hub_killed_after_a_delivery_and_before_its_note_of_it_tells_again_and_loses_nothing(
    tmp_path: Path, backend: Receiver
) -> None:
    hub = HubProcess(tmp_path, env=webhook_env(backend))
    hub.start()
    room = Room(hub)
    await room.client("maya", "logo")
    thread = await interview(room, "jonas")
    await backend.until(lambda: len(backend.taken) >= 4)
    is_held = asyncio.Event()
    answered = asyncio.Event()

    async def hold(event: Event) -> int:
        is_held.set()
        await answered.wait()
        return 204

    backend.status = hold
    seqs = await offers(hub, thread, 5)
    await asyncio.wait_for(is_held.wait(), 20)
    held = backend.tries[-1]
    hub.kill()
    backend.status = lambda _event: 204
    answered.set()
    await backend.until(lambda: held in backend.taken)
    hub.start()
    try:
        await backend.until(lambda: firsts(backend, thread) == seqs)
    finally:
        hub.stop()
    came = Counter(event["id"] for event in backend.tries)
    assert came[held["id"]] == 2, "told again under the same id"


async def test_two_hubs_share_the_work_and_one_that_is_killed_is_replaced(
    tmp_path: Path, store: RealValkey, backend: Receiver
) -> None:
    env = {**webhook_env(backend), "GREENROOM_VALKEY_URL": f"unix://{store.socket}"}
    under_way: Counter[str] = Counter()
    overlaps: list[str] = []

    async def watch(event: Event) -> int:
        thread = event["thread"]
        under_way[thread] += 1
        if under_way[thread] > 1:
            overlaps.append(event["id"])
        await asyncio.sleep(0)
        under_way[thread] -= 1
        return 204

    backend.status = watch
    first, second = HubProcess(tmp_path / "a", env=env), HubProcess(tmp_path / "b", env=env)
    first.start(wait=False)
    second.start()
    first.until_healthy()
    try:
        room = Room(first)
        await room.client("maya", "logo")
        threads = [await interview(room, f"jonas{number}") for number in range(4)]
        told = await asyncio.gather(*(offers((first, second)[i % 2], thread, 10) for i, thread in enumerate(threads)))
        await backend.until(lambda: all(firsts(backend, t) == seqs for t, seqs in zip(threads, told, strict=True)))
        assert overlaps == []
        assert max(Counter(event["id"] for event in backend.taken).values()) == 1
        more = asyncio.gather(*(offers(second, thread, 10) for thread in threads))
        await backend.until(lambda: len(firsts(backend, threads[0])) > 10)
        first.kill()
        told = [[*before, *after] for before, after in zip(told, await more, strict=True)]
        await backend.until(lambda: all(firsts(backend, t) == seqs for t, seqs in zip(threads, told, strict=True)))
    finally:
        second.stop()


async def test_dead_letters_are_listed_replayed_and_discarded_by_the_server_api(
    tmp_path: Path, backend: Receiver
) -> None:
    backend.status = lambda event: 204 if event["type"] != "offer.changed" else 422
    policy = tmp_path / "policy.toml"
    policy.write_text(_quick_policy())
    env = {**webhook_env(backend), "GREENROOM_MARKETPLACE_POLICY": str(policy)}
    with HubProcess(tmp_path, env=env) as hub:
        room = Room(hub)
        await room.client("maya", "logo")
        thread = await interview(room, "jonas")
        seqs = await offers(hub, thread, 3)
        await backend.until(lambda: len([e for e in backend.tries if e["type"] == "offer.changed"]) == 9)
        await room.move(thread, "close_job")
        await backend.until(lambda: backend.taken[-1]["type"] == "thread.closed")
        page = await api(hub, "GET", "/api/v1/webhooks/dead?limit=2")
        letters = list(page["dead"])  # type: ignore[call-overload]
        assert [letter["event"]["seq"] for letter in letters] == seqs[:2]
        assert (letters[0]["type"], letters[0]["status"], letters[0]["tries"]) == ("offer.changed", 422, 3)
        failed = await api(hub, "POST", f"/api/v1/webhooks/dead/{letters[0]['letter']}/replay")
        assert failed == {"delivered": 0, "failed": 1, "status": 422, "left": 3}
        gone = await api(hub, "DELETE", f"/api/v1/webhooks/dead/{letters[1]['letter']}")
        assert gone == {"letter": letters[1]["letter"]}
        backend.status = lambda _event: 204
        replayed = await api(hub, "POST", "/api/v1/webhooks/dead/replay", {"limit": 50})
        assert replayed == {"delivered": 2, "failed": 0, "status": 204, "left": 0}
        with pytest.raises(RuntimeError, match="404"):
            await api(hub, "DELETE", f"/api/v1/webhooks/dead/{letters[1]['letter']}")
    assert [e["seq"] for e in backend.taken if e["type"] == "offer.changed"] == [seqs[0], seqs[2]]


def _quick_policy() -> str:
    """Give the shipped policy with short pauses."""
    import greenroom_server.domain

    path = Path(greenroom_server.domain.__file__).parent / "policy" / "default.toml"
    text = path.read_text("utf-8")
    assert "retry_min_ms = 1_000" in text
    return text.replace("retry_min_ms = 1_000", "retry_min_ms = 10").replace(
        "retry_max_ms = 300_000", "retry_max_ms = 40"
    )


async def test_doctor_pings_the_endpoints(tmp_path: Path, backend: Receiver) -> None:
    from greenroom_server.cli.webhook_checks import check_webhooks
    from greenroom_server.config.settings import Settings

    env = {"GREENROOM_TOKEN_SECRET": "t" * 32, "GREENROOM_API_KEYS": "k" * 32, **webhook_env(backend)}
    [found] = await check_webhooks(Settings.from_env(env))
    assert (found.level, backend.taken[0]["type"]) == ("ok", "webhook.ping")
    backend.status = lambda _event: 401
    [found] = await check_webhooks(Settings.from_env(env))
    assert (found.level, "401" in found.text, "hidden" in found.text) == ("warn", True, False)
    [found] = await check_webhooks(
        Settings.from_env({**env, "GREENROOM_WEBHOOK_URLS": f"http://127.0.0.1:{free_port()}/"})
    )
    assert found.level == "warn"
