"""The HTTP door on a real store: what the marketplace's backend may do, and what it is answered."""

import gzip
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient
from structlog.testing import capture_logs

from greenroom_protocol.cid import make_cid
from greenroom_protocol.commands import InvitationAccept, InvitationSend, MessageSend, ThreadOpen
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.policy import default_policy
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.store import epochs
from greenroom_server.store.committer import Committer
from greenroom_server.store.connect import ordinary_client
from greenroom_server.store.guarantee import read_facts
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.people import Account, People
from greenroom_server.store.threads import Threads
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.metrics import Gauges
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.transport.api import ApiServices, add_api
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.deliver import Deliver
from greenroom_server.usecases.directory import Directory
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.marketplace import Marketplace
from greenroom_server.usecases.move_thread import Move, MoveThread
from greenroom_server.usecases.open_thread import OpenThread
from greenroom_server.usecases.repair import FeedRepairs
from greenroom_server.usecases.results import RefusedError
from greenroom_server.usecases.screening import Screening
from greenroom_server.usecases.send_message import SendMessage
from greenroom_server.usecases.speed import Speed
from testkit.valkey import RealValkey, real_valkey

KEY = "k-0123456789"
AUTH = {"Authorization": f"Bearer {KEY}"}
NOW_S = 1_800_000_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def cid() -> str:
    cids[0] += 1
    return make_cid(now_ms(), cids[0].to_bytes(10, "big"))


cids = [0]


@dataclass
class Backend:
    """The API as the marketplace's backend sees it, and the people's side beside it."""

    http: TestClient[Any, Any]
    open_thread: OpenThread
    move: MoveThread
    send: SendMessage
    people: People
    marketplace: Marketplace
    accounts: list[Account] = field(default_factory=list)

    async def ask(
        self, method: str, path: str, body: object = None, status: int = 200, headers: dict[str, str] | None = None
    ) -> Any:
        data = None if body is None else msgspec.json.encode(body)
        async with self.http.request(method, path, data=data, headers={**AUTH, **(headers or {})}) as answer:
            found = await answer.json()
            assert answer.status == status, found
            return found

    async def put(self, path: str, body: object, status: int = 200) -> Any:
        return await self.ask("PUT", f"/api/v1/{path}", body, status)

    async def get(self, path: str, status: int = 200) -> Any:
        return await self.ask("GET", f"/api/v1/{path}", None, status)

    async def moved(self, thread: str, move: str, status: int = 200, **more: object) -> Any:
        return await self.ask("POST", f"/api/v1/threads/{thread}/moves", {"move": move, **more}, status)

    async def a_marketplace(self) -> None:
        await self.put("users/maya", {"name": "Maya"})
        await self.put("freelancers/jonas", {"name": "Jonas", "headline": "Brand designer", "skills": ["logo"]})
        await self.put("jobs/bakery", {"client": "maya", "title": "A logo for a bakery", "open": True})

    async def an_interview(self) -> str:
        """Invited, accepted, and the client has written."""
        await self.a_marketplace()
        invitation = InvitationSend(id=1, cid=cid(), job="bakery", freelancer="jonas", body="Shall we talk?")
        thread = (await self.open_thread.invite("maya", invitation)).thread
        accept = InvitationAccept(id=2, cid=cid(), thread=thread)
        from greenroom_server.domain.thread_actions import ThreadAction

        await self.move(thread, Move(action=ThreadAction.ACCEPT, user="jonas", cid=accept.cid))
        opening = ThreadOpen(id=3, cid=cid(), freelancer="jonas", job="bakery", body="Tell me about your work.")
        await self.open_thread.open("maya", opening)
        return thread


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    options = {"appendonly": "yes", "appendfsync": "always"}
    with real_valkey(tmp_path_factory.mktemp("v"), options) as server:
        yield server


@pytest.fixture
async def committer(valkey: RealValkey) -> AsyncIterator[Committer]:
    with valkey.client() as client:
        client.flushall()
    committer = Committer(valkey.address, on_connected=lambda: epochs.load_library(committer))
    await committer.start()
    yield committer
    await committer.close()


@pytest.fixture
async def api_options() -> dict[str, Any]:
    return {"is_ready": lambda: True, "api_keys": ("other", KEY), "mint": lambda user, ttl_s: f"{user}/{ttl_s}"}
