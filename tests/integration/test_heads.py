"""The cache of heads keeps nothing that changed while it was read."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.store.people import Profile
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.heads import READS, Heads
from greenroom_server.usecases.move_thread import Move
from testkit.backend import Parts, new_cid, the_screen, use_cases
from testkit.valkey import real_valkey


class Interrupted(Threads):
    """Reads from the store, and lets something happen between the store's answer and its reader."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.committer, "n1")
        self.meanwhile: list[Any] = []
        self.reads = 0

    async def head(self, thread: str) -> Any:
        found = await super().head(thread)
        self.reads += 1
        if self.meanwhile:
            await self.meanwhile.pop(0)()
        return found


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    with real_valkey(tmp_path) as valkey:
        async with use_cases(valkey.address, the_screen()) as found:
            await found.marketplace.save_profile(Profile("jonas", "Jonas", "Brand designer", ("logo",), None, ""))
            await found.marketplace.save_job("bakery", "maya", "Bakery website", is_open=True)
            yield found


async def test_a_head_that_changed_while_it_was_read_is_read_again(parts: Parts) -> None:
    thread = await parts.an_interview()
    threads = Interrupted(parts)
    heads = Heads(threads, Tasks())

    async def close() -> None:
        await parts.move(thread, Move(action=ThreadAction.WITHDRAW_PROPOSAL, user="jonas", cid=new_cid()))
        heads.drop(thread)

    threads.meanwhile.append(close)
    found = await heads.read(thread)
    kept = heads.cached(thread)
    assert found is not None
    assert kept is found
    assert threads.reads == 2
    assert found.head.state.value == "closed"


async def test_a_head_that_keeps_changing_is_given_and_not_kept(parts: Parts) -> None:
    thread = await parts.an_interview()
    threads = Interrupted(parts)
    heads = Heads(threads, Tasks())

    async def change() -> None:
        heads.drop(thread)

    threads.meanwhile += [change] * READS
    assert await heads.read(thread) is not None
    assert heads.cached(thread) is None
    assert await heads.read(thread) is heads.cached(thread)
