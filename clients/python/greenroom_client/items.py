"""What a person sees of a thread: its log with every amendment applied to what it amends. No I/O.

Theory. History pages come as the log stands now, so the amendments inside them are done already; an item remembers as
of which seq it is right, and takes only amendments above. Applying one twice changes nothing.

Source: protocol/spec/ordering.md, protocol/spec/personal.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from greenroom_protocol import inbox
from greenroom_protocol.bases import Span
from greenroom_protocol.events import AnyEvent, ErasedItem, MessageEdited, MessageErased, MessageRedacted
from greenroom_protocol.reactions import MessageReacted, Reaction
from greenroom_protocol.replies import Row

Amendment = MessageEdited | MessageRedacted | MessageErased | MessageReacted
"""Events about an earlier item; they are no items themselves."""


@dataclass(frozen=True, slots=True)
class Item:
    """One event of a thread as it stands now."""

    event: AnyEvent
    """As it came; show `body`, not its text."""
    as_of: int
    """Seq up to which amendments are in."""
    body: str = ""
    """Text of a message, invitation, proposal, note or purpose; empty for what has none, and when it is erased."""
    hidden: tuple[Span, ...] = ()
    """Parts of `body` that are placeholders, by code points."""
    is_edited: bool = False
    is_erased: bool = False
    reactions: tuple[Reaction, ...] = ()

    def __repr__(self) -> str:
        """Name the item without its text."""
        return f"Item(seq={self.event.seq}, kind={self.event.__struct_config__.tag!r})"

    @classmethod
    def of(cls, event: AnyEvent, as_of: int) -> "Item":
        """Make the item of an event that is right as of a seq."""
        text = next((value for name in ("body", "note", "purpose") if (value := getattr(event, name, ""))), "")
        return cls(
            event=event,
            as_of=max(as_of, event.seq),
            body=text,
            hidden=tuple(getattr(event, "hidden", ())),
            is_edited=bool(getattr(event, "edited_seq", 0)),
            is_erased=isinstance(event, ErasedItem),
            reactions=tuple(getattr(event, "reactions", ())),
        )

    def amended(self, by: Amendment) -> "Item":
        """Give the item after an amendment; itself if the amendment is in already."""
        if by.seq <= self.as_of or self.is_erased:
            return self
        match by:
            case MessageErased():
                return replace(self, as_of=by.seq, body="", hidden=(), reactions=(), is_erased=True)
            case MessageReacted():
                reactions = _reacted(self.reactions, by)
                return replace(self, as_of=by.seq, reactions=reactions)
            case _:
                is_edited = self.is_edited or isinstance(by, MessageEdited)
                return replace(self, as_of=by.seq, body=by.body, hidden=tuple(by.hidden), is_edited=is_edited)


class Items:
    """The loaded part of a thread's log, by seq."""

    def __init__(self) -> None:
        self._items: dict[int, Item] = {}
        self.cids: set[str] = set()
        """Of all items: a message of one's own that is here needs no optimistic row any more."""

    def __len__(self) -> int:
        return len(self._items)

    def in_order(self) -> list[Item]:
        """Give the items, oldest first."""
        return [self._items[seq] for seq in sorted(self._items)]

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()
        self.cids.clear()

    def page(self, events: Iterable[AnyEvent], as_of: int) -> None:
        """Take a page of history that was read when the log's end was at seq `as_of`, or later."""
        for event in events:
            self.apply(event, as_of)

    def apply(self, event: AnyEvent, as_of: int = 0) -> None:
        """Take the next event of the log."""
        if not isinstance(event, Amendment):
            self._put(Item.of(event, as_of))
        elif (item := self._items.get(event.target)) is not None:
            self._items[event.target] = item.amended(event)

    def _put(self, item: Item) -> None:
        self._items[item.event.seq] = item
        if item.event.cid:
            self.cids.add(item.event.cid)


def conversations(rows: Iterable[Row]) -> list[Row]:
    """Give the rows that are conversations and not archived, the one with the latest change first."""
    shown = (row for row in rows if row.state != inbox.OWN_LOG and not inbox.is_archived(row))
    return sorted(shown, key=lambda row: row.mark, reverse=True)


def _reacted(reactions: Iterable[Reaction], change: MessageReacted) -> tuple[Reaction, ...]:
    users = {reaction.emoji: list(reaction.users) for reaction in reactions}
    givers = users.setdefault(change.emoji, [])
    if change.by in givers:
        givers.remove(change.by)
    if change.on:
        givers.append(change.by)
    return tuple(Reaction(emoji=emoji, users=names) for emoji, names in users.items() if names)
