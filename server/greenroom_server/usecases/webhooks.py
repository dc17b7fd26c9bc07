"""Webhooks: every change told to the marketplace's backend, at least once and in order for each thread.

Each endpoint follows the changes under a name of its own, so one that is down holds back nothing but itself. While it
is down a single event probes it at a time; what it does not take in the end becomes a dead letter, to be replayed.

Source: server/docs/webhooks.md.
"""

import asyncio
import hashlib
import math
import random
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import structlog
from msgspec.structs import replace

from greenroom_server.delivery.webhook_post import WebhookOptions, WebhookPost
from greenroom_server.domain.webhook import Answer, DeadLetter, meaning, pause_s
from greenroom_server.domain.webhook_policy import WebhooksPolicy
from greenroom_server.store.dead_letters import DeadLetters
from greenroom_server.store.errors import StoreError
from greenroom_server.telemetry.counters import Counters
from greenroom_server.usecases.change_lane import Later
from greenroom_server.usecases.follow_changes import EVERY, Change, FollowChanges, Note
from greenroom_server.usecases.webhook_bodies import Letter, letter_of, letters_of

log = structlog.get_logger()

_DOWN_AFTER: Final = 3
"""Failures in a row, over all events, after which an endpoint counts as down."""
_PROBE_S: Final = 1.0
"""Shortest time between two probes of an endpoint that is down, and by how much those that wait are spread."""
_REMEMBERED: Final = 65_536
COUNT_EVERY_S: Final = 30.0


class Endpoint(NamedTuple):
    """An address that gets every event."""

    id: str
    """Names it in positions and dead letters; another address has another one."""
    url: str
    label: str
    """Scheme, host and port: what may be shown."""

    @classmethod
    def of(cls, url: str) -> "Endpoint":
        """Name an address."""
        parts = urlsplit(url)
        return cls(hashlib.sha256(url.encode()).hexdigest()[:8], url, f"{parts.scheme}://{parts.netloc}")


class _Tries:
    """What was tried for one entry so far, by this node."""

    __slots__ = ("failures", "refusals", "sent", "status")

    def __init__(self) -> None:
        self.sent = 0
        """Letters of the entry that are done."""
        self.failures = 0
        self.refusals = 0
        self.status = 0


