"""The work screening does grows with the length of the text, never faster."""

import sys
from types import FrameType

import pytest

from greenroom_server.screening.context import Context
from greenroom_server.screening.policy import ScreeningPolicy
from greenroom_server.screening.screen import Screen

CONTEXT = Context("candidacy")
HOSTILE = [
    "1 ", "1-", "12/", "a@", "a@a.", "@a.b ", "a b ", "a.b.", "dot ", "at ", "one ", "%40", "t.me/a ", "a-a.",
    "your whatsapp ", "whatsapp @a ", "call me ",
    "1.", "ⓐ ", "twentyone ", "zoom 123 456 789 ", "venmo @abc ",
    "1a", "01 ", "-.", "gmail ", "telegram x_1 ", "<b>", "$a ", "a|", "mil ", "и один ", "(at)", "bc1q", "0x",
    "\u200b", "a\u0301", "my address 1 a ", "1 st ", "rua a ", "come to 1 a b street ",
    "weg ", "ул. ", "路1", "аb ", "/ ", "my ",
]  # fmt: skip


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(ScreeningPolicy.default())


def repeat(unit: str, length: int) -> str:
    return unit * (length // len(unit))  # whole ones: a cut word is another word, and may call the scorer in


def events(screen: Screen, text: str) -> int:
    """Calls into Python and C made while one text is screened: work, counted without a clock."""
    count = 0

    def observe(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += 1

    previous = sys.getprofile()
    sys.setprofile(observe)
    try:
        screen(text, CONTEXT)
    finally:
        sys.setprofile(previous)
    return count


@pytest.mark.parametrize("unit", HOSTILE)
def test_doubling_a_hostile_text_doubles_the_work(screen: Screen, unit: str) -> None:
    short, long = repeat(unit, 1_000), repeat(unit, 2_000)
    assert screen(long, CONTEXT).steps <= 2.2 * screen(short, CONTEXT).steps
    assert events(screen, long) <= 2.2 * events(screen, short) + 200


@pytest.mark.parametrize("unit", HOSTILE)
def test_the_longest_hostile_text_stays_inside_the_budget(screen: Screen, unit: str) -> None:
    assert not screen(repeat(unit, 10_000), CONTEXT).has_failed


def test_a_clean_text_ends_at_the_prefilter(screen: Screen) -> None:
    text = (
        "I'd start with the header and the layout of the grid; the images are heavy, so I would "
        "compress them as well, sounds good?"
    )
    assert screen(text, CONTEXT).steps == len(text)
    assert events(screen, text) < 70
