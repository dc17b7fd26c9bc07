"""What two people are to each other: acknowledged notices, claims of an older relationship, what may be shared since.

The flags of a pair are the marketplace's. When it changes them, every open thread of the two is told with
`policy.changed`; a timer that is set with the change itself sees to it, whatever happens to this node.
"""

from collections.abc import Callable
from typing import Final

from greenroom_protocol.policies import (
    NoticeAck,
    NoticeAcked,
    RelationshipDeclare,
    RelationshipDeclared,
    RelationshipDeclaredReply,
)
from greenroom_server.domain.head import Head
from greenroom_server.domain.ids import user_partition
from greenroom_server.domain.policy import MarketplacePolicy
from greenroom_server.domain.relationship import Origin
from greenroom_server.domain.thread_state import Role, ThreadState
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import Rare
from greenroom_server.store.people import People, pair_timer
from greenroom_server.store.timers import Timers
from greenroom_server.usecases.amend_message import run
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.commits import Author, Bounce, Commits, Draft
from greenroom_server.usecases.deadlines import Deadlines
from greenroom_server.usecases.move_events import policy_changed, told
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.screening import Screening
from greenroom_server.usecases.thread_policy import pending_notice

_UNTOLD: Final = "blocked blocked"
"""What holds in a thread that no `policy.changed` spoke of."""


class Relationships:
    """Acknowledges, declares, and tells the threads of a pair what changed between the two."""

    def __init__(
        self,
        commits: Commits,
        people: People,
        timers: Timers,
        screening: Screening,
        policy: MarketplacePolicy,
        now_ms: Callable[[], int],
    ) -> None:
        self._commits = commits
        self._people = people
        self._timers = timers
        self._screening = screening
        self._policy = policy
        self._now_ms = now_ms

    def keep_deadlines(self, deadlines: Deadlines) -> None:
        """Tell the threads of a pair again where the node that changed its flags did not come to it."""

        async def again(_partition: int, member: str) -> None:
            _, client, freelancer = member.split(" ")
            await self.announce(client, freelancer)

        deadlines.on("pair", again)

    async def acknowledge(self, user: str, command: NoticeAck) -> NoticeAcked:
        """Record that a user has read a notice; the first time counts."""
        loaded = await self._commits.heads.read(command.thread)
        head = loaded.head if loaded is not None else None
        if head is None or head.role_of(user) is None:
            raise RefusedError(NOT_FOUND)
        known = head.acknowledged.get(user)
        if known is None and command.notice != pending_notice(head, user):
            raise RefusedError(Refused("notice.unknown"))
        entry = entry_of("notice.acknowledged", user, head.state.value, notice=command.notice)
        at = await self._commits.threads.acknowledge(command.thread, user, entry)
        self._commits.heads.drop(command.thread)
        return NoticeAcked(id=command.id, at=at)

    async def declare(self, user: str, command: RelationshipDeclare) -> RelationshipDeclaredReply:
        """Put into the log that somebody says the two knew each other; it changes nothing that may be shared.

        An event that both see, because a claim about two people is nothing to make behind the back of one of them;
        the marketplace hears of it as of every change, and sets the pair's origin if it finds it true.
        """

        def plan(head: Head, _role: Role) -> Draft | Bounce | Refused:
            if head.relationship.origin is Origin.EXTERNAL:
                return Refused("relationship.known")
            if user in head.declared:
                return Refused("relationship.declared")
            screened = self._screening(command.note, Surface.RELATIONSHIP_NOTE, head, user, self._now_ms())
            if not screened.passes:
                assert screened.policy is not None
                return Bounce(screened.policy)
            event = RelationshipDeclared(by=user, cid=command.cid, note=screened.text, hidden=screened.hidden)
            rare = Rare(set={"rev": int(head.rev) + 1, f"declared:{user}": self._now_ms()})
            return Draft(events=[event], state=head.state.value, rare=rare, policy=screened.policy)

        author = Author(user, cid=command.cid, body_hash=self._commits.hash("relationship.declare", command.note))
        done = await run(self._commits, command.thread, author, plan)
        return RelationshipDeclaredReply(
            id=command.id, seq=done.seq, at=done.at, state=done.state, dup=done.dup, policy=done.policy
        )

    async def announce(self, client: str, freelancer: str) -> None:
        """Tell every open thread of a pair what may be shared now, where that is not what it was told last."""
        for thread in await self._people.threads_of(client, freelancer):
            loaded = await self._commits.heads.read(thread)
            if loaded is not None and self._is_news(loaded.head):
                await self._announce_in(thread)
        await self._timers.drop(user_partition(freelancer), pair_timer(client, freelancer))

    async def _announce_in(self, thread: str) -> None:
        def plan(head: Head, _role: Role) -> Draft | Bounce | Refused:
            if not self._is_news(head):
                return Refused("wrong_state")  # somebody else told it
            event = policy_changed(head.state, head.relationship, self._policy, self._now_ms())
            rare = Rare(set={"rev": int(head.rev) + 1, "told": told(event)})
            return Draft(events=[event], state=head.state.value, rare=rare)

        try:
            await run(self._commits, thread, Author("", role=Role.SERVICE), plan)
        except RefusedError as error:
            if error.refused.code != "wrong_state":
                raise

    def _is_news(self, head: Head) -> bool:
        now = told(policy_changed(head.state, head.relationship, self._policy, self._now_ms()))
        return head.state is not ThreadState.CLOSED and now != (head.told or _UNTOLD)
