"""The composition root: builds every part of a node, connects them, and takes them down in order.

With `parts.py`, where the use cases are built, the only file that knows every class.
"""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import structlog
from aiohttp import web

from greenroom_protocol import codes, limits
from greenroom_server.app.admission import Admission
from greenroom_server.app.memory import StoreMemory
from greenroom_server.app.parts import Given, StoreParts, build
from greenroom_server.auth.tokens import key_set, mint
from greenroom_server.config import Settings
from greenroom_server.domain.ids import PARTITION_COUNT, user_partition
from greenroom_server.domain.policy import MarketplacePolicy, default_policy, from_toml
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.store import epochs
from greenroom_server.store.change_log import ChangeLog
from greenroom_server.store.committer import Committer, CommitterOptions
from greenroom_server.store.connect import StoreAddress, ordinary_client
from greenroom_server.store.embedded import EmbeddedOptions, EmbeddedValkey
from greenroom_server.store.errors import StoreError
from greenroom_server.store.guarantee import read_facts, refuse_unfit, sentence
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.people import People
from greenroom_server.store.presence import PresenceStore
from greenroom_server.store.subscriber import Subscriber
from greenroom_server.store.threads import Threads
from greenroom_server.store.timers import Timers
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.metrics import Gauges
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.transport.api import add_api
from greenroom_server.transport.api_call import ApiServices
from greenroom_server.transport.connection import Connection
from greenroom_server.transport.demo_page import add_demo
from greenroom_server.transport.fallback import Fallback
from greenroom_server.transport.front import Front, FrontOptions
from greenroom_server.transport.registry import Registry
from greenroom_server.transport.widget_files import add_widget
from greenroom_server.usecases import demo

log = structlog.get_logger()

_SECOND = 1.0
_BEAT_S = 60.0


