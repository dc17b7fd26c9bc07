"""Asyncio client for Greenroom: messages, invitations and events over a connection that looks after itself."""

from greenroom_client.client import Client
from greenroom_client.errors import ClosedError, GreenroomError, UnauthorizedError
from greenroom_client.items import Item, Items
from greenroom_client.live import LiveThread, Returned
from greenroom_client.options import ConnectionOptions
from greenroom_client.outbox import QueuedMessage
from greenroom_client.outgoing import MessageReturned, OutboxStorage, Outgoing
from greenroom_client.streams import ClientEvent, EventStream, StateChanged, TopicPositions
from greenroom_protocol.announcements import AnnouncementPosted
from greenroom_protocol.client_effects import (
    MessageEvent,
    Recovered,
    RowChanged,
    Snapshot,
    ThreadHidden,
    ThreadReset,
)
from greenroom_protocol.community import TopicNews
from greenroom_protocol.pushes import MetricsChanged, PresenceChanged, ReceiptMoved, TypingChanged

__all__ = [
    "AnnouncementPosted",
    "Client",
    "ClientEvent",
    "ClosedError",
    "ConnectionOptions",
    "EventStream",
    "GreenroomError",
    "Item",
    "Items",
    "LiveThread",
    "MessageEvent",
    "MessageReturned",
    "MetricsChanged",
    "OutboxStorage",
    "Outgoing",
    "PresenceChanged",
    "QueuedMessage",
    "ReceiptMoved",
    "Recovered",
    "Returned",
    "RowChanged",
    "Snapshot",
    "StateChanged",
    "ThreadHidden",
    "ThreadReset",
    "TopicNews",
    "TopicPositions",
    "TypingChanged",
    "UnauthorizedError",
]
