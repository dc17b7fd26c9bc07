"""Writing into community topics: what the cid was answered, the verdict, the commit, the news - in one place."""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from greenroom_protocol.bases import PolicyView
from greenroom_protocol.cid import cid_time_ms
from greenroom_protocol.community import PostView, TopicNews
from greenroom_server.delivery.topic_watch import TopicWatch
from greenroom_server.domain.topic import FIRST_POST, INDEXED_WORDS, topic_partition, words_of
from greenroom_server.screening.context import Surface
from greenroom_server.store.append import CidRefused, Repeat
from greenroom_server.store.topic_records import Stretch, Written
from greenroom_server.store.topics import TopicChange, TopicChanged, TopicRefused, TopicStore
from greenroom_server.usecases.audit_trail import BOUNCED, entry_of
from greenroom_server.usecases.commits import Done, pack_policy, result_of
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.screening import Screened, Screening

ATTEMPTS: Final = 3
_CACHED_FACTS: Final = 10_000
_REFUSALS: Final = {
    "gone": NOT_FOUND,
    "exists": Refused("idempotency.conflict"),
    "locked": Refused("topic.locked"),
    "full": Refused("topic.full"),
    "no_reply_to": Refused("post.no_reply_to"),
    "stale": Refused("conflict", 200),
}
_SURFACE: Final = "community"
EDITED_NOW: Final = -1
"""`edited_at` of a view until the store has said when that is."""
encode_view = msgspec.json.Encoder().encode
_decode_post = msgspec.json.Decoder(PostView).decode


class Facts(NamedTuple):
    """What never changes about a topic."""

    kind: str
    by: str
    title: str
    tags: tuple[str, ...]

    @property
    def lists(self) -> list[str]:
        """Lists in which the topic moves with each post."""
        return ["all", f"kind:{self.kind}", *(f"tag:{tag}" for tag in self.tags)]

    def words(self, body: str) -> set[str]:
        """Lists by which the topic is found, with this text as its first post."""
        return {f"word:{word}" for word in words_of((self.title, *self.tags, body), INDEXED_WORDS)}


class Writer(NamedTuple):
    """Who writes, and under which cid."""

    user: str
    """Empty for the marketplace."""
    cid: str
    body_hash: str


