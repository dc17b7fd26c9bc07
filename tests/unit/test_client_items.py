"""A thread as a person sees it: amendments on their items, each once, whatever the page already says."""

import itertools

import pytest

from greenroom_client.items import Item, Items, conversations
from greenroom_protocol.bases import Span
from greenroom_protocol.events import (
    AnyEvent,
    ErasedItem,
    InvitationAccepted,
    MessageEdited,
    MessageErased,
    MessageRedacted,
    MessageSent,
)
from greenroom_protocol.reactions import MessageReacted, Reaction
from greenroom_protocol.replies import Row

SPAN = Span(start=0, end=2, kind="email", reason="contact")
FIRST = MessageSent(seq=1, by="maya", n=1, cid="c1", body="Hello")


def seen(*events: AnyEvent) -> Item:
    items = Items()
    for event in events:
        items.apply(event)
    return items.in_order()[0]


def react(seq: int, emoji: str, by: str, *, on: bool = True) -> MessageReacted:
    return MessageReacted(seq=seq, target=1, emoji=emoji, by=by, on=on)


def test_an_edit_replaces_the_text_and_says_so() -> None:
    item = seen(FIRST, MessageEdited(seq=2, target=1, body="Hi", hidden=[SPAN]))
    assert (item.body, item.hidden, item.is_edited, item.is_erased) == ("Hi", (SPAN,), True, False)
    assert item.event == FIRST


def test_a_redaction_masks_without_calling_it_an_edit() -> None:
    item = seen(FIRST, MessageRedacted(seq=2, target=1, body="**", hidden=[SPAN]))
    assert (item.body, item.hidden, item.is_edited) == ("**", (SPAN,), False)


def test_an_erased_text_does_not_come_back() -> None:
    item = seen(
        FIRST, react(2, "👍", "jonas"), MessageErased(seq=3, target=1), MessageEdited(seq=4, target=1, body="x")
    )
    assert (item.body, item.reactions, item.is_erased) == ("", (), True)
    assert seen(ErasedItem(seq=1, n=1)).is_erased


def test_a_reaction_is_there_once_for_each_person_and_emoji() -> None:
    item = seen(
        FIRST, react(2, "👍", "jonas"), react(3, "👍", "jonas"), react(4, "👍", "maya"), react(5, "🎉", "maya"),
        react(6, "🎉", "maya", on=False), react(7, "❤️", "maya", on=False),
    )  # fmt: skip
    assert item.reactions == (Reaction(emoji="👍", users=["jonas", "maya"]),)


def test_amendments_that_a_page_has_in_it_are_not_applied_again() -> None:
    items = Items()
    now = MessageSent(seq=1, body="Third", edited_seq=3, reactions=[])
    amendments: list[AnyEvent] = [
        MessageEdited(seq=2, target=1, body="Second"), MessageEdited(seq=3, target=1, body="Third"),
        react(4, "👍", "jonas"), react(5, "👍", "jonas", on=False),
    ]  # fmt: skip
    items.page([now, *amendments], as_of=5)
    assert [(item.body, item.is_edited, item.reactions) for item in items.in_order()] == [("Third", True, ())]
    items.apply(MessageEdited(seq=6, target=1, body="Fourth"))
    assert items.in_order()[0].body == "Fourth"


def test_an_older_page_goes_before_what_is_there() -> None:
    items = Items()
    items.apply(MessageSent(seq=3, body="c"))
    items.page([MessageSent(seq=1, body="a"), MessageSent(seq=2, body="b")], as_of=3)
    assert "".join(item.body for item in items.in_order()) == "abc"
    items.apply(MessageEdited(seq=4, target=9, body="nothing that is loaded"))
    assert len(items) == 3
    items.clear()
    assert (len(items), items.cids) == (0, set())


def test_a_note_is_the_text_of_an_answer() -> None:
    assert seen(InvitationAccepted(seq=1, note="Gladly", hidden=[SPAN])).body == "Gladly"


def test_no_text_is_in_a_repr() -> None:
    assert repr(seen(FIRST)) == "Item(seq=1, kind='message.sent')"


@pytest.mark.parametrize("order", [*itertools.permutations(range(4))])
def test_conversations_are_what_is_neither_archived_nor_ones_own_log(order: tuple[int, ...]) -> None:
    rows = [
        Row(thread=name, mark=mark, epoch=1, seq=1, n=2, read=0, state=state, last_at=0, archived_n=archived)
        for name, mark, state, archived in [
            ("old", 3, "candidacy", -1),
            ("archived", 4, "candidacy", 2),
            ("notices", 5, "self", -1),
            ("woken", 6, "invited", 1),
        ]
    ]
    assert [row.thread for row in conversations(rows[index] for index in order)] == ["woken", "old"]
