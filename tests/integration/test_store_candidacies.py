"""Pages of an inbox by state, in the store: small and large inboxes, and those where little is found."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from greenroom_server.store.candidacies import Candidacies
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.records import Owed
from testkit.store import HERE, StoreNode, person, store_node
from testkit.valkey import RealValkey, real_valkey


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as running:
        yield running


@pytest.fixture
async def node(server: RealValkey) -> AsyncIterator[StoreNode]:
    async with store_node(server.address, "n1", (HERE,)) as connected:
        yield connected


async def an_inbox(node: StoreNode, states: list[str]) -> str:
    """Make an inbox with a row in each state, in this order; thread <i> is the one in states[i]."""
    user = person(HERE)
    for start in range(0, len(states), 200):
        touches = (
            node.touch(user, f"t{HERE}_{index}", Owed(1, 1, 1, state, 1, 0, 0))
            for index, state in enumerate(states[start : start + 200], start)
        )
        await asyncio.gather(*touches)
    return user


async def pages(node: StoreNode, user: str, states: list[str], limit: int) -> list[list[str]]:
    found, before = [], None
    while True:
        page = await Candidacies(node.committer).page(user, states, before, limit)
        found.append([thread for thread, _ in page.rows])
        before = page.before
        if before is None:
            return found


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 300, 900])
async def test_pages_by_state_hold_every_row_once_newest_first(node: StoreNode, count: int) -> None:
    wanted = ("proposed", "offer")
    states = [("direct", "proposed", "closed", "offer", "contract")[index % 5] for index in range(count)]
    user = await an_inbox(node, states)
    found = await pages(node, user, list(wanted), 7)
    expected = [f"t{HERE}_{index}" for index in range(count - 1, -1, -1) if states[index] in wanted]
    assert [thread for page in found for thread in page] == expected
    assert all(len(page) == 7 for page in found[:-1])


async def test_a_search_that_finds_little_stops_and_says_where_to_go_on(node: StoreNode) -> None:
    user = await an_inbox(node, ["proposed"] + ["closed"] * 2_050)
    assert await pages(node, user, ["proposed"], 20) == [[], [f"t{HERE}_0"]]


async def test_an_own_log_is_no_candidacy(node: StoreNode) -> None:
    user = await an_inbox(node, ["proposed"])
    names, args = OwnLogs(node.committer, "n1").front(user)
    await node.call("notice", names, *args, b'{"type":"thread.closed","why":""}')
    assert await pages(node, user, ["proposed", "direct", "closed"], 20) == [[f"t{HERE}_0"]]
