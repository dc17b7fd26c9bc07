"""Sealed originals: who can open them, and until when."""

from collections.abc import AsyncIterator, Iterator

import pytest

from greenroom_server.store.seals import Seals
from testkit.store import StoreNode, store_node
from testkit.valkey import RealValkey, real_valkey

DAY_MS = 86_400_000
SECRET = "a master key of at least thirty-two bytes"
TEXT = b"Call me on 0151 234 56 78"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


@pytest.fixture
async def node(store: RealValkey) -> AsyncIterator[StoreNode]:
    async with store_node(store.address) as connected:
        yield connected


def now_ms() -> int:
    return 30_000 * DAY_MS


def seals(node: StoreNode, *masters: str, days: int = 30) -> Seals:
    return Seals(node.committer, masters or (SECRET,), days)


async def test_every_node_with_the_master_key_opens_what_one_has_sealed(node: StoreNode) -> None:
    sealed = await seals(node).seal(TEXT, "h1_a", now_ms())
    assert TEXT not in sealed
    assert await seals(node).open(sealed, "h1_a", now_ms()) == TEXT
    assert await seals(node).seal(TEXT, "h1_a", now_ms()) != sealed


async def test_another_master_key_another_name_and_a_changed_byte_open_nothing(node: StoreNode) -> None:
    sealed = await seals(node).seal(TEXT, "h1_a", now_ms())
    assert await seals(node, "another key").open(sealed, "h1_a", now_ms()) is None
    assert await seals(node).open(sealed, "h1_b", now_ms()) is None
    assert await seals(node).open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "h1_a", now_ms()) is None


async def test_after_its_days_nothing_is_opened_by_a_node_that_still_knows_the_key(node: StoreNode) -> None:
    ours = seals(node, days=2)
    sealed = await ours.seal(TEXT, "h1_a", now_ms())
    assert await ours.open(sealed, "h1_a", now_ms() + 2 * DAY_MS) == TEXT
    assert await ours.open(sealed, "h1_a", now_ms() + 3 * DAY_MS) is None


async def test_the_key_of_a_day_expires_in_the_store_and_with_it_all_that_it_sealed(node: StoreNode) -> None:
    later = now_ms() + 40 * DAY_MS
    sealed = await seals(node, days=5).seal(TEXT, "h1_a", later)
    names = await node.committer.call("KEYS", "{p0}:seal:*")
    expires = [await node.committer.call("EXPIRETIME", name) for name in names]
    assert (later // DAY_MS + 6) * 86_400 in expires
    for name in names:
        assert TEXT not in await node.committer.call("GET", name)
        await node.committer.call("DEL", name)
    assert await seals(node, days=5).open(sealed, "h1_a", later) is None


async def test_the_first_master_key_seals_and_all_open(node: StoreNode) -> None:
    new = "the master key that comes after it, as long"
    before = await seals(node).seal(TEXT, "h1_a", now_ms())
    changing = seals(node, new, SECRET)
    after = await changing.seal(TEXT, "h1_a", now_ms())
    assert await changing.open(before, "h1_a", now_ms()) == TEXT
    assert await changing.open(after, "h1_a", now_ms()) == TEXT
    assert await seals(node, SECRET, new).open(after, "h1_a", now_ms()) == TEXT
    assert await seals(node, new).open(after, "h1_a", now_ms()) == TEXT
    assert await seals(node).open(after, "h1_a", now_ms()) is None
    assert await seals(node, new).open(before, "h1_a", now_ms()) is None


async def test_a_key_of_the_day_is_not_taken_for_that_of_another_master_key(node: StoreNode) -> None:
    """Each master key has keys of the days of its own, also once one of them is known."""
    new = "the master key that comes after it, as long"
    changing = seals(node, new, SECRET)
    for _ in range(2):
        before = await seals(node).seal(TEXT, "h1_a", now_ms())
        after = await changing.seal(TEXT, "h1_a", now_ms())
        assert await changing.open(after, "h1_a", now_ms()) == TEXT
        assert await changing.open(before, "h1_a", now_ms()) == TEXT
        assert await changing.open(before, "h1_b", now_ms()) is None
