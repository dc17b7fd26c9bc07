"""Profiles, search and jobs, as clients and freelancers read them."""

import asyncio
from typing import Final

from greenroom_protocol.commands import DirectorySearch, JobList, ProfileGet
from greenroom_protocol.profiles import JobView, ProfileView
from greenroom_protocol.replies import DirectoryPage, JobPage, ProfilePage
from greenroom_server.store.people import People, Profile
from greenroom_server.usecases.results import NOT_FOUND, RefusedError
from greenroom_server.usecases.speed import Speed

SCANNED: Final = 2_000
"""Profiles one search looks at; a larger marketplace puts an engine behind `search`."""


class Directory:
    """Reads profiles and jobs."""

    def __init__(self, people: People, speed: Speed) -> None:
        self._people = people
        self._speed = speed

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
        """Find freelancers all of whose searched words occur in name, headline or skills; ordered by id."""
        words = command.text.lower().split()
        names = [name for name in await self._people.freelancers() if name > (command.cursor or "")]
        found: list[Profile] = []
        for start in range(0, min(len(names), SCANNED), 100):
            batch = await asyncio.gather(*(self._people.profile(name) for name in names[start : start + 100]))
            found += [p for p in batch if p is not None and _matches(p, words)]
            if len(found) > command.limit:
                break
        page = found[: command.limit]
        cursor = page[-1].freelancer if len(found) > command.limit else None
        profiles = await asyncio.gather(*(self._view(profile) for profile in page))
        return DirectoryPage(id=command.id, profiles=list(profiles), cursor=cursor)

    async def jobs(self, user: str, command: JobList) -> JobPage:
        """List one's own jobs."""
        jobs = await self._people.jobs_of(user)
        views = [JobView(job=job.job, title=job.title, is_open=job.is_open) for job in jobs]
        return JobPage(id=command.id, jobs=views)

    async def _view(self, profile: Profile) -> ProfileView:
        speed = await self._speed.view(profile.freelancer)
        return ProfileView(
            freelancer=profile.freelancer, name=profile.name, headline=profile.headline, skills=list(profile.skills),
            hourly_rate=profile.hourly_rate, currency=profile.currency, speed=speed,
        )  # fmt: skip


def _matches(profile: Profile, words: list[str]) -> bool:
    text = " ".join((profile.name, profile.headline, *profile.skills)).lower()
    return all(word in text for word in words)
