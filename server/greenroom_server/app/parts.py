"""Builds the use cases of a node from the parts of its store. With `node.py` the only file that knows every class."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from greenroom_protocol.commands import InvitationSend, ThreadOpen
from greenroom_protocol.proposals import ProposalSubmit
from greenroom_server.app.community_parts import build_community
from greenroom_server.app.following import Following, build_following
from greenroom_server.app.inbound import Inbound
from greenroom_server.app.moderation_parts import build_moderation
from greenroom_server.app.people_parts import PeopleParts, PeopleStore, build_people
from greenroom_server.app.safety_parts import SafetyParts, build_safety
from greenroom_server.auth.keys import KeySet
from greenroom_server.auth.tokens import TokenVerifier
from greenroom_server.config import Settings
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.screening.screen import Screen
from greenroom_server.store import candidacies, epochs
from greenroom_server.store.audit import Audit
from greenroom_server.store.change_log import ChangeLog
from greenroom_server.store.committer import Committer
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.people import People
from greenroom_server.store.presence import PresenceStore
from greenroom_server.store.purses import Purses
from greenroom_server.store.safety import Safety
from greenroom_server.store.threads import Threads
from greenroom_server.store.timers import Timers
from greenroom_server.telemetry.counters import Counters
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.transport.registry import Registry
from greenroom_server.transport.services import Services
from greenroom_server.transport.throttle import Throttle
from greenroom_server.usecases.amend_message import AmendMessage
from greenroom_server.usecases.candidacies import Candidacies
from greenroom_server.usecases.commits import Commits
from greenroom_server.usecases.connects import Connects
from greenroom_server.usecases.contracts import Contracts
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.deliver import Deliver
from greenroom_server.usecases.heads import Heads
from greenroom_server.usecases.job_threads import JobThreads
from greenroom_server.usecases.live import Live
from greenroom_server.usecases.marketplace import Marketplace
from greenroom_server.usecases.merge_users import MergeUsers
from greenroom_server.usecases.move_thread import MoveThread
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.offers import Offers
from greenroom_server.usecases.open_thread import OpenThread
from greenroom_server.usecases.personal import OwnSettings
from greenroom_server.usecases.propose import Propose
from greenroom_server.usecases.react import React
from greenroom_server.usecases.read_threads import ReadThreads
from greenroom_server.usecases.rebuild import Rebuild
from greenroom_server.usecases.relationships import Relationships
from greenroom_server.usecases.repair import FeedRepairs, Repair
from greenroom_server.usecases.screening import Screening
from greenroom_server.usecases.send_message import SendMessage
from greenroom_server.usecases.sessions import Sessions
from greenroom_server.usecases.team import Team
from greenroom_server.usecases.terms import Terms
from greenroom_server.usecases.thread_deadlines import keep_deadlines


@dataclass(slots=True)
class StoreParts:
    """The parts that talk to the store."""

    committer: Committer
    threads: Threads
    inboxes: Inboxes
    presence: PresenceStore
    people: People
    timers: Timers
    change_log: ChangeLog


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
    people: PeopleParts
    marketplace: Marketplace
    merge: MergeUsers
    contracts: Contracts
    inbound: Inbound
    repair: Repair
    deadlines: Deadlines
    following: Following
    notices: Notices
    safety: SafetyParts
    services: Services


def build(given: Given, store: StoreParts) -> Parts:
    """Build everything behind the doors; nothing runs yet."""
    now_ms, policy, counters, tasks = given.now_ms, given.policy, given.counters, given.tasks
    hub = Hub(FeedRepairs(store.threads, store.inboxes, tasks))
    deliver = Deliver(store.inboxes, hub, counters)
    own_logs = OwnLogs(store.committer, given.node)
    notices = Notices(own_logs, hub)
    heads = Heads(store.threads, tasks)
    following = build_following(
        given.settings.webhooks, policy.webhooks, store.committer, store.change_log, store.threads, heads, counters,
        now_ms,
    )  # fmt: skip
    commits = Commits(store.threads, heads, deliver, given.epochs, counters, given.hash_key)
    screening = Screening(given.screen, policy, counters)
    terms = Terms(is_required=policy.require_terms)
    send = SendMessage(commits, screening, policy, now_ms, terms)
    move = MoveThread(commits, screening, policy, now_ms)
    reads = ReadThreads(store.threads, store.inboxes, heads, store.people, policy, now_ms, given.epochs)
    live = Live(store.inboxes, store.presence, heads, hub, deliver, tasks)
    people = build_people(
        PeopleStore(committer=store.committer, people=store.people, threads=store.threads, inboxes=store.inboxes,
                    timers=store.timers, own_logs=own_logs),
        hub, notices, policy, tasks, now_ms, lambda partition, kind: following.changes.on_note(partition, kind),
    )  # fmt: skip
    commits.on_answered = people.speed.answered
    relationships = Relationships(commits, store.people, store.timers, screening, policy, now_ms)
    marketplace = Marketplace(store.people, heads, move, given.screen, policy, now_ms)
    contracts = Contracts(commits, store.threads, store.people, move, policy, now_ms)
    inbound = Inbound(hub, given.registry, live, store.people, store.presence, tasks)
    marketplace.on_account = people.account_changed(inbound.account_changed)
    marketplace.on_profile = people.directory.index
    inbound.on_account = terms.note
    rebuild = Rebuild(store.threads, epochs.Rebuilding(store.committer, given.node), deliver, given.epochs)
    repair = Repair(store.inboxes, store.presence, hub, deliver, rebuild, counters)
    community = build_community(
        store.committer, given.node, hub=hub, people=store.people, screening=screening, commits=commits,
        changes=following.changes, inbound=inbound, policy=policy.community, tasks=tasks, now_ms=now_ms,
    )  # fmt: skip

    async def register_again() -> None:
        await live.register_again(given.registry.presence_of)
        await community.reads.register_again()

    repair.on_lease_lapsed = register_again
    amend = AmendMessage(commits, store.threads, screening, policy, now_ms)
    moderation = build_moderation(
        store.committer, given.settings.seal_keys, policy.moderation, commits, send, amend, notices, tasks,
        now_ms=now_ms, on_note=lambda partition, kind: following.changes.on_note(partition, kind),
    )  # fmt: skip
    moderation.holding.follow(following.rules)
    safety = build_safety(
        commits, screening, store.people, store.inboxes, Safety(store.committer), Audit(store.committer), live,
        people.standings, people.obligations, tasks, moderation.judge, policy=policy, now_ms=now_ms,
    )  # fmt: skip
    marketplace.on_suspension = safety.suspensions
    marketplace.on_pair = lambda client, freelancer: asyncio.gather(
        relationships.announce(client, freelancer), safety.peers.tell(client, freelancer)
    )
    deadlines = Deadlines(store.timers)
    safety.access.keep_deadlines(deadlines)
    moderation.holding.keep_deadlines(deadlines)
    keep_deadlines(deadlines, move, counters)
    relationships.keep_deadlines(deadlines)
    connects = Connects(Purses(store.committer, own_logs), store.people, notices, policy.connects, now_ms)
    job_threads = JobThreads(store.people, move)
    job_threads.follow(following.rules)
    people.clients.keep_up(following.rules)
    people.keep_deadlines(deadlines)
    marketplace.on_job_closed = lambda job: following.changes.note("job.closed", job)
    team = Team(commits, store.people, policy)
    merge = MergeUsers(store.people, store.inboxes, heads, team, Audit(store.committer))
    merge.on_account, merge.on_profile = marketplace.on_account, people.directory.index
    own_settings = OwnSettings(store.inboxes, store.people, hub, live)
    own_settings.on_account = inbound.account_changed
    open_thread = OpenThread(
        commits, store.threads, store.people, send, screening, policy, now_ms, people.quotas, moderation.openings
    )
    propose = Propose(
        commits, store.threads, store.people, move, screening, connects, policy, moderation.openings, terms
    )
    moderation.judge.on(ThreadOpen, open_thread.release)
    moderation.judge.on(InvitationSend, open_thread.release)
    moderation.judge.on(ProposalSubmit, propose.release)
    services = Services(
        sessions=Sessions(TokenVerifier(given.settings.token, given.keys), store.people, reads, live, hub, policy,
                          counters, now_ms, connects, terms),
        send=send,
        amend=amend,
        open_thread=open_thread,
        move=move,
        offers=Offers(move, policy, counters),
        relationships=relationships,
        terms=terms,
        reads=reads,
        live=live,
        directory=people.directory,
        propose=propose,
        candidacies=Candidacies(candidacies.Candidacies(store.committer), store.people, now_ms),
        connects=connects,
        speed=people.speed,
        metrics=people.metrics,
        availability=people.availability,
        clients=people.clients,
        team=team,
        react=React(commits),
        own_settings=own_settings,
        access=safety.access,
        peers=safety.peers,
        reports=safety.reports,
        holding=moderation.holding,
        appeals=moderation.appeals,
        community=community,
        hub=hub,
        throttle=Throttle(given.settings.rates),
        counters=counters,
        tasks=tasks,
        monotonic_s=time.monotonic,
        now_ms=now_ms,
    )  # fmt: skip
    return Parts(
        hub=hub, commits=commits, people=people, marketplace=marketplace, merge=merge, contracts=contracts,
        inbound=inbound, repair=repair, deadlines=deadlines, following=following, notices=notices, safety=safety,
        services=services,
    )  # fmt: skip
