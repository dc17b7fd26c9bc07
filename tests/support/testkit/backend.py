"""The server API inside the test's own process, on a real store, with the people's side beside it."""

import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestClient

from greenroom_protocol.cid import make_cid
from greenroom_protocol.commands import InvitationSend, ThreadOpen
from greenroom_server.app.people_parts import PeopleParts, PeopleStore, build_people
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.store import epochs
from greenroom_server.store.committer import Committer
from greenroom_server.store.connect import StoreAddress, ordinary_client
from greenroom_server.store.guarantee import read_facts
from greenroom_server.store.held import HeldStore
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.people import People
from greenroom_server.store.threads import Threads
from greenroom_server.store.timers import Timers
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.deliver import Deliver
from greenroom_server.usecases.directory import Directory
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.held_openings import HeldOpenings
from greenroom_server.usecases.marketplace import Marketplace
from greenroom_server.usecases.move_thread import Move, MoveThread
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.open_thread import OpenThread
from greenroom_server.usecases.repair import FeedRepairs
from greenroom_server.usecases.screening import Screening
from greenroom_server.usecases.send_message import SendMessage

API_KEY = "an api key of the tests"
_numbers = itertools.count(1)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def new_cid() -> str:
    return make_cid(now_ms(), next(_numbers).to_bytes(10, "big"))


class Parts(NamedTuple):
    """The use cases of a node without sockets."""

    marketplace: Marketplace
    directory: Directory
    beside: PeopleParts
    open_thread: OpenThread
    move: MoveThread
    people: People
    counters: Counters
    committer: Committer

    async def an_interview(self) -> str:
        """Give the thread of an invitation of maya's to jonas that was accepted, and that she has written in since."""
        invitation = InvitationSend(id=1, cid=new_cid(), job="bakery", freelancer="jonas", body="Shall we talk?")
        thread = (await self.open_thread.invite("maya", invitation)).thread
        await self.move(thread, Move(action=ThreadAction.ACCEPT, user="jonas", cid=new_cid()))
        first = ThreadOpen(id=2, cid=new_cid(), freelancer="jonas", job="bakery", body="Tell me about your work.")
        await self.open_thread.open("maya", first)
        return thread


@asynccontextmanager
async def use_cases(address: StoreAddress, screen: Screen) -> AsyncIterator[Parts]:
    """Build them as the composition root does."""
    counters, tasks, policy = Counters(), Tasks(), default_policy()
    committer = Committer(address, on_connected=lambda: epochs.load_library(committer))
    await committer.start()
    client = ordinary_client(address)
    confirmed = await epochs.confirm(committer, await read_facts(client))
    await client.aclose()
    threads, inboxes, people = Threads(committer, "n1"), Inboxes(committer, "n1"), People(committer)
    hub = Hub(FeedRepairs(threads, inboxes, tasks))
    heads = Heads(threads, tasks)
    commits = Commits(threads, heads, Deliver(inboxes, hub, counters), confirmed, counters, "a hash key")
    screening = Screening(screen, policy, counters)
    send = SendMessage(commits, screening, policy, now_ms)
    move = MoveThread(commits, screening, policy, now_ms)
    own_logs = OwnLogs(committer, "n1")
    store = PeopleStore(
        committer=committer, people=people, threads=threads, inboxes=inboxes, timers=Timers(committer, "n1"),
        own_logs=own_logs,
    )  # fmt: skip
    beside = build_people(store, hub, Notices(own_logs, hub), policy, tasks, now_ms, lambda _partition, _kind: None)
    marketplace = Marketplace(people, heads, move, screen, policy, now_ms)
    marketplace.on_profile = beside.directory.index
    yield Parts(
        marketplace=marketplace,
        directory=beside.directory,
        beside=beside,
        open_thread=OpenThread(
            commits,
            threads,
            people,
            send,
            screening,
            policy,
            now_ms,
            beside.quotas,
            HeldOpenings(commits, HeldStore(committer)),
        ),
        move=move,
        people=people,
        counters=counters,
        committer=committer,
    )
    await tasks.close()
    await committer.close()


def the_screen() -> Screen:
    """Build the contact filter; once is enough for many tests."""
    return Screen(ScreeningPolicy.default())


class Backend:
    """The marketplace's backend: sends JSON with the API key, and checks the status."""

    def __init__(self, http: "TestClient[web.Request, web.Application]", parts: Parts) -> None:
        self.http = http
        self.parts = parts

    async def ask(
        self, method: str, path: str, body: object = None, status: int = 200, headers: dict[str, str] | None = None
    ) -> Any:
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"Authorization": f"Bearer {API_KEY}", **(headers or {})}
        async with self.http.request(method, path, data=data, headers=headers) as answer:
            found = await answer.json()
            assert answer.status == status, found
            return found

    async def put(self, path: str, body: object, status: int = 200) -> Any:
        return await self.ask("PUT", f"/api/v1/{path}", body, status)

    async def get(self, path: str, status: int = 200) -> Any:
        return await self.ask("GET", f"/api/v1/{path}", None, status)

    async def move(self, thread: str, move: str, status: int = 200, *, cid: str | None = None) -> Any:
        return await self.ask("POST", f"/api/v1/threads/{thread}/moves", {"move": move, "cid": cid}, status)

    async def a_marketplace(self) -> None:
        """Tell of a client with a job and of a freelancer."""
        await self.put("users/maya", {"name": "Maya"})
        await self.put("freelancers/jonas", {"name": "Jonas", "headline": "Brand designer", "skills": ["logo"]})
        await self.put("jobs/bakery", {"client": "maya", "title": "A logo for a bakery", "open": True})
