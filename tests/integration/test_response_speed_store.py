"""Response speed on a real store: what is kept, whose obligations count, when the label moves and who is told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from greenroom_protocol.availability import AvailabilitySet, AwaySet
from greenroom_protocol.commands import MetricsRows
from greenroom_protocol.events import InterviewStarted, InvitationAccepted, ProposalChanged, ThreadClosed
from greenroom_protocol.offers import ContractChanged
from greenroom_server.app.people_parts import PeopleParts, PeopleStore, build_people
from greenroom_server.delivery.hub import Hub
from greenroom_server.domain.ids import own_log, user_partition
from greenroom_server.domain.obligation import Obligation, ObligationKind, ObligationOutcome
from greenroom_server.domain.policy import default_policy
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.response_clock import Interval
from greenroom_server.domain.thread_state import Role
from greenroom_server.store import keys
from greenroom_server.store.own_logs import OwnLogs
from greenroom_server.store.people import Account, Profile
from greenroom_server.telemetry.tasks import Tasks
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.follow_changes import Change
from greenroom_server.usecases.notices import Notices
from greenroom_server.usecases.repair import FeedRepairs
from greenroom_server.usecases.results import RefusedError
from testkit.store import StoreNode, Talk, now_ms, person, store_node
from testkit.valkey import RealValkey, real_valkey

HOUR, DAY = 3_600_000, 86_400_000
Out, Kind = ObligationOutcome, ObligationKind


@dataclass
class Shop:
    """The use cases on one store, with a clock of the test's; freelancer jonas has a profile."""

    node: StoreNode
    parts: PeopleParts
    tasks: Tasks
    jonas: str
    now: list[int]
    nudged: list[str] = field(default_factory=list)

    async def owed(self, age_ms: int, elapsed_ms: int | None, client: str, kind: Kind = Kind.INVITATION) -> Obligation:
        """Save an obligation by its age; without a time it is open."""
        t0_ms, name = self.now[0] - age_ms, f"t1_x{age_ms}{client}.1"
        outcome = Out.OPEN if elapsed_ms is None else Out.ANSWERED
        t1_ms = None if elapsed_ms is None else t0_ms + elapsed_ms
        made = Obligation(name, kind, name.partition(".")[0], client, t0_ms, t1_ms, outcome)
        await self.parts.obligations.save("freelancer", self.jonas, made)
        return made

    async def profile(self) -> Profile:
        found = await self.node.people.profile(self.jonas)
        assert found is not None
        return found

    async def rows(self) -> list[tuple[str, bool]]:
        """Say, oldest first, what became of everything and whether it counts."""
        page = await self.parts.metrics.page(self.jonas, MetricsRows(id=1))
        return [(row.outcome, row.counted) for row in page.rows][::-1]

    async def told(self) -> list[Any]:
        """Give the notices to jonas."""
        return await self.node.threads.events(own_log(self.jonas), 0, None, 100)

    async def changes(self) -> list[str]:
        """Give the kinds of the pointers for those who follow changes."""
        found = await self.node.committer.call("XRANGE", keys.changes(user_partition(self.jonas)), "-", "+")
        fields = (dict(zip(entry[1][::2], entry[1][1::2], strict=True)) for entry in found)
        return [entry[b"k"].decode() for entry in fields if entry.get(b"u") == self.jonas.encode()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as running:
        yield running


@pytest.fixture
async def shop(server: RealValkey) -> AsyncIterator[Shop]:
    async with store_node(server.address, "n1", range(128)) as node:
        tasks, now, nudged = Tasks(), [now_ms()], list[str]()
        hub, own_logs = Hub(FeedRepairs(node.threads, node.inboxes, tasks)), OwnLogs(node.committer, "n1")
        store = PeopleStore(
            committer=node.committer, people=node.people, threads=node.threads, inboxes=node.inboxes,
            timers=node.timers, own_logs=own_logs,
        )  # fmt: skip
        parts = build_people(
            store, hub, Notices(own_logs, hub), default_policy(), tasks, lambda: now[0],
            lambda _partition, kind: nudged.append(kind),
        )  # fmt: skip
        jonas = person(17, "jonas")
        await node.people.save_profile(Profile(jonas, "Jonas", "Brand designer", ("logo",), None, ""))
        yield Shop(node, parts, tasks, jonas, now, nudged)
        await tasks.close()


async def five_answers(shop: Shop, elapsed_ms: int = HOUR // 2) -> None:
    for number in range(5):
        await shop.owed((30 + number) * DAY, elapsed_ms, f"client{number}")


async def test_the_label_moves_after_two_days_and_everybody_is_told_once(shop: Shop) -> None:
    await five_answers(shop)
    first = await asyncio.gather(*(shop.parts.speed.view(shop.jonas) for _ in range(3)))
    assert {view.label for view in first} == {"within_1h"}
    for number in range(6):
        await shop.owed(2 * DAY + number, 10 * HOUR, f"slow{number}")
    labels = []
    for _ in range(4):
        shop.now[0] += DAY
        view = await shop.parts.speed.view(shop.jonas)
        assert view.t50_s == 36_000, "the figures move at once"
        labels.append(view.label)
    assert labels == ["within_1h", "within_12h", "within_12h", "within_12h"]
    assert [(event.label, event.badge) for event in await shop.told()] == [
        ("within_1h", "very_responsive"),
        ("within_12h", "very_responsive"),
    ]
    assert await shop.changes() == shop.nudged == ["profile.metrics"] * 2


async def test_a_day_without_readers_is_evaluated_by_a_timer(shop: Shop) -> None:
    await five_answers(shop)
    await shop.parts.speed.view(shop.jonas)
    partition, member = user_partition(shop.jonas), f"speed {shop.jonas}"
    timers = keys.timers(partition)
    due_ms = float(await shop.node.committer.call("ZSCORE", timers, member))
    assert shop.now[0] < due_ms < shop.now[0] + 27 * HOUR
    deadlines = Deadlines(shop.node.timers)
    shop.parts.keep_deadlines(deadlines)
    await shop.node.committer.call("ZADD", timers, 1, member)
    shop.now[0] += DAY
    await deadlines.run_once()
    assert float(await shop.node.committer.call("ZSCORE", timers, member)) > shop.now[0]
    assert f'"day":{shop.now[0] // DAY}' in (await shop.profile()).speed_label


async def test_nothing_to_count_is_unknown_and_never_zero(shop: Shop) -> None:
    view = await shop.parts.speed.view(shop.jonas)
    assert (view.t50_s, view.rate24, view.label, view.reason) == (None, None, None, "insufficient_data")
    assert (view.have, view.need) == (0, 5)
    assert (await shop.profile()).speed_label == "", "nobody is evaluated who owes nothing"


@pytest.mark.parametrize(
    ("flags", "is_blocked", "outcome"),
    [
        ({"is_suspended": True}, False, "excluded_spam"),
        ({"is_synthetic": True}, False, "excluded_synthetic"),
        ({}, True, "excluded_blocked"),
    ],
)
async def test_what_a_client_is_now_decides_whether_their_obligations_count(
    shop: Shop, flags: dict[str, bool], is_blocked: bool, outcome: str
) -> None:
    await shop.owed(3 * DAY, HOUR, "bad")
    await shop.owed(2 * DAY, HOUR, "good")
    assert await shop.rows() == [("answered", True)] * 2
    await shop.node.people.save_account(Account("bad", "Bad", **flags))
    if is_blocked:
        assert await shop.node.people.save_pair("bad", shop.jonas, 0, Relationship(blocked_by=frozenset({Role.CLIENT})))
    shop.parts.standings.forget("bad")
    assert await shop.rows() == [(outcome, False), ("answered", True)]
    await shop.node.people.save_account(Account("bad", "Bad"))
    if is_blocked:
        assert await shop.node.people.save_pair("bad", shop.jonas, 1, Relationship())
    shop.parts.standings.forget("bad")
    assert await shop.rows() == [("answered", True)] * 2


async def test_another_node_knows_of_a_flag_after_half_a_minute(shop: Shop) -> None:
    await shop.owed(3 * DAY, HOUR, "late")
    assert await shop.rows() == [("answered", True)]
    await shop.node.people.save_account(Account("late", "Late", is_synthetic=True))
    shop.now[0] += 29_999
    assert await shop.rows() == [("answered", True)]
    shop.now[0] += 1
    assert await shop.rows() == [("excluded_synthetic", False)]
    await shop.node.people.save_account(Account("late", "Late"))


async def test_a_report_within_a_day_excludes_and_overruled_it_is_a_decline(shop: Shop) -> None:
    speed = shop.parts.speed
    spam = await shop.owed(2 * DAY, None, "spammer")
    late = await shop.owed(3 * DAY, None, "annoying")
    assert await speed.exclude(shop.jonas, spam.thread, Out.EXCLUDED_REPORTED, spam.t0_ms + HOUR)
    assert await speed.exclude(shop.jonas, spam.thread, Out.EXCLUDED_REPORTED, spam.t0_ms + HOUR)
    assert not await speed.exclude(shop.jonas, late.thread, Out.EXCLUDED_REPORTED, late.t0_ms + DAY)
    assert not await speed.exclude(shop.jonas, "t1_unknown", Out.EXCLUDED_REPORTED, spam.t0_ms + HOUR)
    assert await shop.rows() == [("unanswered", True), ("excluded_reported", False)]
    assert await speed.exclude(shop.jonas, spam.thread, Out.DECLINED, spam.t0_ms + HOUR)
    page = await shop.parts.metrics.page(shop.jonas, MetricsRows(id=1))
    assert (page.rows[0].outcome, page.rows[0].elapsed_s, page.rows[0].counted) == ("declined", 3600, True)
    assert await speed.exclude(shop.jonas, late.thread, Out.EXCLUDED_SPAM, shop.now[0])
    assert await shop.rows() == [("excluded_spam", False), ("declined", True)]


async def test_declared_outages_are_subtracted_until_they_are_taken_back(shop: Shop) -> None:
    owed = await shop.owed(3 * DAY, 10 * HOUR, "client")
    outage = Interval(owed.t0_ms + HOUR, owed.t0_ms + 4 * HOUR)
    for _ in range(2):
        declared = await shop.parts.outages.declare(outage, is_withdrawn=False)
    assert declared == (outage,)
    [row] = (await shop.parts.metrics.page(shop.jonas, MetricsRows(id=1))).rows
    assert row.elapsed_s == 7 * 3600
    assert await shop.parts.outages.declare(outage, is_withdrawn=True) == ()
    [row] = (await shop.parts.metrics.page(shop.jonas, MetricsRows(id=1))).rows
    assert row.elapsed_s == 10 * 3600
    for wrong in (Interval(5, 5), Interval(5, shop.now[0] + 1)):
        with pytest.raises(RefusedError):
            await shop.parts.outages.declare(wrong, is_withdrawn=False)


async def test_what_comes_while_away_is_left_out_until_it_is_answered(shop: Shop) -> None:
    until = shop.now[0] + 3 * DAY
    await shop.parts.availability.away(shop.jonas, AwaySet(id=1, until=until))
    shop.now[0] += HOUR
    before = Obligation("t1_old.1", Kind.FIRST, "t1_old", "a", shop.now[0] - 2 * HOUR)
    during = Obligation("t1_new.1", Kind.FIRST, "t1_new", "b", shop.now[0])
    for each in (before, during):
        await shop.parts.obligations.save("freelancer", shop.jonas, each)
    shop.now[0] += 2 * DAY
    assert await shop.rows() == [("unanswered", True), ("excluded_away", False)]
    reply = await shop.parts.availability.away(shop.jonas, AwaySet(id=1, until=None))
    assert reply.until is None
    answered = Obligation("t1_new.1", Kind.FIRST, "t1_new", "b", during.t0_ms, shop.now[0] + HOUR, Out.ANSWERED)
    await shop.parts.obligations.save("freelancer", shop.jonas, answered)
    shop.now[0] += 2 * HOUR
    page = await shop.parts.metrics.page(shop.jonas, MetricsRows(id=1))
    assert [(row.outcome, row.elapsed_s) for row in page.rows] == [("answered", 3600), ("unanswered", None)]
    assert [event.until for event in await shop.told()] == [until, None]


async def test_a_badge_that_is_on_while_invitations_wait_is_warned_of_once_a_day(shop: Shop) -> None:
    await shop.owed(30 * HOUR, None, "patient")
    await shop.owed(HOUR, None, "new")
    availability = shop.parts.availability
    await availability.grant(shop.jonas, shop.now[0] + 30 * DAY)
    reply = await availability.switch(shop.jonas, AvailabilitySet(id=1, is_on=True))
    assert (reply.is_on, reply.unanswered) == (True, 1)
    deadlines = Deadlines(shop.node.timers)
    shop.parts.keep_deadlines(deadlines)
    await shop.node.committer.call("ZADD", keys.timers(user_partition(shop.jonas)), 1, f"speed {shop.jonas}")
    await deadlines.run_once()
    await deadlines.run_once()
    warnings = [event for event in await shop.told() if event.__struct_config__.tag == "badge.warned"]
    assert [warning.unanswered for warning in warnings] == [1]


async def test_rows_come_in_pages_that_miss_nothing(shop: Shop) -> None:
    for number in range(7):
        await shop.owed(DAY, HOUR, f"same{number}")
    found, cursor = list[str](), None
    while True:
        page = await shop.parts.metrics.page(shop.jonas, MetricsRows(id=1, limit=3, cursor=cursor))
        found += [row.id for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == sorted(found, reverse=True)
    assert len(found) == 7


# --- the mirror


def change(talk: Talk, event: Any) -> Change:
    """Tell of an event; its seq is also its hour."""
    event.at = event.seq * HOUR
    return Change(talk.partition, "1-0", talk.thread, ("x",), [event], talk.head)


async def owes(shop: Shop, client: str) -> list[tuple[str, int, int | None, str]]:
    found = await shop.parts.obligations.of("client", client, 0)
    return [(o.kind.value, o.t0_ms, o.t1_ms, o.outcome.value) for o in found][::-1]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (InterviewStarted(seq=2, by="c"), "answered"),
        (ContractChanged(seq=2, change="started"), "answered"),
        (ThreadClosed(seq=2, why="proposal_declined"), "declined"),
        (ThreadClosed(seq=2, why="proposal_withdrawn"), "withdrawn"),
        (ThreadClosed(seq=2, why="job_closed"), "withdrawn"),
    ],
)
async def test_a_clients_first_answer_settles_what_they_owe(shop: Shop, answer: Any, outcome: str) -> None:
    talk = shop.node.talk()
    opened = change(talk, ProposalChanged(seq=1, change="submitted", body="Hello."))
    settled = change(talk, answer)
    for each in (opened, opened, settled, settled, opened):  # told at least once, in order
        await shop.parts.clients.follow(each)
    assert await owes(shop, talk.client) == [("proposal", HOUR, 2 * HOUR, outcome)]


async def test_a_later_answer_does_not_reach_back_over_a_new_debt(shop: Shop) -> None:
    talk = shop.node.talk()
    accepted, started = InvitationAccepted(seq=3, by="f"), InterviewStarted(seq=4, by="c")
    await shop.parts.clients.follow(change(talk, accepted))
    await shop.parts.clients.follow(change(talk, InterviewStarted(seq=2, by="c")))
    assert await owes(shop, talk.client) == [("accept", 3 * HOUR, None, "open")]
    await shop.parts.clients.follow(change(talk, started))
    assert await owes(shop, talk.client) == [("accept", 3 * HOUR, 4 * HOUR, "answered")]


async def test_contracts_are_counted_once_for_a_conversation(shop: Shop) -> None:
    talk = shop.node.talk()
    for seq in (5, 5, 9):
        await shop.parts.clients.follow(change(talk, ContractChanged(seq=seq, change="started")))
    assert await shop.parts.obligations.contract_count(talk.client) == 1
