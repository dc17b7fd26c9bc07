"""Asyncio client for Greenroom: messages, invitations and events over a connection that looks after itself."""

from greenroom_client.client import Client
from greenroom_client.errors import ClosedError, GreenroomError, UnauthorizedError
from greenroom_client.options import ConnectionOptions
from greenroom_client.outbox import QueuedMessage
from greenroom_client.outgoing import OutboxStorage, Outgoing
from greenroom_client.streams import ClientEvent, EventStream, StateChanged
from greenroom_protocol.client_effects import (
    MessageEvent,
    Recovered,
    RowChanged,
    Snapshot,
    ThreadHidden,
    ThreadReset,
)
from greenroom_protocol.pushes import MetricsChanged, PresenceChanged, ReceiptMoved, TypingChanged

__all__ = [
    "Client",
    "ClientEvent",
    "ClosedError",
    "ConnectionOptions",
    "EventStream",
    "GreenroomError",
    "MessageEvent",
    "MetricsChanged",
    "OutboxStorage",
    "Outgoing",
    "PresenceChanged",
    "QueuedMessage",
    "ReceiptMoved",
    "Recovered",
    "RowChanged",
    "Snapshot",
    "StateChanged",
    "ThreadHidden",
    "ThreadReset",
    "TypingChanged",
    "UnauthorizedError",
]
