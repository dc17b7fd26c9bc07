"""Which texts may be a reaction: one emoji, in one form, that spells nothing."""

import pytest

from greenroom_server.screening.reaction import reaction_of

HEART, TONE, FAMILY = (
    "\u2764\ufe0f",
    "\U0001f44d\U0001f3fd",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
)
RAINBOW = "\U0001f3f3\ufe0f\u200d\U0001f308"


@pytest.mark.parametrize("emoji", ["\U0001f44d", HEART, TONE, FAMILY, RAINBOW, "\u2705", "\U0001f389"])
def test_an_emoji_is_a_reaction(emoji: str) -> None:
    assert reaction_of(emoji) == emoji


def test_the_two_ways_to_write_a_picture_are_one_reaction() -> None:
    assert reaction_of("\u2764") == reaction_of(HEART) == HEART
    assert reaction_of("\U0001f44d\ufe0f") == "\U0001f44d"
    assert reaction_of(RAINBOW.replace("\ufe0f", "")) == RAINBOW


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "7", ":)", " \U0001f44d", "\U0001f44d\U0001f44d", "\u200d", "\ufe0f", "\U0001f44d\u200d"),
        *("7\ufe0f\u20e3", "#\ufe0f\u20e3", "\U0001f51f", "\U0001f522", "\U0001f4af", "\u2460"),
        *("\U0001f1e9\U0001f1ea", "\U0001f1e9", "\U0001f170\ufe0f", "\u24c2\ufe0f", "\U0001f194", "\u00a9\ufe0f"),
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        *("\U0001f550", "\U0001f567", "\U0001f3fd", "\u2122\ufe0f", "\U0001f201"),
        "\U0001f44d\u200d" * 4 + "\U0001f44d",
    ],
)
def test_letters_digits_flags_and_strings_of_emoji_are_none(text: str) -> None:
    assert reaction_of(text) is None
