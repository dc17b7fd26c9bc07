"""What the marketplace's moderators do to topics and posts, through the server API."""

from typing import Final

from greenroom_protocol import community as c
from greenroom_server.domain.topic import ANNOUNCEMENTS, FIRST_POST
from greenroom_server.store.topic_records import HIDDEN, Acted, Stretch
from greenroom_server.store.topics import TopicChange
from greenroom_server.usecases.audit_trail import entry_of
from greenroom_server.usecases.commits import Done
from greenroom_server.usecases.community import left_words
from greenroom_server.usecases.read_community import ReadCommunity
from greenroom_server.usecases.results import NOT_FOUND, Refused, RefusedError
from greenroom_server.usecases.topic_commits import Facts, TopicCommits, encode_view

_FLAGS: Final = {"lock": ("locked", 1), "unlock": ("locked", 0), "pin": ("pinned", 1), "unpin": ("pinned", 0)}


class ModerateCommunity:
    """Hide and show posts; lock, pin and delete topics. What stands already is answered as a repeat."""

    def __init__(self, topics: TopicCommits, reads: ReadCommunity) -> None:
        self._topics = topics
        self._reads = reads

    async def move(self, topic: str, move: str, post: int) -> Done:
        """Act on a topic, or with hide and show on one of its posts.

        Args:
            move: lock, unlock, pin, unpin, delete, hide, show.
            post: seq, for hide and show; else 0.
        """
        if (move in ("hide", "show")) != bool(post):
            raise RefusedError(Refused("bad_request.field", detail="post goes with hide and show"))
        if topic == ANNOUNCEMENTS and not post:
            raise RefusedError(Refused("perm.denied"))
        facts = await self._topics.facts(topic)
        already: Done | None = None

        async def make() -> TopicChange | Refused:
            nonlocal already
            stretch = await self._topics.read(topic, post or FIRST_POST)
            made = self._on_post(move, facts, stretch) if post else self._on_topic(move, facts, stretch)
            if made is None:
                already = Done(stretch.topic.seq, 0, stretch.topic.last_at, "", True, None)
                return NOT_FOUND  # goes no further; `already` is the answer
            return made

        try:
            return await self._topics.commit(topic, self._topics.writer("", "", move), make)
        except RefusedError:
            if already is None:
                raise
            return already

    async def posts(self, topic: str, after: int, limit: int) -> tuple[c.TopicView, list[c.PostView], int]:
        """Read posts as a moderator does, hidden ones with their text; gives them with where they reach to."""
        stretch = await self._reads.stretch(topic, after, None, limit)
        return stretch.topic, [item.view(shows_hidden=True) for item in stretch.items], stretch.to

    def _on_topic(self, move: str, facts: Facts, stretch: Stretch) -> TopicChange | None:
        entry, audit = Acted(by="", what=move), entry_of(f"topic.{move}", "")
        if move == "delete":
            items = stretch.items
            leaves = [*facts.lists, *facts.words(items[0].view(shows_hidden=True).body if items else "")]
            was = items[0].amends if items else ""
            return TopicChange(entry=entry, deletes=True, leaves=leaves, target=FIRST_POST, was=was, audit=audit)
        flag, value = _FLAGS[move]
        stands = stretch.topic.is_locked if flag == "locked" else stretch.topic.is_pinned
        if stands == bool(value):
            return None
        return TopicChange(entry=entry, set={flag: value}, lists=facts.lists, audit=audit)

    def _on_post(self, move: str, facts: Facts, stretch: Stretch) -> TopicChange | Refused | None:
        if not stretch.items:
            return NOT_FOUND
        item = stretch.items[0]
        if not item.payload:
            return Refused("post.erased")
        if item.amends.startswith(HIDDEN) == (move == "hide"):
            return None
        after = item._replace(amends=f"{HIDDEN}{item.amends}" if move == "hide" else item.amends.removeprefix(HIDDEN))
        joins, leaves = ([], left_words(facts, item)) if move == "hide" else (left_words(facts, after), [])
        if facts.kind == "announcement":
            joins, leaves = [], []
        return TopicChange(
            entry=Acted(by="", what=move), target=item.seq, was=item.amends, becomes=move, joins=joins, leaves=leaves,
            view=encode_view(after.view()), audit=entry_of(f"post.{move}", "", target=item.seq),
        )  # fmt: skip
