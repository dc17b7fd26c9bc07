"""People in the store: accounts, freelancer profiles, jobs, pairs."""

import asyncio
from typing import NamedTuple

from greenroom_server.domain.badge import Badge
from greenroom_server.domain.ids import PARTITION_COUNT, user_partition
from greenroom_server.domain.quiet_hours import QuietHours
from greenroom_server.domain.relationship import Relationship
from greenroom_server.domain.response_clock import Interval
from greenroom_server.domain.thread_state import Role
from greenroom_server.domain.working_hours import Week
from greenroom_server.store import keys
from greenroom_server.store.account_fields import read_settings, write_settings
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.profile_fields import read_away, read_badge, read_hours
from greenroom_server.store.records import read_pair, text_fields, write_pair


class Account(NamedTuple):
    """What the hub knows of a user."""

    user: str
    name: str = ""
    is_suspended: bool = False
    revoked_before: int = 0
    """Tokens issued before this time (UTC s) are refused."""
    is_verified: bool = False
    """The marketplace knows who this is."""
    is_synthetic: bool = False
    """A test account or a load test; answers to it never count."""
    terms_accepted_at: int = 0
    """When this user accepted the terms of service, UTC ms; 0: not that we know."""
    staff_of: tuple[str, ...] = ()
    """Users who may bring this one into their threads, as the marketplace told."""
    quiet_hours: QuietHours | None = None
    reads_in_private: bool = False
    """Others do not see what this user has read, nor this user what they have."""
    merged_into: str = ""
    """Who this account's person is from now on; nobody signs in to it any more."""
    aliases: tuple[str, ...] = ()
    """Accounts that were merged into this one."""

    @property
    def is_gone(self) -> bool:
        """Nobody can be reached under this name: suspended, or merged into another account."""
        return self.is_suspended or bool(self.merged_into)


class Standing(NamedTuple):
    """What of the other side decides whether an obligation counts."""

    is_suspended: bool
    is_synthetic: bool
    is_blocked: bool
    """The two are blocked, and not only by the one who owes the answer."""


class Profile(NamedTuple):
    """A freelancer's public profile."""

    freelancer: str
    name: str
    headline: str
    skills: tuple[str, ...]
    hourly_rate: float | None
    currency: str
    badge: Badge = Badge()
    away: tuple[Interval, ...] = ()
    hours: tuple[Week, ...] = ()
    speed_label: str = ""
    """What the daily evaluation of the response speed left, JSON."""
    terms: str = ""
    """What the search index was told of this profile."""


class Job(NamedTuple):
    """A job as the marketplace told it."""

    job: str
    client: str
    title: str
    is_open: bool
    created_at: int


def pair_timer(client: str, freelancer: str) -> str:
    """Name the timer of a pair whose threads are to be told of a change of its flags."""
    return f"pair {client} {freelancer}"


