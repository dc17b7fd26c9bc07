"""Notes of what happened outside the threads: profiles, availability, accounts, reports, Connects, feedback.

They go the same way as the events of threads, to those who follow changes (usecases/follow_changes.py).
"""

from collections.abc import Callable

from greenroom_server.domain.ids import thread_partition, user_partition
from greenroom_server.store.change_log import ChangeLog


class Changes:
    """Writes notes."""

    def __init__(self, log: ChangeLog) -> None:
        self._log = log
        self.on_note: Callable[[int, str], object] = lambda _partition, _kind: None
        """Called after each with partition and kind, so that followers here look at once."""

    async def note(self, kind: str, subject: str, **fields: str | int) -> None:
        """Tell the followers, at least once and in order for the subject.

        Args:
            kind: `noun.past`, as an event.
            subject: user, job or thread it is about.
            fields: ids, codes and numbers; never text that a person wrote, nor an address.

        Raises:
            Unavailable, Uncertain: see the store; writing it again may tell it twice.
        """
        partition = thread_partition(subject)
        if partition is None:
            partition = user_partition(subject)
        await self._log.note(partition, kind, subject, fields)
        self.on_note(partition, kind)