class Node:
    """One server process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.id = f"n{secrets.token_hex(6)}"
        self.counters = Counters()
        self.tasks = Tasks()
        self.registry = Registry(self.counters, time.monotonic)
        self.epochs = [0] * PARTITION_COUNT
        self.is_draining = False
        self._stack = AsyncExitStack()
        self._policy = _marketplace_policy(settings.marketplace_policy, is_dev=settings.is_dev)
        self._screen = Screen(_screening_policy(settings.screening_policy))
        self._hash_key = ""
        self._memory = StoreMemory(settings.data_dir)
        self._is_cluster = False
        self._is_built = False

    async def start(self) -> None:
        """Bring everything up; on failure everything that was started is taken down again.

        Raises:
            StoreUnfit, StoreError, OSError: see the parts.
        """
        async with AsyncExitStack() as stack:
            self._address = await self._start_store(stack)
            store = self.store = await self._connect_store(stack)
            await self._load_keys(stack)
            self._build(store)
            self._is_built = True
            stack.push_async_callback(self.parts.following.webhooks.close)
            stack.push_async_callback(self.tasks.close)
            await self.parts.repair.renew_once()
            self._start_background()
            await self._start_front(stack)
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Drain, then take everything down."""
        self.is_draining = True
        self.front.stop_accepting()
        spread_s = self.settings.drain_s if len(self.registry) else 0
        self.registry.drain(spread_s)
        if spread_s:
            await self.registry.until_empty(spread_s)
        self.registry.close_all(codes.SERVER_DRAIN)
        if self.store.committer.is_ready:
            await self.store.presence.resign()
        await self._stack.aclose()

    # --- the store

    async def _start_store(self, stack: AsyncExitStack) -> StoreAddress:
        settings = self.settings
        if settings.valkey_url is not None:
            return StoreAddress.parse(settings.valkey_url)
        embedded = EmbeddedValkey(EmbeddedOptions(settings.data_dir, settings.valkey_fsync))
        await embedded.start()
        stack.push_async_callback(embedded.stop)
        return embedded.address

    async def _connect_store(self, stack: AsyncExitStack) -> StoreParts:
        settings = self.settings
        options = CommitterOptions(wait_replicas=settings.wait_replicas, wait_timeout_ms=settings.wait_timeout_ms)
        committer = Committer(self._address, options, on_connected=self._prepare)
        self._committer = committer
        await committer.start()
        stack.push_async_callback(committer.close)
        return StoreParts(
            committer,
            Threads(committer, self.id, is_one_primary=not self._is_cluster),
            Inboxes(committer, self.id),
            PresenceStore(committer, self.id),
            People(committer),
            Timers(committer, self.id),
            ChangeLog(committer, self.id, is_one_primary=not self._is_cluster),
        )

    async def _prepare(self) -> None:
        """Make sure of a store that was just (re)connected, before anything is written to it."""
        client = ordinary_client(self._address)
        try:
            facts = await read_facts(client)
        finally:
            await client.aclose()
        refuse_unfit(facts)
        log.info("store_guarantee", sentence=sentence(facts, self.settings.wait_replicas))
        self._is_cluster = facts.is_cluster
        await epochs.load_library(self._committer)
        self._hash_key = await epochs.check_data(self._committer, secrets.token_hex(16))
        went_back = self._memory.went_back(self._hash_key, await epochs.last_beat(self._committer))
        self.epochs[:] = await epochs.confirm(self._committer, facts, went_back=went_back)
        self._memory.keep(self._hash_key, await epochs.beat(self._committer))
        if self._is_built:
            self.parts.commits.use_hash_key(self._hash_key)
            self.tasks.spawn(self._after_reconnect(), "after reconnect")

    async def _after_reconnect(self) -> None:
        """The store was away: register again, and let nobody believe in a position that is gone."""
        try:
            await self.parts.repair.renew_once()
            for user in self.parts.hub.users():
                feed = self.parts.hub.feed(user)
                if feed is not None and feed.epoch and feed.epoch != self.epochs[user_partition(user)]:
                    self.registry.end_user(user, codes.INSUFFICIENT_STATE)
            await self.parts.repair.check_positions_once()
        except StoreError:
            log.warning("after_reconnect_postponed")  # the periodic checks do the same

    async def _load_keys(self, stack: AsyncExitStack) -> None:
        self._keys = key_set(self.settings.token)
        if self._keys is not None:
            await self._keys.load()
            stack.push_async_callback(self._keys.close)
            self.tasks.spawn(self._keys.run(), "token keys")

    # --- the parts

    def _build(self, store: StoreParts) -> None:
        given = Given(
            node=self.id, settings=self.settings, policy=self._policy, screen=self._screen, keys=self._keys,
            epochs=self.epochs, hash_key=self._hash_key, registry=self.registry, counters=self.counters,
            tasks=self.tasks, now_ms=_now_ms,
        )  # fmt: skip
        self.parts = build(given, store)

    def _start_background(self) -> None:
        subscriber = Subscriber(self._address, self.id, self.parts.inbound.published, self._subscribed)
        for work in (
            subscriber.run(),
            self.parts.repair.renew_leases(),
            self.parts.repair.repair_owed(),
            self.parts.repair.check_positions(),
            self.parts.deadlines.run(),
            *self.parts.following.works(),
            self.parts.people.directory.index_missing_soon(),
            self.parts.safety.moderation.held.run(),
            self._tick(),
            self._remember(),
        ):
            self.tasks.spawn(work, "background")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_SECOND)
            self.registry.tick()

    async def _remember(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_S)
            try:
                self._memory.keep(self._hash_key, await epochs.beat(self._committer))
            except StoreError:
                continue  # the next beat says the same

    async def _start_front(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        app = web.Application(client_max_size=limits.CLIENT_FRAME_BYTES)
        mint_token = self._mint if settings.is_dev and settings.token.secret is not None else None
        add_api(
            app,
            ApiServices(
                marketplace=self.parts.marketplace,
                directory=self.parts.people.directory,
                people=self.parts.people.door,
                contracts=self.parts.contracts,
                moderation=self.parts.safety.moderation,
                is_ready=lambda: self.store.committer.is_ready and not self.is_draining,
                counters=self.counters,
                gauges=self._gauges,
                api_keys=settings.api_keys,
                mint=mint_token,
                community=self.parts.services.community,
                team=self.parts.services.team,
                merge=self.parts.merge,
                amend=self.parts.services.amend,
                connects=self.parts.services.connects,
                webhooks=self.parts.following.webhooks,
            ),
        )
        if mint_token is not None:
            demo_parts = self._demo_parts()
            await demo.seed(demo_parts, _now_ms())
            add_demo(app, mint_token, demo.DemoMarketplace(demo_parts), self._policy)
        admission = Admission(settings, self._connection, lambda: self.is_draining)
        self.fallback = Fallback(self._connection, admission.check, lambda: self.is_draining, self.counters)
        self.fallback.add_to(app)
        add_widget(app)
        self.front = Front(
            admission,
            app,
            FrontOptions(max_message_bytes=limits.CLIENT_FRAME_BYTES),
        )
        await self.front.start(settings.host, settings.port)
        stack.push_async_callback(self.front.close)

    def _demo_parts(self) -> demo.DemoParts:
        people, community = self.parts.people, self.parts.services.community
        return demo.DemoParts(
            marketplace=self.parts.marketplace, people=self.store.people, availability=people.availability,
            connects=self.parts.services.connects, obligations=people.obligations, writes=community.writes,
            announcements=community.announcements, held=self.parts.safety.moderation.held,
            is_community_enabled=community.is_enabled,
        )  # fmt: skip

    def _mint(self, user: str, ttl_s: int) -> str:
        token = self.settings.token
        assert token.secret is not None
        return mint(token.secret, user, now_s=time.time(), ttl_s=ttl_s, audience=token.audience, issuer=token.issuer)

    def _gauges(self) -> Gauges:
        committer = self.store.committer
        fallback = self.fallback.kinds()
        return Gauges(
            connections=len(self.registry),
            transports={"websocket": len(self.registry) - fallback.total(), **fallback},
            users=self.parts.hub.user_count,
            store_pending=committer.pending_count,
            is_store_up=committer.is_ready,
            held_age_s=self.parts.safety.moderation.held.age_s,
            changes_lag_s=self.parts.following.rules.lag_ms / 1000,
            webhook_lag_s=self.parts.following.webhooks.lag_ms / 1000,
        )

    def _connection(self, subprotocol: str) -> Connection:
        return Connection(self.parts.services, self.registry, subprotocol)

    async def _subscribed(self) -> None:
        """Whatever was published while nobody listened is found by position."""
        await self.parts.repair.check_positions_once()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _marketplace_policy(path: Path | None, *, is_dev: bool) -> MarketplacePolicy:
    if path is not None:
        return from_toml(path.read_text("utf-8"))
    shipped = default_policy()
    if not is_dev:
        return shipped
    moderation = msgspec.structs.replace(shipped.moderation, has_moderators=True)  # the demo page has their queue
    return msgspec.structs.replace(shipped, moderation=moderation)


def _screening_policy(path: Path | None) -> ScreeningPolicy:
    return ScreeningPolicy.default() if path is None else ScreeningPolicy.from_toml(path.read_text("utf-8"))