class People:
    """Accounts, profiles, jobs and pairs of one store."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._pair = library().function("pair")

    async def account(self, user: str) -> Account | None:
        """Read an account; None when the marketplace never named this user."""
        fields = await self._fields(keys.account(user_partition(user), user))
        if not fields:
            return None
        return Account(
            user, fields.get("name", ""), fields.get("suspended") == "1", int(fields.get("revoked_before", "0")),
            fields.get("verified") == "1", fields.get("synthetic") == "1", int(fields.get("terms_accepted_at", "0")),
            tuple(fields.get("staff_of", "").split()), *read_settings(fields), fields.get("merged_into", ""),
            tuple(fields.get("aliases", "").split()),
        )  # fmt: skip

    async def save_account(self, account: Account) -> None:
        """Write an account whole."""
        await self._committer.call(
            "HSET", keys.account(user_partition(account.user), account.user),
            "name", account.name, "suspended", int(account.is_suspended), "revoked_before", account.revoked_before,
            "verified", int(account.is_verified), "synthetic", int(account.is_synthetic),
            "terms_accepted_at", account.terms_accepted_at, "staff_of", " ".join(account.staff_of),
            "merged_into", account.merged_into, "aliases", " ".join(account.aliases),
        )  # fmt: skip

    async def save_settings(self, user: str, quiet_hours: QuietHours | None, *, reads_in_private: bool) -> None:
        """Write what a user set for themselves; the rest of the account stays."""
        key = keys.account(user_partition(user), user)
        await self._committer.call("HSET", key, *write_settings(quiet_hours, reads_in_private))

    async def standing(self, user: str, client: str, freelancer: str) -> Standing:
        """Read what of one of two people decides whether obligations towards them count."""
        account, pair = await asyncio.gather(
            self._committer.call("HMGET", keys.account(user_partition(user), user), "suspended", "synthetic"),
            self.pair(client, freelancer),
        )
        owes = Role.FREELANCER if user == client else Role.CLIENT
        return Standing(account[0] == b"1", account[1] == b"1", pair.is_blocked_against(owes))

    async def names_of(self, user: str) -> tuple[str, ...]:
        """Name somebody's accounts: their own and those that were merged into it."""
        raw = await self._committer.call("HGET", keys.account(user_partition(user), user), "aliases")
        return (user, *(raw.decode().split() if raw else ()))

    async def is_gone(self, user: str) -> bool:
        """Say whether nobody can be reached under a name, as `Account.is_gone`; of somebody unknown it is False."""
        key = keys.account(user_partition(user), user)
        suspended, merged_into = await self._committer.call("HMGET", key, "suspended", "merged_into")
        return suspended == b"1" or bool(merged_into)

    async def speed_label(self, user: str) -> str:
        """Read what the evaluation of a client's response speed left with the account, JSON."""
        raw = await self._committer.call("HGET", keys.account(user_partition(user), user), "speed_label")
        return "" if raw is None else raw.decode()

    async def profile(self, freelancer: str) -> Profile | None:
        """Read a profile."""
        fields = await self._fields(keys.profile(user_partition(freelancer), freelancer))
        return _profile(freelancer, fields) if fields else None

    async def has_profile(self, freelancer: str) -> bool:
        """Say whether somebody has a public profile."""
        key = keys.profile(user_partition(freelancer), freelancer)
        return bool(await self._committer.call("EXISTS", key))

    async def save_profile(self, profile: Profile) -> None:
        """Write what the marketplace tells of a profile and list it; the search index is to be told afterwards."""
        partition = user_partition(profile.freelancer)
        rate = "" if profile.hourly_rate is None else repr(profile.hourly_rate)
        await asyncio.gather(
            self._committer.call("SREM", keys.indexed(partition), profile.freelancer),
            self._committer.call(
                "HSET", keys.profile(partition, profile.freelancer),
                "name", profile.name, "headline", profile.headline, "skills", "\n".join(profile.skills),
                "hourly_rate", rate, "currency", profile.currency,
            ),
            self._committer.call("SADD", keys.directory(partition), profile.freelancer),
        )  # fmt: skip

    async def freelancers(self) -> list[str]:
        """List all freelancers with a profile, by id."""
        found = await asyncio.gather(
            *(self._committer.call("SMEMBERS", keys.directory(p)) for p in range(PARTITION_COUNT))
        )
        return sorted(name.decode() for names in found for name in names)

    async def job(self, job: str) -> Job | None:
        """Read a job."""
        fields = await self._fields(keys.job(user_partition(job), job))
        if not fields:
            return None
        return Job(job, fields["client"], fields["title"], fields["is_open"] == "1", int(fields["created_at"]))

    async def save_job(self, job: Job) -> None:
        """Write a job whole and list it under its client."""
        await self._committer.call(
            "HSET", keys.job(user_partition(job.job), job.job),
            "client", job.client, "title", job.title, "is_open", "1" if job.is_open else "0",
            "created_at", job.created_at,
        )  # fmt: skip
        listing = keys.client_jobs(user_partition(job.client), job.client)
        await self._committer.call("ZADD", listing, job.created_at, job.job)

    async def add_job_thread(self, job: str, thread: str) -> None:
        """Note that a thread is about a job."""
        await self._committer.call("SADD", keys.job_threads(user_partition(job), job), thread)

    async def job_threads(self, job: str) -> list[str]:
        """List the threads about a job, in any order."""
        found = await self._committer.call("SMEMBERS", keys.job_threads(user_partition(job), job))
        return [thread.decode() for thread in found]

    async def jobs_of(self, client: str, limit: int = 100) -> list[Job]:
        """List a client's jobs, newest first."""
        names = await self._committer.call("ZREVRANGE", keys.client_jobs(user_partition(client), client), 0, limit - 1)
        jobs = await asyncio.gather(*(self.job(name.decode()) for name in names))
        return [job for job in jobs if job is not None]

    async def pair(self, client: str, freelancer: str) -> Relationship:
        """Read the flags of a pair."""
        key = keys.pair(user_partition(freelancer), client)
        flags, rev = await self._committer.call("HMGET", key, freelancer, f"{freelancer}#rev")
        return read_pair(flags, rev)

    async def save_pair(self, client: str, freelancer: str, old_rev: int, new: Relationship) -> bool:
        """Write a pair's flags if they are still at `old_rev`; False when somebody else was first.

        A timer is set with it: the pair's threads are still to be told what may be shared now.
        """
        partition = user_partition(freelancer)
        names = (keys.pair(partition, client), keys.timers(partition))
        args = (freelancer, old_rev, write_pair(new), pair_timer(client, freelancer))
        reply = await self._committer.call("FCALL", self._pair, 2, *names, *args)
        return bool(reply[0] == b"ok")

    async def threads_of(self, client: str, freelancer: str) -> list[str]:
        """List the threads of a pair."""
        found = await self._committer.call("HVALS", keys.pairing(user_partition(freelancer), client, freelancer))
        return [thread.decode() for thread in found]

    async def share_threads(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        """Let a pair (client, freelancer) find the threads of another one, so that it opens no second one for a job."""
        found = await self._committer.call("HGETALL", keys.pairing(user_partition(old[1]), *old))
        pairs = iter(found)
        key = keys.pairing(user_partition(new[1]), *new)
        await asyncio.gather(
            *(self._committer.call("HSETNX", key, job, thread) for job, thread in zip(pairs, pairs, strict=True))
        )

    async def thread_of(self, client: str, freelancer: str, job: str) -> str | None:
        """Find the thread of a pair for a job ('' for the one without)."""
        key = keys.pairing(user_partition(freelancer), client, freelancer)
        thread = await self._committer.call("HGET", key, f"job:{job}")
        return None if thread is None else thread.decode()

    async def _fields(self, key: str) -> dict[str, str]:
        return text_fields(await self._committer.call("HGETALL", key))


def _profile(freelancer: str, fields: dict[str, str]) -> Profile:
    rate = fields["hourly_rate"]
    return Profile(
        freelancer,
        fields["name"],
        fields["headline"],
        tuple(skill for skill in fields["skills"].split("\n") if skill),
        float(rate) if rate else None,
        fields["currency"],
        read_badge(fields.get("badge", "")),
        read_away(fields.get("away", "")),
        read_hours(fields.get("hours", "")),
        fields.get("speed_label", ""),
        fields.get("terms", ""),
    )
