"""What the store at hand promises: read once at the start, refused where it would lose data, said in one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from greenroom_server.store.errors import StoreUnfit

_OLDEST = (7, 0)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """How one primary is set up; None where a managed store does not tell."""

    product: str
    """``valkey`` or ``redis``."""
    version: str
    """Of the product, as it says itself."""
    is_cluster: bool
    """Cluster mode is on."""
    role: str
    """``master`` or ``slave``, in the server's own words."""
    replicas_count: int
    """Replicas connected now."""
    run_id: str
    """Changes with every start of the process."""
    replid: str
    """Identity of the replicated history."""
    previous_replid: str | None
    """Identity before this server was promoted; None if it never was."""
    maxmemory_policy: str | None
    """Only ``noeviction`` keeps everything."""
    appendonly: bool | None
    """Writes go to an append-only file."""
    appendfsync: str | None
    """``always``, ``everysec`` or ``no``; None when unknown."""

    @property
    def keeps_history(self) -> bool:
        """A restart loses nothing that was acknowledged, and no other server took over."""
        return bool(self.appendonly) and self.appendfsync == "always" and self.previous_replid is None


async def read_facts(client: Redis) -> StoreFacts:
    """Ask one server for its facts, two round trips.

    Raises:
        redis.exceptions.RedisError: it does not answer, or forbids even ``INFO``.
    """
    info: Mapping[str, Any] = await client.info()
    try:
        config: Mapping[str | None, str | None] = await client.config_get("maxmemory-policy", "appendfsync")
    except ResponseError:  # forbidden or renamed, as managed stores do
        config = {}
    replid2 = str(info.get("master_replid2", 0))
    appendonly = info.get("aof_enabled")
    return StoreFacts(
        product=str(info.get("server_name", "redis")),
        version=str(info.get("valkey_version") or info.get("redis_version", "0")),
        is_cluster=bool(info.get("cluster_enabled", 0)),
        role=str(info.get("role", "unknown")),
        replicas_count=int(info.get("connected_slaves", 0)),
        run_id=str(info.get("run_id", "")),
        replid=str(info.get("master_replid", "")),
        previous_replid=replid2 if replid2.strip("0") else None,
        maxmemory_policy=config.get("maxmemory-policy") or info.get("maxmemory_policy"),
        appendonly=None if appendonly is None else bool(appendonly),
        appendfsync=config.get("appendfsync"),
    )


def refuse_unfit(facts: StoreFacts) -> None:
    """Stop a hub that would lose data on this store, or could not run on it.

    Raises:
        StoreUnfit: too old, evicting, or a replica; the text says what to change.
    """
    major, _, rest = facts.version.partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdigit() and minor.isdigit()) or (int(major), int(minor)) < _OLDEST:
        raise StoreUnfit(f"the store is {facts.product} {facts.version}; Valkey, or Redis 7.0 or newer, is needed")
    if facts.maxmemory_policy not in (None, "noeviction"):
        raise StoreUnfit(
            f"the store's maxmemory-policy is {facts.maxmemory_policy}: it would delete messages when memory runs "
            "out; set `maxmemory-policy noeviction` (CONFIG SET maxmemory-policy noeviction, and in its "
            "configuration file)"
        )
    if facts.role == "slave":
        raise StoreUnfit("the store is a replica; GREENROOM_VALKEY_URL must name the primary")


def sentence(facts: StoreFacts, wait_replicas: int) -> str:
    """One line for the log and for ``greenroom doctor``: what an ack now guarantees, and what it does not."""
    promise = f"An ack means: written once on {facts.product} {facts.version}, {_fsync(facts)}"
    if wait_replicas == 0:
        if facts.replicas_count:
            return f"{promise}; a failover may lose the latest acks, because no replica is waited for."
        return f"{promise}; there is no replica."
    promise += f", and received by at least {wait_replicas} of {facts.replicas_count} connected replica(s)"
    if facts.replicas_count < wait_replicas:
        return f"{promise} - too few are connected, so every write is answered as uncertain."
    return f"{promise}."


def _fsync(facts: StoreFacts) -> str:
    if facts.appendonly is False:
        return "kept in memory only (appendonly no): a crash or restart of the store loses acked messages"
    if facts.appendonly is None or facts.appendfsync is None:
        return "fsynced nobody knows when, because the store does not show its appendfsync"
    return {
        "always": "fsynced before the ack (appendfsync always)",
        "everysec": "fsynced within about a second: a crash of the store may lose that second of acked messages",
    }.get(facts.appendfsync, "fsynced when the system likes: a crash of the store may lose acked messages")
