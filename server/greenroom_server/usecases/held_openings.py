"""Texts that would open a thread and wait for a moderator: there is a record of each, and no thread yet.

The thread's id follows from who writes to whom under which cid, so that every retry finds the same record. The thread
comes to be when the text is released; where the two have one by then, the text goes there.

Source: server/docs/moderation.md, Held messages.
"""

import asyncio

from greenroom_protocol.cid import cid_time_ms
from greenroom_server.domain.ids import thread_id
from greenroom_server.store.append import Outcome, Repeat
from greenroom_server.store.held import HeldStore, held_id
from greenroom_server.usecases.commits import Author, Bounce, Commits, Done, result_of
from greenroom_server.usecases.results import Refused, RefusedError


class HeldOpenings:
    """Keeps texts that would open a thread."""

    def __init__(self, commits: Commits, store: HeldStore) -> None:
        self._commits = commits
        self._store = store

    def thread(self, freelancer: str, author: Author) -> str:
        """Give the id of the thread that a text opens if it is held."""
        return thread_id(freelancer, self._commits.hash("opening", f"{author.user} {author.cid}"))

    async def known(self, freelancer: str, author: Author) -> Done | None:
        """Give the answer to a cid whose text waits; None when it does not, and everything goes on as ever.

        Raises:
            RefusedError: it waited and was given back, or the cid cannot be used.
        """
        if self._commits.on_held is None:
            return None
        cid_ms = cid_time_ms(author.cid)
        if cid_ms is None:
            raise RefusedError(Refused("cid.invalid"))
        thread = self.thread(freelancer, author)
        answer: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        self._commits.threads.recall(thread, author.user, author.cid, cid_ms, author.body_hash, answer.set_result)
        outcome = await answer
        if outcome is None or (isinstance(outcome, Repeat) and outcome.kind == "s"):
            return None
        if isinstance(outcome, Repeat) and outcome.kind == "h":
            what = await self._store.find(held_id("message", thread, author.user, author.cid))
            if what is None or not what.is_open:
                return None  # released into a thread that the two had meanwhile
        result = result_of(outcome)
        if isinstance(result, Refused):
            raise RefusedError(result)
        return result

    async def hold(self, freelancer: str, author: Author, bounce: Bounce) -> tuple[str, Done] | None:
        """Keep a text for the moderators; gives its thread-to-be, or None when it bounces after all.

        Raises:
            RefusedError: its cid was answered before, or the store did not answer.
        """
        hold, thread = self._commits.on_held, self.thread(freelancer, author)
        if hold is None or bounce.policy.action != "hold":
            return None
        answer: asyncio.Future[Done | Refused | None] = asyncio.get_running_loop().create_future()
        hold(thread, author, bounce, answer.set_result, lambda: answer.set_result(None))
        result = await answer
        if isinstance(result, Refused):
            raise RefusedError(result)
        return None if result is None else (thread, result)
