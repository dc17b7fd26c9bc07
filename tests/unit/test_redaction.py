"""A moderator's mask over a text that was delivered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_protocol.bases import Span
from greenroom_server.usecases.redaction import KIND, PLACEHOLDER, cover
from greenroom_server.usecases.results import RefusedError

TEXT = "Call 555 or write [e-mail hidden] today."
OLD = Span(18, 33, "email", "address")


def test_parts_become_placeholders_and_older_ones_move_with_the_text() -> None:
    text, hidden = cover(TEXT, [OLD], [(5, 8)])
    assert text == f"Call {PLACEHOLDER} or write [e-mail hidden] today."
    assert [text[span.start : span.end] for span in hidden] == [PLACEHOLDER, "[e-mail hidden]"]
    assert [span.kind for span in hidden] == [KIND, "email"]


@pytest.mark.parametrize("part", [(12, 20), (30, 36), (20, 22), (18, 33)])
def test_a_part_that_meets_an_older_placeholder_takes_all_of_it(part: tuple[int, int]) -> None:
    text, hidden = cover(TEXT, [OLD], [part])
    assert "mail" not in text
    assert [span.kind for span in hidden] == [KIND]


@pytest.mark.parametrize("parts", [[(0, 0)], [(5, 3)], [(0, 99)], [(0, 2), (39, 41)]])
def test_a_part_outside_the_text_is_refused(parts: list[tuple[int, int]]) -> None:
    with pytest.raises(RefusedError):
        cover(TEXT, [], parts)


@given(st.text("abc", min_size=1, max_size=30), st.data())
def test_nothing_inside_a_part_survives_and_everything_outside_does(text: str, data: st.DataObject) -> None:
    places = st.integers(0, len(text) - 1).flatmap(lambda a: st.tuples(st.just(a), st.integers(a + 1, len(text))))
    parts = data.draw(st.lists(places, min_size=1, max_size=4))
    masked, hidden = cover(text, [], parts)
    covered = {at for start, end in parts for at in range(start, end)}
    assert masked.replace(PLACEHOLDER, "") == "".join(char for at, char in enumerate(text) if at not in covered)
    assert {masked[span.start : span.end] for span in hidden} == {PLACEHOLDER}
