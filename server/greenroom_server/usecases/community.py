"""`topic.create`, `topic.post`, `topic.edit`, `topic.erase`, `topic.accept`: what people write in the community.

A title and tags never change; the index of words follows the first post.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from greenroom_protocol import community as c
from greenroom_server.domain.community_policy import CommunityPolicy
from greenroom_server.domain.topic import ANNOUNCEMENTS, FIRST_POST, is_title, topic_id
from greenroom_server.store.people import People
from greenroom_server.store.places import Places
from greenroom_server.store.topic_records import HIDDEN, Acted, Item, Rewritten, Written
from greenroom_server.store.topics import TopicChange
from greenroom_server.usecases.commits import Done, pack_policy
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.topic_commits import EDITED_NOW, Facts, TopicCommits, Writer, encode_view, verdict_entry

_SERVICE_ONLY: Final = Refused("perm.service_only")


class Community:
    """What people write in the community."""

    def __init__(
        self, topics: TopicCommits, places: Places, people: People, policy: CommunityPolicy, now_ms: Callable[[], int]
    ) -> None:
        self._topics = topics
        self._places = places
        self._people = people
        self._policy = policy
        self._now_ms = now_ms

    async def create(self, user: str, command: c.TopicCreate) -> c.TopicCreated:
        """Open a topic; its id follows from user and cid, so that a repeat finds what the first one made."""
        if command.kind == "announcement":
            raise RefusedError(_SERVICE_ONLY)
        tags = list(dict.fromkeys(command.tags))
        self._check_title(command.title, tags)
        self._check_body(command.body)
        writer = self._topics.writer(
            user, command.cid, "topic.create", command.kind, command.title, " ".join(tags), command.body
        )
        topic = topic_id(self._topics.digest(user, command.cid))
        facts = Facts(command.kind, user, command.title, tuple(tags))
        done = await self._create(topic, writer, facts, command.body)
        return c.TopicCreated(
            id=command.id, topic=topic, seq=done.seq, at=done.at, dup=done.dup, policy=done.policy
        )  # fmt: skip

    async def _create(self, topic: str, writer: Writer, facts: Facts, body: str) -> Done:
        tags = " ".join(facts.tags).replace("-", " ")  # read as the words they are
        bounced = await self._topics.bounced((facts.title, tags), topic, writer)
        if bounced is not None:
            return bounced
        screened = self._topics.screen(body)
        if not screened.passes:
            return await self._topics.bounce(screened.policy, topic, writer)
        change = TopicChange(
            entry=Written(by=writer.user, cid=writer.cid, body=screened.text, hidden=screened.hidden),
            cid=writer.cid, body_hash=writer.body_hash, extra=pack_policy(screened.policy), is_new=True,
            makes={"kind": facts.kind, "title": facts.title, "tags": " ".join(facts.tags), "by": writer.user},
            lists=facts.lists, joins=sorted(facts.words(screened.text)),
            audit=verdict_entry("topic.created", writer.user, screened.policy),
        )  # fmt: skip
        done = await self._within_quota("topics", self._policy.topics_per_day, topic, writer, change)
        return done if done.dup else msgspec.structs.replace(done, policy=screened.policy)

    async def post(self, user: str, command: c.TopicPost) -> c.TopicPosted:
        """Write into a topic."""
        if command.topic == ANNOUNCEMENTS:
            raise RefusedError(_SERVICE_ONLY)
        self._check_body(command.body)
        writer = self._topics.writer(user, command.cid, "topic.post", command.topic, command.reply_to, command.body)
        done = await self._post(writer, command, await self._topics.facts(command.topic))
        return c.TopicPosted(id=command.id, seq=done.seq, n=done.n, at=done.at, dup=done.dup, policy=done.policy)

    async def _post(self, writer: Writer, command: c.TopicPost, facts: Facts) -> Done:
        screened = self._topics.screen(command.body)
        if not screened.passes:
            return await self._topics.bounce(screened.policy, command.topic, writer)
        account = await self._people.account(writer.user)
        written = Written(
            by=writer.user, cid=writer.cid, body=screened.text, hidden=screened.hidden, reply_to=command.reply_to
        )
        view = c.PostView(
            seq=0,
            n=0,
            at=0,
            by=writer.user,
            cid=writer.cid,
            body=written.body,
            hidden=written.hidden,
            reply_to=written.reply_to,
        )
        change = TopicChange(
            entry=written, cid=writer.cid, body_hash=writer.body_hash, extra=pack_policy(screened.policy), is_open=True,
            most=self._policy.posts_per_topic, reply_to=command.reply_to, lists=facts.lists, view=encode_view(view),
            name=account.name if account is not None else "",
            audit=verdict_entry("topic.posted", writer.user, screened.policy),
        )  # fmt: skip
        done = await self._within_quota("posts", self._policy.posts_per_day, command.topic, writer, change)
        return done if done.dup else msgspec.structs.replace(done, policy=screened.policy)

    async def edit(self, user: str, command: c.TopicEdit) -> c.PostEdited:
        """Replace the text of one's own post."""
        self._check_body(command.body)
        writer = self._topics.writer(user, command.cid, "topic.edit", command.topic, command.target, command.body)
        done = await self._edit(writer, command, await self._topics.facts(command.topic))
        return c.PostEdited(id=command.id, seq=done.seq, at=done.at, dup=done.dup, policy=done.policy)

    async def _edit(self, writer: Writer, command: c.TopicEdit, facts: Facts) -> Done:
        screened = self._topics.screen(command.body)
        if not screened.passes:
            return await self._topics.bounce(screened.policy, command.topic, writer)

        def change(item: Item, _written: Written) -> TopicChange | Refused:
            if item.amends.startswith(HIDDEN):
                return Refused("post.hidden")
            if self._now_ms() - item.at > self._policy.edit_window_s * 1000:
                return Refused("post.edit_window")
            view, is_first = item.view(), item.seq == FIRST_POST
            before = facts.words(view.body) if is_first else set()
            after = facts.words(screened.text) if is_first else set()
            view.body, view.hidden, view.edited_at = screened.text, screened.hidden, EDITED_NOW
            return TopicChange(
                entry=Rewritten(by=writer.user, cid=writer.cid, body=view.body, hidden=view.hidden),
                cid=writer.cid, body_hash=writer.body_hash, extra=pack_policy(screened.policy), is_open=True,
                target=item.seq, was=item.amends, becomes="edit", joins=sorted(after - before),
                leaves=sorted(before - after), view=encode_view(view),
                audit=verdict_entry("post.edited", writer.user, screened.policy),
            )  # fmt: skip

        done = await self._amend(command.topic, command.target, writer, change)
        return done if done.dup else msgspec.structs.replace(done, policy=screened.policy)

    async def erase(self, user: str, command: c.TopicErase) -> c.PostErased:
        """Erase one's own post at any time, also in a locked topic."""
        writer = self._topics.writer(user, command.cid, "topic.erase", command.topic, command.target)
        facts = await self._topics.facts(command.topic)

        def change(item: Item, written: Written) -> TopicChange:
            tomb = encode_view(
                c.PostView(
                    seq=item.seq, n=item.n, at=item.at, by=user, reply_to=written.reply_to, gone="erased"
                )
            )  # fmt: skip
            return TopicChange(
                entry=Acted(by=user, cid=writer.cid, what="erase"), target=item.seq, was=item.amends, becomes="erase",
                tomb=tomb.decode(), leaves=left_words(facts, item), view=tomb, cid=writer.cid,
                body_hash=writer.body_hash,
            )  # fmt: skip

        done = await self._amend(command.topic, command.target, writer, change)
        return c.PostErased(id=command.id, seq=done.seq, at=done.at, dup=done.dup)

    async def accept(self, user: str, command: c.TopicAccept) -> c.AnswerAccepted:
        """Accept an answer to one's own question."""
        writer = self._topics.writer(user, command.cid, "topic.accept", command.topic, command.target)
        facts = await self._topics.facts(command.topic)

        async def make() -> TopicChange | Refused:
            if facts.kind != "question":
                return Refused("topic.not_a_question")
            if facts.by != user:
                return Refused("topic.asker_only")
            items = (await self._topics.read(command.topic, command.target)).items
            if command.target == FIRST_POST or not items or items[0].view().gone:
                return Refused("post.not_an_answer")
            return TopicChange(
                entry=Acted(by=user, cid=writer.cid, what="accept"), target=command.target, was=items[0].amends,
                set={"accepted": command.target}, cid=writer.cid, body_hash=writer.body_hash,
            )  # fmt: skip

        done = await self._topics.commit(command.topic, writer, make)
        return c.AnswerAccepted(id=command.id, seq=done.seq, at=done.at, dup=done.dup)

    async def _amend(
        self, topic: str, target: int, writer: Writer, change: Callable[[Item, Written], TopicChange | Refused]
    ) -> Done:
        """Change one's own post as it is found."""

        async def make() -> TopicChange | Refused:
            items = (await self._topics.read(topic, target)).items
            if not items:
                return NOT_FOUND
            written = items[0].written()
            if written is None:
                return Refused("post.erased")
            if written.by != writer.user or topic == ANNOUNCEMENTS:
                return Refused("post.author_only")
            return change(items[0], written)

        return await self._topics.commit(topic, writer, make)

    async def _within_quota(self, what: str, limit: int, topic: str, writer: Writer, change: TopicChange) -> Done:
        """Commit a new topic or post if the day has room for it; what is refused gives its place back."""
        taken = await self._places.take(writer.user, what, writer.cid, limit)
        if taken.full_for_ms:
            return await self._topics.refuse(Refused(f"rate.{what}", taken.full_for_ms), topic, writer)
        try:
            return await self._topics.commit(topic, writer, _always(change))
        except RefusedError:
            if taken.is_new:
                await self._places.give_back(writer.user, what, writer.cid)
            raise

    def _check_title(self, title: str, tags: list[str]) -> None:
        if not is_title(title) or len(title) > self._policy.title_code_points:
            raise RefusedError(Refused("bad_request.field", detail="title"))
        if len(tags) > self._policy.tags_per_topic:
            raise RefusedError(Refused("bad_request.field", detail=f"tags: at most {self._policy.tags_per_topic}"))

    def _check_body(self, body: str) -> None:
        most = self._policy.body_code_points
        if len(body) > most:
            raise RefusedError(Refused("bad_request.field", detail=f"body: at most {most} characters"))


def left_words(facts: Facts, item: Item) -> list[str]:
    """Give the words by which a topic is no longer found when its first post is gone."""
    return sorted(facts.words(item.view().body) - facts.words("")) if item.seq == FIRST_POST else []


def _always(change: TopicChange) -> Callable[[], Awaitable[TopicChange | Refused]]:
    async def make() -> TopicChange | Refused:
        return change

    return make