class Delivery:
    """Delivers to one endpoint; the follower that `FollowChanges` tells."""

    def __init__(
        self, endpoint: Endpoint, post: WebhookPost, dead: DeadLetters, policy: WebhooksPolicy, counters: Counters,
        now_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        self.endpoint = endpoint
        self._post = post
        self._dead = dead
        self._policy = policy
        self._counters = counters
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._tries: dict[tuple[int, str], _Tries] = {}
        self._failures = 0
        self._down_until_s = 0.0
        self._is_probed = False
        self._probed_at_s = -math.inf

    def gate(self, partition: int, entry: str) -> None:
        """Let an entry through if it may be sent now, or is too old to wait.

        An endpoint that is down gets one event at a time: one that was never tried as soon as the last probe is a
        second ago, for the fault may lie with the events that were; the others after the endpoint's pause.

        Raises:
            Later: it is not its turn.
        """
        if self._failures < _DOWN_AFTER or self._is_old(entry):
            return
        now_s, tries = self._loop.time(), self._tries.get((partition, entry))
        is_fresh = tries is None or not tries.failures
        may_from_s = self._probed_at_s + _PROBE_S if is_fresh else self._down_until_s
        if self._is_probed or now_s < may_from_s:
            raise Later(max(self._down_until_s - now_s, 0) + _PROBE_S * (1 + random.random()))

    def _is_old(self, entry: str) -> bool:
        return self._now_ms() >= int(entry.partition("-")[0]) + self._policy.give_up_s * 1000

    async def change(self, change: Change) -> None:
        """Deliver the events of a change.

        Raises:
            Later: the endpoint did not take one of them; those before it are done.
        """
        await self._deliver((change.partition, change.entry), letters_of(change))

    async def note(self, note: Note) -> None:
        """Deliver a note; raises the same."""
        await self._deliver((note.partition, note.entry), [letter_of(note)])

    async def _deliver(self, entry: tuple[int, str], letters: Sequence[Letter]) -> None:
        tries = self._tries.setdefault(entry, _Tries())
        if len(self._tries) > _REMEMBERED:  # what another node took over meanwhile
            del self._tries[next(iter(self._tries))]
        for letter in letters[tries.sent :]:
            await self._one(letter, tries, entry)
            tries.sent += 1
            tries.failures = tries.refusals = 0
        self._tries.pop(entry, None)

    async def _one(self, letter: Letter, tries: _Tries, entry: tuple[int, str]) -> None:
        is_old = self._is_old(entry[1])
        if self._failures >= _DOWN_AFTER:
            if is_old and (self._is_probed or self._loop.time() < self._down_until_s):
                await self._bury(letter, tries)
                return
            self.gate(*entry)
            await self._probe(letter, tries)
        else:
            tries.status = await self._post.send(self.endpoint.url, letter.id, letter.body)
        answer = meaning(tries.status)
        if answer is Answer.NOT_NOW:
            tries.failures += 1
            self._failed()
        else:
            self._failures, self._down_until_s = 0, 0.0
            tries.refusals += answer is Answer.REFUSED
        if answer is Answer.TAKEN:
            self._counters.webhooks["delivered"] += 1
        elif is_old or tries.refusals >= self._policy.refused_tries:
            await self._bury(letter, tries)
        else:
            self._counters.webhooks["retried"] += 1
            raise Later(pause_s(self._policy, max(tries.failures, tries.refusals), random.random()))

    async def _probe(self, letter: Letter, tries: _Tries) -> None:
        self._is_probed = True
        try:
            tries.status = await self._post.send(self.endpoint.url, letter.id, letter.body)
        finally:
            self._is_probed, self._probed_at_s = False, self._loop.time()

    def _failed(self) -> None:
        """Count a failure of the endpoint, unless it was under way when the endpoint was found to be down."""
        now_s = self._loop.time()
        if now_s < self._down_until_s:
            return
        self._failures += 1
        if self._failures >= _DOWN_AFTER:
            self._down_until_s = now_s + pause_s(self._policy, self._failures - _DOWN_AFTER + 1, random.random())
            log.warning("webhook_endpoint_down", endpoint=self.endpoint.label, failures=self._failures)

    async def _bury(self, letter: Letter, tries: _Tries) -> None:
        kept = DeadLetter(
            endpoint=self.endpoint.id, event=letter.id, kind=letter.kind, died_at=self._now_ms(),
            tries=max(tries.failures, tries.refusals), status=tries.status, body=letter.body.decode(),
        )  # fmt: skip
        self._counters.webhook_dead, dropped = await self._dead.bury(kept, self._policy.dead_letters_max)
        self._counters.webhooks["dead"] += 1
        self._counters.webhook_dead_dropped += dropped
        log.warning("webhook_dead", endpoint=self.endpoint.label, kind=letter.kind, status=tries.status)


class Replayed(NamedTuple):
    """What became of a dead letter that was sent again."""

    letter: DeadLetter
    is_delivered: bool


class Webhooks:
    """All endpoints of this hub, and the dead letters."""

    def __init__(
        self,
        options: WebhookOptions,
        dead: DeadLetters,
        policy: WebhooksPolicy,
        counters: Counters,
        now_ms: Callable[[], int],
        following: Callable[[str], FollowChanges],
    ) -> None:
        """``following`` makes a follower of changes under a name."""
        self.endpoints = tuple(Endpoint.of(url) for url in options.urls)
        self.follows: list[FollowChanges] = []
        """One for each endpoint; the owner runs them."""
        self._dead = dead
        self._policy = policy
        self._counters = counters
        self._post = WebhookPost(options, now_ms)
        for endpoint in self.endpoints:
            delivery = Delivery(endpoint, self._post, dead, policy, counters, now_ms)
            follow = following(f"webhook:{endpoint.id}")
            follow.on([EVERY], delivery.change)
            follow.on_notes([EVERY], delivery.note)
            follow.gate = delivery.gate
            self.follows.append(follow)

    @property
    def lag_ms(self) -> int:
        """Age of the oldest event that some endpoint has not taken."""
        return max((follow.lag_ms for follow in self.follows), default=0)

    async def count_dead(self) -> None:
        """Keep the number of dead letters for the metrics; one task that the owner runs."""
        while self.endpoints:
            try:
                await self.dead_count()
            except StoreError:
                log.warning("dead_letters_not_counted")
            await asyncio.sleep(COUNT_EVERY_S)

    async def dead_count(self) -> int:
        """Say how many dead letters there are."""
        count = self._counters.webhook_dead = await self._dead.count()
        return count

    async def dead_page(self, after: str | None, limit: int) -> list[DeadLetter]:
        """Read dead letters, oldest first, after one of them; from the start when that one is gone."""
        return await self._dead.page(after, limit)

    async def dead_letter(self, letter: str) -> DeadLetter | None:
        """Read a dead letter."""
        return await self._dead.get(letter)

    async def replay(self, letter: DeadLetter) -> Replayed | None:
        """Send a dead letter once more, and forget it when it is taken; None when its endpoint is not configured."""
        endpoint = next((each for each in self.endpoints if each.id == letter.endpoint), None)
        if endpoint is None:
            return None
        status = await self._post.send(endpoint.url, letter.event, letter.body.encode())
        if meaning(status) is Answer.TAKEN:
            self._counters.webhooks["replayed"] += 1
            await self.discard(letter.id)
            return Replayed(replace(letter, status=status), True)
        kept = replace(letter, tries=letter.tries + 1, status=status)
        await self._dead.bury(kept, self._policy.dead_letters_max)
        return Replayed(kept, False)

    async def discard(self, letter: str) -> bool:
        """Forget a dead letter; False when there is none."""
        is_gone = await self._dead.unbury(letter)
        await self.dead_count()
        return is_gone

    async def close(self) -> None:
        """Close the connections to the endpoints."""
        await self._post.close()
