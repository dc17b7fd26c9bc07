"""Limits of the wire, with units. The server announces the ones a client needs in `connect`.

Source: protocol/spec/limits.md (generated from this file).
"""

from typing import Final

PROTOCOL_VERSION: Final = 1
"""`v` of `connect`."""

SUBPROTOCOL_JSON: Final = "greenroom.v1.json"
"""Frames are WebSocket text, each a JSON value."""
SUBPROTOCOL_MSGPACK: Final = "greenroom.v1.msgpack"
"""Frames are WebSocket binary, each a MessagePack value."""

CLIENT_FRAME_BYTES: Final = 64 * 1024
"""Largest frame a client may send; a larger one closes the connection with 1009."""
SERVER_FRAME_BYTES: Final = 256 * 1024
"""Largest frame a server sends; pages are cut to fit."""
COMMANDS_PER_FRAME: Final = 64
"""Most commands in one frame that holds an array."""

BODY_CODE_POINTS: Final = 10_000
"""Longest message, in Unicode code points."""
BODY_BYTES: Final = 32 * 1024
"""Longest message, in bytes of UTF-8; both limits hold."""
NOTE_CODE_POINTS: Final = 2_000
"""Notes of an acceptance or a decline."""
TOKEN_BYTES: Final = 8 * 1024
"""Longest token."""
USER_ID_CHARS: Final = 64
"""Longest id of a user or a job; the marketplace chooses them."""
DEVICE_ID_CHARS: Final = 64
"""Longest id of a device; the client chooses it."""

PAGE_ITEMS: Final = 300
"""Most rows or events in one page of a resume, list or history."""
PAGE_BYTES: Final = 192 * 1024
"""A page is cut when its events pass this many bytes, so that the frame stays below SERVER_FRAME_BYTES."""
SHOWN_THREADS: Final = 50
"""Threads a device may name in a resume; their missed events come along."""
WATCHED_USERS: Final = 100
"""Users whose presence one connection may watch."""
WATCHED_TOPICS: Final = 20
"""Community topics whose news one connection may be pushed."""
COMMUNITY_ITEMS: Final = 100
"""Most topics, announcements or log entries of a topic in one page."""
TITLE_CODE_POINTS: Final = 200
"""Longest title of a topic, in Unicode code points."""
TOPIC_TAGS: Final = 5
"""Most tags of a topic."""
TAG_CHARS: Final = 30
"""Longest tag."""
PARTICIPANTS: Final = 20
"""Most people in one thread."""

CONNECT_TIMEOUT_S: Final = 10.0
"""A connection without `connect` is closed with 4001 after this long."""
PING_INTERVAL_S: Final = 25.0
"""The server sends `heartbeat` when it heard nothing for this long."""
PONG_TIMEOUT_S: Final = 10.0
"""Silence after a heartbeat for this long closes with 4004; a client gives up after both together."""
DELIVERED_INTERVAL_S: Final = 5.0
"""A client acknowledges what it received at least this often while pushes arrive."""

RECONNECT_MIN_S: Final = 0.5
"""Bound of the first delay before a reconnect."""
RECONNECT_MAX_S: Final = 20.0
"""Bound of every later delay: it doubles from the minimum to this; the delay is drawn from 0 to the bound."""

CID_PAST_S: Final = 7 * 86_400
"""Oldest cid that is accepted, by store time."""
CID_FUTURE_S: Final = 600
"""Furthest a cid may lie in the future, by store time."""

BAD_FRAMES: Final = 16
"""Refused frames on one connection before it is closed with 4504."""
TYPING_EXPIRES_S: Final = 6.0
"""A typing notice without a repeat is over after this long."""
MAX_INTEGER: Final = 2**53 - 1
"""Largest integer on the wire: what a JSON number holds exactly in every language."""
