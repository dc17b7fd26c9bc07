"""Every text that somebody can put in is either screened, or there is a reason why not."""

import pytest

from greenroom_server.screening.context import Surface
from testkit.surfaces import SCREENED, UNSCREENED, text_fields

WITHOUT_A_COMMAND = {Surface.CALL_NOTE, Surface.FILE_NAME}
"""Surfaces that no command writes to yet."""


def test_no_text_field_is_forgotten() -> None:
    forgotten = text_fields() - SCREENED.keys() - UNSCREENED.keys()
    assert forgotten == set(), "screen it, or say in testkit/surfaces.py why that is not needed"


def test_the_tables_name_nothing_that_is_gone() -> None:
    assert SCREENED.keys() | UNSCREENED.keys() == text_fields()
    assert SCREENED.keys().isdisjoint(UNSCREENED)


@pytest.mark.parametrize("surface", Surface)
def test_every_surface_is_written_to(surface: Surface) -> None:
    assert (surface in SCREENED.values()) is (surface not in WITHOUT_A_COMMAND)
