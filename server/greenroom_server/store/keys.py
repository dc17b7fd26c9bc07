"""Names of all keys in the store. Nothing else builds one.

Every key carries the tag of its partition, `{p17}`, so that what changes together shares a slot on a cluster.

Source: server/docs/architecture.md, Data.
"""

from functools import lru_cache
from typing import Final

from greenroom_server.domain.ids import user_partition

META: Final = "{p0}:meta"
"""Hash: version of the stored data, number of partitions, the key of body hashes, the beat."""
DEAD_LETTERS: Final = "{p0}:webhooks:dead"
"""Sorted set: dead letter -> when it died, UTC ms."""
DEAD_LETTER_BODIES: Final = "{p0}:webhooks:dead:letters"
"""Hash: dead letter -> the event that an endpoint did not take."""


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
    """Hash: seq -> seqs of its edits, or of its erasure; r<seq> -> reactions."""
    return f"{{p{partition}}}:thread:{thread_id}:amends"


def cids(partition: int, thread_id: str, day: int) -> str:
    """Hash with an expiry: `sender cid` -> first result; one for each day of the cids' own time."""
    return f"{{p{partition}}}:thread:{thread_id}:cids:{day}"


def changes(partition: int) -> str:
    """Stream: pointers to events that somebody besides the participants follows; never text."""
    return f"{{p{partition}}}:changes"


def followers(partition: int) -> str:
    """Hash: follower of changes -> id up to which it is done; follower#seen -> when a node last enrolled it."""
    return f"{{p{partition}}}:followers"


def audit(partition: int) -> str:
    """Stream, capped: who did what, and what a filter did; never text."""
    return f"{{p{partition}}}:audit"


def blocks(partition: int, user: str) -> str:
    """Hash: peer -> since when and why, MessagePack; whom this user has blocked."""
    return f"{{p{partition}}}:blocks:{user}"


def reports(partition: int) -> str:
    """Hash: report id -> report, MessagePack, with the reporter's note; `#` counts them."""
    return f"{{p{partition}}}:reports"


def reports_by_time(partition: int) -> str:
    """Sorted set, capped: report id -> when it was made, UTC ms."""
    return f"{{p{partition}}}:reports:by_time"


def held(partition: int) -> str:
    """Hash: id -> held text or appeal, MessagePack; never the original."""
    return f"{{p{partition}}}:held"


def held_queue(partition: int, what: str) -> str:
    """Sorted set of ids: `open` by when they came, `decided` (capped) by when they were decided, UTC ms."""
    return f"{{p{partition}}}:held:{what}"


def held_of(partition: int, thread_id: str, user: str) -> str:
    """Sorted set: id -> about when it came, UTC ms, each above the one before; what of one person waits in a thread."""
    return f"{{p{partition}}}:thread:{thread_id}:held:{user}"


def sealed(partition: int, day: int) -> str:
    """Hash with an expiry: id -> sealed original; one for each day of the cids' own time."""
    return f"{{p{partition}}}:sealed:{day}"


def seal(master: str, day: int) -> str:
    """String with an expiry: the key that seals what is kept on a day, encrypted under the master key."""
    return f"{{p0}}:seal:{master}:{day}"


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


def ledger(side: str, user: str) -> tuple[str, str]:
    """Give what somebody owes as "freelancer" or "client": hash id -> obligation, sorted set id -> t0, UTC ms."""
    base = f"{{p{user_partition(user)}}}:{side}:{user}:obligations"
    return base, f"{base}:by_t0"


def profile(partition: int, freelancer: str) -> str:
    """Hash: the freelancer's public profile, badge, time away, working hours, label of the response speed."""
    return f"{{p{partition}}}:freelancer:{freelancer}:profile"


def account(partition: int, user: str) -> str:
    """Hash: name, suspended, revocation epoch, verified, synthetic; label of a client's response speed."""
    return f"{{p{partition}}}:account:{user}"


def purse_keys(freelancer: str) -> tuple[str, str, str]:
    """Give the keys of a freelancer's Connects: purse (hash), ledger (stream), key -> number of its entry (hash)."""
    base = f"{{p{user_partition(freelancer)}}}:freelancer:{freelancer}:connects"
    return base, f"{base}:ledger", f"{base}:entries"


def job_threads(partition: int, job_id: str) -> str:
    """Set: threads about a job, in the job's partition."""
    return f"{{p{partition}}}:job:{job_id}:threads"


def job(partition: int, job_id: str) -> str:
    """Hash: owner, title, open or closed; in the owner's partition."""
    return f"{{p{partition}}}:job:{job_id}"


def client_jobs(partition: int, client: str) -> str:
    """Sorted set: job id -> created, in the client's partition."""
    return f"{{p{partition}}}:client:{client}:jobs"


def directory(partition: int) -> str:
    """Set: freelancers of this partition with a public profile."""
    return f"{{p{partition}}}:directory"


def indexed(partition: int) -> str:
    """Set: those of the directory whose profile the present index knows; another index gets another number."""
    return f"{{p{partition}}}:directory:indexed:1"


def bucket(name: str) -> str:
    """Sorted set, all scores 0: `<text><unit separator><freelancer>` for the terms of one bucket of the index."""
    return f"{{p{user_partition(name)}}}:terms:{name}"


def places(user: str, what: str) -> str:
    """Sorted set: cid -> when it took a place of a user's quota, UTC ms; expires."""
    return f"{{p{user_partition(user)}}}:places:{what}:{user}"


def client_contracts(client: str) -> str:
    """Hash: thread -> start of the contract, UTC ms, in the client's partition."""
    return f"{{p{user_partition(client)}}}:client:{client}:contracts"


def outages() -> str:
    """Sorted set: `<begin>-<end>` -> end, UTC ms; when the service was declared down."""
    return "{p0}:outages"


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


def topic(partition: int, topic_id: str) -> str:
    """Stream: a community topic's log."""
    return f"{{p{partition}}}:topic:{topic_id}"


def topic_part(partition: int, topic_id: str, part: str) -> str:
    """Give what belongs to a topic: head (hash), amends (hash: seq -> amendments), open (hash: nodes that watch it)."""
    return f"{{p{partition}}}:topic:{topic_id}:{part}"


def topic_cids(partition: int, topic_id: str, day: int) -> str:
    """Hash with an expiry: `actor cid` -> first result; one for each day of the cids' own time."""
    return f"{{p{partition}}}:topic:{topic_id}:cids:{day}"


def topics(partition: int, what: str) -> str:
    """Sorted set of a shelf's topics: all, `kind:<kind>`, `tag:<tag>` by last post; `word:<word>` by creation."""
    return f"{{p{partition}}}:topics:{what}"


def announcement_marks(partition: int) -> str:
    """Hash: user -> read mark of the announcements, `<seq> <count>`."""
    return f"{{p{partition}}}:announcements:read"


def announcement_mutes(partition: int) -> str:
    """Set: users who are pushed no announcements."""
    return f"{{p{partition}}}:announcements:muted"


def feedback(part: str) -> str:
    """Stream `log`: feedback for the marketplace; hash `cids:<day>`: first results."""
    return f"{{p0}}:feedback:{part}"
