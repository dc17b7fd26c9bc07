"""Builds the use cases of a node from the parts of its store. With `node.py` the only file that knows every class."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from greenroom_server.app.inbound import Inbound
from greenroom_server.auth.keys import KeySet
from greenroom_server.auth.tokens import TokenVerifier
from greenroom_server.config import Settings
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.store import epochs
from greenroom_server.store.committer import Committer
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.people import People
from greenroom_server.store.presence import PresenceStore
from greenroom_server.store.threads import Threads
from greenroom_server.store.timers import Timers
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.transport.registry import Registry
from greenroom_server.transport.services import Services
from greenroom_server.transport.throttle import Throttle
from greenroom_server.usecases.amend_message import AmendMessage
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.deliver import Deliver
from greenroom_server.usecases.directory import Directory
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.live import Live
from greenroom_server.usecases.marketplace import Marketplace
from greenroom_server.usecases.move_thread import MoveThread
from greenroom_server.usecases.open_thread import OpenThread
from greenroom_server.usecases.read_threads import ReadThreads
from greenroom_server.usecases.rebuild import Rebuild
from greenroom_server.usecases.repair import FeedRepairs, Repair
from greenroom_server.usecases.screening import Screening
from greenroom_server.usecases.send_message import SendMessage
from greenroom_server.usecases.sessions import Sessions
from greenroom_server.usecases.speed import Speed


@dataclass(slots=True)
class StoreParts:
    """The parts that talk to the store."""

    committer: Committer
    threads: Threads
    inboxes: Inboxes
    presence: PresenceStore
    people: People
    timers: Timers


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a node has before its parts are built."""

    node: str
    settings: Settings
    policy: MarketplacePolicy
    screen: Screen
    keys: KeySet | None
    epochs: list[int]
    hash_key: str
    registry: Registry
    counters: Counters
    tasks: Tasks
    now_ms: Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the node itself starts, asks and stops."""

    hub: Hub
    commits: Commits
    directory: Directory
    marketplace: Marketplace
    inbound: Inbound
    repair: Repair
    deadlines: Deadlines
    services: Services


def build(given: Given, store: StoreParts) -> Parts:
    """Build everything behind the doors; nothing runs yet."""
    now_ms, policy, counters, tasks = given.now_ms, given.policy, given.counters, given.tasks
    hub = Hub(FeedRepairs(store.threads, store.inboxes, tasks))
    deliver = Deliver(store.inboxes, hub, counters)
    heads = Heads(store.threads, tasks)
    commits = Commits(store.threads, heads, deliver, given.epochs, counters, given.hash_key)
    screening = Screening(given.screen, policy, counters)
    send = SendMessage(commits, screening, policy, now_ms)
    move = MoveThread(commits, screening, policy, now_ms)
    reads = ReadThreads(store.threads, store.inboxes, heads, store.people, policy, now_ms, given.epochs)
    live = Live(store.inboxes, store.presence, heads, hub, deliver, tasks)
    speed = Speed(store.people, store.threads, store.inboxes, hub, policy, tasks, now_ms)
    commits.on_answered = speed.answered
    directory = Directory(store.people, speed)
    marketplace = Marketplace(store.people, heads, move, given.screen, now_ms)
    inbound = Inbound(hub, given.registry, live, store.people, store.presence, tasks)
    marketplace.on_account = inbound.account_changed
    rebuild = Rebuild(store.threads, epochs.Rebuilding(store.committer, given.node), deliver, given.epochs)
    repair = Repair(store.inboxes, store.presence, hub, deliver, rebuild, counters)
    repair.on_lease_lapsed = lambda: live.register_again(given.registry.presence_of)
    deadlines = Deadlines(store.timers)
    move.keep_deadlines(deadlines, counters)
    services = Services(
        sessions=Sessions(TokenVerifier(given.settings.token, given.keys), store.people, reads, live, hub, policy,
                          counters, now_ms),
        send=send,
        amend=AmendMessage(commits, store.threads, screening, policy, now_ms),
        open_thread=OpenThread(commits, store.threads, store.people, send, screening, policy, now_ms),
        move=move,
        reads=reads,
        live=live,
        directory=directory,
        speed=speed,
        hub=hub,
        throttle=Throttle(given.settings.rates),
        counters=counters,
        tasks=tasks,
        monotonic_s=time.monotonic,
        now_ms=now_ms,
    )  # fmt: skip
    return Parts(
        hub=hub, commits=commits, directory=directory, marketplace=marketplace, inbound=inbound, repair=repair,
        deadlines=deadlines, services=services,
    )  # fmt: skip
