"""People in the store: accounts, freelancer profiles, jobs, pairs, obligations."""

import asyncio
from typing import Any, Final, NamedTuple

from greenroom_server.domain.ids import PARTITION_COUNT, user_partition
from greenroom_server.domain.obligation import Obligation, ObligationKind, ObligationOutcome
from greenroom_server.domain.relationship import Relationship
from greenroom_server.store import keys
from greenroom_server.store.committer import Committer
from greenroom_server.store.library import library
from greenroom_server.store.records import pack, read_pair, text_fields, unpack, write_pair

_DAY_MS: Final = 86_400_000
OBLIGATIONS_READ: Final = 2_000
"""Most obligations one reading takes, the newest first."""


class Account(NamedTuple):
    """What the hub knows of a user."""

    user: str
    name: str = ""
    is_suspended: bool = False
    revoked_before: int = 0
    """Tokens issued before this time (UTC s) are refused."""


class Profile(NamedTuple):
    """A freelancer's public profile."""

    freelancer: str
    name: str
    headline: str
    skills: tuple[str, ...]
    hourly_rate: float | None
    currency: str


class Job(NamedTuple):
    """A job as the marketplace told it."""

    job: str
    client: str
    title: str
    is_open: bool
    created_at: int


class People:
    """Accounts, profiles, jobs, pairs and obligations of one store."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._pair = library().function("pair")

    async def account(self, user: str) -> Account | None:
        """Read an account; None when the marketplace never named this user."""
        fields = await self._fields(keys.account(user_partition(user), user))
        if not fields:
            return None
        return Account(
            user, fields.get("name", ""), fields.get("suspended") == "1", int(fields.get("revoked_before", "0"))
        )

    async def save_account(self, account: Account) -> None:
        """Write an account whole."""
        suspended = "1" if account.is_suspended else "0"
        await self._committer.call(
            "HSET", keys.account(user_partition(account.user), account.user),
            "name", account.name, "suspended", suspended, "revoked_before", account.revoked_before,
        )  # fmt: skip

    async def profile(self, freelancer: str) -> Profile | None:
        """Read a profile."""
        fields = await self._fields(keys.profile(user_partition(freelancer), freelancer))
        return _profile(freelancer, fields) if fields else None

    async def save_profile(self, profile: Profile) -> None:
        """Write a profile whole and list it in the directory."""
        partition = user_partition(profile.freelancer)
        rate = "" if profile.hourly_rate is None else repr(profile.hourly_rate)
        await asyncio.gather(
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
        """Write a pair's flags if they are still at `old_rev`; False when somebody else was first."""
        key = keys.pair(user_partition(freelancer), client)
        reply = await self._committer.call("FCALL", self._pair, 1, key, freelancer, old_rev, write_pair(new))
        return bool(reply[0] == b"ok")

    async def thread_of(self, client: str, freelancer: str, job: str) -> str | None:
        """Find the thread of a pair for a job ('' for the one without)."""
        key = keys.pairing(user_partition(freelancer), client, freelancer)
        thread = await self._committer.call("HGET", key, f"job:{job}")
        return None if thread is None else thread.decode()

    async def obligations(self, freelancer: str, since_ms: int) -> list[Obligation]:
        """Read a freelancer's obligations that began at or after a time, newest first."""
        partition = user_partition(freelancer)
        ids = await self._committer.call(
            "ZREVRANGEBYSCORE", keys.obligations_by_t0(partition, freelancer), "+inf", since_ms,
            "LIMIT", 0, OBLIGATIONS_READ,
        )  # fmt: skip
        if not ids:
            return []
        raws = await self._committer.call("HMGET", keys.obligations(partition, freelancer), *ids)
        return [_obligation(name.decode(), raw) for name, raw in zip(ids, raws, strict=True) if raw is not None]

    async def save_obligation(self, freelancer: str, what: Obligation) -> None:
        """Write an obligation whole: imports, corrections and demonstration data."""
        partition = user_partition(freelancer)
        value = pack((str(what.kind), what.thread, what.client, what.t0_ms, what.t1_ms or 0, str(what.outcome)))
        await self._committer.call("HSET", keys.obligations(partition, freelancer), what.id, value)
        await self._committer.call("ZADD", keys.obligations_by_t0(partition, freelancer), what.t0_ms, what.id)

    async def label_state(self, freelancer: str) -> bytes | None:
        """Read what the daily evaluation left for the label."""
        raw: bytes | None = await self._committer.call("GET", keys.speed_label(user_partition(freelancer), freelancer))
        return raw

    async def save_label_state(self, freelancer: str, state: bytes) -> None:
        """Write what the daily evaluation leaves for the label."""
        await self._committer.call("SET", keys.speed_label(user_partition(freelancer), freelancer), state)

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
    )


def _obligation(name: str, raw: bytes) -> Obligation:
    fields: list[Any] = unpack(raw)
    kind, thread, client, t0, t1, outcome = fields
    return Obligation(
        id=name,
        kind=ObligationKind(kind),
        thread=thread,
        client=client,
        t0_ms=t0,
        t1_ms=t1 or None,
        outcome=ObligationOutcome(outcome),
    )
