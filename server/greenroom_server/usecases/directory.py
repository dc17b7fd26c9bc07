"""Profiles, search and jobs, as clients and freelancers read them.

Source: protocol/spec/directory.md.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from greenroom_protocol.commands import DirectorySearch, JobList, ProfileGet
from greenroom_protocol.profiles import JobView, ProfileView
from greenroom_protocol.replies import DirectoryPage, JobPage, ProfilePage
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.response_clock import away_until_ms
from greenroom_server.store.errors import StoreError
from greenroom_server.store.people import People, Profile
from greenroom_server.usecases.availability import hours_view
from greenroom_server.usecases.metrics import invitations_alone
from greenroom_server.usecases.results import NOT_FOUND, RefusedError
from greenroom_server.usecases.search import Search
from greenroom_server.usecases.speed import Speed, speed_view

log = structlog.get_logger()

_INDEXED_AT_ONCE: Final = 20
_RETRY_S: Final = 5.0


class Directory:
    """Reads profiles and jobs."""

    def __init__(
        self, people: People, search: Search, speed: Speed, policy: MarketplacePolicy, now_ms: Callable[[], int]
    ) -> None:
        self._people = people
        self._search = search
        self._speed = speed
        self._policy = policy
        self._now_ms = now_ms

    async def profile(self, command: ProfileGet) -> ProfilePage:
        """Read one profile."""
        return ProfilePage(id=command.id, profile=await self.view(command.freelancer))

    async def view(self, freelancer: str) -> ProfileView:
        """Show a freelancer's profile with the response speed of now."""
        profile = await self._people.profile(freelancer)
        if profile is None:
            raise RefusedError(NOT_FOUND)
        return await self._view(profile)

    async def search(self, command: DirectorySearch) -> DirectoryPage:
        """Find freelancers by words, skills and badge, in the order of their ids; nobody who is suspended."""
        found = await self._search.find(
            text=command.text, skills=command.skills, is_available=command.available, cursor=command.cursor,
            limit=command.limit,
        )  # fmt: skip
        gone = await asyncio.gather(*(self._people.is_gone(each.freelancer) for each in found.profiles))
        shown = [profile for profile, is_gone in zip(found.profiles, gone, strict=True) if not is_gone]
        profiles = await asyncio.gather(*map(self._view, shown))
        return DirectoryPage(id=command.id, profiles=list(profiles), cursor=found.cursor)

    async def index(self, freelancer: str) -> None:
        """Let a profile be found as it is now."""
        profile = await self._people.profile(freelancer)
        if profile is not None:
            await self._search.index(profile)

    async def index_missing(self) -> int:
        """Let every profile be found that the index does not know; gives how many there were."""
        missing = await self._search.missing()
        for start in range(0, len(missing), _INDEXED_AT_ONCE):
            await asyncio.gather(*map(self.index, missing[start : start + _INDEXED_AT_ONCE]))
        return len(missing)

    async def index_missing_soon(self) -> None:
        """Do so once, as soon as the store lets it."""
        while True:
            try:
                count = await self.index_missing()
            except StoreError:
                await asyncio.sleep(_RETRY_S)
                continue
            if count:
                log.info("directory_indexed", profiles=count)
            return

    async def jobs(self, user: str, command: JobList) -> JobPage:
        """List one's own jobs."""
        jobs = await self._people.jobs_of(user)
        views = [JobView(job=job.job, title=job.title, is_open=job.is_open) for job in jobs]
        return JobPage(id=command.id, jobs=views)

    async def _view(self, profile: Profile) -> ProfileView:
        measured, now_ms = await self._speed.freelancer(profile), self._now_ms()
        invitations = invitations_alone(measured, self._policy)
        week = next((week for week in reversed(profile.hours) if week.from_ms <= now_ms and week.shifts), None)
        return ProfileView(
            freelancer=profile.freelancer, name=profile.name, headline=profile.headline, skills=list(profile.skills),
            hourly_rate=profile.hourly_rate, currency=profile.currency, available=profile.badge.shows(now_ms),
            away_until=away_until_ms(profile.away, now_ms), speed=speed_view(measured.report),
            invitation_speed=None if invitations is None else speed_view(invitations),
            hours=None if week is None else hours_view(week),
        )  # fmt: skip
