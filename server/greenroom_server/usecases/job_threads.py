"""A job closes with all its threads that have no contract yet, and gives back what its proposals cost.

The index of a job's threads lies in the job's partition, the threads in those of their freelancers. It is written from
the changes, at least once; whoever writes it looks at the job afterwards, and whoever closes the job looks at the index
afterwards, so that no thread is missed. Reopening a job reopens no thread.
"""

import asyncio
from typing import Final

from greenroom_server.domain.thread_actions import ThreadAction
from greenroom_server.domain.thread_state import PRE_CONTRACT, Role, ThreadState
from greenroom_server.store.people import People
from greenroom_server.usecases.follow_changes import Change, FollowChanges
from greenroom_server.usecases.move_thread import Move, MoveThread
from greenroom_server.usecases.results import RefusedError

_AT_ONCE: Final = 50
_TEMPORARY: Final = frozenset({"unavailable", "uncertain", "conflict"})


class JobThreads:
    """Keeps the index of jobs' threads, and closes them."""

    def __init__(self, people: People, move: MoveThread) -> None:
        self._people = people
        self._move = move

    def follow(self, changes: FollowChanges) -> None:
        """Follow threads that come to be about a job, and jobs that close."""
        changes.on(("thread.opened", "invitation.sent", "proposal.changed"), self._changed)
        changes.on_notes(("job.closed",), lambda note: self.close(note.subject))

    async def close(self, job: str) -> int:
        """Close the threads of a job, unless it is open again; gives how many were closed now.

        Raises:
            RefusedError: some are not closed yet; the same again closes the rest.
        """
        if not await self._is_closed(job):
            return 0
        closed = 0
        threads = await self._people.job_threads(job)
        for start in range(0, len(threads), _AT_ONCE):
            closed += sum(await asyncio.gather(*map(self._close, threads[start : start + _AT_ONCE])))
        return closed

    async def _changed(self, change: Change) -> None:
        head = change.head
        if not head.job:
            return
        await self._people.add_job_thread(head.job, change.thread)
        if head.state in PRE_CONTRACT and head.state is not ThreadState.CLOSED and await self._is_closed(head.job):
            await self._close(change.thread)

    async def _is_closed(self, job: str) -> bool:
        found = await self._people.job(job)
        return found is not None and not found.is_open

    async def _close(self, thread: str) -> bool:
        try:
            await self._move(thread, Move(action=ThreadAction.CLOSE_JOB, role=Role.SERVICE))
        except RefusedError as error:
            if error.refused.code in _TEMPORARY:
                raise
            return False  # it has a contract, or is closed already
        return True
