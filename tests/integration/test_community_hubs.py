"""The community on several nodes: news cross from hub to hub, and cost the same however many read along."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from greenroom_protocol import community as c
from greenroom_protocol import limits
from greenroom_protocol.announcements import AnnouncementPosted
from greenroom_server.delivery import frames
from greenroom_server.delivery.feed import Sink
from greenroom_server.delivery.frames import JSON, MSGPACK, RowChange
from greenroom_server.domain.topic import topic_partition
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.usecases import repair
from testkit.hub import HubProcess, Room, api, put
from testkit.node import NodeHere, node_here
from testkit.valkey import RealValkey, eventually, real_valkey
from testkit.wire import Frame, Wire, cid


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


def a_hub(folder: Path, store: RealValkey) -> HubProcess:
    return HubProcess(folder, env={"GREENROOM_VALKEY_URL": f"unix://{store.socket}"})


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory, store: RealValkey) -> Iterator[tuple[HubProcess, HubProcess]]:
    folder = tmp_path_factory.mktemp("hubs")
    first = a_hub(folder / "a", store)
    first.start(wait=False)
    try:
        with a_hub(folder / "b", store) as second:
            first.until_healthy()
            yield first, second
    finally:
        first.stop()


class Pair:
    """Maya on one hub, jonas on the other."""

    def __init__(self, here: Wire, there: Wire) -> None:
        self.maya, self.jonas = here, there


@pytest.fixture
async def pair(hubs: tuple[HubProcess, HubProcess]) -> AsyncIterator[Pair]:
    room = Room(hubs[0])
    for name in ("maya", "jonas"):
        await put(hubs[0], f"/api/v1/users/{room.id(name)}", {"name": name.title()})
    here, there = Wire(room, "maya"), Wire(room, "jonas", subprotocol=limits.SUBPROTOCOL_MSGPACK)
    there.hub = hubs[1]
    async with here, there:
        yield Pair(here, there)


async def create(wire: Wire) -> str:
    command = {"type": "topic.create", "cid": cid(), "kind": "question", "title": "Rates", "body": "Which?"}
    topic: str = (await wire.ask(command))["topic"]
    return topic


async def post(wire: Wire, topic: str, body: str = "So.") -> Frame:
    return await wire.ask({"type": "topic.post", "cid": cid(), "topic": topic, "body": body})


def news(wire: Wire, topic: str) -> list[Frame]:
    return [push for push in wire.pushes if push["type"] == "topic.posted" and push["topic"] == topic]


async def test_a_post_on_one_hub_is_told_on_the_other(pair: Pair) -> None:
    topic = await create(pair.maya)
    for wire in (pair.maya, pair.jonas):
        await wire.ask({"type": "topic.watch", "topics": [topic]})
    await post(pair.jonas, topic)
    await pair.maya.ask({"type": "topic.edit", "cid": cid(), "topic": topic, "target": 1, "body": "Which ones?"})
    await pair.maya.ask({"type": "topic.accept", "cid": cid(), "topic": topic, "target": 2})
    for wire in (pair.maya, pair.jonas):
        await wire.until(lambda push: push.get("seq") == 4)
    assert news(pair.maya, topic) == news(pair.jonas, topic)
    assert [each["seq"] for each in news(pair.maya, topic)] == [2, 3, 4]
    page = await pair.maya.ask({"type": "topic.read", "topic": topic})
    assert [each["post"] for each in news(pair.jonas, topic)[:2]] == [page["posts"][1], page["posts"][0]]
    assert news(pair.jonas, topic)[0]["name"] == "Jonas"


async def test_an_announcement_is_told_on_every_hub(pair: Pair, hubs: tuple[HubProcess, HubProcess]) -> None:
    await api(hubs[1], "POST", "/api/v1/announcements", {"title": "Hello", "body": "All of you."})
    told = [
        await wire.until(lambda push: push["type"] == "announcement.posted") for wire in (pair.maya, pair.jonas)
    ]  # fmt: skip
    assert told[0] == told[1]


async def test_posts_of_both_hubs_are_one_log(pair: Pair) -> None:
    topic = await create(pair.maya)
    await asyncio.gather(*(post(wire, topic, f"Nr {n}.") for n in range(20) for wire in (pair.maya, pair.jonas)))
    pages = [await wire.ask({"type": "topic.read", "topic": topic, "after": 0}) for wire in (pair.maya, pair.jonas)]
    assert [each["n"] for each in pages[0]["posts"]] == list(range(1, 42))
    assert pages[0]["posts"] == pages[1]["posts"]


async def test_exactly_one_of_two_races_for_a_post_wins(pair: Pair, hubs: tuple[HubProcess, HubProcess]) -> None:
    topic = await create(pair.maya)
    moves = f"/api/v1/topics/{topic}/moves"
    edits = {"type": "topic.edit", "cid": cid(), "topic": topic, "target": 1, "body": "Which ones?"}
    erases = {"type": "topic.erase", "cid": cid(), "topic": topic, "target": 1}
    edited, erased, _ = await asyncio.gather(
        pair.maya.ask(edits), pair.maya.ask(erases), api(hubs[1], "POST", moves, {"move": "lock"})
    )
    assert erased["type"] == "topic.erase"
    assert edited["type"] == "topic.edit" or edited["code"] in ("topic.locked", "post.erased")
    (left,) = (await pair.jonas.ask({"type": "topic.read", "topic": topic}))["posts"]
    assert left["gone"] == "erased"


async def test_a_reader_goes_on_from_their_position_after_a_restart(store: RealValkey, tmp_path: Path) -> None:
    hub = a_hub(tmp_path / "h", store)
    hub.start()
    room = Room(hub)
    async with Wire(room, "maya") as maya:
        topic = await create(maya)
        await post(maya, topic, "Before.")
        position = (await maya.ask({"type": "topic.read", "topic": topic}))["to"]
        acked = await post(maya, topic, "Acknowledged.")
        hub.kill()
        await maya.closed()
    hub.start()
    async with Wire(room, "maya") as maya:
        page = await maya.ask({"type": "topic.read", "topic": topic, "after": position})
        assert [(each["seq"], each["body"]) for each in page["posts"]] == [(acked["seq"], "Acknowledged.")]
    hub.stop()


async def test_watching_is_registered_again_when_a_lease_was_lost(
    store: RealValkey, tmp_path: Path, hubs: tuple[HubProcess, HubProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "RENEW_S", 0.1)
    async with node_here(tmp_path / "here", store.address) as hub, Wire(hub, "maya") as maya, Wire(hubs[0], "jo") as jo:
        topic = await create(maya)
        await maya.ask({"type": "topic.watch", "topics": [topic]})
        partition = topic_partition(topic)
        assert partition is not None
        with store.client() as client:
            client.delete(keys.topic_part(partition, topic, "open"))
            client.zrem(keys.nodes(partition), hub.node.id)
            await eventually(lambda: client.hget(keys.topic_part(partition, topic, "open"), hub.node.id) is not None)
        await post(jo, topic)
        await maya.until(lambda push: push.get("seq") == 2)


async def test_a_node_whose_watchers_left_is_told_no_more(
    store: RealValkey, hubs: tuple[HubProcess, HubProcess]
) -> None:
    async with Wire(hubs[0], "jo") as jo:
        topic = await create(jo)
        partition = topic_partition(topic)
        assert partition is not None
        with store.client() as client:
            name = keys.topic_part(partition, topic, "open")
            async with Wire(hubs[1], "maya") as maya:
                await maya.ask({"type": "topic.watch", "topics": [topic]})
                assert client.hlen(name) == 1
            await eventually(lambda: client.hlen(name) == 0)


# --- what a post costs


class Reader:
    """A connection that reads along."""

    def __init__(self, codec: int) -> None:
        self.codec = codec
        self.frames: list[bytes] = []

    def push(self, frame: bytes, change: RowChange) -> None:
        raise AssertionError("news of a topic are no row")

    def push_ephemeral(self, frame: bytes, key: str) -> None:
        self.frames.append(frame)


@pytest.fixture
async def here(store: RealValkey, tmp_path: Path) -> AsyncIterator[NodeHere]:
    async with node_here(tmp_path / "here", store.address) as hub:
        yield hub


async def test_a_post_is_encoded_once_per_codec_and_costs_the_store_the_same_for_1000_readers(
    here: NodeHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: Counter[type] = Counter()

    def counted(encode: Any) -> Any:
        def count(frame: Any) -> Any:
            encoded[type(frame)] += 1
            return encode(frame)

        return count

    monkeypatch.setattr(frames, "ENCODERS", tuple(map(counted, frames.ENCODERS)))
    sent: list[bytes] = []
    append = Committer._append

    def noted(committer: Committer, packed: bytes, done: Any) -> None:
        sent.append(packed)
        append(committer, packed, done)

    monkeypatch.setattr(Committer, "_append", noted)
    reads = here.node.parts.services.community.reads
    async with Wire(here, "maya") as maya:
        topic = await create(maya)
        await post(maya, topic)  # whatever is read once is read now
        costs, readers = [], []
        for more in (2, 998):
            new: list[Reader] = [Reader((JSON, MSGPACK)[number % 2]) for number in range(more)]
            sinks: list[Sink] = list(new)
            await asyncio.gather(*(reads.watch(sink, c.TopicWatch(id=1, topics=[topic])) for sink in sinks))
            readers += new
            encoded.clear()
            sent.clear()
            await post(maya, topic)
            costs.append([command for command in sent if topic.encode() in command or b"maya" in command])
            assert encoded[c.TopicNews] == 2
    assert [len(commands) for commands in costs] == [3, 3]  # the author's name, the quota, the post
    assert [len(reader.frames) for reader in readers] == [2, 2] + [1] * 998
    assert len({id(reader.frames[-1]) for reader in readers}) == 2
    for reader in readers:
        reads.left(reader)


async def test_an_announcement_is_encoded_once_per_codec(here: NodeHere, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[type] = []
    plain = frames.ENCODERS
    counting = tuple(lambda frame, encode=encode: (encoded.append(type(frame)), encode(frame))[1] for encode in plain)
    monkeypatch.setattr(frames, "ENCODERS", counting)
    wires = [
        Wire(here, f"reader{number}", subprotocol=(limits.SUBPROTOCOL_JSON, limits.SUBPROTOCOL_MSGPACK)[number % 2])
        for number in range(20)
    ]
    await asyncio.gather(*(wire.open() for wire in wires))
    await api(here, "POST", "/api/v1/announcements", {"title": "Hello", "body": "All of you."})
    for wire in wires:
        await wire.until(lambda push: push["type"] == "announcement.posted")
    assert encoded.count(AnnouncementPosted) == 2
    await asyncio.gather(*(wire.close() for wire in wires))
