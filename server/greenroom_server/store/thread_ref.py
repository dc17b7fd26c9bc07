"""What is constant for one thread while its participants stay: its keys and the packed front of a commit."""

from collections.abc import Sequence

from greenroom_server.domain.ids import own_log, thread_partition, user_partition
from greenroom_server.store import keys
from greenroom_server.store.library import library
from greenroom_server.store.records import pack


def held_keys(thread: str, author: str, day: int) -> list[str]:
    """Give the first KEYS of everything that changes what is held; `day`: of the cid."""
    partition = thread_partition(thread)
    assert partition is not None, "the id was checked when it came in"
    return [
        keys.held(partition),
        keys.held_queue(partition, "open"),
        keys.held_of(partition, thread, author),
        keys.held_queue(partition, "decided"),
        keys.sealed(partition, day),
    ]


def _bulk(data: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(data), data)


class ThreadRef:
    """What is constant for one thread while its participants stay: keys and the packed front of a commit."""

    __slots__ = ("_base", "_front", "_front_day", "freelancer", "locals", "partition", "remotes", "static", "thread")

    def __init__(
        self, thread: str, client: str, freelancer: str, users: Sequence[str], node: str, *, is_one_primary: bool
    ) -> None:
        partition = thread_partition(thread)
        assert partition is not None, "the id was checked when it came in"
        self.thread = thread
        self.freelancer = freelancer
        self.partition = partition
        self.locals = [user for user in users if is_one_primary or user_partition(user) == partition]
        self.remotes = [user for user in users if user not in self.locals]
        self.static = pack((keys.tag(partition), thread, freelancer, client, node, self.locals, self.remotes))
        tail = [
            keys.dirty(partition),
            keys.nodes(partition),
            keys.obligations(partition, freelancer),
            keys.obligations_by_t0(partition, freelancer),
            keys.epoch(partition),
            keys.pair(partition, client),
        ]
        for user in self.locals:
            tail.extend(keys.inbox_keys(user))
        head = [keys.thread(partition, thread), keys.head(partition, thread)]
        rare = [
            keys.timers(partition),
            keys.amends(partition, thread),
            keys.pairing(partition, client, freelancer),
            keys.changes(partition),
            keys.audit(partition),
        ]
        self._base = (head, tail, rare)
        self._front_day = -1
        self._front = b""

    def front(self, day: int) -> bytes:
        """Give the packed beginning of an ordinary commit of one event, up to the dynamic arguments."""
        if day != self._front_day:
            names = self.names(day, is_rare=False)
            parts: list[bytes] = [b"FCALL", library().function("commit").encode(), b"%d" % len(names)]
            parts += [name.encode() for name in names]
            parts.append(self.static)
            self._front = b"*%d\r\n" % (len(parts) + 2) + b"".join(map(_bulk, parts))
            self._front_day = day
        return self._front

    def names(
        self, day: int, *, is_rare: bool, is_paid: bool = False, author: str = "", waited_in: str = ""
    ) -> list[str]:
        """Give the KEYS of a commit.

        Args:
            day: of its cid.
            is_rare: it changes more than the log.
            is_paid: it has a charge.
            author: of the held text that it delivers.
            waited_in: thread that the text was held for, of the same freelancer.
        """
        head, tail, rare = self._base
        names = [*head, keys.cids(self.partition, self.thread, day), *tail]
        if is_rare:
            names += rare
        if author:
            names += held_keys(waited_in or self.thread, author, day)
        if is_paid:
            names.append(keys.thread(self.partition, own_log(self.freelancer)))
            names += (*keys.inbox_keys(self.freelancer), *keys.purse_keys(self.freelancer))
        return names
