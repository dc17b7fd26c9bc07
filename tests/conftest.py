"""Fixtures shared by all tiers: the loop of production, and real hubs."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
import uvloop
from hypothesis import settings

from testkit.hub import HubProcess, Room

# No deadline: it would be an assertion about the clock. One profile everywhere, so that a printed seed is obeyed in CI.
settings.register_profile("greenroom", deadline=None, print_blob=True, derandomize=False)
settings.load_profile("greenroom")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run asynchronous tests on the loop the hub runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A running hub, shared by the tests of a module."""
    with HubProcess(tmp_path_factory.mktemp("hub")) as process:
        yield process


@pytest.fixture
async def room(hub: HubProcess) -> Room:
    """A marketplace of the test's own: client maya with job logo, freelancer jonas."""
    room = Room(hub)
    await room.furnish()
    return room
