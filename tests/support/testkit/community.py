"""The community's use cases inside the test's own process, on a real store, without sockets."""

import hashlib
import itertools
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from greenroom_protocol import community as c
from greenroom_protocol.cid import make_cid
from greenroom_server.delivery.topic_watch import TopicWatch
from greenroom_server.domain.community_policy import CommunityPolicy
from greenroom_server.domain.policy import default_policy
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.store import epochs
from greenroom_server.store.committer import Committer
from greenroom_server.store.connect import StoreAddress
from greenroom_server.store.people import People
from greenroom_server.store.places import Places
from greenroom_server.store.topics import TopicStore
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.community import Community
from greenroom_server.usecases.moderate_community import ModerateCommunity
from greenroom_server.usecases.read_community import ReadCommunity
from greenroom_server.usecases.screening import Screening
from greenroom_server.usecases.topic_commits import TopicCommits

_numbers = itertools.count(1)


class Clock:
    """The hub's wall clock, which a test may move; the store keeps its own."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


@dataclass(frozen=True, slots=True)
class Board:
    """The community of one store, and how people write in it."""

    writes: Community
    reads: ReadCommunity
    moderation: ModerateCommunity
    store: TopicStore
    watch: TopicWatch
    committer: Committer
    clock: Clock

    async def topic(self, by: str = "maya", kind: Any = "discussion", **fields: Any) -> str:
        """Open a topic."""
        command = c.TopicCreate(
            id=1,
            cid=new_cid(),
            kind=kind,
            title=fields.pop("title", "Pricing"),
            body=fields.pop("body", "How?"),
            **fields,
        )
        return (await self.writes.create(by, command)).topic

    async def post(self, topic: str, body: str = "Like this.", by: str = "jonas", **fields: Any) -> int:
        """Write into a topic; gives the seq."""
        command = c.TopicPost(id=1, cid=new_cid(), topic=topic, body=body, **fields)
        return (await self.writes.post(by, command)).seq

    async def edit(self, topic: str, target: int, body: str, by: str = "jonas") -> int:
        """Edit a post."""
        command = c.TopicEdit(id=1, cid=new_cid(), topic=topic, target=target, body=body)
        return (await self.writes.edit(by, command)).seq

    async def erase(self, topic: str, target: int, by: str = "jonas") -> int:
        """Erase a post."""
        command = c.TopicErase(id=1, cid=new_cid(), topic=topic, target=target)
        return (await self.writes.erase(by, command)).seq

    async def listing(self, **fields: Any) -> c.TopicListPage:
        """List topics."""
        return await self.reads.listing(c.TopicList(id=1, **fields))

    async def read(self, topic: str, **fields: Any) -> c.TopicPage:
        """Read a page."""
        return await self.reads.read(c.TopicRead(id=1, topic=topic, **fields))


def policy_with(folder: Path, **changes: object) -> Path:
    """Write a marketplace's policy that differs from the shipped one in its community."""
    shipped = resources.files("greenroom_server.domain") / "policy" / "default.toml"
    head, tail = shipped.read_text("utf-8").split("[community]\n")
    section, rest = tail.split("\n\n", 1)
    lines = [line for line in section.split("\n") if line.split(" ")[0] not in changes]
    lines += [f"{name} = {json.dumps(value)}" for name, value in changes.items()]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "policy.toml"
    path.write_text(head + "[community]\n" + "\n".join(lines) + "\n\n" + rest, encoding="utf-8")
    return path


def new_cid() -> str:
    """Make a cid of now."""
    return make_cid(time.time_ns() // 1_000_000, os.urandom(2) + next(_numbers).to_bytes(8, "big"))


@asynccontextmanager
async def community_board(
    address: StoreAddress, screen: Screen | None = None, *, node: str = "n1", policy: CommunityPolicy | None = None
) -> AsyncIterator[Board]:
    """Build the use cases as the composition root does."""
    tasks, clock, counters = Tasks(), Clock(), Counters()
    committer = Committer(address, on_connected=lambda: epochs.load_library(committer))
    await committer.start()
    try:
        store, watch, people = TopicStore(committer, node), TopicWatch(), People(committer)
        screening = Screening(screen or Screen(ScreeningPolicy.default()), default_policy(), counters)
        topics = TopicCommits(store, watch, screening, _hash_body)
        reads = ReadCommunity(store, watch, people, tasks)
        plenty = {"topics_per_day": 100_000, "posts_per_day": 100_000}
        rules = policy or msgspec.structs.replace(default_policy().community, **plenty)
        yield Board(
            writes=Community(topics, Places(committer), people, rules, clock),
            reads=reads,
            moderation=ModerateCommunity(topics, reads),
            store=store, watch=watch, committer=committer, clock=clock,
        )  # fmt: skip
    finally:
        await tasks.close()
        await committer.close()


def _hash_body(verb: str, body: str) -> str:
    return hashlib.blake2b(f"{verb}\n{body}".encode(), digest_size=8).hexdigest()
