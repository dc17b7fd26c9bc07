"""Names of all keys in the store. Nothing else builds one.

Every key carries the tag of its partition, `{p17}`, so that what changes together shares a slot on a cluster.

Source: server/docs/architecture.md, Data.
"""

from functools import lru_cache
from typing import Final

from greenroom_server.domain.ids import user_partition

META: Final = "{p0}:meta"
"""Hash: version of the stored data, number of partitions, the key of body hashes, the beat."""


def tag(partition: int) -> str:
    """Give the hash tag of a partition."""
    return f"{{p{partition}}}"


def epoch(partition: int) -> str:
    """Hash: epoch, identity of the primary, rebuilding."""
    return f"{{p{partition}}}:epoch"


def nodes(partition: int) -> str:
    """Sorted set: node -> end of its lease, UTC ms."""
    return f"{{p{partition}}}:nodes"


def dirty(partition: int) -> str:
    """Hash: user/thread -> touch still owed to another partition."""
    return f"{{p{partition}}}:dirty"


def timers(partition: int) -> str:
    """Sorted set: `<what> <thread>` -> deadline, UTC ms."""
    return f"{{p{partition}}}:timers"


def lock(partition: int, what: str) -> str:
    """String with an expiry: the node that repairs or runs timers."""
    return f"{{p{partition}}}:lock:{what}"


def channel(partition: int, node: str) -> str:
    """Sharded channel on which a node hears of this partition."""
    return f"{{p{partition}}}:node:{node}"


def thread(partition: int, thread_id: str) -> str:
    """Stream: the thread's log."""
    return f"{{p{partition}}}:thread:{thread_id}"


def head(partition: int, thread_id: str) -> str:
    """Hash: where the thread stands."""
    return f"{{p{partition}}}:thread:{thread_id}:head"


def amends(partition: int, thread_id: str) -> str:
    """Hash: seq -> seqs of its edits, or of its erasure."""
    return f"{{p{partition}}}:thread:{thread_id}:amends"


def cids(partition: int, thread_id: str, day: int) -> str:
    """Hash with an expiry: `sender cid` -> first result; one for each day of the cids' own time."""
    return f"{{p{partition}}}:thread:{thread_id}:cids:{day}"


def changes(partition: int) -> str:
    """Stream: pointers to events that somebody besides the participants follows; never text."""
    return f"{{p{partition}}}:changes"


def audit(partition: int) -> str:
    """Stream, capped: who did what, and what a filter did; never text."""
    return f"{{p{partition}}}:audit"


def pairing(partition: int, client: str, freelancer: str) -> str:
    """Hash: job:<job> -> thread of this pair, in the freelancer's partition."""
    return f"{{p{partition}}}:pairing:{client}:{freelancer}"


def pair(partition: int, client: str) -> str:
    """Hash: freelancer -> flags, freelancer#rev -> revision, in the freelancer's partition."""
    return f"{{p{partition}}}:pair:{client}"


def obligations(partition: int, freelancer: str) -> str:
    """Hash: id -> obligation."""
    return f"{{p{partition}}}:freelancer:{freelancer}:obligations"


def obligations_by_t0(partition: int, freelancer: str) -> str:
    """Sorted set: obligation id -> t0, UTC ms."""
    return f"{{p{partition}}}:freelancer:{freelancer}:obligations:by_t0"


def speed_label(partition: int, freelancer: str) -> str:
    """String: the label's hysteresis, as the daily evaluation left it."""
    return f"{{p{partition}}}:freelancer:{freelancer}:speed"


def profile(partition: int, freelancer: str) -> str:
    """Hash: the freelancer's public profile."""
    return f"{{p{partition}}}:freelancer:{freelancer}:profile"


def account(partition: int, user: str) -> str:
    """Hash: name, suspended, revocation epoch."""
    return f"{{p{partition}}}:account:{user}"


def job(partition: int, job_id: str) -> str:
    """Hash: owner, title, open or closed; in the owner's partition."""
    return f"{{p{partition}}}:job:{job_id}"


def client_jobs(partition: int, client: str) -> str:
    """Sorted set: job id -> created, in the client's partition."""
    return f"{{p{partition}}}:client:{client}:jobs"


def directory(partition: int) -> str:
    """Set: freelancers of this partition with a public profile."""
    return f"{{p{partition}}}:directory"


@lru_cache(maxsize=65536)
def inbox_keys(user: str) -> tuple[str, str, str]:
    """Give a user's inbox, rows and where keys: sorted set, hash, hash."""
    partition = user_partition(user)
    base = f"{{p{partition}}}:inbox:{user}"
    return base, f"{base}:rows", f"{{p{partition}}}:where:{user}"


def devices(partition: int, user: str) -> str:
    """Hash: device -> node and connection that serve it."""
    return f"{{p{partition}}}:devices:{user}"


def watchers(partition: int, user: str) -> str:
    """Hash: nodes that want to know this user's presence."""
    return f"{{p{partition}}}:watchers:{user}"
