"""Ids, words and pages of community topics."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_server.domain.topic import (
    ANNOUNCEMENTS,
    SHELF_COUNT,
    SHELVES,
    Place,
    is_title,
    read_cursor,
    topic_id,
    topic_partition,
    words_of,
)
from greenroom_server.store.topics import Walk
from greenroom_server.usecases.read_community import merged

DIGESTS = st.integers(0, 2**64 - 1).map(lambda number: f"{number:016x}")


@given(DIGESTS)
def test_an_id_names_a_shelf(digest: str) -> None:
    assert topic_partition(topic_id(digest)) in SHELVES


def test_topics_spread_over_all_shelves() -> None:
    assert len(set(SHELVES)) == SHELF_COUNT
    assert {topic_partition(topic_id(f"{number:016x}")) for number in range(64)} == set(SHELVES)


@pytest.mark.parametrize(
    "text",
    [
        *("", "c", "t0_0123456789abcdef", "c1_0123456789abcdef", "c128_0123456789abcdef", "c00_0123456789abcdef"),
        *("c0_0123456789ABCDEF", "c0_0123456789abcde", "c16_announcements", "c0_0123456789abcdef}"),
    ],
)
def test_what_is_no_id_has_no_partition(text: str) -> None:
    assert topic_partition(text) is None


def test_announcements_are_a_topic() -> None:
    assert topic_partition(ANNOUNCEMENTS) == 0


def test_words_are_whole_folded_and_different() -> None:
    texts = ("Straße & STRASSE, a b ab", "ﬁle-names 2,000 über_all ab")
    assert words_of(texts, 64) == ["strasse", "ab", "file", "names", "000", "über", "all"]
    assert words_of(texts, 2) == ["strasse", "ab"]
    assert words_of(("x" * 33,), 64) == []


@pytest.mark.parametrize(("text", "is_one"), [("How?", True), (" ", False), ("a\nb", False), ("a\u202eb", False)])
def test_a_title_is_one_line_that_shows_something(text: str, is_one: bool) -> None:
    assert is_title(text) is is_one


@given(DIGESTS, st.integers(0, 2 * 10**14))
def test_a_cursor_comes_back(digest: str, score: int) -> None:
    place = Place(score, topic_id(digest))
    assert read_cursor(place.cursor()) == place


@pytest.mark.parametrize("cursor", ["", "1", "~", "1~c1_x", "-1~c0_0123456789abcdef", "1e3~c0_0123456789abcdef"])
def test_what_is_no_cursor_is_none(cursor: str) -> None:
    assert read_cursor(cursor) is None


@given(
    topics=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 99)), max_size=40),
    limit=st.integers(1, 5),
    budget=st.integers(1, 6),
    seed=st.integers(0, 9),
)
def test_pages_of_all_shelves_give_each_topic_once_in_order(
    topics: list[tuple[int, int]], limit: int, budget: int, seed: int
) -> None:
    """Shelves that give up after `budget` topics, some of which do not match, lose nothing and double nothing."""
    places = {Place(score, topic_id(f"{number:016x}")) for score, number in topics}
    shelves = [[place for place in places if topic_partition(place.topic) == shelf] for shelf in SHELVES]
    matching = random.Random(seed)
    wanted = {place for place in sorted(places) if matching.random() < 0.7}

    def walk(shelf: list[Place], below: Place | None) -> Walk:
        rest = sorted(shelf, key=lambda place: place.order, reverse=True)
        hits: list[Place] = []
        looked_at = 0
        for place in rest:
            if below is None or place.order < below.order:
                looked_at += 1
                hits += [place] if place in wanted else []
                if len(hits) == limit or looked_at == budget:
                    return Walk(hits, place)
        return Walk(hits, None)

    found: list[Place] = []
    below: Place | None = None
    for _ in range(200):
        page, below = merged([walk(shelf, below) for shelf in shelves], limit)
        assert len(page) <= limit
        found += page
        if below is None:
            break
    assert below is None
    assert [place.order for place in found] == sorted((place.order for place in wanted), reverse=True)
