"""Builds what is about people before and beside their threads: directory, availability, response speed, quotas."""

from collections.abc import Callable
from dataclasses import dataclass

from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.store.alterations import Alterations
from greenroom_server.store.committer import Committer
from greenroom_server.store.directory import DirectoryIndex
from greenroom_server.store.inboxes import Inboxes
from greenroom_server.store.obligations import Obligations
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.people import Account, People
from greenroom_server.store.places import Places
from greenroom_server.store.threads import Threads
from greenroom_server.store.timers import Timers
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.availability import Availability
from greenroom_server.usecases.clients import Clients
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.directory import Directory
from greenroom_server.usecases.metrics import Metrics
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.outages import Outages
from greenroom_server.usecases.people import PeopleDoor
from greenroom_server.usecases.quotas import Quotas
from greenroom_server.usecases.speed import Speed, SpeedStore
from greenroom_server.usecases.standings import Standings


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleStore:
    """The parts of the store that these need."""

    committer: Committer
    people: People
    threads: Threads
    inboxes: Inboxes
    timers: Timers
    own_logs: OwnLogs


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleParts:
    """What was built."""

    directory: Directory
    speed: Speed
    metrics: Metrics
    availability: Availability
    clients: Clients
    quotas: Quotas
    outages: Outages
    standings: Standings
    obligations: Obligations

    @property
    def door(self) -> PeopleDoor:
        """What the server API needs of them."""
        return PeopleDoor(self.metrics, self.availability, self.outages)

    def account_changed(self, then: Callable[[Account], object]) -> Callable[[Account], object]:
        """Give what to do about a changed account: ask about it anew, then what else is to be done."""

        def changed(account: Account) -> object:
            self.standings.forget(account.user)
            return then(account)

        return changed

    def keep_deadlines(self, deadlines: Deadlines) -> None:
        """Let badges lapse, and evaluate response speed once a day."""
        self.availability.keep_deadlines(deadlines)
        self.speed.keep_deadlines(deadlines)


def build_people(
    store: PeopleStore, hub: Hub, notices: Notices, policy: MarketplacePolicy, tasks: Tasks,
    now_ms: Callable[[], int], nudge: Callable[[int, str], object],
) -> PeopleParts:  # fmt: skip
    """Build them.

    Args:
        nudge: called with partition and kind after a pointer for the followers of changes was written.
    """
    people, obligations = store.people, Obligations(store.committer)
    alterations = Alterations(store.committer, store.own_logs)
    outages, standings = Outages(obligations, policy, now_ms), Standings(people, now_ms)
    speed = Speed(
        SpeedStore(people, obligations, alterations, store.timers), outages, standings, hub, notices, policy, tasks,
        now_ms,
    )  # fmt: skip
    search = DirectoryIndex(store.committer, people, now_ms)
    availability = Availability(people, alterations, store.timers, search, speed, notices, policy, now_ms)
    speed.on_note = availability.on_note = nudge
    return PeopleParts(
        directory=Directory(people, search, speed, policy, now_ms),
        speed=speed,
        metrics=Metrics(speed, people, store.threads, store.inboxes, policy),
        availability=availability,
        clients=Clients(people, obligations, speed),
        quotas=Quotas(Places(store.committer), people, policy),
        outages=outages,
        standings=standings,
        obligations=obligations,
    )