class TopicCommits:
    """Commits entries of topics and tells who has them open."""

    def __init__(
        self, store: TopicStore, watch: TopicWatch, screening: Screening, hash_body: Callable[[str, str], str]
    ) -> None:
        self._store = store
        self._watch = watch
        self._screening = screening
        self._hash_body = hash_body
        self._facts: OrderedDict[str, Facts] = OrderedDict()

    def writer(self, user: str, cid: str, verb: str, *parts: object) -> Writer:
        """Say who writes; `parts` are all that the cid stands for.

        Raises:
            RefusedError: the cid is none.
        """
        if cid and cid_time_ms(cid) is None:
            raise RefusedError(Refused("cid.invalid"))
        body = "\n".join(map(str, parts))
        return Writer(user, cid, self._hash_body(verb, body) if cid else "")

    def digest(self, user: str, cid: str) -> str:
        """Give 16 hexadecimal digits that are the same for the same user and cid."""
        return hashlib.blake2b(f"{user} {cid}".encode(), digest_size=8).hexdigest()

    def screen(self, text: str) -> Screened:
        """Judge a text; here the filter is on whatever the writer's standing."""
        return self._screening.before_thread(text, Surface.COMMUNITY_POST)

    async def bounced(self, texts: Sequence[str], topic: str, writer: Writer) -> Done | None:
        """Judge texts that must pass as they are: one cannot read around a placeholder in a title. None: they pass.

        Raises:
            RefusedError: as `bounce`.
        """
        for text in texts:
            screened = self.screen(text)
            if not screened.passes or screened.hidden:
                assert screened.policy is not None
                return await self.bounce(msgspec.structs.replace(screened.policy, action="bounce"), topic, writer)
        return None

    async def bounce(self, policy: PolicyView | None, topic: str, writer: Writer) -> Done:
        """Refuse for the filter and keep the verdict under the cid; gives what that was answered before, if it was.

        Raises:
            RefusedError: with the verdict.
        """
        assert policy is not None
        known = None
        if writer.cid:
            audit = entry_of(BOUNCED, writer.user, _SURFACE, policy)
            known = await self._store.refuse(
                topic, writer.user, writer.cid, writer.body_hash, pack_policy(policy), audit
            )
        if known is None:
            raise RefusedError(Refused(policy.code, policy=policy))
        return _raise_or_give(known)

    async def refuse(self, refused: Refused, topic: str, writer: Writer) -> Done:
        """Refuse, unless this cid was carried out before: gives what it was answered then.

        Raises:
            RefusedError: as said.
        """
        known = await self._store.recall(topic, writer.user, writer.cid, writer.body_hash) if writer.cid else None
        if known is None:
            raise RefusedError(refused)
        return _raise_or_give(known)

    async def facts(self, topic: str) -> Facts:
        """Give what never changes about a topic; read once.

        Raises:
            RefusedError: there is none.
        """
        facts = self._facts.get(topic)
        if facts is None:
            view = (await self.read(topic, FIRST_POST)).topic
            facts = self._facts[topic] = Facts(view.kind, view.by, view.title, tuple(view.tags))
            if len(self._facts) > _CACHED_FACTS:
                self._facts.popitem(last=False)
        return facts

    async def read(self, topic: str, seq: int) -> Stretch:
        """Read a topic's head with the entry at a seq, which holds one item when that is a post.

        Raises:
            RefusedError: there is no such topic.
        """
        stretch = await self._store.read(topic, seq - 1, None, 1) if topic_partition(topic) is not None else None
        if stretch is None:
            raise RefusedError(NOT_FOUND)
        return stretch

    async def commit(self, topic: str, writer: Writer, make: Callable[[], Awaitable[TopicChange | Refused]]) -> Done:
        """Carry a change out, and tell who has the topic open.

        Args:
            make: decides on what it reads; runs anew when that did not hold at the commit.

        Raises:
            RefusedError, StoreError: as `Commits.run`; `uncertain` may have been carried out, the same cid tells.
        """
        for _ in range(ATTEMPTS):
            change = await make()
            if isinstance(change, Refused):
                return await self.refuse(change, topic, writer)
            outcome = await self._store.append(topic, change)
            if isinstance(outcome, TopicChanged):
                self._tell(topic, change, outcome)
                n = outcome.n if isinstance(change.entry, Written) else 0
                return Done(outcome.seq, n, outcome.at, "", False, None)
            if isinstance(outcome, TopicRefused):
                if outcome.why != "stale":
                    self._facts.pop(topic, None)
                    raise RefusedError(_REFUSALS[outcome.why])
            else:
                return _raise_or_give(outcome)
        raise RefusedError(_REFUSALS["stale"])

    def _tell(self, topic: str, change: TopicChange, changed: TopicChanged) -> None:
        if change.frame == "topic" and self._watch.is_watched(topic):
            self._watch.push(topic, news_of(topic, change.view, change.name, changed, is_deleted=change.deletes))


def verdict_entry(kind: str, user: str, policy: PolicyView | None) -> bytes:
    """Pack the audit entry of a text that did not simply pass; empty for one that did."""
    return b"" if policy is None else entry_of(kind, user, _SURFACE, policy)


def news_of(topic: str, view: bytes, name: str, changed: TopicChanged, *, is_deleted: bool) -> TopicNews:
    """Make the push; a post that was just written takes the place it was given."""
    post = _decode_post(view) if view else None
    if post is not None and not post.seq:
        post.seq, post.n, post.at = changed.seq, changed.n, changed.at
    if post is not None and post.edited_at == EDITED_NOW:
        post.edited_at = changed.at
    return TopicNews(
        topic=topic, epoch=changed.epoch, seq=changed.seq, at=changed.at, posts=changed.n, accepted=changed.accepted,
        is_locked=changed.is_locked, is_pinned=changed.is_pinned, is_deleted=is_deleted, post=post, name=name,
    )  # fmt: skip


def _raise_or_give(known: Repeat | CidRefused) -> Done:
    result = result_of(known)
    if isinstance(result, Refused):
        raise RefusedError(result)
    return result
