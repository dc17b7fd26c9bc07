"""Readers of a topic who pull with their own position while it is written, edited, erased and moderated.

Nothing is lost and nothing comes twice; whoever follows has in the end what a fresh reader gets.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenroom_protocol.community import PostView, TopicPage
from greenroom_server.screening.screen import Screen
from testkit.backend import the_screen
from testkit.community import Board, community_board
from testkit.valkey import RealValkey, real_valkey

EXAMPLES: Final = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DEEDS: Final = st.sampled_from(["post", "post", "post", "edit", "erase", "hide", "show", "pull", "back"])
STEPS: Final = st.lists(st.tuples(DEEDS, st.integers(0, 99)), max_size=40)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealValkey]:
    with real_valkey(tmp_path_factory.mktemp("v")) as server:
        yield server


@pytest.fixture(scope="module")
def screen() -> Screen:
    return the_screen()


class Reader:
    """What somebody has read so far, onwards from the beginning."""

    def __init__(self) -> None:
        self.at = 0
        self.posts: dict[int, PostView] = {}

    def take(self, page: TopicPage) -> None:
        """Take a page: its posts are new, what it says has changed is known."""
        assert page.after == self.at
        assert self.posts.keys().isdisjoint(post.seq for post in page.posts)
        assert self.posts.keys() >= {post.seq for post in page.changed}
        assert all(page.after < post.seq <= page.to for post in page.posts)
        self.posts |= {post.seq: post for post in (*page.posts, *page.changed)}
        self.at = page.to

    async def pull(self, board: Board, topic: str, limit: int) -> bool:
        """Read on once; says whether there is more."""
        page = await board.read(topic, after=self.at, limit=limit)
        self.take(page)
        return page.more


async def read_back(board: Board, topic: str, limit: int) -> list[PostView]:
    """Read the whole topic from its end."""
    posts: list[PostView] = []
    before: int | None = None
    while True:
        page = await board.read(topic, before=before, limit=limit)
        posts = [*page.posts, *posts]
        before = page.after + 1
        if not page.more:
            return posts


class Model:
    """What should stand in the topic."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {1: "How?"}
        self.hidden: set[int] = set()
        self.erased: set[int] = set()

    def shown(self) -> list[tuple[int, str, str]]:
        """Give (seq, text, why it is gone) of every post."""
        return [(seq, *self._shown(seq, text)) for seq, text in sorted(self.texts.items())]

    def _shown(self, seq: int, text: str) -> tuple[str, str]:
        if seq in self.erased:
            return "", "erased"
        return ("", "hidden") if seq in self.hidden else (text, "")


async def step(board: Board, topic: str, model: Model, what: str, number: int) -> None:
    """Do one thing to a post, if it can be done."""
    seq = sorted(model.texts)[number % len(model.texts)]
    by = "maya" if seq == 1 else "jonas"
    if what == "post":
        model.texts[await board.post(topic, f"Post {number}.", reply_to=seq)] = f"Post {number}."
    elif seq in model.erased:
        return
    elif what == "erase":
        await board.erase(topic, seq, by)
        model.erased.add(seq)
    elif what == "edit" and seq not in model.hidden:
        await board.edit(topic, seq, f"Edit {number}.", by)
        model.texts[seq] = f"Edit {number}."
    elif what in ("hide", "show"):
        await board.moderation.move(topic, what, seq)
        (model.hidden.add if what == "hide" else model.hidden.discard)(seq)


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())


@given(steps=STEPS, limit=st.integers(1, 7))
@EXAMPLES
def test_a_reader_loses_nothing_and_gets_nothing_twice(
    valkey: RealValkey, screen: Screen, steps: list[tuple[str, int]], limit: int
) -> None:
    async def scenario() -> None:
        async with community_board(valkey.address, screen) as board:
            topic, model, reader = await board.topic(), Model(), Reader()
            for what, number in steps:
                if what == "pull":
                    await reader.pull(board, topic, limit)
                elif what == "back":
                    posts = await read_back(board, topic, limit)
                    assert [(post.seq, post.body, post.gone) for post in posts] == model.shown()
                else:
                    await step(board, topic, model, what, number)
            while await reader.pull(board, topic, limit):
                pass
            fresh = Reader()
            while await fresh.pull(board, topic, 100):
                pass
            assert reader.posts == fresh.posts
            assert [(post.seq, post.body, post.gone) for _, post in sorted(fresh.posts.items())] == model.shown()
            assert [post.n for _, post in sorted(fresh.posts.items())] == list(range(1, len(model.texts) + 1))
            assert await read_back(board, topic, limit) == [post for _, post in sorted(fresh.posts.items())]

    run(scenario)


@given(posts=st.lists(st.integers(0, 7), max_size=30), limit=st.integers(1, 4))
@EXAMPLES
def test_a_list_gives_every_topic_once_by_its_last_post(
    valkey: RealValkey, screen: Screen, posts: list[int], limit: int
) -> None:
    async def scenario() -> None:
        async with community_board(valkey.address, screen) as board:
            with valkey.client() as client:
                client.flushall()
            topics = [await board.topic(title=f"Nr {number}", tags=["all"]) for number in range(8)]
            for number in posts:
                await board.post(topics[number])
            views = await board.store.views(topics)
            order = sorted(views, key=lambda view: (view.last_at, view.topic[-16:]), reverse=True)
            found: list[str] = []
            cursor: str | None = None
            while cursor is not None or not found:
                page = await board.listing(tag="all", cursor=cursor, limit=limit)
                found += [view.topic for view in page.topics]
                cursor = page.cursor
                if cursor is None:
                    break
            assert found == [view.topic for view in order]

    run(scenario)
