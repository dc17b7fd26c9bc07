"""Rules that hold for the whole set of frames, whichever are added."""

import re
from typing import Any

import msgspec
import pytest

from greenroom_protocol.codec import tags_of
from greenroom_protocol.commands import VERBS, AnyCommand
from greenroom_protocol.events import KINDS_WITH_ORDINAL, AnyEvent
from greenroom_protocol.generate_frames import meaning, structs
from greenroom_protocol.pushes import AnyPush
from greenroom_protocol.replies import AnyReply, Connected, LimitsView, Row

WITHOUT_REPLY = {"delivered", "typing.set"}
BARE = {"connect", "delivered", "ping", "error", "heartbeat"}
DOTTED = re.compile(r"[a-z]+\.[a-z_]+")
REPLIES = {kind.__struct_config__.tag: kind for kind in AnyReply.__args__}


def all_tags(*unions: Any) -> list[str]:
    return [kind.__struct_config__.tag for union in unions for kind in union.__args__]


def test_server_frames_have_distinct_types() -> None:
    tags = all_tags(AnyReply, AnyPush)
    assert len(tags) == len(set(tags))


def test_events_have_distinct_types() -> None:
    tags = all_tags(AnyEvent)
    assert len(tags) == len(set(tags))


def test_verbs_name_every_command_once() -> None:
    assert list(VERBS) == all_tags(AnyCommand)


@pytest.mark.parametrize("tag", all_tags(AnyCommand, AnyReply, AnyPush, AnyEvent))
def test_types_are_noun_and_word(tag: str) -> None:
    assert tag in BARE or DOTTED.fullmatch(tag)


@pytest.mark.parametrize("tag", VERBS)
def test_every_command_with_an_id_has_a_reply_of_its_own_type(tag: str) -> None:
    assert ("id" in VERBS[tag].__struct_fields__) == (tag in REPLIES) == (tag not in WITHOUT_REPLY)


def test_every_reply_answers_a_command_or_is_an_error() -> None:
    assert set(REPLIES) - set(VERBS) == {"error"}


def test_pushes_and_events_carry_no_command_id() -> None:
    assert not [kind for union in (AnyPush, AnyEvent) for kind in union.__args__ if "id" in kind.__struct_fields__]


def test_kinds_with_an_ordinal_are_events() -> None:
    assert tags_of(AnyEvent) >= KINDS_WITH_ORDINAL


def test_every_field_is_explained() -> None:
    unexplained = [
        f"{kind.__name__}.{field.encode_name}"
        for kind in structs()
        for field in msgspec.structs.fields(kind)
        if not meaning(kind, field)
    ]
    assert not unexplained, "write a docstring below the field, or words in generate_words.py"


def test_every_struct_is_explained_in_one_sentence() -> None:
    assert not [kind.__name__ for kind in structs() if not (kind.__doc__ or "").split("\n")[0].endswith(".")]


def test_a_position_always_has_its_epoch() -> None:
    with_mark = [Row, Connected, *(REPLIES[tag] for tag in ("inbox.changes", "thread.list"))]
    assert all({"mark", "epoch"} <= set(kind.__struct_fields__) for kind in with_mark)


def test_limits_are_all_required_in_connect() -> None:
    assert all(field.required for field in msgspec.structs.fields(LimitsView))
