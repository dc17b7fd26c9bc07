"""The marketplace of the development mode: it seeds the demo people, and plays the backend for the demo page.

The main freelancer has one answer too few for a published response speed, so the first one given on the demo page makes
the number appear.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from greenroom_protocol import community as c
from greenroom_protocol.announcements import AnnouncementList
from greenroom_protocol.availability import AvailabilitySet, AwaySet
from greenroom_protocol.cid import make_cid
from greenroom_server.domain.connects import EntryKind
from greenroom_server.store.obligations import Obligations
from greenroom_server.store.people import People, Profile
from greenroom_server.usecases.announcements import Announcements
from greenroom_server.usecases.availability import Availability
from greenroom_server.usecases.community import Community
from greenroom_server.usecases.connects import Connects
from greenroom_server.usecases.demo_people import (
    ANNOUNCEMENT,
    CLIENTS,
    FREELANCERS,
    TOPICS,
    DemoClient,
    DemoFreelancer,
    DemoTopic,
    history,
)
from greenroom_server.usecases.judge_held import Item, JudgeHeld, Verdict
from greenroom_server.usecases.marketplace import Marketplace
from greenroom_server.usecases.results import NOT_FOUND, RefusedError

ContractMove = Literal["start_contract", "pause_contract", "resume_contract", "end_contract"]
Flag = Literal["conversion_paid", "met_elsewhere"]
Sale = Literal["connects", "badge"]

SOLD_CONNECTS: Final = 20
SOLD_BADGE_DAYS: Final = 30
_DAY_MS: Final = 86_400_000
_HELD_PAGE: Final = 200
_DECIDED_SHOWN: Final = 6
_JOBS: Final = {job.job: (client, job) for client in CLIENTS for job in client.jobs}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoParts:
    """The use cases that the demonstration needs."""

    marketplace: Marketplace
    people: People
    availability: Availability
    connects: Connects
    writes: Community
    announcements: Announcements
    obligations: Obligations
    held: JudgeHeld
    is_community_enabled: bool


class DemoMarketplace:
    """What a marketplace's backend does through the server API, as far as the demo page may do it."""

    def __init__(self, parts: DemoParts) -> None:
        self._parts = parts

    async def move(self, thread: str, move: ContractMove, cid: str) -> None:
        """Move the contract of a thread; raises RefusedError when its state does not allow that."""
        await self._parts.marketplace.move_thread(thread, move, cid)

    async def set_flag(self, thread: str, flag: Flag) -> None:
        """Say of the two in a thread that the conversion fee is paid, or that they met elsewhere."""
        head = await self._parts.marketplace.thread(thread)
        await self._parts.marketplace.save_pair(
            head.client, head.freelancer, is_blocked=None,
            conversion="paid" if flag == "conversion_paid" else None,
            origin="external" if flag == "met_elsewhere" else None,
        )  # fmt: skip

    async def set_job(self, job: str, *, is_open: bool) -> None:
        """Close a demo job with its threads, or open it again."""
        if job not in _JOBS:
            raise RefusedError(NOT_FOUND)
        client, known = _JOBS[job]
        await self._parts.marketplace.save_job(job, client.user, known.title, is_open=is_open)

    async def held(self) -> tuple[list[Item], list[Item]]:
        """Give what waits for a moderator, the oldest first, and what was decided last, the newest first."""
        waiting = await self._parts.held.page(None, _HELD_PAGE, is_open=True)
        decided = await self._parts.held.page(None, _HELD_PAGE, is_open=False)
        newest = sorted(decided.items, key=lambda item: item.what.decided_at, reverse=True)
        return sorted(waiting.items, key=lambda item: item.what.at), newest[:_DECIDED_SHOWN]

    async def judge(self, held: str, verdict: Verdict) -> None:
        """Decide about a held text or an appeal as a moderator."""
        await self._parts.held.decide(held, verdict, "")

    async def sell(self, freelancer: str, sale: Sale, now_ms: int) -> None:
        """Sell Connects or a time with the availability badge."""
        if sale == "badge":
            await self._parts.availability.grant(freelancer, now_ms + SOLD_BADGE_DAYS * _DAY_MS)
        else:
            await self._parts.connects.enter(
                freelancer, f"demo {secrets.token_hex(8)}", EntryKind.PURCHASE, SOLD_CONNECTS
            )


async def seed(parts: DemoParts, now_ms: int) -> None:
    """Write the demo people with their past; run again, it writes the same people with a past that ends today.

    What can be changed on the page is written the first time only.
    """
    await asyncio.gather(*(_seed_client(parts.marketplace, client) for client in CLIENTS))
    await asyncio.gather(*(_seed_freelancer(parts, who, now_ms) for who in FREELANCERS))
    if parts.is_community_enabled:
        await _seed_community(parts, now_ms)


async def _seed_client(marketplace: Marketplace, client: DemoClient) -> None:
    await marketplace.save_user(client.user, client.name, is_suspended=False)
    for each in client.jobs:
        await marketplace.save_job(each.job, client.user, each.title, is_open=True)


async def _seed_freelancer(parts: DemoParts, who: DemoFreelancer, now_ms: int) -> None:
    is_known = await parts.people.has_profile(who.user)
    profile = Profile(who.user, who.name, who.headline, who.skills, who.hourly_rate, who.currency)
    await parts.marketplace.save_profile(profile)
    await asyncio.gather(*(parts.obligations.save("freelancer", who.user, past) for past in history(who, now_ms)))
    if is_known:
        return
    if who.spent_connects:
        await parts.connects.enter(who.user, "demo seed", EntryKind.CORRECTION, -who.spent_connects)
    if who.badge_days:
        await parts.availability.grant(who.user, now_ms + who.badge_days * _DAY_MS)
        await parts.availability.switch(who.user, AvailabilitySet(id=1, is_on=True))
    if who.away_days:
        await parts.availability.away(who.user, AwaySet(id=1, until=now_ms + who.away_days * _DAY_MS))


async def _seed_community(parts: DemoParts, now_ms: int) -> None:
    page = await parts.announcements.page(CLIENTS[0].user, AnnouncementList(id=1, limit=1))
    if page.announcements:
        return
    for topic in TOPICS:
        await _seed_topic(parts, topic, now_ms)
    await parts.announcements.announce(*ANNOUNCEMENT, _cid(now_ms))


async def _seed_topic(parts: DemoParts, topic: DemoTopic, now_ms: int) -> None:
    asked = c.TopicCreate(
        id=1, cid=_cid(now_ms), kind=topic.kind, title=topic.title, tags=list(topic.tags), body=topic.body
    )
    created = await parts.writes.create(topic.by, asked)
    answer = c.TopicPost(id=1, cid=_cid(now_ms), topic=created.topic, body=topic.answer, reply_to=created.seq)
    await parts.writes.post(topic.answer_by, answer)


def _cid(now_ms: int) -> str:
    return make_cid(now_ms, secrets.token_bytes(10))
