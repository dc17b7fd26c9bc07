"""Reactions to messages: one emoji of a person on a message, there or not.

Source: protocol/spec/personal.md.
"""

from typing import Annotated

from msgspec import Meta, Struct

from greenroom_protocol.bases import Command, Event, Reply
from greenroom_protocol.fields import CommandId, Seq, ThreadId


class Reaction(Struct, kw_only=True):
    """One emoji on a message, with everybody who gave it."""

    emoji: str
    users: list[str]
    """The first one first."""


class MessageReact(Command, tag="message.react"):
    """Put an emoji on a message, or take it back.

    It sets what shall be, so a repetition changes nothing and needs no `cid`.
    """

    id: CommandId
    thread: ThreadId
    target: Seq
    emoji: Annotated[str, Meta(min_length=1, max_length=32)]
    """One emoji without letters or digits."""
    on: bool = True
    """False takes it back."""


class Reacted(Reply, tag="message.react"):
    """The reaction is as was asked."""

    seq: int
    """Seq of the event; 0 when nothing changed."""
    at: int
    dup: bool
    """True: it was so before; nothing was written now."""


class MessageReacted(Event, tag="message.reacted"):
    """Somebody put an emoji on message `target`, or took it back."""

    target: int
    emoji: str
    on: bool = True
    """False: taken back."""


Commands = MessageReact
Replies = Reacted
Events = MessageReacted
